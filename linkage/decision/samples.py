"""The labelled probability sample as arrays: what every design-based estimate reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.deciding import columns_of, relation
from linkage.errors import LinkageError
from linkage.statistics import Interval, total_of_hits

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

Reading = Literal["middle", "worst", "best", "shared"]
"""How doubtful verdicts count: left out, against the linkage, for it; or left out, and errors shared by all reviewers counted."""


@dataclass(frozen=True)
class LabelledSample:
    """Pairs of a review set with their verdicts; arrays (n,) over pairs and (H,) over strata.

    `stratum` index into the strata; `weight` link weight, NaN where the pair is not assigned; `decided_link` whether the pair
    was a link before any verdict, `delivered` whether it is one now; `settled` no runner-up is too close, so that thresholds
    alone decide; `record` the mention; `match` the verdict as 0–1, NaN without one; `doubtful` unsure, or waiting for the
    adjudicator of answers that differ. Strata: `size` pairs in the frame, `low` and `high` weights, `kind` of pair
    (`strata.Kind`), `group` the only group of the breakdown it was drawn by that it holds ("" where it may hold any).
    """

    pair: NDArray[np.str_]
    record: NDArray[np.str_]
    stratum: NDArray[np.int_]
    weight: NDArray[np.float64]
    match: NDArray[np.float64]
    doubtful: NDArray[np.bool_]
    size: NDArray[np.int_]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    kind: NDArray[np.str_]
    group: NDArray[np.str_]
    decided_link: NDArray[np.bool_]
    delivered: NDArray[np.bool_]
    settled: NDArray[np.bool_]

    @property
    def assigned(self) -> NDArray[np.bool_]:
        """Which strata (H,) are of assigned pairs."""
        return np.asarray(self.kind == "assigned")

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Pairs that count: with a verdict, or with a doubt that the reading fills."""
        return ~np.isnan(self.match)

    @property
    def design_weight(self) -> NDArray[np.float64]:
        """Frame pairs each labelled pair stands for, N_h / labelled in h (Horvitz and Thompson 1952); 0 where unlabelled."""
        counts = np.bincount(self.stratum[self.labelled], minlength=self.size.size)
        return np.where(self.labelled, (self.size / np.maximum(counts, 1))[self.stratum], 0.0)

    @property
    def settled_by_verdict(self) -> NDArray[np.bool_]:
        """Assigned pairs (n,) that are delivered as their verdict says, once verdicts have been applied at all."""
        applied = bool((self.delivered != self.decided_link).any())
        return np.asarray(self.labelled & ~np.isnan(self.weight) & (self.delivered == (self.match > 0.5)) & applied)

    def holds(self, weights: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which strata (H,) of assigned pairs have at least one of these link weights in their range."""
        ordered = np.sort(weights)
        return self.assigned & (np.searchsorted(ordered, self.high) > np.searchsorted(ordered, self.low))

    def read(self, reading: Reading, accepted: NDArray[np.bool_]) -> LabelledSample:
        """The sample with doubtful verdicts taken against (`worst`) or for (`best`) the linkage that accepts `accepted`.

        Worst: a doubtful link is false and a doubtful pair that was not linked is a missed match; best the reverse.
        Middle and shared: doubtful pairs are left out as if missing at random within their stratum.
        """
        if reading in ("middle", "shared"):
            return self
        bad = ~accepted if reading == "worst" else accepted
        return replace(self, match=np.where(self.doubtful, bad.astype(float), self.match))

    def hits(self, indicator: NDArray[np.bool_] | NDArray[np.float64], relevant: NDArray[np.bool_], level: float) -> Interval:
        """Frame pairs with the indicator (n,), known to lie in the `relevant` (H,) strata only."""
        seen = self.labelled
        found = np.bincount(self.stratum[seen], weights=np.asarray(indicator, dtype=float)[seen], minlength=self.size.size)
        sampled = np.bincount(self.stratum[seen], minlength=self.size.size)
        if not relevant.any():
            return Interval(0.0, 0.0, 0.0, level)
        return total_of_hits(found[relevant], sampled[relevant], self.size[relevant], level)

    def hits_after_review(
        self,
        before: NDArray[np.bool_] | NDArray[np.float64],
        now: NDArray[np.bool_] | NDArray[np.float64],
        relevant: NDArray[np.bool_],
        level: float,
    ) -> Interval:
        """Frame pairs that are hits now, where verdicts have changed labelled pairs: these are counted one by one.

        `before` (n,) and `now` (n,) are the indicator by what was decided before and after the verdicts. Labelled pairs are a
        certainty stratum; how many hits the others hold is known from the labelled ones *before* their verdicts, which are a
        simple random sample of their stratum (`hits`, the seen ones taken off: the same interval, moved). `relevant` (H,) strata
        are those that may hold hits among pairs without a verdict.
        """
        found = self.hits(before, relevant, level)
        moved = float((np.asarray(now, dtype=float) - np.asarray(before, dtype=float))[self.labelled].sum())
        return Interval(found.value + moved, found.low + moved, found.high + moved, level)


def load_sample(
    connection: duckdb.DuckDBPyConnection,
    review_set: str | Path,
    labels: str | Path,
    links: str | Path,
    runner_up_margin: float = 0.0,
    verdicts: str | Path | None = None,
    *,
    assigned_only: bool = False,
) -> LabelledSample:
    """Join a review set to its labels and to the links as they are now (`runner_up_margin` in bits, for `settled`).

    Pairs whose single `verdicts` differ and that have no label yet wait for their adjudicator: they are doubtful.
    `assigned_only` leaves out the pairs that were not assigned, labelled or not.

    A stratum without any label is merged into the next one of its kind (by weight), so that its pairs stay in the frame.

    Raises:
        LinkageError: two labels on one pair, a review set without its strata, or links that have changed since the draw.
    """
    missing = {"stratum_kind", "stratum_group", "stratum_low", "stratum_high", "stratum_size"} - set(
        columns_of(connection, review_set)
    )
    if missing:
        raise LinkageError(
            f"The review set has no column {', '.join(sorted(missing))}.",
            "Draw it with draw_review_sample; estimates need its strata.",
        )
    twice = connection.execute(
        f"SELECT count(*) - count(DISTINCT pair_id) FROM {relation(labels)} WHERE pair_id IS NOT NULL"
    ).fetchone()
    if twice and twice[0]:
        raise LinkageError(
            f"{twice[0]} pairs have more than one final verdict in the labels.", "Adjudicate them: one row a pair."
        )
    waiting = (
        f"SELECT pair_id FROM {relation(verdicts)} GROUP BY pair_id HAVING count(DISTINCT verdict) > 1"
        if verdicts is not None
        else "SELECT NULL WHERE false"
    )
    rows = connection.execute(
        f"""SELECT review.pair_id, review.record_id_l, stratum, stratum_kind, stratum_group, stratum_low, stratum_high,
                   stratum_size, CASE WHEN stratum_kind = 'assigned' THEN link_weight END AS weight, verdict, how,
                   coalesce(links.decision_unreviewed = 'link', false) AS decided_link,
                   coalesce(links.decision = 'link', false) AS delivered,
                   coalesce(links.runner_up_margin >= {float(runner_up_margin)}, true) AS settled,
                   verdict IS NULL AND pair_id IN ({waiting}) AS waiting
            FROM {relation(review_set)} AS review
            LEFT JOIN {relation(links)} AS links USING (record_id_l, record_id_r)
            LEFT JOIN (SELECT pair_id, verdict, how FROM {relation(labels)}) USING (pair_id)
            WHERE {"stratum_kind = 'assigned'" if assigned_only else "true"}
            ORDER BY stratum_kind, stratum_group, stratum_low, pair_id"""
    ).fetchnumpy()
    text = {
        name: np.ma.filled(rows[name], "").astype(str)
        for name in ("pair_id", "record_id_l", "stratum", "stratum_kind", "stratum_group", "verdict", "how")
    }
    weight: NDArray[np.float64] = np.ma.filled(np.ma.asarray(rows["weight"], dtype=float), np.nan)
    lost = (text["stratum_kind"] == "assigned") & np.isnan(weight)
    if lost.any():
        raise LinkageError(
            f"{int(lost.sum())} pairs of the review set are no longer assigned pairs.",
            "The links have changed since the set was drawn: restore that run, or draw and label a new set.",
        )
    _, first, stratum = np.unique(text["stratum"], return_index=True, return_inverse=True)
    sample = LabelledSample(
        pair=text["pair_id"],
        record=text["record_id_l"],
        stratum=stratum,
        weight=weight,
        match=np.select([text["verdict"] == "match", text["verdict"] == "non_match"], [1.0, 0.0], np.nan),
        doubtful=(text["verdict"] == "unsure") | np.asarray(rows["waiting"], dtype=bool),
        size=np.asarray(rows["stratum_size"])[first].astype(int),
        low=np.asarray(rows["stratum_low"], dtype=float)[first],
        high=np.asarray(rows["stratum_high"], dtype=float)[first],
        kind=text["stratum_kind"][first],
        group=text["stratum_group"][first],
        decided_link=np.asarray(rows["decided_link"], dtype=bool),
        delivered=np.asarray(rows["delivered"], dtype=bool),
        settled=np.asarray(rows["settled"], dtype=bool),
    )
    return merge_unlabelled(sample)


def merge_unlabelled(sample: LabelledSample) -> LabelledSample:
    """Strata without a decided verdict, merged into the nearest labelled stratum of their kind, of their group if there is one.

    Pairs that are not assigned are merged with others that are not, if need be of the other kind.

    Collapsed strata (Cochran 1977, section 5A.12); the frame stays whole.

    Raises:
        LinkageError: a kind of pairs without any label.
    """
    counts = np.bincount(sample.stratum[sample.labelled], minlength=sample.size.size)
    goes = np.arange(sample.size.size)
    for empty in np.flatnonzero(counts == 0):
        same = np.flatnonzero((counts > 0) & (sample.assigned == sample.assigned[empty]))
        if not same.size:
            kind = "that were assigned" if sample.assigned[empty] else "that were not assigned"
            raise LinkageError(f"No pair of those {kind} has a verdict yet.", "Label some pairs of each stratum first.")
        for trait in (sample.kind, sample.group):
            own = same[trait[same] == trait[empty]]
            same = own if own.size else same
        gap = np.maximum(sample.low[same], sample.low[empty]) - np.minimum(sample.high[same], sample.high[empty])
        goes[empty] = same[np.argmin(gap)]
    kept, index = np.unique(goes, return_inverse=True)
    size = np.bincount(index, weights=sample.size).astype(int)
    low, high = np.full(kept.size, np.inf), np.full(kept.size, -np.inf)
    np.minimum.at(low, index, sample.low)
    np.maximum.at(high, index, sample.high)
    alike = np.bincount(index, weights=sample.group != sample.group[goes]) == 0
    group = np.where(alike, sample.group[kept], "")
    return replace(sample, stratum=index[sample.stratum], size=size, low=low, high=high, kind=sample.kind[kept], group=group)
