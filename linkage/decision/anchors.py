"""Estimator (b): mentions whose person is known by personal number, adjusted to the mentions that lack one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from linkage.decision.deciding import columns_of, relation
from linkage.decision.estimators import Estimate, rates
from linkage.errors import LinkageError
from linkage.runs.sql import quote
from linkage.statistics import Interval, total_of_hits

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray

LARGEST_DIFFERENCE = 0.25
"""A standardised difference above this is called large (Rubin 2001, Stuart 2010 use 0.1–0.25)."""
LARGEST_UNCOVERED = 0.05
"""Share of the mentions without anchors like them above which the anchors do not speak for them."""
FEWEST_IN_BAND = 20
"""Weight bands with fewer anchors are merged."""
FEWEST_IN_CELL = 5
"""Cells (band × features) with fewer anchors are merged within their band."""
BAND_SHARES = (0.01, 0.02, 0.04, 0.08, 0.15, 0.3, 0.5, 0.7)
"""Quantiles of the anchors' link weights that bound the bands; finer where the errors are."""


_NOBODY = "SELECT NULL::VARCHAR AS record_id, NULL::VARCHAR AS other_record_id WHERE false"


@dataclass(frozen=True)
class AnchoredMentions:
    """One row a mention; arrays (N,).

    `weight` of its assigned pair, NaN without one; `features` (N, k) as text; `known` whether it is an anchor; and for
    anchors `right` whether the assigned pair is the person with its number, `has_person` whether there is such a person.
    """

    weight: NDArray[np.float64]
    features: NDArray[np.str_]
    feature_names: tuple[str, ...]
    known: NDArray[np.bool_]
    right: NDArray[np.bool_]
    has_person: NDArray[np.bool_]


@dataclass(frozen=True)
class AnchorFit:
    """How far anchors resemble the mentions they speak for.

    `differences` standardised difference of each feature value and of the mean link weight, before adjustment; `uncovered`
    share of the mentions in weight bands without enough anchors or below nearly all of them; `design_effect` Kish's, of the
    post-stratification weights.
    """

    anchors: int
    others: int
    differences: dict[str, float]
    uncovered: float
    design_effect: float

    @property
    def differ_too_much(self) -> bool:
        """Whether the adjusted estimate should not be relied on."""
        return bool(self.uncovered > LARGEST_UNCOVERED or self.design_effect > 5)

    @property
    def differ(self) -> bool:
        """Whether anchors and the rest differ visibly before adjustment."""
        return any(abs(value) > LARGEST_DIFFERENCE for value in self.differences.values())


def load_anchored_mentions(
    connection: duckdb.DuckDBPyConnection,
    mentions: str | Path,
    persons: str | Path,
    links: str | Path,
    features: Sequence[str] = (),
    number: str = "personal_number",
    twice: str | Path | None = None,
) -> AnchoredMentions:
    """Mentions with their assigned pair and, for those with a personal number, the known answer.

    An anchor is a mention whose number some person carries: its person is that one, by any of the rows that carry it or, where
    `twice` lists persons registered twice (record_id, other_record_id), are the same human's. A mention whose number no person
    carries is known to have none, if both numbers are right: a miswritten one makes a right link look wrong, so a number that
    contradicts its own entry (`…_flags`) is none. The links must have been made without comparing the number.
    """
    for side, columns in ((mentions, [number, *features]), (persons, [number])):
        absent = [name for name in columns if name not in columns_of(connection, side)]
        if absent:
            raise LinkageError(
                f"There is no column {', '.join(absent)} to find anchors by.", "Name columns of mentions and persons."
            )
    own = f"mention.{quote(number)}"
    if f"{number}_flags" in columns_of(connection, mentions):
        own = f"if(mention.{quote(f'{number}_flags')} IS NULL, {own}, NULL)"
    chosen = "".join(f", coalesce(mention.{quote(name)}::VARCHAR, '') AS {quote('feature_' + name)}" for name in features)
    rows = connection.execute(
        f"""WITH numbered AS (SELECT {quote(number)} AS number, record_id FROM {relation(persons)}
                             WHERE {quote(number)} IS NOT NULL),
                 twice AS ({_NOBODY if twice is None else f"FROM {relation(twice)}"}),
                 same AS (FROM numbered
                          UNION SELECT number, other_record_id FROM numbered JOIN twice USING (record_id)
                          UNION SELECT number, twice.record_id FROM numbered JOIN twice ON other_record_id = numbered.record_id)
            SELECT link_weight, {own} IS NOT NULL AS known,
                   ({own}, links.record_id_r) IN (SELECT (number, record_id) FROM same) IS TRUE AS is_right,
                   {own} IN (SELECT number FROM numbered) IS TRUE AS has_person {chosen}
            FROM {relation(mentions)} AS mention
            LEFT JOIN {relation(links)} AS links ON links.record_id_l = mention.record_id
            ORDER BY mention.record_id"""
    ).fetchnumpy()
    table = [np.asarray(rows["feature_" + name], dtype=str) for name in features]
    return AnchoredMentions(
        weight=np.ma.filled(np.ma.asarray(rows["link_weight"], dtype=float), np.nan),
        features=np.column_stack(table) if table else np.empty((len(rows["known"]), 0), dtype=str),
        feature_names=tuple(features),
        known=np.asarray(rows["known"], dtype=bool),
        right=np.asarray(rows["is_right"], dtype=bool),
        has_person=np.asarray(rows["has_person"], dtype=bool),
    )


def estimate_by_anchors(mentions: AnchoredMentions, threshold: float, level: float = 0.95) -> tuple[list[Estimate], AnchorFit]:
    """(b) Rates among the mentions *without* a number, from those with one, post-stratified.

    Population: mentions without a known answer. Cells are link-weight bands × features (features dropped in a band where
    a cell has under `FEWEST_IN_CELL` anchors); each cell's shares of false links and missed matches among anchors are
    expanded by its mentions without a number (post-stratification: Holt and Smith 1979; Cochran 1977, section 5A.9).
    Assumes that within a cell whether a mention has a number says nothing of its answer; `AnchorFit` tells when cells
    cannot carry that.

    Raises:
        LinkageError: no anchors, or no mention without a number.
    """
    known, target = mentions.known, ~mentions.known
    if not known.any() or not target.any():
        raise LinkageError(
            "Anchors cannot be compared with the rest: "
            + ("no mention has a personal number." if target.any() else "every mention has a personal number."),
            "Use the design-based estimate.",
        )
    cells, covered = _cells(mentions, threshold)
    count = int(cells.max()) + 1
    sampled = np.bincount(cells[known], minlength=count)
    sizes = np.bincount(cells[target], minlength=count)
    accepted = np.nan_to_num(mentions.weight, nan=-np.inf) >= threshold
    false = np.bincount(cells[known & accepted & ~mentions.right], minlength=count)
    missed = np.bincount(cells[known & mentions.has_person & ~(accepted & mentions.right)], minlength=count)
    usable = sampled > 0
    links = int((accepted & target).sum())
    has_link = usable & (np.bincount(cells[accepted], minlength=count) > 0)
    f = _total(false, sampled, sizes, has_link, level)
    m = _total(missed, sampled, sizes, usable, level)
    f = Interval(min(f.value, links), min(f.low, links), min(f.high, links), level)
    ratio_of = np.divide(sizes, sampled, out=np.zeros(count), where=usable)[cells[known]]
    fit = AnchorFit(
        anchors=int(known.sum()),
        others=int(target.sum()),
        differences=_differences(mentions),
        uncovered=float(1 - covered[target].mean()),
        design_effect=float(known.sum() * (ratio_of**2).sum() / max(ratio_of.sum(), 1e-12) ** 2),
    )
    return rates(f, m, links, "anchors", threshold, int(known.sum())), fit


def _total(
    hits: NDArray[np.int_], sampled: NDArray[np.int_], sizes: NDArray[np.int_], used: NDArray[np.bool_], level: float
) -> Interval:
    used = used & (sizes > 0)
    if not used.any():
        return Interval(0.0, 0.0, 0.0, level)
    return total_of_hits(hits[used], sampled[used], sizes[used], level, finite=False)


def _cells(mentions: AnchoredMentions, threshold: float) -> tuple[NDArray[np.int_], NDArray[np.bool_]]:
    """Cell of each mention (N,), and whether its band has enough anchors to speak for it (N,)."""
    weight, known = mentions.weight, mentions.known
    anchored = weight[known & ~np.isnan(weight)]
    # the threshold is always a bound
    edges = np.unique([*np.quantile(anchored, BAND_SHARES), threshold]) if anchored.size else np.array([threshold])
    band = np.where(np.isnan(weight), 0, 1 + np.digitize(np.nan_to_num(weight), edges))
    band = _merge_thin_bands(band, known, 2 + int(np.searchsorted(edges, threshold)))
    covered = (np.bincount(band[known], minlength=int(band.max()) + 1) >= FEWEST_IN_BAND)[band]
    if anchored.size:
        # weights below nearly all anchors are not like them, whatever band they were merged into
        covered &= ~(np.nan_to_num(weight, nan=np.inf) < np.quantile(anchored, 0.005))
    if not mentions.features.shape[1]:
        return np.unique(band, return_inverse=True)[1], covered
    _, feature = np.unique(mentions.features, axis=0, return_inverse=True)
    split = 1 + feature.reshape(-1)
    for level in range(2):
        # first a band's thin cells are pooled (feature 0); if the pool is thin too, the band is not split at all
        _, cell = np.unique(np.column_stack([band, split]), axis=0, return_inverse=True)
        thin = (np.bincount(cell[known], minlength=int(cell.max()) + 1) < FEWEST_IN_CELL)[cell]
        split = np.where(np.isin(band, np.unique(band[thin])) if level else thin, 0, split)
    return np.unique(np.column_stack([band, split]), axis=0, return_inverse=True)[1], covered


def _merge_thin_bands(band: NDArray[np.int_], known: NDArray[np.bool_], first_linked: int) -> NDArray[np.int_]:
    """Bands with few anchors joined to a neighbour on their own side of the threshold (0, no pair, stays alone)."""
    counts = np.bincount(band[known], minlength=int(max(band.max(), first_linked)) + 1)
    goes = np.arange(counts.size)
    for side in (range(1, first_linked), range(counts.size - 1, first_linked - 1, -1)):
        label, before, total = -1, -1, FEWEST_IN_BAND
        for one in side:
            if total >= FEWEST_IN_BAND:
                label, before, total = one, label, 0
            goes[one] = label
            total += int(counts[one])
        if total < FEWEST_IN_BAND and before >= 0:
            goes[goes == label] = before
    return goes[band]


def _differences(mentions: AnchoredMentions) -> dict[str, float]:
    """Standardised differences, anchors minus the rest (Austin 2009)."""
    known = mentions.known
    found = {}
    has = ~np.isnan(mentions.weight)
    if (known & has).sum() > 1 and (~known & has).sum() > 1:
        a, b = mentions.weight[known & has], mentions.weight[~known & has]
        found["link_weight"] = float((a.mean() - b.mean()) / max(np.sqrt((a.var() + b.var()) / 2), 1e-12))
    for column, name in enumerate(mentions.feature_names):
        for value in np.unique(mentions.features[:, column]):
            equal = mentions.features[:, column] == value
            found[f"{name}={value}"] = standardised_difference(float(equal[known].mean()), float(equal[~known].mean()))
    return found


def standardised_difference(share_a: float, share_b: float) -> float:
    """Difference of two shares, 0–1, in units of their pooled standard deviation (Austin 2009); 0 where neither varies.

    Population: the two groups the shares are of, such as linked and unlinked mentions.

    >>> round(standardised_difference(0.5, 0.4), 3)
    0.202
    """
    spread = np.sqrt((share_a * (1 - share_a) + share_b * (1 - share_b)) / 2)
    return float((share_a - share_b) / spread) if spread > 0 else 0.0
