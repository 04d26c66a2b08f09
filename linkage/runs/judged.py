"""What a verdict was given on: a fingerprint of the values compared of each record, and which labels still hold of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.runs.exchange import scan_file
from linkage.runs.sql import described_columns, fetch_row, literal, quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import duckdb

FIELDS_PARTED_BY = " "
STANDING_LABELS = "standing_labels"


def fingerprint_sql(fields: Iterable[str], columns: Iterable[str]) -> str:
    """SQL of the fingerprint of a record: of the fields' values as its source says them; a field without a column is empty."""
    there = set(columns)
    values = [f"coalesce(nfc_normalize(trim({quote(name)})), '')" if name in there else "''" for name in fields]
    return f"md5(concat_ws(chr(31), {', '.join(values)}))"


def fingerprints_now(fields_of: Sequence[str], relation: str, columns: Iterable[str], only: str) -> str:
    """A query of (record_id, judged_fields, fingerprint) of the records of the query `only`, for each list of fields."""
    there = list(columns)
    return " UNION ALL ".join(
        f"SELECT record_id, {literal(fields)} AS judged_fields, "
        f"{fingerprint_sql(fields.split(FIELDS_PARTED_BY), there)} AS fingerprint FROM {relation} WHERE record_id IN ({only})"
        for fields in fields_of
    )


def hold_labels(
    connection: duckdb.DuckDBPyConnection, labels: Path, mentions: Path, persons: Path, name: str = STANDING_LABELS
) -> tuple[str, int]:
    """Make the table `name` of the labels whose records are as they were judged; its name, and how many are not.

    `mentions` and `persons` are the raw tables. Labels without fingerprints hold whatever the data; of a search that found
    nobody the mention alone is held.
    """
    every = scan_file(labels)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM {every}")
    if "judged_fields" not in described_columns(connection, every):
        return name, 0
    judged = f"SELECT DISTINCT judged_fields FROM {every} WHERE judged_fields IS NOT NULL ORDER BY 1"
    lists = [fields for (fields,) in connection.execute(judged).fetchall()]
    if not lists:
        return name, 0
    for side, raw in (("l", mentions), ("r", persons)):
        relation = scan_file(raw)
        only = f"SELECT record_id_{side} FROM {every}"
        now = fingerprints_now(lists, relation, described_columns(connection, relation), only)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE judged_now_{side} AS {now}")
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {name} AS
        SELECT labels.* FROM {every} AS labels
        WHERE judged_fields IS NULL OR (
            (record_id_l, judged_fields, fingerprint_l) IN (FROM judged_now_l)
            AND (record_id_r IS NULL OR (record_id_r, judged_fields, fingerprint_r) IN (FROM judged_now_r))
        )
        """
    )
    counted = f"SELECT (SELECT count(*) FROM {every}) - (SELECT count(*) FROM {name})"
    return name, int(fetch_row(connection, counted)[0])
