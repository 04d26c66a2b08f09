"""How far a review is: plain data for the manager's page, the command line and CSV."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from dataclasses import astuple, dataclass
from itertools import combinations
from pathlib import Path
from statistics import median

from linkage.review.answers import VERDICTS
from linkage.review.store import Store, open_store
from linkage.runs.spreadsheet_text import csv_text
from linkage.statistics import Measure, cohens_kappa, fleiss_kappa, krippendorffs_alpha, share

_FEW = 5
"""Under so many answers a median is that of all answers."""


@dataclass(frozen=True, slots=True)
class StratumProgress:
    """A stratum ('' is all of them, None the planted pairs): pairs or searches, answers still wanted, seconds an answer, hours
    left.
    """

    stratum: str | None
    pairs: int
    finished: int
    disputed: int
    answers_left: int
    seconds: float | None
    hours_left: float | None


@dataclass(frozen=True, slots=True)
class ReviewerProgress:
    """A reviewer: answers to pairs and to searches that stand, median seconds a pair, share agreeing with each other reviewer of
    the same pair, share of planted pairs answered as known.
    """

    name: str
    answers: int
    searches: int
    seconds: float | None
    agreement: Measure
    planted: Measure


@dataclass(frozen=True, slots=True)
class FieldDisagreement:
    """A field: pairs (answered by all their reviewers) in which it differed, and the share answered differently."""

    field: str
    disputed: Measure


@dataclass(frozen=True, slots=True)
class ReviewProgress:
    """Everything the manager sees: of pairs, and of searches by their strata with the share answered differently."""

    strata: tuple[StratumProgress, ...]
    reviewers: tuple[ReviewerProgress, ...]
    cohen: tuple[tuple[str, str, Measure], ...]
    fleiss: Measure
    krippendorff: Measure
    discordance: Measure
    fields: tuple[FieldDisagreement, ...]
    searches: tuple[StratumProgress, ...]
    searches_discordance: Measure


def progress(run: Path) -> ReviewProgress:
    """The progress of a run's review.

    Raises:
        ReviewError: when the run has no review.
    """
    store = open_store(run)
    try:
        return summarise(store)
    finally:
        store.close()


_STRATA = """
SELECT stratum, count(*) AS pairs, sum(complete AND NOT disputed) AS finished, sum(complete AND disputed) AS disputed,
  sum(max(:wanted - answers, 0)) AS answers_left
FROM (
  SELECT stratum, answers, answers >= :wanted AS complete, verdicts > 1 AND adjudicated = 0 AND :adjudication = 'yes' AS disputed
  FROM pair WHERE in_use = 1 AND (record_id_r = '') = :searches)
GROUP BY stratum ORDER BY stratum IS NULL, stratum
"""
_ANSWERS = """
SELECT answer.pair, account.name, verdict, seconds, stratum, known_verdict, differing, pair.answers >= :wanted AS complete,
  verdicts > 1 AS differ
FROM current_answer AS answer JOIN account ON account.id = person JOIN pair ON pair.id = answer.pair
WHERE stage = 'blind' AND in_use = 1 AND (record_id_r = '') = :searches
"""


def summarise(store: Store) -> ReviewProgress:
    """The progress as plain data. Agreement is over pairs answered by all their reviewers, before adjudication."""
    wanted = store.reviewers_per_pair
    answers, strata = _by_stratum(store, searches=False)
    searched, searches = _by_stratum(store, searches=True)
    own: dict[str, list[sqlite3.Row]] = defaultdict(list)
    of_pair: dict[int, dict[str, str]] = defaultdict(dict)
    differing: dict[int, str] = {}
    for row in answers:
        own[row["name"]].append(row)
        if row["complete"]:
            of_pair[row["pair"]][row["name"]] = row["verdict"]
            differing[row["pair"]] = row["differing"]
    searches_of = Counter(row["name"] for row in searched)
    differ = {row["pair"]: bool(row["differ"]) for row in searched if row["complete"] and wanted > 1}
    complete = [said for said in of_pair.values() if len(said) >= 2]
    tallies = [[list(said.values()).count(verdict) for verdict in VERDICTS] for said in complete]
    crossed = _crossed(complete)
    met = {name: [0, 0] for name in own}
    for (a, b), table in crossed.items():
        for name in (a, b):
            met[name][0] += sum(table[place][place] for place in range(len(VERDICTS)))
            met[name][1] += sum(map(sum, table))
    return ReviewProgress(
        strata=strata,
        reviewers=tuple(
            _reviewer(name, own[name], searches_of[name], share(*met.get(name, (0, 0)))) for name in sorted({*own, *searches_of})
        ),
        cohen=tuple((a, b, cohens_kappa(table)) for (a, b), table in sorted(crossed.items())),
        fleiss=fleiss_kappa([tally for tally in tallies if sum(tally) == wanted]),
        krippendorff=krippendorffs_alpha(tallies),
        discordance=share(sum(max(tally) < sum(tally) for tally in tallies), len(tallies)),
        fields=_by_field({pair: said for pair, said in of_pair.items() if len(said) >= 2}, differing),
        searches=searches if searches[-1].pairs else (),
        searches_discordance=share(sum(differ.values()), len(differ)),
    )


def _by_stratum(store: Store, searches: bool) -> tuple[list[sqlite3.Row], tuple[StratumProgress, ...]]:
    """The standing answers to pairs, or to searches, and the progress of their strata; all of them last."""
    values = {"wanted": store.reviewers_per_pair, "adjudication": store.setting("adjudication"), "searches": searches}
    answers = store.connection.execute(_ANSWERS, values).fetchall()
    seconds: dict[str | None, list[float]] = defaultdict(list)
    for row in answers:
        if row["seconds"] is not None:
            seconds[row["stratum"]].append(row["seconds"])
    everyones = [value for some in seconds.values() for value in some]
    strata = [_stratum(row, seconds[row["stratum"]], everyones) for row in store.connection.execute(_STRATA, values)]
    return answers, (*strata, _together(strata))


def _stratum(row: sqlite3.Row, seconds: list[float], everyones: list[float]) -> StratumProgress:
    basis = seconds if len(seconds) >= _FEW else everyones
    typical = median(basis) if basis else None
    left = row["answers_left"]
    hours = None if typical is None else left * typical / 3600
    return StratumProgress(row["stratum"], row["pairs"], row["finished"], row["disputed"], left, typical, hours)


def _together(strata: list[StratumProgress]) -> StratumProgress:
    hours = [stratum.hours_left for stratum in strata if stratum.hours_left is not None]
    return StratumProgress(
        "",
        sum(stratum.pairs for stratum in strata),
        sum(stratum.finished for stratum in strata),
        sum(stratum.disputed for stratum in strata),
        sum(stratum.answers_left for stratum in strata),
        None,
        sum(hours) if hours else None,
    )


def _reviewer(name: str, own: list[sqlite3.Row], searches: int, agreement: Measure) -> ReviewerProgress:
    planted = [row["verdict"] == row["known_verdict"] for row in own if row["known_verdict"]]
    times = [row["seconds"] for row in own if row["seconds"] is not None]
    typical = median(times) if times else None
    return ReviewerProgress(name, len(own), searches, typical, agreement, share(sum(planted), len(planted)))


def _crossed(complete: list[dict[str, str]]) -> dict[tuple[str, str], list[list[int]]]:
    """For every two reviewers of the same pairs, their verdicts crossed."""
    tables: dict[tuple[str, str], list[list[int]]] = defaultdict(lambda: [[0] * len(VERDICTS) for _ in VERDICTS])
    place: dict[str, int] = {verdict: number for number, verdict in enumerate(VERDICTS)}
    for said in complete:
        for a, b in combinations(sorted(said), 2):
            tables[a, b][place[said[a]]][place[said[b]]] += 1
    return tables


def _by_field(of_pair: dict[int, dict[str, str]], differing: dict[int, str]) -> tuple[FieldDisagreement, ...]:
    seen: dict[str, list[bool]] = defaultdict(list)
    for pair, said in of_pair.items():
        for field in json.loads(differing[pair]):
            seen[field].append(len(set(said.values())) > 1)
    shares = [FieldDisagreement(field, share(sum(disputes), len(disputes))) for field, disputes in seen.items()]
    return tuple(sorted(shares, key=lambda row: (-(row.disputed.value or 0), row.field)))


def progress_csv(store: Store, table: str) -> str:
    """One table of the progress, or the whole event log (`labels`), as CSV text that spreadsheets take for text only."""
    if table == "labels":
        cursor = store.connection.execute(
            "SELECT event.id, at, kind, stage, pair, pair_id, name AS person, verdict, reason, comment, seconds, "
            "through, page_version, suggested "
            "FROM event JOIN account ON account.id = person JOIN pair ON pair.id = event.pair ORDER BY event.id"
        )
        return csv_text([column[0] for column in cursor.description], cursor.fetchall())
    found = summarise(store)
    if table in ("strata", "searches"):
        counted = "pairs" if table == "strata" else table
        return csv_text(
            ["stratum", counted, "finished", "disputed", "answers_left", "seconds", "hours_left"],
            [
                ("(planted)" if row.stratum is None else row.stratum or "(all)", *astuple(row)[1:])
                for row in (found.strata if table == "strata" else found.searches)
            ],
        )  # fmt: skip
    head = ["value", "low", "high", "pairs"]
    if table == "reviewers":
        own = ["reviewer", "answers", "searches", "seconds"]
        return csv_text(
            [*own, *(f"agreement_{name}" for name in head), *(f"planted_{name}" for name in head)],
            [
                (row.name, row.answers, row.searches, row.seconds, *_figures(row.agreement), *_figures(row.planted))
                for row in found.reviewers
            ],
        )
    if table == "fields":
        return csv_text(["field", *head], [(row.field, *_figures(row.disputed)) for row in found.fields])
    measures = [("fleiss_kappa", found.fleiss), ("krippendorff_alpha", found.krippendorff), ("discordance", found.discordance)]
    measures += [("searches_discordance", found.searches_discordance)] if found.searches else []
    measures = [(f"cohen_kappa {a} / {b}", measure) for a, b, measure in found.cohen] + measures
    return csv_text(["measure", *head], [(name, *_figures(measure)) for name, measure in measures])


def _figures(measure: Measure) -> tuple[object, ...]:
    return (measure.value, measure.low, measure.high, measure.pairs)


def own_summary(store: Store, person: int) -> tuple[int, int, float | None]:
    """A reviewer's own answers, those of the last 24 hours, and the median seconds of the last hundred."""
    row = store.connection.execute(
        "SELECT count(*) AS answers, coalesce(sum(at >= ?), 0) AS today FROM current_answer WHERE person = ? AND stage = 'blind'",
        (store.now() - 86_400_000, person),
    ).fetchone()
    recent = store.connection.execute(
        "SELECT seconds FROM event WHERE person = ? AND stage = 'blind' AND seconds IS NOT NULL ORDER BY id DESC LIMIT 100",
        (person,),
    ).fetchall()
    return row["answers"], row["today"], median(value["seconds"] for value in recent) if recent else None


def minutes_without_pause(store: Store, person: int) -> int:
    """Minutes from the start of the unbroken stretch of events (no gap of five minutes) that reaches to now."""
    times = [store.now()]
    recent = "SELECT at FROM event INDEXED BY event_of_person WHERE person = ? ORDER BY id DESC LIMIT 1000"
    for row in store.connection.execute(recent, (person,)):
        if times[-1] - row["at"] > 300_000:
            break
        times.append(row["at"])
    return (times[0] - times[-1]) // 60_000
