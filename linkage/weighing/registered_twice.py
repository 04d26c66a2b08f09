"""Persons of the right side who are one human registered twice: who rival for a mention, held against each other.

Such a rival is none: whichever of the two a mention is linked to, it is linked to its human. Two persons who are among the
best few of one mention are compared and weighed as if one of them were a mention: unrelated people, relatives (twins and
namesakes of the family among them) and what comes together by chance weigh as they do for mentions. A person is registered
again at most once and hardly ever: the share of persons that are is learned as that of mentions with a person is
(`belief.share_with_a_person`), from these pairs alone, and the probability that two are one follows in the same way.

Only rivals are compared, so this costs a small part of what scoring does; persons whom no mention is compared with are not.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.tables import PERSONS, REGISTERED_TWICE, SCORED_PAIRS
from linkage.statistics import probability
from linkage.weighing.belief import link_weights, presence_weight, share_with_a_person
from linkage.weighing.scoring import weights_query
from linkage.weighing.trained_model import TrainedModel

BEST_OF_A_MENTION = 5
"""Persons of a mention, those of greatest pair weight, that are held against each other."""
LEAST = 0.5
"""Pairs of lower probability are not written: they are rivals."""


def write_no_doubles(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write `registered_twice` with no row."""
    nobody = (
        "0 AS person, 0 AS other, 0.0::DOUBLE AS probability, 0.0::DOUBLE AS pair_weight, '' AS record_id, '' AS other_record_id"
    )
    REGISTERED_TWICE.write(connection, f"SELECT {nobody} WHERE false", folder)


def find_registered_twice(
    connection: duckdb.DuckDBPyConnection,
    sides: Sides,
    model: TrainedModel,
    run: Path,
    folder: Path,
    expected_matches: float,
) -> int:
    """Write `registered_twice` into `folder` from its `scored_pairs`, their pair weights known; returns its pairs.

    The frequencies and the right side's table are those of `run`; `expected_matches` is what the prior says of all pairs.
    """
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE rivals AS
        WITH best AS (
            SELECT id_l, id_r FROM {SCORED_PAIRS.scan(folder)}
            QUALIFY row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) <= {BEST_OF_A_MENTION}
        )
        SELECT DISTINCT one.id_r AS id_l, other.id_r AS id_r, 0::UINTEGER AS blocking_rules
        FROM best one JOIN best other USING (id_l) WHERE one.id_r < other.id_r"""
    )
    persons = replace(sides, left=sides.right, left_rows=sides.right_rows)
    levels = levels_of_pairs(model.match, persons, "SELECT * FROM rivals")
    weighed = weights_query(model, levels, run, both_right=True)
    found = connection.execute(f"SELECT id_l, id_r, pair_weight FROM ({weighed}) ORDER BY id_l, id_r").fetchnumpy()
    one, other = (np.asarray(found[name], dtype=np.int64) for name in ("id_l", "id_r"))
    weight = np.asarray(found["pair_weight"], dtype=float)
    # each person beside the other, as a mention beside a person
    expected = expected_matches / sides.left_rows * sides.right_rows
    left, weights = np.concatenate([one, other]), np.concatenate([weight, weight])
    share = share_with_a_person(left, weights, sides.right_rows, expected)
    believed = link_weights(left, weights + presence_weight(share, sides.right_rows, expected)).reshape(2, -1).min(axis=0)
    probable = probability(believed)
    kept = probable >= LEAST
    twice = {"person": one[kept], "other": other[kept], "probability": probable[kept], "pair_weight": weight[kept]}
    connection.register("twice", pa.table({name: pa.array(column) for name, column in twice.items()}))
    rows = REGISTERED_TWICE.write(
        connection,
        "SELECT person::INTEGER AS person, other::INTEGER AS other, probability, pair_weight,"
        " a.record_id AS record_id, b.record_id AS other_record_id FROM twice"
        f" JOIN {PERSONS.scan(run)} a ON a.id = person JOIN {PERSONS.scan(run)} b ON b.id = other ORDER BY person, other",
        folder,
    )
    connection.unregister("twice")
    connection.execute("DROP TABLE rivals")
    return rows
