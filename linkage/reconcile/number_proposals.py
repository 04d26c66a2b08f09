"""Personal numbers proposed for entries that have none, from links that passed the threshold or the review.

A proposal is for verification; nothing is written into a register. Withheld, with the reason: a person whom several entries
claim or whose number another entry carries already, and twins and close runners-up that no reviewer has confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import LinkageError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.side_tables import SideTables
from linkage.reconcile.spreadsheets import (
    COUNT,
    TEXT,
    Column,
    lines_sql,
    sheets_of,
    text_sql,
    write_workbook,
)
from linkage.runs.sql import connect, described_columns, quote
from linkage.runs.tables import LINKS, NUMBER_PROPOSALS, OUTCOMES, REGISTERED_TWICE, THRESHOLDS
from linkage.words.fields import field_word

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class Proposals:
    """How many numbers are proposed."""

    proposed: int
    withheld: Mapping[str, int]
    error_bound: float
    """False links / accepted links that the run's thresholds expect by the model."""


def propose_numbers(
    run: Path, *, headers: Mapping[str, str] | None = None, workbook: Path | None = None, runner_up_margin: float = 3.0
) -> Proposals:
    """Write the table `number_proposals` into a reconciled run, and the proposals as a workbook when a path is given.

    `runner_up_margin` (bits of link weight) is how far the next candidate must be behind where nobody reviewed the pair.

    Raises:
        LinkageError: the run has no outcomes, or its two sides do not both have personal numbers.
    """
    OUTCOMES.scan(run)
    sides = SideTables.of(run)
    bound = THRESHOLDS.read(run)["expected_false_link_rate"]
    with connect() as connection:
        if not all("personal_number" in described_columns(connection, side) for side in (sides.mentions, sides.persons)):
            raise LinkageError(
                f"{run}: not both sides have a personal_number", "Numbers are proposed from a run against the population."
            )
        _propose(connection, run, sides, bound, runner_up_margin)
        counted = f"SELECT withheld, count(*) FROM {NUMBER_PROPOSALS.scan(run)} GROUP BY ALL ORDER BY ALL"
        rows = connection.execute(counted).fetchall()
        if workbook is not None:
            _write(connection, run, headers or {}, workbook)
    counts = {reason: int(n) for reason, n in rows}
    proposed = counts.pop(None, 0)
    return Proposals(proposed, counts, bound)


def _propose(connection: duckdb.DuckDBPyConnection, run: Path, sides: SideTables, bound: float, margin: float) -> None:
    links, mentions, persons, outcomes = LINKS.scan(run), sides.mentions, sides.persons, OUTCOMES.scan(run)
    columns = set(described_columns(connection, sides.persons))
    parents = [f"x.{quote(f)} = y.{quote(f)}" for f in ("mother_name_fold", "father_name_fold") if f in columns]
    twins = "SELECT NULL::INTEGER AS id WHERE false"
    if parents and {"birth_date", "full_name_given_fold"} <= columns:
        twins = (
            f"SELECT DISTINCT x.id FROM {persons} x JOIN {persons} y ON x.birth_date = y.birth_date AND ({' OR '.join(parents)})"
            " WHERE x.full_name_given_fold <> y.full_name_given_fold"
        )
    NUMBER_PROPOSALS.write(
        connection,
        f"""WITH twins AS ({twins}),
        claimed AS (
            SELECT counterpart AS record_id_r, count(*) AS entries FROM {outcomes}
            WHERE side = 'mention' AND counterpart IS NOT NULL
                AND finding NOT IN ('awaiting_review', 'several_candidates', 'number_other_person')
            GROUP BY ALL
        ), twice AS (SELECT unnest([person, other]) FROM {REGISTERED_TWICE.scan(run)}
        ), used AS (SELECT DISTINCT personal_number FROM {mentions} WHERE personal_number IS NOT NULL)
        SELECT k.record_id_l AS record_id, k.record_id_r AS person_record_id, p.personal_number, k.link_weight,
            k.match_probability, k.runner_up_margin, k.reason, {bound}::DOUBLE AS error_bound,
            CASE WHEN own.finding IN ('awaiting_review', 'several_candidates', 'twins', 'number_other_person') THEN 'not_settled'
                 WHEN p.personal_number IS NULL THEN 'no_number'
                 WHEN p.id IN (FROM twice) THEN 'registered_twice'
                 WHEN coalesce(entries, 1) > 1 THEN 'claimed_twice'
                 WHEN used.personal_number IS NOT NULL THEN 'number_in_use'
                 WHEN k.reason = 'verdict_match' THEN NULL
                 WHEN twins.id IS NOT NULL THEN 'twin_unreviewed'
                 WHEN k.runner_up_margin < $margin THEN 'runner_up_unreviewed' END AS withheld
        FROM {links} k JOIN {mentions} m ON m.record_id = k.record_id_l JOIN {persons} p ON p.record_id = k.record_id_r
        JOIN {outcomes} own ON own.side = 'mention' AND own.record_id = k.record_id_l
        LEFT JOIN claimed USING (record_id_r) LEFT JOIN used ON used.personal_number = p.personal_number
        LEFT JOIN twins ON twins.id = p.id
        WHERE k.decision = 'link' AND m.personal_number IS NULL ORDER BY record_id""".replace("$margin", repr(float(margin))),
        run,
    )


def _write(connection: duckdb.DuckDBPyConnection, run: Path, headers: Mapping[str, str], path: Path) -> None:
    """The proposals beside the entry's and the person's keys, in the order of the entries."""
    sides = SideTables.of(run)
    raw = set(described_columns(connection, sides.raw_mentions))
    book = [
        field
        for field in ("registering_office", "book_number", "entry_number", "registration_date", "full_name", "birth_date")
        if field in raw
    ]
    shown = ["record_id", *book, "person_record_id", "personal_number", "evidence"]
    titles = [
        texts.RECORD_ID,
        *(headers.get(field) or field_word(field, "vi") for field in book),
        texts.COUNTERPART,
        texts.PROPOSED_NUMBER,
        texts.EVIDENCE,
    ]
    widths = [21.0, *({"registering_office": 34.0, "full_name": 24.0}.get(field, 12.0) for field in book), 21.0, 16.0, 44.0]
    evidence = (
        "printf('" + texts.EVIDENCE_OF + "', replace(printf('%.1f', n.link_weight), '.', ','),"
        " coalesce(replace(printf('%.1f', n.runner_up_margin), '.', ','), '-'),"
        " coalesce(replace(printf('%.3f', 100 * n.error_bound), '.', ','), '?'))"
    )
    selected = ["n.record_id", *(f"m.{quote(field)}" for field in book), "n.person_record_id", "n.personal_number", evidence]
    values = ", ".join(f"{text_sql(value)} AS {quote(name)}" for value, name in zip(selected, shown, strict=True))
    cells = [("place", str(COUNT)), *((quote(name), str(TEXT)) for name in shown)]
    lines = lines_sql([(quote(name), width) for name, width in zip(shown, widths, strict=True)])
    columns = (Column(texts.NUMBER, 6, COUNT), *(Column(title, width) for title, width in zip(titles, widths, strict=True)))
    rows = (
        f"SELECT row_number() OVER (ORDER BY n.record_id) AS place, {values}"
        f" FROM {NUMBER_PROPOSALS.scan(run)} n JOIN {sides.raw_mentions} m USING (record_id) WHERE n.withheld IS NULL"
    )
    above = (texts.PROPOSALS_TITLE, texts.PROPOSALS_NOTE)
    write_workbook(path, sheets_of(connection, rows, texts.PROPOSED_NUMBER, columns, cells, lines, above=above))
