"""Section on quality: three estimators, calibration, reviewers, doubt, sensitivity; and the headline against the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linkage.report.content import Cell, Part, Picture, Table, part
from linkage.report.figures import draw_calibration
from linkage.report.group_errors import error_rates_by_group
from linkage.report.numbers import Number, NumberWithLimits
from linkage.report.wrong_verdicts import describe_label_error
from linkage.runs.tables import ESTIMATES, LABELS
from linkage.statistics import Interval, krippendorffs_alpha
from linkage.words.judgements import JUDGED, JUDGEMENTS, JUDGING, LINKS_OF_VERDICTS, needed_word

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables
    from linkage.runs.shapes import EstimateHeld, EstimatesHeld, JudgementHeld, ThresholdsDecided

MEASURES = (
    "precision", "false_link_rate", "recall_of_all", "missed_of_all", "recall_within_reach", "missed_within_reach",
    "blocking_recall", "scoring_recall", "pairwise_precision", "pairwise_recall", "b_cubed_precision", "b_cubed_recall",
)  # fmt: skip
ESTIMATORS = ("design", "anchors", "model")
"""From the one that needs the fewest assumptions to the one that needs the most."""
SHIFTS = (-2.0, -1.0, 0.0, 1.0, 2.0)


def describe_quality(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """All that the quality section and the front page print of error rates."""
    held, thresholds = run.estimates, run.thresholds
    upper = thresholds["upper"] if thresholds else None
    found = _usable(held["estimates"] if held else [])
    verdict = held["anchor_verdict"] if held else None
    covered = "stratum_kind" in run.columns("review_set") and bool(
        run.one("SELECT count(*) FROM review_set WHERE stratum_kind <> 'assigned'")
    )
    if not covered:
        found = [one for one in found if one["measure"] != "blocking_recall"]
    facts: dict[str, object] = {
        "blocking_covered": covered,
        "estimated": bool(found),
        "labelled": run.has("labels") and bool(run.one("SELECT count(*) FROM labels")),
        "by_design": any(one["estimator"] == "design" for one in found),
        "of_all": any((one["measure"], one["estimator"]) == ("recall_of_all", "design") for one in found),
        "by_anchors": any(one["estimator"] == "anchors" for one in found),
        "anchors_differ": bool(verdict and verdict["differ_too_much"]),
        "level": Number(held["level"] if held else None, "rate", "estimates.json: level"),
        "judged_of": LINKS_OF_VERDICTS(texts.language),
        "of_other_links": run.estimates_of_other_links,
    }
    error_lines, error_table = describe_label_error(run, texts, found, held)
    above = int(bool(held and held["label_error"] and held["label_error"]["above"]))
    facts |= {"label_error_above": error_lines[:above], "label_error": error_lines[above:]}
    labels = _labels(run, texts)
    linked = run.has("links") and bool(run.one("SELECT count(*) FROM links WHERE decision = 'link'"))
    headline, verdicts = _headline(run, spec, texts, held, thresholds) if linked else (None, [])
    facts |= {**labels.facts, "verdicts": verdicts}
    calibration = _calibration(run, texts)
    tables: dict[str, Table | None] = {
        "headline": headline,
        "group_errors": error_rates_by_group(run, texts) if linked else None,
        "estimates": _estimates(run, texts, found, upper),
        "doubt": _doubt(run, texts, found, upper),
        "label_error": error_table,
        "sensitivity": _sensitivity(run, texts, found, upper) if linked else None,
        **labels.tables,
        "calibration": calibration[0] if calibration else None,
    }
    return part(facts, tables, {"calibration": calibration[1] if calibration else None})


def _usable(estimates: list[EstimateHeld]) -> list[EstimateHeld]:
    """Each estimate once (where both thresholds are one weight they come twice), without those that have no limits."""
    kept = {}
    for one in estimates:
        if None not in (one["value"], one["low"], one["high"]):
            kept[one["measure"], one["estimator"], one["threshold"], one["reading"]] = one
    return list(kept.values())


def _interval(one: EstimateHeld, run: RunTables) -> NumberWithLimits:
    source = f"{run.label}estimates.json: {one['measure']}, {one['estimator']}"
    return NumberWithLimits(_limits(one), source)


def _limits(one: EstimateHeld) -> Interval:
    """The value between its limits, which every usable estimate has."""
    value, low, high = one["value"], one["low"], one["high"]
    assert value is not None and low is not None and high is not None
    return Interval(value, low, high)


def _headline(
    run: RunTables, spec: ProjectSpec, texts: Phrases, held: EstimatesHeld | None, thresholds: ThresholdsDecided | None
) -> tuple[Table | None, list[str]]:
    """The one table of targets (as `linkage estimate` prints it), and the verdicts in it; without estimates the model's word."""
    rows: list[tuple[Cell, ...]] = []
    verdicts = []
    language = texts.language
    for one in held["judgements"] if held else _untested(run, spec, thresholds):
        said = one["by_labels"]
        limits = Interval(said["value"], said["low"], said["high"]) if said else None
        source = f"estimates.json: judgements {one['measure']}" if held else f"thresholds.json: expected {one['measure']}"
        verdicts.append(one["verdict"])
        rows.append((
            JUDGED[one["measure"]](language), run.number(one["by_model"], "expected", source),
            NumberWithLimits(limits, f"{run.label}{source}") if limits else "–",
            Number(one["target"], "rate", "run.json: config targets"), JUDGEMENTS[one["verdict"]](language),
            needed_word(one["measure"], one["verdict"], one["needed"], language),
        ))  # fmt: skip
    header = tuple(word(language) for word in JUDGING.values())
    return Table(texts("captions", "headline"), header, rows, "estimates.json, thresholds.json", (5, 3, 5, 2, 4, 4)), verdicts


def _untested(run: RunTables, spec: ProjectSpec, thresholds: ThresholdsDecided | None) -> list[JudgementHeld]:
    """What the thresholds expect by the model, before any label."""
    if not thresholds:
        return []
    needed = {one["measure"]: one["needed"] for one in run.feasible if one["route"] in ("random", "search")}
    expected = (
        ("false_link_rate", thresholds["expected_false_link_rate"], spec.targets.false_link_rate),
        ("missed_of_all", None, spec.targets.missed_link_rate),
        ("missed_below", thresholds["expected_missed_link_rate"], spec.targets.missed_link_rate),
    )
    return [
        {"measure": measure, "target": target, "by_model": rate, "by_labels": None, "n": 0, "verdict": "untested",
         "needed": needed.get(measure)}
        for measure, rate, target in expected
    ]  # fmt: skip


def _estimates(run: RunTables, texts: Phrases, found: list[EstimateHeld], upper: float | None) -> Table | None:
    rows: list[tuple[Cell, ...]] = []
    for measure in MEASURES:
        for estimator in ESTIMATORS:
            for one in found:
                if (one["measure"], one["estimator"], one["reading"]) != (measure, estimator, "middle") or one[
                    "threshold"
                ] not in (upper, None):
                    continue
                decided = texts("words", "decided_links") if one["threshold"] is None else texts("words", "at_upper")
                rows.append((
                    f"{texts.named('measures', measure)}, {decided}", texts("estimators", estimator), _interval(one, run),
                    run.number(one["denominator"], "count", "estimates.json: denominator"),
                    texts.named("denominators", one["denominator_is"]),
                    run.number(one["n"], "count", "estimates.json: n"),
                ))  # fmt: skip
    header = (*texts.header("measure", "estimator", "estimate", "denominator"), *texts.header("denominator_is", "n"))
    return Table(texts("captions", "estimates"), header, rows, ESTIMATES.file, (5, 4, 6, 3, 3, 2))


def _doubt(run: RunTables, texts: Phrases, found: list[EstimateHeld], upper: float | None) -> Table | None:
    readings = ("worst", "middle", "best", "shared")
    at = {"precision": upper, "recall_of_all": None, "recall_within_reach": upper}
    chosen = [
        one for one in found if one["estimator"] == "design" and one["measure"] in at and one["threshold"] == at[one["measure"]]
    ]
    if len({one["reading"] for one in chosen}) < 2:
        return None
    rows: list[tuple[Cell, ...]] = [
        (texts("measures", measure), texts("readings", reading), _interval(one, run))
        for measure in at
        for reading in readings
        for one in chosen
        if (one["measure"], one["reading"]) == (measure, reading)
    ]
    return Table(texts("captions", "doubt"), texts.header("measure", "reading", "estimate"), rows, ESTIMATES.file, (3, 4, 5))


def _sensitivity(run: RunTables, texts: Phrases, found: list[EstimateHeld], upper: float | None) -> Table | None:
    """Links and error rates with the upper threshold moved; rates are those estimated at the nearest weight of the curve."""
    if upper is None:
        return None
    labelled = ("precision", "recall_within_reach") if any(one["estimator"] == "design" for one in found) else ()
    rows: list[tuple[Cell, ...]] = []
    for shift in SHIFTS:
        at = upper + shift
        links = run.one("SELECT count(*) FROM links WHERE link_weight >= ?", [at])
        by_model = run.one("SELECT avg(1 - match_probability) FROM links WHERE link_weight >= ?", [at])
        cells: list[Cell] = [
            run.number(shift, "plain", "linkage.report.quality: SHIFTS"), run.number(at, "weight", "thresholds.json: upper"),
            run.number(links, "count", "links.parquet: link_weight"),
            run.number(by_model, "expected", "links.parquet: match_probability"),
        ]  # fmt: skip
        cells += [_near(run, found, measure, at) for measure in labelled]
        rows.append(tuple(cells))
    header = (*texts.header("shift", "threshold", "links"), f"{texts('columns', 'false_rate')} ({texts('estimators', 'model')})",
              *(f"{texts('measures', one)} ({texts('estimators', 'design')})" for one in labelled))  # fmt: skip
    return Table(
        texts("captions", "sensitivity"), header, rows, "links.parquet, estimates.json", (2, 2, 2, 3, 5, 5)[: len(header)]
    )


def _near(run: RunTables, found: list[EstimateHeld], measure: str, at: float) -> Cell:
    curve = [
        (abs(one["threshold"] - at), one)
        for one in found
        if (one["measure"], one["estimator"], one["reading"]) == (measure, "design", "middle") and one["threshold"] is not None
    ]
    gap, near = min(curve, key=lambda pair: pair[0], default=(0.0, None))
    return _interval(near, run) if near and gap <= 0.5 else "–"


def _labels(run: RunTables, texts: Phrases) -> Part:
    """How the verdicts came about, and how often reviewers differed."""
    if not run.has("labels") or not run.one("SELECT count(*) FROM labels"):
        return part({}, {})
    source = LABELS.file
    found = run.rows("SELECT how, verdict, count(*) FROM labels GROUP BY ALL ORDER BY how, verdict")
    rows: list[tuple[Cell, ...]] = [
        (texts.named("how", how), texts.named("verdicts", verdict), run.number(pairs, "count", source))
        for how, verdict, pairs in found
    ]
    total = sum(pairs for how, _, pairs in found if how != "anchor")
    facts: dict[str, object] = {
        "labels": run.number(total, "count", source),
        "unsure": run.number(
            sum(n for how, verdict, n in found if verdict == "unsure" and how != "anchor") / max(total, 1),
            "share",
            source,
            of=total,
        ),
        "adjudicated": run.number(
            sum(n for how, _, n in found if how == "adjudicated") / max(total, 1), "share", source, of=total
        ),
        "agreement_known": False,
    }
    answers = ("match_answers", "non_match_answers", "unsure_answers")
    if set(answers) <= run.columns("labels"):
        counted = " + ".join(answers)
        alpha, discordant, doubled = _agreement(
            run.rows(
                f"SELECT {', '.join(answers)}, count(*) FROM labels WHERE how <> 'anchor' AND {counted} >= 2"
                " GROUP BY ALL ORDER BY ALL"
            )
        )
        facts |= {
            "agreement_known": doubled > 0,
            "doubled": run.number(doubled, "count", f"{source}: {', '.join(answers)}"),
            "discordance": run.number(
                discordant / doubled if doubled else None, "share", f"{source}: {', '.join(answers)}", of=doubled
            ),
            "alpha": run.number(alpha, "weight", f"{source}: {', '.join(answers)} (Krippendorff)"),
            "alpha_defined": alpha is not None,
        }
    table = Table(texts("captions", "agreement"), texts.header("how", "verdict", "pairs"), rows, source, (3, 3, 2))
    return part(facts, {"agreement": table})


def _agreement(tallies: list[tuple[int, ...]]) -> tuple[float | None, int, int]:
    """Krippendorff's alpha, discordant pairs, pairs with two or more answers; rows are (answers by verdict …, pairs).

    Population: labelled pairs with at least two blind answers, unweighted. None when all answers are one verdict.
    """
    answers = [row[:-1] for row in tallies for _ in range(row[-1])]
    discordant = sum(max(one) < sum(one) for one in answers)
    return krippendorffs_alpha(answers).value, discordant, len(answers)


def _calibration(run: RunTables, texts: Phrases) -> tuple[Table, Picture] | None:
    """Mean model probability against the share of matches among decided labels, stratum by stratum."""
    if not (run.has("labels") and run.has("review_set") and run.has("links")):
        return None
    found = run.rows(
        "SELECT min(link_weight), max(link_weight), avg(match_probability), avg((verdict = 'match')::INTEGER), count(*)"
        " FROM review_set JOIN labels USING (pair_id) JOIN links"
        " ON links.record_id_l = review_set.record_id_l AND links.record_id_r = review_set.record_id_r"
        " WHERE verdict IN ('match', 'non_match') GROUP BY stratum ORDER BY 3"
    )
    if not found:
        return None
    source = "review_set.parquet, labels.parquet, links.parquet"
    rows: list[tuple[Cell, ...]] = []
    for low, high, expected, observed, n in found:
        span = f"{texts.decimal(f'{low:.1f}')} … {texts.decimal(f'{high:.1f}')}".replace("-", "−")
        rows.append(
            (
                span,
                run.number(expected, "probability", source),
                run.number(observed, "share", source, of=n),
                run.number(n, "count", source),
            )
        )
    header = texts.header("stratum", "model_probability", "observed", "labelled")
    table = Table(texts("captions", "calibration"), header, rows, source, (4, 4, 3, 2))
    drawn = draw_calibration([row[2] for row in found], [row[3] for row in found], [row[4] for row in found], texts)
    return table, Picture(texts("figures", "calibration"), texts("alternatives", "calibration"), drawn, source)
