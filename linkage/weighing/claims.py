"""What other entries say of a pair where a person may have several entries (many to one): is the person claimed already?

A person is claimed by the entry whose best pair it is, at SURE bits or more. A close relative's person nearly always is, by
the relative's own entry; the person of a match only where the person was registered again, and hardly ever by an entry
of the same day, for twins are registered together and nobody twice. So the pair weight of a pair moves by

    log2(share of the pair's state among matches / its share among other pairs)

for three states: unclaimed, claimed by another entry, claimed by another entry of the same registration date. Both shares
are learned without labels by expectation-maximisation, the weight from the fields held fixed, so a role in which many
entries of a day share a person, as mothers do, learns that too. A mixture of two classes over one more, conditionally
independent comparison (Winkler 1988); population: scored pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from linkage.runs.sql import described_columns
from linkage.runs.tables import CLAIMS, SCORED_PAIRS
from linkage.statistics import probability
from linkage.statistics.fellegi_sunter import Floats

SURE = 10.0
"""Bits of pair weight from which an entry's best pair claims its person: odds of a thousand to one."""
STATES = ("unclaimed", "claimed by another entry", "claimed by another entry of the same day")


@dataclass(frozen=True)
class Claims:
    """What the states weigh, each by the number that `claimed` has in scored_pairs."""

    match: list[float]
    """Share of each state among matches."""
    other: list[float]
    """Share of each state among pairs that are no match."""
    bits: list[float]
    """log2(match / other)."""

    @staticmethod
    def load(run: Path) -> Claims | None:
        """The claims of a run; None where its pairs are not scored yet, or a person has one entry at most."""
        held = CLAIMS.read(run) if CLAIMS.is_in(run) else None
        return Claims(**held) if held else None


def weigh_claims(connection: duckdb.DuckDBPyConnection, mentions: str, folder: Path) -> Claims:
    """Add `claimed` (the number of the state) to a folder's `scored_pairs`, and what it weighs to the pair weight.

    `mentions` is the left side's table as it stands in a FROM clause.
    """
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stated AS {_with_states(connection, mentions, SCORED_PAIRS.scan(folder))}")
    # Alike to a hundredth of a bit is enough to learn from, and there are a thousand times fewer such weights than pairs.
    seen = connection.execute(
        "SELECT claimed, round(pair_weight, 2) AS weight, count(*) AS pairs FROM stated GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    claims = learn_claims(
        np.asarray(seen["claimed"], dtype=np.int64),
        np.asarray(seen["weight"], dtype=float),
        np.asarray(seen["pairs"], dtype=float),
    )
    listed = ", ".join(f"{bits!r}::DOUBLE" for bits in claims.bits)
    weighed = f"SELECT * REPLACE (pair_weight + list_extract([{listed}], claimed + 1) AS pair_weight) FROM stated"
    SCORED_PAIRS.write(connection, f"{weighed} ORDER BY id_l, id_r", folder)
    connection.execute("DROP TABLE stated")
    return claims


def _with_states(connection: duckdb.DuckDBPyConnection, entries: str, pairs: str) -> str:
    """SQL of the scored pairs with the state of each."""
    day = "registration_date" if "registration_date" in described_columns(connection, entries) else "NULL::DATE"
    best = "row_number() OVER (PARTITION BY id_l ORDER BY pair_weight DESC, id_r) = 1"
    return f"""
        WITH days AS (SELECT id AS id_l, {day} AS day FROM {entries}),
        sure AS (
            SELECT id_l, id_r, day FROM (SELECT id_l, id_r FROM {pairs} WHERE pair_weight >= {SURE!r} QUALIFY {best})
            JOIN days USING (id_l)
        ),
        claimed AS (
            SELECT pair.id_l, pair.id_r, max(CASE WHEN sure.day = days.day THEN 2 ELSE 1 END) AS claimed
            FROM {pairs} pair JOIN sure ON sure.id_r = pair.id_r AND sure.id_l <> pair.id_l
            JOIN days ON days.id_l = pair.id_l GROUP BY ALL
        )
        SELECT pair.*, coalesce(claimed, 0)::TINYINT AS claimed FROM {pairs} pair LEFT JOIN claimed USING (id_l, id_r)"""


def learn_claims(state: NDArray[np.int64], weight: Floats, pairs: Floats) -> Claims:
    """Expectation-maximisation over pairs counted by state and weight (bits); half a pair is added to each share."""
    bits: Floats = np.zeros(len(STATES))
    match = other = bits
    for _ in range(1_000):
        matched = pairs * probability(weight + bits[state])
        match, other = (_shares(state, one) for one in (matched, pairs - matched))
        before, bits = bits, np.log2(match / other)
        if np.abs(bits - before).max() < 1e-9:
            break
    return Claims(*([float(one) for one in shares.round(9)] for shares in (match, other, bits)))


def _shares(state: NDArray[np.int64], pairs: Floats) -> Floats:
    counted = np.bincount(state, weights=pairs, minlength=len(STATES)) + 0.5
    return np.asarray(counted / counted.sum())
