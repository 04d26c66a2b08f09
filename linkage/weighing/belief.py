"""What is believed of a pair with all evidence: its entry has one person at most, and may have none.

The weight of a pair by itself asks “this person, or one among all?”, with the prior's expected matches over all pairs. A
mention that has a person, as a share π of them do, has it once. With L = 2^weight ÷ expected matches a mention, the odds of a
pair by itself against no person are π L / (1 − π): log2 of them is its **pair weight**. Among the persons it may be, the
probability of a pair is its odds ÷ (1 + the sum of all), and its log2 odds, the **link weight**, is

    pair weight − log2(1 + sum of 2^pair weight over the mention's other persons)

A rival that is the same human registered twice with probability q counts 1 − q of itself (`registered_twice`); where a person
has one entry at most, its other entries are rivals too. π is its maximum likelihood estimate, unique as the likelihood is
concave (as Sadinle 2017, on bipartite matching).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from linkage.runs.sql import fetch_chunks, id_ranges, quote
from linkage.runs.tables import PRESENCE, REGISTERED_TWICE, SCORED_PAIRS
from linkage.statistics import probability, probability_sql
from linkage.statistics.fellegi_sunter import Floats
from linkage.weighing.presence import learn_presence

MOST = 200.0
"""Bits beyond which a rival's odds are not counted, so that powers of two never overflow."""
MOST_ROUNDS = 100
HELD_DOWN = 5.0
"""Bits by which the evidence beside the fields may lower a pair before it is no find of chance: more than what unrelated people
agree on together."""
PAIRS_AT_A_TIME = 500_000
"""Pairs held outside DuckDB, whose `memory_limit` bounds the rest; where a person has one entry at most, all rivals are."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class SamePerson:
    """Pairs of pairs, by position: the persons of `first` and `second` are one human with probability `probability`."""

    first: Integers
    second: Integers
    probability: Floats


def link_weights(left: Integers, pair_weights: Floats, same: SamePerson | None = None, right: Integers | None = None) -> Floats:
    """Link weight of each pair of left records, from their pair weights.

    With `right`, a person has one entry at most too, and its other entries are rivals as far as they have no person of their
    own: the sums over both kinds of rivals are found by belief propagation, exact where the pairs form no circle (Bayati, Shah
    and Sharma 2008, on matchings).
    """
    odds = np.exp2(np.minimum(pair_weights, MOST))
    if right is None:
        return np.asarray(pair_weights - np.log2(1 + _of_others(left, odds, same)))
    of_person = odds
    for _ in range(MOST_ROUNDS):
        of_mention = odds / (1 + _of_others(left, of_person, same))
        before, of_person = of_person, odds / (1 + _of_others(right, of_mention))
        if np.abs(np.log2(of_person / before)).max(initial=0.0) < 1e-12:
            break
    rivals = np.log2(1 + _of_others(left, of_person, same)) + np.log2(1 + _of_others(right, of_mention))
    return np.asarray(pair_weights - rivals)


def _of_others(record: Integers, odds: Floats, same: SamePerson | None = None) -> Floats:
    """Sum of the odds of each record's other pairs.

    For the greatest it is taken without it: a difference would keep no digit of what is left.
    """
    _, place = np.unique(record, return_inverse=True)
    order = np.lexsort((np.arange(len(odds)), -odds, place))
    greatest = order[np.diff(place[order], prepend=-1) > 0]
    beside = odds.copy()
    beside[greatest] = 0.0
    rest, total = (np.bincount(place, weights=one) for one in (beside, odds))
    others = total[place] - odds
    others[greatest] = rest
    if same is not None:
        np.subtract.at(others, same.first, same.probability * odds[same.second])
    return np.maximum(others, 0.0)


def write_no_presence(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write `presence` with no row: pairs are believed one by one."""
    PRESENCE.write(connection, "SELECT 0 AS id_l, 0.0::DOUBLE AS share, 0.0::DOUBLE AS presence_weight WHERE false", folder)


def weigh_presence(
    connection: duckdb.DuckDBPyConnection, entries: str, folder: Path, expected_matches: float, dates: Sequence[str] = ()
) -> None:
    """Turn the weight of each of a folder's `scored_pairs` by itself into its pair weight; write `presence` beside them.

    `entries` is the left side's table as it stands in a FROM clause; `expected_matches` is what the prior says of all pairs;
    `dates` are the left side's columns of years by which a person's presence is learned.
    """
    shown = "".join(f", {quote(one)}::DOUBLE AS {quote(one)}" for one in dates)
    mentions = connection.execute(f"SELECT id{shown} FROM {entries} ORDER BY id").fetchnumpy()
    count = len(mentions["id"])
    totals = np.zeros(count)
    for pairs in fetch_chunks(
        connection, f"SELECT id_l, pair_weight FROM {SCORED_PAIRS.scan(folder)} ORDER BY id_l, id_r", PAIRS_AT_A_TIME
    ):
        # ids are 1 to n, in order
        ratio = np.exp2(np.minimum(pairs["pair_weight"], MOST)) * count / expected_matches
        np.add.at(totals, pairs["id_l"].astype(np.int64) - 1, ratio)
    years: list[Floats] = [np.ma.filled(np.ma.asarray(mentions[one], dtype=float), np.nan) for one in dates]
    held = np.zeros(count, dtype=bool)
    # the greatest of pairs of numbers, and so the same in whatever order rows come
    down = "max({'weight': pair_weight, 'down': match_weight - pair_weight}).down"
    below = connection.execute(
        f"SELECT id_l FROM {SCORED_PAIRS.scan(folder)} GROUP BY id_l HAVING {down} > {HELD_DOWN!r}"
    ).fetchnumpy()["id_l"]
    held[np.asarray(below, dtype=np.int64) - 1] = True
    there = learn_presence(totals, years, held)
    weight = np.log2(there.share / (1 - there.share)) - there.chance - np.log2(expected_matches / count)
    connection.register("present", pa.table({"id_l": mentions["id"], "share": there.share, "presence_weight": weight}))
    PRESENCE.write(connection, "SELECT * FROM present ORDER BY id_l", folder)
    connection.unregister("present")
    weighed = (
        f"SELECT scored.* REPLACE (pair_weight + presence_weight AS pair_weight) FROM {SCORED_PAIRS.scan(folder)} scored"
        f" JOIN {PRESENCE.scan(folder)} USING (id_l) ORDER BY id_l, id_r"
    )
    SCORED_PAIRS.write(connection, weighed, folder)


def weigh_rivals(connection: duckdb.DuckDBPyConnection, folder: Path, exclusive: bool) -> None:
    """Give a folder's `scored_pairs` their link weight and match probability, from their pair weights and `registered_twice`.

    `exclusive` says that a person has one entry at most.
    """
    scored = SCORED_PAIRS.scan(folder)
    # a mention's pairs rival each other alone; where a person has one entry at most, all may hang together
    parts = (
        [""]
        if exclusive
        else [f"WHERE id_l BETWEEN {first} AND {last}" for first, last in id_ranges(connection, scored, "id_l", PAIRS_AT_A_TIME)]
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE believed (id_l INTEGER, id_r INTEGER, weight DOUBLE, probability DOUBLE)")
    for some in parts:
        pairs = connection.execute(f"SELECT id_l, id_r, pair_weight FROM {scored} {some} ORDER BY id_l, id_r").fetchnumpy()
        left, right = (np.asarray(pairs[name], dtype=np.int64) for name in ("id_l", "id_r"))
        weights, same = np.asarray(pairs["pair_weight"], dtype=float), _same_person(connection, folder, some)
        weight = link_weights(left, weights, same, right if exclusive else None)
        columns = {"id_l": left, "id_r": right, "weight": weight, "probability": probability(weight)}
        connection.register("some_believed", pa.table(columns))
        connection.execute("INSERT INTO believed FROM some_believed")
        connection.unregister("some_believed")
    replaced = "weight AS link_weight, probability AS match_probability"
    weighed = f"SELECT scored.* REPLACE ({replaced}) FROM {scored} scored JOIN believed USING (id_l, id_r) ORDER BY id_l, id_r"
    SCORED_PAIRS.write(connection, weighed, folder)
    connection.execute("DROP TABLE believed")


def _same_person(connection: duckdb.DuckDBPyConnection, folder: Path, some: str) -> SamePerson:
    """Of `some` of the `scored_pairs` those, by position, whose persons are registered twice, both ways round."""
    found = connection.execute(
        f"""WITH placed AS (
            SELECT id_l, id_r, row_number() OVER (ORDER BY id_l, id_r) - 1 AS place FROM {SCORED_PAIRS.scan(folder)} {some}
        ), twice AS (
            SELECT person, other, probability FROM {REGISTERED_TWICE.scan(folder)}
            UNION ALL SELECT other, person, probability FROM {REGISTERED_TWICE.scan(folder)}
        )
        SELECT a.place AS first, b.place AS second, probability FROM placed a JOIN twice ON a.id_r = twice.person
        JOIN placed b ON b.id_l = a.id_l AND b.id_r = twice.other ORDER BY first, second"""
    ).fetchnumpy()
    first, second = (np.asarray(found[name], dtype=np.int64) for name in ("first", "second"))
    return SamePerson(first, second, np.asarray(found["probability"], dtype=float))


def believed_query(weighed: str, run: Path) -> str:
    """SQL that adds link_weight and match_probability to a query of pairs with their weight by themselves as pair_weight.

    Pairs that were scored have what `weigh_rivals` believes of them, claims and doubles included; others, too light to rival
    any, are held against all the scored persons of their mention.
    """
    if not SCORED_PAIRS.is_in(run):
        return f"SELECT *, pair_weight AS link_weight, {probability_sql('pair_weight')} AS match_probability FROM ({weighed})"
    scored = SCORED_PAIRS.scan(run)
    held = f"SELECT id_l, id_r, pair_weight AS held_weight, link_weight AS held_link FROM {scored}"
    persons = f"SELECT id_l, sum(pow(2::DOUBLE, least(pair_weight, {MOST!r}))) AS persons FROM {scored} GROUP BY id_l"
    alone = "coalesce(held_weight, pair_weight + coalesce(presence_weight, 0))"
    rivals = "if(presence_weight IS NULL, 0, log2(1 + coalesce(persons, 0)))"
    return (
        "SELECT * EXCLUDE (held_weight, held_link, presence_weight, persons)"
        f" REPLACE ({alone} AS pair_weight), coalesce(held_link, {alone} - {rivals}) AS link_weight,"
        f" {probability_sql('link_weight')} AS match_probability"
        f" FROM ({weighed}) LEFT JOIN ({held}) USING (id_l, id_r) LEFT JOIN ({persons}) USING (id_l)"
        f" LEFT JOIN (SELECT id_l, presence_weight FROM {PRESENCE.scan(run)}) USING (id_l)"
    )
