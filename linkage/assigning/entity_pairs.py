"""The pairs that entities rest on: every scored pair worth a look, and all pairs within what may become one entity.

A pair that no blocking rule proposed says much where its records hang together by others: it is compared and weighed too, so
that every group is judged on all its pairs, and a sample of pairs knows all that entities join.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from linkage.assigning.assignment import CANDIDATES_KEPT, FLOOR, write_with_record_ids
from linkage.assigning.connected import connect_records
from linkage.pairs.level_store import levels_of_pairs
from linkage.pairs.sides import Sides
from linkage.runs.exchange import scan_file
from linkage.runs.sql import described_columns, fetch_row
from linkage.runs.tables import ASSIGNED, CANDIDATES, SCORED_PAIRS
from linkage.weighing.belief import believed_query
from linkage.weighing.scoring import weights_query
from linkage.weighing.trained_model import TrainedModel

MOST_COMPARED = 200
"""Records of a component beyond which only its scored pairs speak."""
WEIGHED = "id_l, id_r, match_weight, pair_weight, link_weight, match_probability"


@dataclass(frozen=True)
class EntityPairs:
    """What entities are looked for among."""

    pairs: int
    assigned: int
    """Pairs that are more likely one person than two."""
    components: int
    """Groups of records that such pairs connect."""
    added_pairs: int
    """Pairs within these that no blocking rule proposed."""
    largest_component: int


def write_entity_pairs(
    connection: duckdb.DuckDBPyConnection, sides: Sides, model: TrainedModel, run: Path, mentions: Path, folder: Path
) -> EntityPairs:
    """Write `assigned` (the pairs, with which records are kept apart) and `candidates` (the best few of each record).

    The scored pairs are those of `run`; `mentions` is the standardised table.
    """
    scored = SCORED_PAIRS.scan(run)
    connect_records(connection, f"(FROM {scored} WHERE link_weight >= 0)", "components")
    missing = f"""SELECT l.id AS id_l, r.id AS id_r, 0::UINTEGER AS blocking_rules
        FROM components l JOIN components r ON l.component = r.component{sides.once}
        ANTI JOIN {scored} known ON known.id_l = l.id AND known.id_r = r.id WHERE l.size <= {MOST_COMPARED}"""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE missing AS {missing}")
    weights = weights_query(model, levels_of_pairs(model.match, sides, "SELECT * FROM missing"), run)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE assignable AS
        SELECT {WEIGHED} FROM {scored} scored
        WHERE pair_weight >= {FLOOR!r} OR EXISTS (
            FROM components l JOIN components r ON l.component = r.component WHERE l.id = scored.id_l AND r.id = scored.id_r
        ) UNION ALL SELECT {WEIGHED} FROM ({believed_query(weights, run)})"""
    )
    file = scan_file(mentions)
    apart = f"SELECT id, apart FROM {file}" if "apart" in described_columns(connection, file) else "SELECT 0 AS id, 0 AS apart"
    pairs = write_with_record_ids(
        connection,
        f"""SELECT assignable.*, NULL::DOUBLE AS runner_up_margin, a.apart::INTEGER AS apart_l, b.apart::INTEGER AS apart_r
        FROM assignable LEFT JOIN ({apart}) a ON a.id = id_l LEFT JOIN ({apart}) b ON b.id = id_r""",
        (mentions, mentions),
        ASSIGNED,
        folder,
    )
    best = (
        f"SELECT *, row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) AS rank FROM assignable"
        f" QUALIFY rank <= {CANDIDATES_KEPT}"
    )
    write_with_record_ids(connection, best, (mentions, mentions), CANDIDATES, folder)
    likely = fetch_row(connection, "SELECT count(*) FILTER (link_weight >= 0) FROM assignable")[0]
    components, largest = fetch_row(connection, "SELECT count(DISTINCT component), coalesce(max(size), 0) FROM components")
    added = fetch_row(connection, "SELECT count(*) FROM missing")[0]
    return EntityPairs(pairs, likely, components, added, largest)
