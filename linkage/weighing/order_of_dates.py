"""What the order of dates says: an entry made before the person was born is not theirs, whoever bears the name.

Where the dates of birth of a pair lie more than a year apart, either one of them is wrong or these are two people: a child who
died and the next one, named after it; two of one name in a village. The entry's own date tells more of them: a match was
entered before the person's birth only where the other side's date is the wrong one. So the pair weight moves by

    log2(share of the pair's state among matches / its share among other pairs)

for two states, entered before the person's year of birth or not, of such pairs alone: of any other pair nothing is said. The
share among matches is that among the sure, entries' best pairs of SURE bits or more; that among others follows by expectation-
maximisation over all entries' best pairs, the weight from the fields held fixed (a mixture of two classes, one known, over one
more comparison, conditionally independent; Winkler 1988; population: each entry's best scored pair with dates apart).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.runs.sql import described_columns
from linkage.runs.tables import ORDER_OF_DATES, SCORED_PAIRS
from linkage.statistics import probability
from linkage.statistics.fellegi_sunter import Floats
from linkage.weighing.claims import SURE

ENTERED, BORN = "registration_date_year", "birth_date_year"
"""The left side's year of entry; both sides' year of birth."""
STATES = ("entered after the person's birth", "entered before the person was born")


@dataclass(frozen=True)
class OrderOfDates:
    """What the states weigh, each by its place in STATES."""

    pairs: int
    """Entries whose best pair has dates of birth more than a year apart."""
    match: list[float]
    """Share of each state among matches of such dates."""
    other: list[float]
    """Share of each state among such pairs that are no match."""
    bits: list[float]
    """log2(match / other)."""

    @staticmethod
    def load(run: Path) -> OrderOfDates | None:
        """What a run learned; None where its pairs are not scored yet or a side has no such dates."""
        held: dict[str, Any] | None = ORDER_OF_DATES.read(run) if ORDER_OF_DATES.is_in(run) else None
        return OrderOfDates(**held) if held else None


def weigh_order(connection: duckdb.DuckDBPyConnection, mentions: str, persons: str, folder: Path) -> None:
    """Add what the order of dates weighs to the pair weight of a folder's `scored_pairs`; write `order_of_dates` beside them.

    `mentions` and `persons` are the two sides' tables as they stand in a FROM clause. Where a date is not there nothing moves.
    """
    there = {ENTERED, BORN} <= set(described_columns(connection, mentions)) and BORN in described_columns(connection, persons)
    if not there:
        ORDER_OF_DATES.write(folder, None)
        return
    scored = SCORED_PAIRS.scan(folder)
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE ordered AS
        SELECT id_l, id_r, pair_weight, {state_sql("m", "p")} AS state FROM {scored}
        JOIN (SELECT id, {ENTERED}, {BORN} FROM {mentions}) m ON m.id = id_l
        JOIN (SELECT id, {BORN} FROM {persons}) p ON p.id = id_r WHERE state IS NOT NULL"""
    )
    # alike to a hundredth of a bit is enough to learn from
    best = f"SELECT id_l, max(pair_weight) AS pair_weight FROM {scored} WHERE id_l IN (SELECT id_l FROM ordered) GROUP BY id_l"
    seen = connection.execute(
        f"""SELECT state, round(pair_weight, 2) AS weight, count(*) AS pairs
        FROM ordered JOIN ({best}) USING (id_l, pair_weight) GROUP BY ALL ORDER BY ALL"""
    ).fetchnumpy()
    learned = learn_order(
        np.asarray(seen["state"], dtype=np.int64),
        np.asarray(seen["weight"], dtype=float),
        np.asarray(seen["pairs"], dtype=float),
    )
    ORDER_OF_DATES.write(folder, asdict(learned))
    listed = ", ".join(f"{bits!r}::DOUBLE" for bits in learned.bits)
    moved = f"pair_weight + coalesce(list_extract([{listed}], state + 1), 0) AS pair_weight"
    states = "SELECT id_l, id_r, state FROM ordered"
    query = f"SELECT scored.* REPLACE ({moved}) FROM {scored} scored LEFT JOIN ({states}) USING (id_l, id_r)"
    SCORED_PAIRS.write(connection, f"{query} ORDER BY id_l, id_r", folder)
    connection.execute("DROP TABLE ordered")


def state_sql(mention: str, person: str) -> str:
    """SQL of a pair's state by the aliases of its two records; NULL where the dates are near, or one is missing."""
    apart = f"abs({mention}.{BORN} - {person}.{BORN}) > 1"
    return f"CASE WHEN {apart} THEN ({mention}.{ENTERED} < {person}.{BORN})::TINYINT END"


def learn_order(state: NDArray[np.int64], weight: Floats, pairs: Floats) -> OrderOfDates:
    """Shares of the states (0, 1) from pairs counted by state and weight (bits); half a pair is added to each share."""
    match = _shares(state, pairs * (weight >= SURE))
    bits: Floats = np.zeros(len(STATES))
    other = match
    for _ in range(1_000):
        other = _shares(state, pairs * (1 - probability(weight + bits[state])))
        before, bits = bits, np.log2(match / other)
        if np.abs(bits - before).max() < 1e-9:
            break
    rounded = ([float(one) for one in values.round(9)] for values in (match, other, bits))
    return OrderOfDates(int(pairs.sum()), *rounded)


def _shares(state: NDArray[np.int64], pairs: Floats) -> Floats:
    counted = np.bincount(state, weights=pairs, minlength=len(STATES)) + 0.5
    return np.asarray(counted / counted.sum())
