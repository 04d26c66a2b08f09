"""Persons of the right side who are one human registered twice, by the model's own deduplication of that side.

A rival who is the same human is none: whichever of the two a mention is linked to, it is linked to its human. Persons who
rival for a mention, and those that the most selective blocking rules propose within the right side, are weighed as if one of
them were a mention: unrelated people, relatives (twins and namesakes of the family among them) and what comes together by
chance weigh as they do for mentions. Two more things are learned from these pairs, without labels:

- how many persons are registered again, as the share of mentions with a person is (`presence.learn_presence`);
- what the entries say: siblings mostly have an entry each, whose best person they are; of a person registered twice one alone
  is preferred. Learned as claims are (`claims.learn_claims`), for both preferred, one, and none.

Rules are taken, the most selective first, until they propose `PAIRS_A_PERSON` pairs a person, so this costs a small part of
what blocking and scoring do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from linkage.config import BlockingRule
from linkage.pairs.blocking import number_blocks, proposals_by_rule
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.sql import described_columns, quote
from linkage.runs.tables import PERSONS, RAW_PERSONS, REGISTERED_TWICE, SCORED_PAIRS
from linkage.statistics import probability
from linkage.vietnamese.letters_sql import fold_sql
from linkage.weighing.belief import MOST, link_weights
from linkage.weighing.claims import learn_claims
from linkage.weighing.presence import learn_presence
from linkage.weighing.scoring import weights_query
from linkage.weighing.trained_model import TrainedModel

BEST_OF_A_MENTION = 5
"""Persons of a mention, those of greatest pair weight, that are held against each other."""
PARENTS = ("mother_name", "father_name")
"""Fields that no person changes."""
PAIRS_A_PERSON = 2
"""Rules are taken until they propose this many pairs a person."""
LIKELY = 0.0
"""Bits of pair weight from which an entry prefers its best person."""


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
    rules: Sequence[BlockingRule],
    run: Path,
    folder: Path,
    expected_matches: float,
    parents: Sequence[str] = (),
) -> int:
    """Write `registered_twice` into `folder`: pairs of persons more probably one human than not; returns how many.

    The pair weights are those of the `scored_pairs` in `folder`; the frequencies and the right side's table are those of `run`.
    `rules` are the predict rules; `expected_matches` is what the prior says of all pairs of a mention and a person. `parents` are
    names on the right side's raw table that the model does not compare: two persons of other parents are not one.
    """
    persons = replace(sides, left=sides.right, left_rows=sides.right_rows)
    _propose(connection, persons, rules, folder)
    weighed = weights_query(model, levels_of_pairs(model.match, persons, "SELECT * FROM alike"), run, both_right=True)
    best = "row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) = 1"
    preferred = f"SELECT id_r FROM {SCORED_PAIRS.scan(folder)} WHERE pair_weight >= {LIKELY!r} QUALIFY {best}"
    found = connection.execute(
        f"WITH preferred AS (SELECT DISTINCT id_r AS id FROM ({preferred}))"
        " SELECT id_l, id_r, pair_weight, (id_l IN (FROM preferred))::INTEGER + (id_r IN (FROM preferred))::INTEGER AS preferred"
        f" FROM ({weighed}) ORDER BY id_l, id_r"
    ).fetchnumpy()
    one, other, state = (np.asarray(found[name], dtype=np.int64) for name in ("id_l", "id_r", "preferred"))
    weight = np.asarray(found["pair_weight"], dtype=float)
    # each person beside the other, as a mention beside a person
    expected = expected_matches / sides.left_rows * sides.right_rows
    left = np.concatenate([one, other])
    totals = np.zeros(sides.right_rows)
    np.add.at(totals, left - 1, np.tile(np.exp2(np.minimum(weight, MOST)) * sides.right_rows / expected, 2))
    share = learn_presence(totals, []).share[0]
    weight = weight + np.log2(share / (1 - share)) - np.log2(expected / sides.right_rows)
    weight = weight + np.array(learn_claims(state, weight, np.ones(len(weight))).bits)[state]
    probable = probability(link_weights(left, np.tile(weight, 2)).reshape(2, -1).min(axis=0))
    kept = probable > 0.5
    columns = {"person": one, "other": other, "probability": probable, "pair_weight": weight}
    connection.register("twice", pa.table({name: column[kept] for name, column in columns.items()}))
    other_parents = _of_other_parents(connection, run, parents)
    rows = REGISTERED_TWICE.write(
        connection,
        f"WITH others AS ({other_parents}) SELECT person::INTEGER AS person, other::INTEGER AS other, probability, pair_weight,"
        " a.record_id AS record_id, b.record_id AS other_record_id FROM twice"
        f" ANTI JOIN others USING (person, other) JOIN {PERSONS.scan(run)} a ON a.id = person"
        f" JOIN {PERSONS.scan(run)} b ON b.id = other ORDER BY person, other",
        folder,
    )
    connection.unregister("twice")
    connection.execute("DROP TABLE alike")
    return rows


def _of_other_parents(connection: duckdb.DuckDBPyConnection, run: Path, parents: Sequence[str]) -> str:
    """SQL of the pairs of `twice` of whom a parent's given name clashes and none agrees: more than a letter apart, folded."""
    held = described_columns(connection, RAW_PERSONS.scan(run)) if parents else {}
    given = [f"split_part(trim({fold_sql(quote(parent))}), ' ', -1)" for parent in parents if parent in held]
    if not given:
        return "SELECT person, other FROM twice WHERE false"
    names = ", ".join(f"{one} AS parent_{place}" for place, one in enumerate(given))
    close = [f"levenshtein(a.parent_{place}, b.parent_{place}) <= 1" for place in range(len(given))]
    return (
        f"SELECT person, other FROM twice JOIN (SELECT id, {names} FROM {RAW_PERSONS.scan(run)}) a ON a.id = person"
        f" JOIN (SELECT id, {names} FROM {RAW_PERSONS.scan(run)}) b ON b.id = other"
        f" WHERE NOT coalesce({' OR '.join(f'coalesce({one}, false)' for one in close)}, false)"
        f" AND ({' OR '.join(f'NOT coalesce({one}, true)' for one in close)})"
    )


def _propose(connection: duckdb.DuckDBPyConnection, persons: Sides, rules: Sequence[BlockingRule], folder: Path) -> None:
    """The table `alike` of pairs of persons to weigh: rivals, and what the most selective rules propose."""
    pairs = (
        "WITH best AS ("
        f" SELECT id_l, id_r FROM {SCORED_PAIRS.scan(folder)}"
        f" QUALIFY row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) <= {BEST_OF_A_MENTION})"
        " SELECT one.id_r AS id_l, other.id_r AS id_r FROM best one JOIN best other USING (id_l) WHERE one.id_r < other.id_r"
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE proposals AS"
        f" SELECT (id_l::BIGINT << 32) | id_r AS pair, 0::UINTEGER AS rule FROM ({pairs})"
    )
    counted = [count.pairs for count in number_blocks(connection, persons, rules, "twice")]
    proposed, left = proposals_by_rule(persons, len(rules), "twice"), PAIRS_A_PERSON * persons.right_rows
    for number in sorted(range(len(rules)), key=lambda one: counted[one]):
        left -= counted[number]
        if left >= 0 and counted[number]:
            connection.execute(f"INSERT INTO proposals {proposed[number]}", {"first": 1, "last": persons.left_rows})
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE alike AS SELECT (pair >> 32)::INTEGER AS id_l, (pair & 4294967295)::INTEGER AS id_r,"
        " 0::UINTEGER AS blocking_rules FROM (SELECT DISTINCT pair FROM proposals) ORDER BY pair"
    )
    connection.execute("DROP TABLE proposals")
