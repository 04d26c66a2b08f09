"""The search sample: mentions without a link, for which a reviewer searches the population; what it says of recall of all.

Blocking rules overlap by construction, so no arithmetic over them tells what all of them lose; a reviewer who searches freely
does. The frame is every mention that was no link when the sample was drawn, and stays that whatever is decided later.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from linkage.decision.deciding import relation
from linkage.decision.estimators import Estimate, at_most, rates_of_all
from linkage.decision.ratios import total
from linkage.decision.strata import DISTRUST, allocate, stratum_bounds, stratum_name
from linkage.errors import LinkageError
from linkage.runs.sql import write_parquet
from linkage.statistics import Interval, probability, total_of_hits

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    from numpy.typing import ArrayLike, NDArray

    from linkage.decision.label_error import Fallible
    from linkage.decision.samples import LabelledSample, Reading

Beside = Literal["alone", "rivalled", "unreached"]
"""What a mention without a link has: persons proposed and nobody assigned; somebody assigned and persons beside; nobody
beside whom rules or looser keys propose."""
BANDS: dict[Beside, int] = {"alone": 4, "rivalled": 2, "unreached": 1}
"""Bands of the best weight beside."""
SEARCH_RATE = 0.1
"""No stratum is planned with a smaller share of mentions whose person is elsewhere: the weight says little of whom no rule
proposes, and sampling a stratum thinly because the model is sure of it would believe what is to be tested."""
EVEN = 0.5
"""Share of falsely linked mentions whose person exists elsewhere, in the middle, where no search says anything of it."""

_FRAME = """
CREATE OR REPLACE TEMP TABLE search_frame AS
SELECT mention.record_id AS record_id_l, substr(md5('search' || chr(31) || mention.record_id), 1, 16) AS search_id,
       CASE WHEN beside.weight IS NULL THEN 'unreached' WHEN links.record_id_r IS NULL THEN 'alone' ELSE 'rivalled' END AS kind,
       coalesce(beside.weight, 0) AS weight
FROM {mentions} AS mention
LEFT JOIN {links} AS links ON links.record_id_l = mention.record_id
LEFT JOIN (SELECT record_id_l, max(weight_given_rival) AS weight FROM {wider} GROUP BY ALL) AS beside
       ON beside.record_id_l = mention.record_id
WHERE coalesce(links.decision <> 'link', true)
"""
_DRAW = """
SELECT search_id, record_id_l, stratum, sampled / stratum_size AS inclusion_probability, stratum_size
FROM (
    SELECT frame.*, drawn.*, row_number() OVER (PARTITION BY stratum ORDER BY md5({seed} || search_id), search_id) AS place
    FROM search_frame AS frame JOIN search_strata AS drawn
      ON frame.kind = drawn.stratum_kind AND frame.weight >= drawn.low AND frame.weight < drawn.high
) WHERE place <= sampled ORDER BY search_id
"""


@dataclass(frozen=True)
class SearchStratum:
    """Mentions of the frame with one kind of persons beside, low ≤ best weight beside < high; `sampled` of `size` to search."""

    kind: Beside
    low: float
    high: float
    size: int
    sampled: int

    @property
    def name(self) -> str:
        """The value of `stratum` in `search_set.parquet`."""
        return stratum_name(self.kind, self.low, self.high)


@dataclass(frozen=True)
class SearchTables:
    """Where the search sample, the mentions it was drawn from and its answers are: Parquet paths, or names of tables and views.

    `twice` lists persons registered twice, where that is known.
    """

    search_set: str | Path
    frame: str | Path
    searches: str | Path
    twice: str | Path | None = None


@dataclass(frozen=True)
class SearchedSample:
    """Answers of the searches; arrays (n,) over searches with an answer and (H,) over strata.

    `stratum` index; `elsewhere` 1 where the person found is another than the assigned one, 0 where it is that one or nobody,
    NaN unsure; `rivalled` whether somebody was assigned who is not the person found; `size` mentions of the frame a stratum;
    `framed` record ids of all mentions of the frame.
    """

    stratum: NDArray[np.int_]
    elsewhere: NDArray[np.float64]
    rivalled: NDArray[np.bool_]
    size: NDArray[np.int_]
    framed: NDArray[np.str_]

    def persons_elsewhere(self, reading: Reading = "middle", level: float = 0.95) -> Interval:
        """Mentions of the frame whose person is another than the assigned one: the stratified expansion, with its limits.

        Unsure answers are left out within their stratum, or count as such a person (`worst`) or as none (`best`). A stratum
        without an answer joins the largest that has one (collapsed strata: Cochran 1977, section 5A.12).

        Raises:
            LinkageError: no search with a decided answer.
        """
        filled = {"worst": 1.0, "best": 0.0}.get(reading, np.nan)
        found = np.where(np.isnan(self.elsewhere), filled, self.elsewhere)
        seen = ~np.isnan(found)
        if not seen.any():
            raise LinkageError("No search has an answer yet, so recall of all has no estimate by design.", "Search first.")
        sampled = np.bincount(self.stratum[seen], minlength=self.size.size)
        hits = np.bincount(self.stratum[seen], weights=found[seen], minlength=self.size.size)
        goes = np.where(sampled > 0, np.arange(self.size.size), int(np.argmax(np.where(sampled > 0, self.size, -1))))
        size = np.bincount(goes, weights=self.size, minlength=self.size.size)
        used = sampled > 0
        return total_of_hits(hits[used], sampled[used], size[used], level)

    @property
    def share_elsewhere(self) -> float:
        """Of searched mentions with a wrong person assigned, the share (0–1) whose person is elsewhere; `EVEN` without any."""
        wrong = self.rivalled & ~np.isnan(self.elsewhere)
        return float(self.elsewhere[wrong].mean()) if wrong.any() else EVEN


def search_strata(kinds: ArrayLike, weights: ArrayLike, searches: int) -> list[SearchStratum]:
    """Strata of the frame and how many of `searches` go to each.

    Arrays (N,) over the mentions of the frame: what is beside them (`Beside`) and the best weight given the rival of it. Bands
    by the cumulative √f rule (`strata.stratum_bounds`), Neyman's allocation (Cochran 1977, section 5.5) on the model's word,
    distrusted, with at least `SEARCH_RATE` and a twentieth of the searches, or five, a stratum. Empty without a mention.
    """
    named, flat = np.asarray(kinds, dtype=str), np.asarray(weights, dtype=float)
    found, deviations = [], []
    for kind, bands in BANDS.items():
        own = flat[named == kind]
        edges = stratum_bounds(own, bands)
        for low, high in pairwise(edges):
            inside = own[(own >= low) & (own < high)]
            if inside.size:
                found.append((kind, low, high, int(inside.size)))
                told = 0.0 if kind == "unreached" else float(probability(DISTRUST * inside).mean())
                rate = min(max(told, SEARCH_RATE), 1 - SEARCH_RATE)
                deviations.append(float(np.sqrt(rate * (1 - rate))))
    if not found or searches < len(found):
        return []
    least = min(max(5, searches // 20), searches // len(found))
    drawn = allocate([one[3] for one in found], deviations, searches, least)
    return [SearchStratum(*one, n) for one, n in zip(found, drawn, strict=True)]


def draw_searches(
    connection: duckdb.DuckDBPyConnection,
    mentions: str | Path,
    links: str | Path,
    wider: str | Path,
    searches: int,
    seed: int,
    target: Path,
    frame: Path,
) -> list[SearchStratum]:
    """Write the search sample to `target` and the mentions it was drawn from to `frame`; returns its strata.

    Frame: every mention of `mentions` that `links` does not link. Within a stratum the mentions with the smallest md5 of seed
    and mention are taken: a simple random sample without replacement that depends on neither row order nor threads. Fewer
    searches than strata draw nothing.
    """
    connection.execute(_FRAME.format(mentions=relation(mentions), links=relation(links), wider=relation(wider)))
    columns = connection.execute("SELECT kind, weight FROM search_frame").fetchnumpy()
    strata = search_strata(np.asarray(columns["kind"], dtype=str), np.asarray(columns["weight"], dtype=float), searches)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE search_strata"
        " (stratum VARCHAR, stratum_kind VARCHAR, low DOUBLE, high DOUBLE, sampled BIGINT, stratum_size BIGINT)"
    )
    if strata:
        rows = [(one.name, one.kind, one.low, one.high, one.sampled, one.size) for one in strata]
        connection.executemany("INSERT INTO search_strata VALUES (?, ?, ?, ?, ?, ?)", rows)
    write_parquet(connection, _DRAW.format(seed=f"'{int(seed)}:'"), target)
    write_parquet(connection, "SELECT record_id_l FROM search_frame ORDER BY record_id_l", frame)
    return strata


def measure_recall_of_all(
    connection: duckdb.DuckDBPyConnection,
    search: SearchTables,
    sample: LabelledSample,
    links: str | Path,
    mentions: str | Path,
    decided: NDArray[np.bool_],
    before: NDArray[np.bool_],
    readings: Sequence[Reading] = ("middle",),
    level: float = 0.95,
    fallible: Fallible | None = None,
) -> list[Estimate]:
    """`estimate_recall_of_all` of a run's tables, for each reading of doubtful answers; `sample` labelled assigned pairs.

    `decided` and `before` (N,) as `estimate.load_delivered` gives them, in its order.

    Raises:
        LinkageError: a sample without any answer, or mentions that came after the draw.
    """
    searches = load_searches(connection, search, links, mentions)
    rows = connection.execute(
        f"""SELECT link_weight, record_id_l IN (SELECT record_id_l FROM {relation(search.frame)}) AS framed
            FROM {relation(links)} ORDER BY link_weight, record_id_l, record_id_r"""
    ).fetchnumpy()
    weights, framed = np.asarray(rows["link_weight"], dtype=float), np.asarray(rows["framed"], dtype=bool)
    return [
        one
        for reading in readings
        for one in estimate_recall_of_all(sample, searches, weights, framed, decided, before, reading, level, fallible)
    ]


def load_searches(
    connection: duckdb.DuckDBPyConnection, search: SearchTables, links: str | Path, mentions: str | Path
) -> SearchedSample:
    """Join the search sample to its answers and to the persons assigned.

    A person found who is the assigned one, or registered twice with that one, is no person elsewhere.

    Raises:
        LinkageError: an empty search sample, or mentions beyond its frame that nobody is assigned to: they came after the draw.
    """
    alike = "false"
    if search.twice is not None:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE same_human AS
                SELECT record_id AS a, other_record_id AS b FROM {relation(search.twice)}
                UNION SELECT other_record_id, record_id FROM {relation(search.twice)}"""
        )
        alike = "(found.record_id_r, links.record_id_r) IN (FROM same_human)"
    later = connection.execute(
        f"""SELECT count(*) FROM {relation(mentions)} AS mention
            WHERE record_id NOT IN (SELECT record_id_l FROM {relation(search.frame)})
              AND record_id NOT IN (SELECT record_id_l FROM {relation(links)})"""
    ).fetchone()
    if later and later[0]:
        raise LinkageError(
            f"{later[0]} mentions without anyone assigned came after the search sample was drawn.", "Draw a new one."
        )
    rows = connection.execute(
        f"""SELECT stratum, stratum_size, verdict, verdict = 'match' AND NOT same AS elsewhere,
                   links.record_id_r IS NOT NULL AND NOT (verdict = 'match' AND same) AS rivalled
            FROM {relation(search.search_set)} AS drawn
            LEFT JOIN (SELECT search_id, verdict, record_id_r FROM {relation(search.searches)}) AS found USING (search_id)
            LEFT JOIN {relation(links)} AS links ON links.record_id_l = drawn.record_id_l,
            LATERAL (SELECT coalesce(found.record_id_r = links.record_id_r OR {alike}, false) AS same)
            ORDER BY search_id"""
    ).fetchnumpy()
    framed = connection.execute(f"SELECT record_id_l FROM {relation(search.frame)}").fetchnumpy()["record_id_l"]
    verdict = np.ma.filled(np.ma.asarray(rows["verdict"], dtype=object), "").astype(str)
    if not verdict.size:
        raise LinkageError("No mention was drawn to be searched for, so recall of all has no estimate by design.")
    _, first, stratum = np.unique(np.asarray(rows["stratum"]).astype(str), return_index=True, return_inverse=True)
    answered = verdict != ""
    elsewhere: NDArray[np.float64] = np.ma.filled(np.ma.asarray(rows["elsewhere"], dtype=float), np.nan)
    return SearchedSample(
        stratum=stratum[answered],
        elsewhere=np.where(verdict == "unsure", np.nan, elsewhere)[answered],
        rivalled=np.ma.filled(np.ma.asarray(rows["rivalled"], dtype=bool), False)[answered],
        size=np.asarray(rows["stratum_size"])[first].astype(int),
        framed=np.asarray(framed).astype(str),
    )


def estimate_recall_of_all(
    sample: LabelledSample,
    searches: SearchedSample,
    weights: ArrayLike,
    framed: NDArray[np.bool_],
    decided: NDArray[np.bool_],
    before: NDArray[np.bool_],
    reading: Reading = "middle",
    level: float = 0.95,
    fallible: Fallible | None = None,
) -> list[Estimate]:
    """Recall of all of the delivered links, from the pair sample and the search sample.

    Population: all mentions whose person exists. Arrays (N,) over the assigned pairs: link `weights`, whether the mention is
    `framed` (of the search sample's frame), whether the pair is a link now (`decided`) and `before` verdicts. Recall =
    A / (A + M + B + h W): A true links; M assigned pairs that are matches and no links; B mentions of the frame whose person is
    another than the assigned one; W wrong pairs of mentions beyond the frame, of which a share h, 0–1, have their person
    elsewhere. A, M and W come from the labelled pairs (as in `estimate_by_design`), B from the searches: B and W are of the
    draw, so that no later decision counts a mention twice or not at all. Nothing says h: the lower limit takes 1, the
    upper 0, the value the share among searched mentions with a wrong person assigned. Limits by MOVER as in `rates`; labels
    `fallible` as in `estimate_by_design`, answers of searches are taken for right.
    """
    flat = np.asarray(weights, dtype=float)
    own = sample.assigned[sample.stratum]
    accepted, now = sample.decided_link & own, sample.delivered & own
    read = sample.read(reading, accepted)
    match, final = np.nan_to_num(read.match), np.nan_to_num(sample.read(reading, now).match)
    links, beyond = int(decided.sum()), own & ~np.isin(sample.record, searches.framed)
    false = read.hits_after_review((1 - match) * accepted, (1 - final) * now, sample.holds(flat[before]), level)
    waiting = read.hits_after_review(
        match * (own & ~accepted), final * (own & ~now), sample.assigned & sample.holds(flat[~before]), level
    )
    wrong = read.hits((1 - match) * beyond, sample.holds(flat[~framed]), level)
    if fallible is not None:
        settled = read.settled_by_verdict
        false = fallible.hits(read, false, (1 - match) * accepted, accepted, settled, "non_match")
        waiting = fallible.hits(read, waiting, match * (own & ~accepted), own & ~accepted, settled, "match")
        wrong = fallible.hits(read, wrong, (1 - match) * beyond, beyond, np.zeros_like(settled), "non_match")
    elsewhere = searches.persons_elsewhere(reading, level)
    h = searches.share_elsewhere
    none, some, every = (total(waiting, elsewhere, wrong.times(share)) for share in (0.0, h, 1.0))
    n = int((sample.labelled & own).sum()) + int((~np.isnan(searches.elsewhere)).sum())
    return rates_of_all(at_most(false, links), (none, some, every), links, n, reading)
