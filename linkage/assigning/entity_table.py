"""The table of entities: what the links join, whatever they were decided by."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from linkage.assigning.connected import connect_records
from linkage.runs.sql import described_columns, fetch_row
from linkage.runs.tables import ENTITIES, LINKS, RAW_MENTIONS


@dataclass(frozen=True)
class Entities:
    """How the records fall into entities."""

    entities: int
    entities_of_several: int
    """Entities of two records or more."""
    largest_entity: int
    doubtful_bridges: int
    """Pairs above the threshold that join no entity and wait for a person."""


def write_entities(connection: duckdb.DuckDBPyConnection, run: Path, folder: Path) -> Entities:
    """Write `entities` from the links of `folder` and the records of `run`: the connected components of links."""
    raw, links = RAW_MENTIONS.scan(run), LINKS.scan(folder)
    connect_records(connection, f"(FROM {links} WHERE decision = 'link')", "linked")
    of_tables = "table_name" in described_columns(connection, raw)
    source = "table_name" if of_tables else "source"
    own = "substr(record_id, length(table_name) + 2)" if of_tables else "record_id"
    ENTITIES.write(
        connection,
        f"""WITH grouped AS (
            SELECT id, record_id AS full_id, {source} AS source, {own} AS record_id, coalesce(component, id) AS entity
            FROM {raw} LEFT JOIN linked USING (id)
        ), paired AS (
            SELECT id_l AS id, match_probability, decision FROM {links}
            UNION ALL SELECT id_r, match_probability, decision FROM {links}
        ), believed AS (
            SELECT id, max(match_probability) FILTER (decision = 'link') AS within,
                1 - max(match_probability) AS alone
            FROM paired GROUP BY id
        )
        SELECT id, source, record_id, min(full_id) OVER (PARTITION BY entity) AS entity_id,
            coalesce(within, alone, 1.0)::DOUBLE AS probability
        FROM grouped LEFT JOIN believed USING (id) ORDER BY source, record_id""",
        folder,
    )
    sizes = f"SELECT count(*) AS size FROM {ENTITIES.scan(folder)} GROUP BY entity_id"
    told = fetch_row(connection, f"SELECT count(*), count(*) FILTER (size > 1), max(size) FROM ({sizes})")
    bridges = fetch_row(connection, f"SELECT count(*) FROM {links} WHERE reason = 'doubtful_bridge'")
    return Entities(*told, *bridges)
