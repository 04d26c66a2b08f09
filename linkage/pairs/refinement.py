"""Crowded blocks made smaller by further keys, so that pairs an entry keep to a budget however many records there are.

Blocks grow with the registers and pairs with their square. A block is crowded where its larger side holds more records than a
threshold; there, and there alone, a pair must agree on a further key too (or on several, one after the other, while parts stay
crowded). The threshold is one for all rules, the highest that keeps the budget: the larger side is how many pairs are looked at
for each match that a block can hold, so with one threshold no rule pays more for a match than another (equal marginal cost).
It is found from counts of blocks alone: pairs beyond one an entry, summed over rules, which is a little above what is left when
each pair is counted once. Blocks beyond their rule's cap are refined first and left out only where that did not help.

Which key comes next is learnt (or the project file gives an order): the one that loses least on the way to the threshold,
−log2 m × max(1, needed / −log2 u) bits, m being the share of likely matches of these blocks that agree on it and u that of
other pairs of these blocks. Likely are pairs that stand alone, one entry and one person, in the block of another rule that asks
nothing of the key's field. Learnt on samples drawn by hashes of ids, so the order of rows does not matter.

Training is not biased by it: its passes are blocked on rules of their own, whose blocks stay whole, so the m of a further key's
field is never learnt from pairs that had to agree on it; and the prior counts pairs that are no candidates as unlike each other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import numpy as np

from linkage.config import BlockingRule
from linkage.pairs.blocking import (
    NO_CAP,
    BlockSizes,
    RulePairs,
    block_sizes,
    count_sizes,
    leave_out_large_blocks,
    write_blocks,
)
from linkage.pairs.sides import Sides, share_of_hashes, value_hash
from linkage.runs.sql import fetch_row, from_two_starts, quote

LIKELY_PAIRS = 50_000
"""Entries whose likely matches are looked at."""
RECORDS = 100_000
"""Records a side that other pairs of a block are drawn from."""
STRANGERS = 100_000
"""Pairs of crowded blocks on which keys are tried, about."""
MOST_AGREEING = 0.8
"""A key on which a greater share of a block's pairs agree does not split it."""
MOST_ROUNDS = 5
FEWEST = 2
"""Blocks whose larger side holds so many are never crowded."""
LEAST_SHARE = 0.001
"""Pairs of a rule's crowded blocks, a left record, that are not worth a further key."""
UNSEEN = 4
"""Pairs beside those looked at: likely ones that are taken to disagree on a key and others that are taken to agree on it, so that
a key of which little is known is not preferred."""
STEP = 0.8
"""The threshold falls at least to this share of itself before blocks are refined again."""
PRIOR_PAIRS = 20
"""The share of all likely matches of a rule that agree on a key counts as so many of those in crowded blocks."""


@dataclass(frozen=True)
class Budget:
    """What refinement may spend and the keys that it may use."""

    pairs_per_entry: float | None
    """None: only blocks beyond a rule's cap are refined."""
    keys: tuple[str, ...]
    field_of: Mapping[str, str]
    in_order: bool = False
    """The keys are taken in their order, not by what they lose."""
    seed: int = 0


@dataclass(frozen=True)
class Numbered:
    """The numbered blocks of all rules and what became of them."""

    rules: list[RulePairs]
    threshold: int | None
    """Records of a block's larger side above which it was crowded; None where no block had to be refined for the budget."""
    pairs: int
    """At most so many candidate pairs, about: one an entry and those beyond of each rule."""


def number_blocks_within(
    connection: duckdb.DuckDBPyConnection, sides: Sides, rules: Sequence[BlockingRule], table: str, budget: Budget
) -> Numbered:
    """As `number_blocks`, with crowded blocks refined until the pairs keep to the budget, as far as keys can split them."""
    write_blocks(connection, sides, rules, table)
    work = _Refinement(connection, sides, rules, table, budget)
    work.refine()
    return work.told()


@dataclass
class _Refinement:
    connection: duckdb.DuckDBPyConnection
    sides: Sides
    rules: Sequence[BlockingRule]
    table: str
    budget: Budget
    threshold: int | None = None
    tried: int = NO_CAP
    """The lowest threshold at which all rules have been refined: larger blocks are those that no key splits."""
    sizes: list[BlockSizes] = field(default_factory=list)
    used: dict[int, list[str]] = field(default_factory=dict)
    """Rule → the further keys that were asked of its crowded blocks, in order."""
    lost: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Rule → likely matches of its crowded blocks by which these keys could be judged, and how many disagreed on them."""
    before: tuple[int, ...] = ()
    """Pairs of each rule before."""
    sampled: tuple[float, float] = (0.0, 0.0)

    def refine(self) -> None:
        """Refine what is beyond a cap, then what is crowded, at lower thresholds until the budget is kept."""
        self.sizes = [self._count(number) for number in range(len(self.rules))]
        self.before = tuple(int(one.pairs.sum()) for one in self.sizes)
        if any(one.beyond.any() for one in self.sizes):
            self._refine_rules(NO_CAP)
        while (threshold := self._affordable()) is not None:
            last = self.threshold or NO_CAP
            self.threshold = max(FEWEST, min(threshold, last - 1, math.ceil(STEP * last)))
            self._refine_rules(self.threshold)
            self.tried = self.threshold
            if self.threshold == FEWEST:
                break

    def _count(self, number: int) -> BlockSizes:
        """Counts of a rule's blocks; those that could be crowded are kept in a table of the rule."""
        sizes = block_sizes(self.sides, f"block_{number}", f"{self.table}_left", f"{self.table}_right")
        self._make("every_block", sizes)
        self._make(f"large_{number}", f"SELECT block, pairs, size, fewest FROM every_block WHERE size > {FEWEST}")
        chosen = f"hash(id_l, {self.budget.seed}, 3) < {share_of_hashes(LIKELY_PAIRS / self.sides.left_rows)}"
        self._make(f"alone_{number}", f"SELECT id_l, id_r, {1 << number} AS rule FROM every_block WHERE pairs = 1 AND {chosen}")
        return count_sizes(self.connection, self.rules[number], "every_block")

    def _affordable(self) -> int | None:
        """The highest threshold that may keep the budget, if refined blocks cost nothing; None where it is kept.

        Blocks that are above a threshold already tried are those that no key splits: they stay, whatever the others do.
        """
        if self.budget.pairs_per_entry is None:
            return None
        allowed = max(self.budget.pairs_per_entry - 1, 0) * self.sides.left_rows
        size = np.concatenate([one.size for one in self.sizes])
        excess = np.concatenate([one.excess for one in self.sizes])
        splittable = size <= self.tried
        size, excess = size[splittable], excess[splittable]
        order = np.argsort(size, kind="stable")
        beyond = np.flatnonzero(np.cumsum(excess[order]) > allowed)
        return int(size[order][beyond[0]]) - 1 if beyond.size else None

    def _refine_rules(self, threshold: int) -> None:
        """Refine the blocks of rules that are larger than the threshold or beyond the rule's cap.

        Rules with most pairs in such blocks come first, and none after the budget is kept.
        """
        if not self.used:
            self._draw_samples()
        costs = {number: int(one.pairs[one.crowded(threshold)].sum()) for number, one in enumerate(self.sizes)}
        refined = []
        for number in sorted(costs, key=lambda one: (-costs[one], one)):
            if threshold < NO_CAP and self._affordable() is None:
                break
            if costs[number] and self._refine_rule(number, threshold):
                refined.append(number)
        for side in ("left", "right"):
            table = f"{self.table}_{side}"
            columns = ", ".join(
                f"CASE WHEN m{number}.id IS NULL THEN t.block_{number} ELSE m{number}.block END AS block_{number}"
                if number in refined
                else f"t.block_{number}"
                for number in range(len(self.rules))
            )
            joins = "".join(f" LEFT JOIN members_{number}_{side} m{number} ON m{number}.id = t.id" for number in refined)
            self._make(table, f"SELECT t.id, {columns} FROM {quote(table)} t{joins}")

    def _refine_rule(self, number: int, threshold: int) -> bool:
        """Ask further keys of a rule's crowded blocks, round after round, while there are such blocks and keys that split them.

        Their records, with new block numbers, come into the tables `members_<number>_left` and `_right`; false where no key
        splits them.
        """
        rule = self.rules[number]
        is_crowded = f"size > {threshold} OR pairs > {rule.cap or NO_CAP}"
        counted = self.sizes[number].crowded(threshold)
        self._make("crowded", f"SELECT * FROM large_{number} WHERE {is_crowded}")
        for side in ("left", "right"):
            here = f"SELECT id, block_{number} AS block FROM {quote(f'{self.table}_{side}')}"
            self._make(f"crowded_{side}", f"{here} WHERE block_{number} IN (SELECT block FROM crowded)")
        asked: list[str] = []
        sizes = self.sizes[number].only(~counted)
        large = f"SELECT * FROM large_{number} WHERE NOT ({is_crowded})"
        while len(asked) < MOST_ROUNDS and (key := self._choose(rule, number, threshold, asked)):
            place = f"{number}_{len(asked)}"
            asked.append(key)
            for side, source in (("left", self.sides.left), ("right", self.sides.right)):
                self._split(side, source, key)
            self._make("every_block", block_sizes(self.sides, "block", "split_left", "split_right"))
            self._make("crowded", f"SELECT block, pairs, size, fewest FROM every_block WHERE {is_crowded}")
            settled = f"(SELECT * FROM every_block WHERE NOT ({is_crowded}))"
            sizes = sizes.with_others(count_sizes(self.connection, rule, settled))
            self._make(f"large_{place}", f"SELECT block, pairs, size, fewest FROM {settled} WHERE size > {FEWEST}")
            large += f" UNION ALL SELECT * FROM large_{place}"
            for side in ("left", "right"):
                apart = f"SELECT s.id, s.block FROM split_{side} s LEFT JOIN crowded c ON c.block = s.block WHERE c.block IS"
                self._make(f"settled_{place}_{side}", f"{apart} NULL")
                self._make(f"crowded_{side}", f"{apart} NOT NULL")
        if not asked:
            return False
        self.used[number] = [*self.used.get(number, []), *asked]
        self.sizes[number] = sizes.with_others(count_sizes(self.connection, rule, "crowded"))
        self._make(f"large_{number}", f"{large} UNION ALL SELECT * FROM crowded")
        for side in ("left", "right"):
            settled = "".join(f" UNION ALL SELECT * FROM settled_{number}_{one}_{side}" for one in range(len(asked)))
            self._make(f"members_{number}_{side}", f"SELECT * FROM crowded_{side}{settled}")
        return True

    def _split(self, side: str, source: str, key: str) -> None:
        """New numbers for the records of crowded blocks; none, which proposes nothing, for those without a value of the key."""
        text = self.sides.types.get(key, "VARCHAR") == "VARCHAR"
        value = from_two_starts("k.value") if text else "k.value"
        self._make(
            f"split_{side}",
            f"SELECT c.id, CASE WHEN k.value IS NOT NULL THEN hash(c.block, {value}) END AS block"
            f" FROM crowded_{side} c JOIN (SELECT id, {quote(key)} AS value FROM {quote(source)}) k ON k.id = c.id",
        )

    def _choose(self, rule: BlockingRule, number: int, threshold: int, asked: Sequence[str]) -> str | None:
        """The next key for the blocks of `crowded`; None where hardly any are left, or no key splits them."""
        pairs, mean = fetch_row(self.connection, "SELECT coalesce(sum(pairs), 0), sum(size * pairs) / sum(pairs) FROM crowded")
        keys = [key for key in self.budget.keys if key not in rule.on and key not in asked]
        if not keys or pairs <= LEAST_SHARE * self.sides.left_rows:
            return None
        u = self._share_of_strangers(int(pairs), keys)
        splitting = [key for key in keys if u[key] <= MOST_AGREEING]
        if not splitting:
            return None
        seen = self._likely_agreeing(number, splitting)
        m = {key: share for key, (_, _, share) in seen.items()}
        wanted = math.log2(mean / threshold) if threshold < NO_CAP else math.log2(pairs / (rule.cap or 1)) / 2
        lost = {key: -math.log2(m[key]) * max(1.0, wanted / -math.log2(u[key])) for key in splitting}
        best = splitting[0] if self.budget.in_order else min(splitting, key=lambda key: (lost[key], key))
        here, agreeing, _ = seen[best]
        likely, lost_before = self.lost.get(number, (0, 0))
        self.lost[number] = (max(likely, here), lost_before + here - agreeing)
        return best

    def _share_of_strangers(self, pairs: int, keys: Sequence[str]) -> dict[str, float]:
        """Of other pairs in the blocks of `crowded`."""
        expected = pairs * self.sampled[0] * self.sampled[1]
        thinned = f"hash(id, {self.budget.seed}, 2) < {share_of_hashes(math.sqrt(STRANGERS / max(expected, 1)))}"
        of_side = f"SELECT m.block, s.* FROM crowded_{{side}} m JOIN sample_{{side}} s USING (id) WHERE {thinned}"
        agreeing = ", ".join(f"count(*) FILTER (l.{self._place(key)} = r.{self._place(key)})" for key in keys)
        total, *agree = fetch_row(
            self.connection,
            f"SELECT count(*), {agreeing} FROM ({of_side.format(side='left')}) l"
            f" JOIN ({of_side.format(side='right')}) r ON l.block = r.block{self.sides.once}",
        )
        return {key: (count + UNSEEN) / (total + UNSEEN) for key, count in zip(keys, agree, strict=True)}

    def _likely_agreeing(self, number: int, keys: Sequence[str]) -> dict[str, tuple[int, int, float]]:
        """Key → likely matches in the blocks of `crowded`, how many agree, and their share, drawn towards that in all blocks."""
        cases = [
            f"count(*) FILTER (alone & {alone} > 0{condition})"
            for key, alone in ((key, self._alone_without(self.budget.field_of[key], number)) for key in keys)
            for condition in ("", f" AND {self._place(key)}", " AND crowded", f" AND crowded AND {self._place(key)}")
        ]
        row = fetch_row(
            self.connection,
            f"SELECT {', '.join(cases)} FROM (SELECT p.*, coalesce(l.block = r.block, false) AS crowded FROM likely p"
            " LEFT JOIN crowded_left l ON l.id = p.id_l LEFT JOIN crowded_right r ON r.id = p.id_r"
            f" WHERE p.was_{number} = p.is_{number})",
        )
        found = {}
        for place, key in enumerate(keys):
            every, every_agree, here, here_agree = row[4 * place : 4 * place + 4]
            known = max(every_agree, 0.5) / (every + UNSEEN)
            found[key] = (here, here_agree, (here_agree + PRIOR_PAIRS * known) / (here + PRIOR_PAIRS))
        return found

    def _alone_without(self, asked: str, refined: int) -> int:
        """The rules, as bits, that ask nothing of a field, the one to be refined apart; all others where each asks of it."""
        others = [number for number in range(len(self.rules)) if number != refined]
        without = [n for n in others if asked not in {self.budget.field_of[key] for key in self.rules[n].on}]
        return sum(1 << number for number in without or others)

    def _draw_samples(self) -> None:
        """The tables `sample_left`, `sample_right` of records and `likely` of pairs, with the blocks of both as they are now."""
        rows = (self.sides.left_rows, self.sides.right_rows)
        self.sampled = (min(1.0, RECORDS / rows[0]), min(1.0, RECORDS / rows[1]))
        values = "".join(f", {value_hash(key, self.sides.types)} AS {self._place(key)}" for key in self.budget.keys)
        for side, source, share in zip(("left", "right"), (self.sides.left, self.sides.right), self.sampled, strict=True):
            chosen = f"hash(id, {self.budget.seed}, 1) < {share_of_hashes(share)}"
            self._make(f"sample_{side}", f"SELECT id{values} FROM {quote(source)} WHERE {chosen}")
        every = " UNION ALL ".join(f"SELECT * FROM alone_{number}" for number in range(len(self.rules)))
        agree = "".join(f", coalesce(l.{quote(key)} = r.{quote(key)}, false) AS {self._place(key)}" for key in self.budget.keys)
        blocks = "".join(f", lb.block_{n} AS was_{n}, rb.block_{n} AS is_{n}" for n in range(len(self.rules)))
        self._make(
            "likely",
            f"SELECT p.*{agree}{blocks} FROM (SELECT id_l, id_r, bit_or(rule) AS alone FROM ({every}) GROUP BY id_l, id_r) p"
            f" JOIN {quote(self.sides.left)} l ON l.id = p.id_l JOIN {quote(self.sides.right)} r ON r.id = p.id_r"
            f" JOIN {quote(f'{self.table}_left')} lb ON lb.id = p.id_l JOIN {quote(f'{self.table}_right')} rb ON rb.id = p.id_r",
        )

    def told(self) -> Numbered:
        """What came of it; blocks that are still beyond their rule's cap are left out."""
        counts = [RulePairs(rule.name, *sizes.totals) for rule, sizes in zip(self.rules, self.sizes, strict=True)]
        leave_out_large_blocks(self.connection, self.sides, self.rules, counts, self.table)
        pairs = self.sides.left_rows + sum(int(one.excess.sum()) for one in self.sizes)
        pairs = min(pairs, self.sides.possible_pairs)
        for number, keys in self.used.items():
            likely, lost = self.lost[number]
            counts[number] = replace(
                counts[number],
                refined_by=tuple(dict.fromkeys(keys)),
                refined_pairs=self.before[number] - int(self.sizes[number].pairs.sum()),
                likely=likely,
                likely_lost=min(lost, likely),
            )
        return Numbered(counts, self.threshold, pairs)

    def _place(self, key: str) -> str:
        """What a key's column is called in the samples, whatever the project calls its fields."""
        return f"key_{self.budget.keys.index(key)}"

    def _make(self, name: str, query: str) -> None:
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS {query}")
