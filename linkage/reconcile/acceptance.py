"""Judging digitised lots: keyed entries against an independent second keying of a sample, field by field.

A disagreement counts as an error of the first keying: where the second typist was wrong, settle it against the scan and
correct the second file first. Writing that a clerk may choose (case, spaces, Unicode form, place of the tone mark) is no
disagreement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pyarrow as pa

from linkage.errors import SourceError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.acceptance_plan import AcceptancePlan, plan_acceptance
from linkage.reconcile.side_tables import tidy_sql
from linkage.registers.list_reading import read_list
from linkage.runs.sql import connect, literal, quote
from linkage.vietnamese import tone_key

if TYPE_CHECKING:
    import duckdb

Decision = Literal["accept", "reject", "sample_more"]


@dataclass(frozen=True)
class Rate:
    """Errors of one lot, typist or field. `low` and `high` are the exact interval of the rate at `level`."""

    name: str
    wrong: int
    checked: int
    rate: float
    low: float
    high: float


@dataclass(frozen=True)
class LotJudgement:
    """A lot: its entry-error rate (hypergeometric interval over its own entries), its plan and what follows."""

    entries: Rate
    fields: Rate
    plan: AcceptancePlan
    decision: Decision
    to_key: int
    """Entries still to be keyed again before a decision; 0 when there is one."""


@dataclass(frozen=True)
class Judgement:
    """Everything `linkage acceptance judge` shows.

    Rates of entries: wrong entries / entries checked; of fields: values that disagree / values filled on either side.
    """

    lots: tuple[LotJudgement, ...]
    entries_by_operator: tuple[Rate, ...]
    fields_by_operator: tuple[Rate, ...]
    fields_by_field: tuple[Rate, ...]
    level: float
    only_rekeyed: int
    """Re-keyed entries that the keyed file does not have: counted here, in no rate."""


def judge_acceptance(
    keyed: Path,
    rekeyed: Path,
    *,
    tolerable: float,
    good: float,
    consumers_risk: float = 0.05,
    producers_risk: float = 0.05,
    level: float = 0.95,
    seed: int = 0,
) -> Judgement:
    """Compare the two keyings of the re-keyed entries and decide on every lot of the keyed file.

    Both files (CSV or .xlsx) have the columns texts.RECORD_ID, texts.LOT, texts.OPERATOR and the same fields. Each
    lot has the plan of its own size. The first n1 entries of its drawn order (`draw_sample`, same `seed`) decide first.

    Raises:
        SourceError: a file cannot be read, a column is missing, or an entry stands in a file twice.
        LinkageError: the rates or risks do not hang together.
    """
    with connect() as connection:
        fields = _open(connection, keyed, rekeyed)
        _compare(connection, fields)
        lots = _judge_lots(connection, tolerable, good, consumers_risk, producers_risk, level, seed)
        entries_by_operator = _rates(
            connection, "SELECT operator, count(*) FILTER (wrong > 0), count(*) FROM ac_entries GROUP BY 1 ORDER BY 1", level
        )
        fields_by_operator = _rates(
            connection, "SELECT operator, sum(wrong)::BIGINT, sum(filled)::BIGINT FROM ac_entries GROUP BY 1 ORDER BY 1", level
        )
        by_field = _rates(
            connection,
            "SELECT field, count(*) FILTER (differs), count(*) FROM ac_values WHERE filled GROUP BY 1 ORDER BY 1",
            level,
        )
        alone = connection.execute("SELECT count(*) FROM ac_rekeyed ANTI JOIN ac_keyed USING (record_id)").fetchall()[0][0]
    return Judgement(tuple(lots), entries_by_operator, fields_by_operator, by_field, level, int(alone))


def draw_sample(
    keyed: Path, *, tolerable: float, good: float, consumers_risk: float = 0.05, producers_risk: float = 0.05, seed: int = 0
) -> dict[str, list[str]]:
    """Lot → record ids to key again, in the drawn order: the first plan.first at once, plan.second more if they do not decide.

    The order is that of a hash of seed and record id: the same for the same file and seed, whatever the order of its rows.

    Raises:
        SourceError, LinkageError: as `judge_acceptance`.
    """
    drawn: dict[str, list[str]] = {}
    with connect() as connection:
        _open(connection, keyed, None)
        sizes = connection.execute("SELECT lot, count(*) FROM ac_keyed GROUP BY lot ORDER BY lot").fetchall()
        for lot, size in sizes:
            plan = plan_acceptance(size, tolerable, good, consumers_risk, producers_risk)
            rows = connection.execute(
                f"SELECT record_id FROM ac_keyed WHERE lot = $lot ORDER BY {_ORDER} LIMIT $n",
                {"lot": lot, "seed": str(seed), "n": plan.first + plan.second},
            ).fetchall()
            drawn[lot] = [row[0] for row in rows]
    return drawn


_ORDER = "md5($seed || '|' || record_id), record_id"


def _open(connection: duckdb.DuckDBPyConnection, keyed: Path, rekeyed: Path | None) -> list[str]:
    """ac_keyed and ac_rekeyed: record_id, lot, operator and the fields both have (returned)."""
    own = {texts.RECORD_ID: "record_id", texts.LOT: "lot", texts.OPERATOR: "operator"}
    found: list[list[str]] = []
    for path, table in ((keyed, "ac_keyed"), (rekeyed, "ac_rekeyed")):
        if path is None:
            continue
        rows = [row.cells for row in read_list(path, list(own)) if not row.sums]
        names = list(rows[0]) if rows else list(own)
        connection.register("ac_given", pa.table({name: pa.array([row[name] for row in rows], pa.string()) for name in names}))
        renamed = ", ".join(f"{quote(header)} AS {name}" for header, name in own.items())
        rest = [name for name in names if name not in (*own, texts.BOOKS_ID)]
        columns = ", ".join([renamed, *(quote(name) for name in rest)])
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT {columns} FROM ac_given")
        connection.unregister("ac_given")
        twice = connection.execute(
            f"SELECT count(*) FROM (FROM {table} QUALIFY count(*) OVER (PARTITION BY record_id) > 1)"
        ).fetchall()[0][0]
        if twice:
            raise SourceError(f"{path}: {twice} rows share their {texts.RECORD_ID}", "Each entry may stand in a file once.")
        found.append(rest)
    return [name for name in found[0] if name in found[-1]]


def _compare(connection: duckdb.DuckDBPyConnection, fields: Sequence[str]) -> None:
    """ac_values: a row a field of a re-keyed entry; ac_entries: a row a re-keyed entry."""
    parts = [
        f"SELECT k.record_id, k.lot, k.operator, {literal(field)} AS field,"
        f" {_written(f'k.{quote(field)}')} AS a, {_written(f'r.{quote(field)}')} AS b"
        " FROM ac_keyed k JOIN ac_rekeyed r USING (record_id)"
        for field in fields
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE ac_pairs AS {' UNION ALL '.join(parts)}")
    different = connection.execute(
        "SELECT DISTINCT a, b FROM ac_pairs WHERE a <> b AND a <> '' AND b <> '' ORDER BY a, b"
    ).fetchall()
    alike = [(a, b) for a, b in different if tone_key(a) == tone_key(b)]
    arrow = pa.table({"a": pa.array([a for a, _ in alike], pa.string()), "b": pa.array([b for _, b in alike], pa.string())})
    connection.register("ac_alike", arrow)
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE ac_values AS
        SELECT p.*, p.a <> p.b AND w.a IS NULL AS differs, p.a <> '' OR p.b <> '' AS filled
        FROM ac_pairs p LEFT JOIN ac_alike w ON w.a = p.a AND w.b = p.b"""
    )
    connection.unregister("ac_alike")
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE ac_entries AS
        SELECT record_id, lot, operator, count(*) FILTER (differs) AS wrong, count(*) FILTER (filled) AS filled
        FROM ac_values GROUP BY ALL"""
    )


def _written(value: str) -> str:
    return tidy_sql(f"coalesce({value}, '')")


def _judge_lots(
    connection: duckdb.DuckDBPyConnection,
    tolerable: float,
    good: float,
    consumer: float,
    producer: float,
    level: float,
    seed: int,
) -> list[LotJudgement]:
    sizes = dict(connection.execute("SELECT lot, count(*) FROM ac_keyed GROUP BY lot ORDER BY lot").fetchall())
    checked = connection.execute(
        f"SELECT lot, list(wrong > 0 ORDER BY {_ORDER}), sum(wrong)::BIGINT, sum(filled)::BIGINT"
        " FROM ac_entries GROUP BY lot ORDER BY lot",
        {"seed": str(seed)},
    ).fetchall()
    by_lot = {lot: (flags, wrong, filled) for lot, flags, wrong, filled in checked}
    judged = []
    for lot, size in sizes.items():
        flags, wrong_values, values = by_lot.get(lot, ([], 0, 0))
        plan = plan_acceptance(size, tolerable, good, consumer, producer)
        decision, to_key = _decide(plan, flags)
        low, high = lot_interval(size, len(flags), sum(flags), level)
        entries = Rate(lot, sum(flags), len(flags), sum(flags) / len(flags) if flags else 0.0, low, high)
        judged.append(LotJudgement(entries, _rate(lot, wrong_values, values, level), plan, decision, to_key))
    return judged


def _decide(plan: AcceptancePlan, flags: Sequence[bool]) -> tuple[Decision, int]:
    """What the plan says of re-keyed entries in their drawn order (True: wrong)."""
    if len(flags) >= plan.lot_size:
        return ("accept" if sum(flags) <= plan.tolerated else "reject"), 0
    wrong = sum(flags[: plan.first + plan.second])
    if wrong > plan.accept_both:
        return "reject", 0
    if len(flags) < plan.first:
        return "sample_more", plan.first - len(flags)
    if sum(flags[: plan.first]) <= plan.accept_first or len(flags) >= plan.first + plan.second:
        return "accept", 0
    return "sample_more", plan.first + plan.second - len(flags)


def lot_interval(size: int, checked: int, wrong: int, level: float) -> tuple[float, float]:
    """Exact interval of the share of wrong entries in a lot of `size` of which `checked` were drawn, `wrong` of them wrong.

    The numbers D of wrong entries under which neither tail of the hypergeometric has less than (1 − level) / 2.

    >>> lot_interval(10, 10, 2, 0.95)
    (0.2, 0.2)
    """
    from scipy.stats import hypergeom

    tail = (1 - level) / 2
    low, high = wrong, size - (checked - wrong)
    first, last = low, high
    while first < last:  # P(X >= wrong | D) grows with D
        middle = (first + last) // 2
        first, last = (first, middle) if hypergeom.sf(wrong - 1, size, middle, checked) > tail else (middle + 1, last)
    start = first
    first, last = start, high
    while first < last:  # P(X <= wrong | D) falls with D
        middle = (first + last + 1) // 2
        first, last = (middle, last) if hypergeom.cdf(wrong, size, middle, checked) > tail else (first, middle - 1)
    return start / size, first / size


def _rates(connection: duckdb.DuckDBPyConnection, query: str, level: float) -> tuple[Rate, ...]:
    return tuple(_rate(name, wrong, checked, level) for name, wrong, checked in connection.execute(query).fetchall())


def _rate(name: str, wrong: int, checked: int, level: float) -> Rate:
    """An error rate with its Clopper-Pearson interval (the errors of a typist or field are taken for independent)."""
    if not checked:
        return Rate(name, 0, 0, 0.0, 0.0, 1.0)
    from scipy.stats import binomtest

    interval = binomtest(int(wrong), int(checked)).proportion_ci(level, method="exact")
    return Rate(name, int(wrong), int(checked), wrong / checked, float(interval.low), float(interval.high))
