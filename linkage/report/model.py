"""Section on method: keys, blocking, levels, training, thresholds, assignment and the clerical protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.report.content import Cell, Part, Picture, Table, part
from linkage.report.figures import draw_bars
from linkage.report.group_errors import group_label
from linkage.report.numbers import Number
from linkage.runs.tables import BLOCKING, LABELS, RELATIVES, REVIEW_SET, SEARCH_SET, SEARCHES, THRESHOLDS, TRAINING
from linkage.vietnamese import fold, parse_date, repair_impossible_date, resolve_place, sound_key, tone_key
from linkage.words.estimates import span_word, stratum_word

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables
    from linkage.runs.shapes import LevelReport, ThresholdPair

INVENTED_NAMES = ("Nguyễn Thị Hoà", "NGUYEN THI HOA", "Trần Văn Sỹ", "Đặng Thuỳ Dương", "Giàng A Páo")
"""Names made up to show what standardisation does."""
DATES = ("Ngày mười lăm tháng tám năm 1962", "12/1978", "30/02/1985", "không rõ")
PLACES = ("phường Bến Nghé, quận 1, thành phố Hồ Chí Minh", "xã Mỹ Thắng, huyện Mỹ Lộc, tỉnh Nam Định", "Hà Tây", "Sông Bé")
"""Dates made up, and places as registers of several years write them."""
LARGE_SPREAD = 2.0
"""Bits by which one level's weight may differ between training passes before it is called unstable."""


def describe_method(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """All that the method section prints."""
    blocking = _blocking(run, texts)
    training = _training(run, spec, texts)
    thresholds = _thresholds(run, spec, texts)
    protocol = _protocol(run, spec, texts)
    facts = {**blocking.facts, **training.facts, **thresholds.facts, **protocol.facts, **_assignment(run, spec)}
    keys: list[tuple[Cell, ...]] = [(name, fold(name), tone_key(name), sound_key(name)) for name in INVENTED_NAMES]
    header = (*texts.header("written"), texts("keys", "fold"), texts("keys", "tone"), texts("keys", "sound"))
    shown = Table(texts("captions", "keys"), header, keys, "linkage.vietnamese", (1, 1, 1, 1))
    tables = {
        "keys": shown,
        "readings": _readings(texts),
        **blocking.tables,
        **training.tables,
        **thresholds.tables,
        **protocol.tables,
    }
    return part(facts, tables, {**blocking.pictures, **training.pictures})  # type: ignore[arg-type]


def _readings(texts: Phrases) -> Table:
    """How dates and places are understood, by the functions that standardise them."""

    def said(year: int | None, month: int | None, day: int | None) -> str:
        parts = (("day", day), ("month", month), ("year", year))
        return ", ".join(f"{texts('keys', name)} {value}" for name, value in parts if value) or texts("words", "unknown").lower()

    rows: list[tuple[Cell, ...]] = []
    for text in DATES:
        read = parse_date(text)
        shown = said(read.year, read.month, read.day)
        if read.year and read.month and read.day and (repaired := repair_impossible_date(read.year, read.month, read.day)):
            shown += f"; {texts('words', 'alternative')}: {said(repaired.year, repaired.month, repaired.day)}"
        rows.append((text, shown))
    for text in PLACES:
        provinces = [texts.province(code) for code in resolve_place(text).provinces]
        rows.append((text, f"{texts('groups', 'province')}: {texts('words', 'or').join(provinces)}"))
    header = texts.header("written", "read_as")
    return Table(texts("captions", "readings"), header, rows, "linkage.vietnamese", (1, 1))


def _blocking(run: RunTables, texts: Phrases) -> Part:
    held = run.blocking
    if not held:
        return part({"blocked": False}, {})
    source = BLOCKING.file
    facts: dict[str, object] = {
        "blocked": True,
        "candidate_pairs": run.number(held["candidate_pairs"], "count", f"{source}: candidate_pairs"),
        "possible_pairs": run.number(held["possible_pairs"], "count", f"{source}: possible_pairs"),
        "pairs_per_mention": run.number(
            held["candidate_pairs"] / held["left_rows"] if held["left_rows"] else None,
            "weight",
            f"{source}: candidate_pairs / left_rows",
        ),
        "capped_pairs": run.number(sum(rule["capped_pairs"] for rule in held["rules"]), "count", f"{source}: capped_pairs"),
        "has_caps": any(rule["capped_pairs"] for rule in held["rules"]),
        **_refined(run),
        **_blocking_recall(run),
    }
    rows: list[tuple[Cell, ...]] = [
        (
            texts.rule(rule["rule"]),
            run.number(rule["pairs"], "count", source), run.number(rule["blocks"], "count", source),
            run.number(rule["largest_block"], "count", source), run.number(rule["refined_pairs"], "count", source),
            run.number(rule["capped_pairs"], "count", source),
        )
        for rule in held["rules"]
    ]  # fmt: skip
    header = texts.header("rule", "pairs", "blocks", "largest", "refined", "capped")
    table = Table(texts("captions", "blocking"), header, rows, source, (5, 2, 2, 2, 2, 2))
    drawn = draw_bars(
        [texts.rule(rule["rule"]) for rule in held["rules"]], [max(rule["pairs"], 0.5) for rule in held["rules"]],
        texts("columns", "pairs"), texts,
    )  # fmt: skip
    picture = Picture(texts("figures", "blocking"), texts("alternatives", "blocking"), drawn, source)
    return part(facts, {"blocking": table}, {"blocking": picture})


def _refined(run: RunTables) -> dict[str, object]:
    """What asking further keys in crowded blocks took away, and the share of likely matches that a rule loses by it."""
    held = run.blocking
    if not held or not any(rule["refined_by"] for rule in held["rules"]):
        return {"has_refined": False}
    source, threshold = BLOCKING.file, held["crowded_above"]
    pairs, likely, lost = (sum(rule[key] for rule in held["rules"]) for key in ("refined_pairs", "likely", "likely_lost"))
    return {
        "has_refined": True,
        "refined_pairs": run.number(pairs, "count", f"{source}: refined_pairs"),
        "by_size": threshold is not None,
        "crowded_above": run.number(threshold, "count", f"{source}: crowded_above"),
        "loss_known": bool(likely),
        "refined_loss": run.number(lost / likely if likely else None, "share", f"{source}: likely_lost / likely", of=likely),
    }


def _blocking_recall(run: RunTables) -> dict[str, object]:
    """Share of anchor pairs (same personal number on both sides) that some rule proposes; no anchors, no figure."""
    number = "personal_number"
    if not (run.has("pairs") and all(number in run.columns(table) for table in ("mentions", "persons"))):
        return {"anchored": False}
    pairs, found = run.rows(
        f"WITH anchors AS (SELECT m.id AS id_l, p.id AS id_r FROM mentions m JOIN persons p USING ({number}))"
        " SELECT count(*), count(pairs.id_l) FROM anchors LEFT JOIN pairs USING (id_l, id_r)"
    )[0]
    if not pairs:
        return {"anchored": False}
    source = "pairs.parquet, mentions.parquet, persons.parquet: personal_number"
    return {
        "anchored": True,
        "anchor_pairs": run.number(pairs, "count", source),
        "blocking_recall": run.number(found / pairs, "share", source, of=pairs),
    }


def _training(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    held = run.training
    if not held:
        return part({"trained": False, "diagnostics_failed": False}, {})
    source = TRAINING.file
    prior = held["prior"]
    relatives = run.relatives
    told = relatives["weights"] if relatives else {}
    rows: list[tuple[Cell, ...]] = []
    for level in held["levels"]:
        weight = told.get(f"gamma_{level['comparison']}", {}).get(str(level["level"]))
        cells: list[Cell] = [
            texts.field(level["comparison"]), texts.level(level["label"]), run.number(level["m"], "probability", source),
            run.number(level["u"], "probability", source), run.number(level["weight"], "weight", source),
        ]  # fmt: skip
        if relatives:
            cells.append(run.number(weight, "weight", RELATIVES.file))
        rows.append(tuple(cells))
    header = (*texts.header("field", "level"), "m", "u", *texts.header("weight", *(["r_weight"] if relatives else [])))
    levels = Table(texts("captions", "levels"), header, rows, "training.json, relatives.json", (3, 5, 2, 3, 2, 2)[: len(header)])
    failed = [one for one in held["passes"] if not one["converged"]]
    unstable = [level for level in held["levels"] if _spread(level) > LARGE_SPREAD]
    flat = _uninformative(held["levels"])
    inverted = [level for level in _out_of_order(held["levels"]) if level["comparison"] not in flat]
    facts: dict[str, object] = {
        "trained": True,
        "prior": run.number(prior["probability"], "probability", f"{source}: prior.probability"),
        "expected_matches": run.number(prior["expected_matches"], "count", f"{source}: prior.expected_matches"),
        "prior_spec": "given"
        if _prior(spec, "matches_per_record")
        else "rules"
        if _prior(spec, "deterministic_rules")
        else "own",
        "prior_rules": "; ".join(texts.rule(rule.name) for rule in _prior(spec, "deterministic_rules") or ()),
        "prior_recall": Number(_prior(spec, "recall"), "rate", "run.json: config training.prior.recall"),
        "matches_per_record": Number(
            _prior(spec, "matches_per_record"), "plain", "run.json: config training.prior.matches_per_record"
        ),
        "sampled_pairs": run.number(held["u"]["sampled_pairs"], "count", f"{source}: u.sampled_pairs"),
        "u_from": {level["u_from"] for level in held["levels"]},
        "starts": Number(spec.training.starts, "count", "run.json: config training.starts"),
        "max_iterations": Number(spec.training.max_iterations, "count", "run.json: config training.max_iterations"),
        "m_from": "project file" if all(level.get("m_is_given") for level in held["levels"]) else spec.training.m_from,
        "failed_passes": [texts.rule(one["rule"]) for one in failed],
        "unstable_levels": [_level_name(level, texts) for level in unstable],
        "inverted_levels": [_level_name(level, texts) for level in inverted],
        "large_spread": Number(LARGE_SPREAD, "plain", "linkage.report.model: LARGE_SPREAD"),
        "flat_fields": [texts.field(name) for name in flat],
        "diagnostics_failed": bool(failed or unstable or inverted or flat),
        "relatives": relatives is not None,
        "relatives_pairs": run.number(relatives["pairs"] if relatives else None, "count", "relatives.json: pairs"),
        "relatives_told_apart": [texts.field(field) for field in spec.relatives.told_apart_by] if spec.relatives else [],
        **_claims(run),
        **_order(run),
        "by_chance": _by_chance(run, texts),
        "frequency_fields": [texts.field(one.field) for one in spec.comparisons if one.term_frequency],
    }
    passes: list[tuple[Cell, ...]] = [
        (
            texts.rule(one["rule"]),
            run.number(one["pairs"], "count", source), run.number(one["used_pairs"], "count", source),
            run.number(one["share_of_matches"], "share", source, of=one["used_pairs"]),
            texts("words", "yes" if one["converged"] else "no"), run.number(one["iterations"], "count", source),
        )
        for one in held["passes"]
    ]  # fmt: skip
    columns = texts.header("pass", "pairs", "used", "matched_share", "converged", "iterations")
    drawn = draw_bars(
        [_level_name(level, texts) for level in held["levels"]],
        [level["weight"] for level in held["levels"]],
        texts("words", "model_weight"),
        texts,
    )
    picture = Picture(texts("figures", "levels"), texts("alternatives", "levels"), drawn, source)
    tables = {"levels": levels, "passes": Table(texts("captions", "passes"), columns, passes, source, (4, 2, 2, 2, 2, 2))}
    return part(facts, tables, {"levels": picture})  # type: ignore[arg-type]


def _by_chance(run: RunTables, texts: Phrases) -> list[tuple[str, str, Number]]:
    """Fields that agree together among unrelated people, and how many times as often as each by itself."""
    found = []
    for one in run.relatives["by_chance"] if run.relatives else ():
        first, second = (texts.field(gamma.removeprefix("gamma_")) for gamma in one["gammas"])
        found.append((first, second, run.number(2 ** one["bits"][-1][-1], "weight", "relatives.json: by_chance")))
    return found


def _claims(run: RunTables) -> dict[str, object]:
    held = run.claims
    if held is None:
        return {"claims": False}
    facts: dict[str, object] = {"claims": True}
    for state, name in enumerate(("unclaimed", "claimed", "same_day")):
        facts[f"{name}_match"] = run.number(held["match"][state], "rate", "claims.json: match")
        facts[f"{name}_other"] = run.number(held["other"][state], "rate", "claims.json: other")
        facts[f"{name}_bits"] = run.number(held["bits"][state], "weight", "claims.json: bits")
    return facts


def _order(run: RunTables) -> dict[str, object]:
    held = run.order_of_dates
    if held is None or not held["pairs"]:
        return {"order": False}
    return {
        "order": True,
        "order_pairs": run.number(held["pairs"], "count", "order_of_dates.json: pairs"),
        "before_match": run.number(held["match"][1], "rate", "order_of_dates.json: match"),
        "before_other": run.number(held["other"][1], "rate", "order_of_dates.json: other"),
        "after_bits": run.number(held["bits"][0], "weight", "order_of_dates.json: bits"),
        "before_bits": run.number(held["bits"][1], "weight", "order_of_dates.json: bits"),
    }


def _prior(spec: ProjectSpec, name: str) -> Any:
    return getattr(spec.training.prior, name) if spec.training.prior else None


def _level_name(level: LevelReport, texts: Phrases) -> str:
    return f"{texts.field(level['comparison'])}: {texts.level(level['label'])}"


def _spread(level: LevelReport) -> float:
    """Bits between the largest and the smallest m that the passes gave a level."""
    seen = [m for m in level["m_by_pass"].values() if m > 0]
    return float(np.log2(max(seen) / min(seen))) if len(seen) > 1 and level["m"] > 0.01 else 0.0


def _out_of_order(levels: list[LevelReport]) -> list[LevelReport]:
    """Last levels (`different`) that weigh more than their comparison's first: a model that has learned the wrong thing."""
    found = []
    for name in dict.fromkeys(level["comparison"] for level in levels):
        own = [level for level in levels if level["comparison"] == name]
        if own[-1]["weight"] >= own[0]["weight"]:
            found.append(own[-1])
    return found


def _uninformative(levels: list[LevelReport]) -> list[str]:
    """Comparisons none of whose levels weighs anything: nothing was learned, or the field is empty."""
    heaviest: dict[str, float] = {}
    for level in levels:
        heaviest[level["comparison"]] = max(heaviest.get(level["comparison"], 0.0), abs(level["weight"]))
    return [name for name, weight in heaviest.items() if weight < 0.05]


def _thresholds(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    held = run.thresholds
    config = "run.json: config targets"
    facts: dict[str, object] = {
        "decided": bool(held),
        "target_false": Number(spec.targets.false_link_rate, "rate", f"{config}.false_link_rate"),
        "target_missed": Number(spec.targets.missed_link_rate, "rate", f"{config}.missed_link_rate"),
        "capacity": Number(spec.targets.review_capacity, "count", f"{config}.review_capacity"),
        "margin": Number(spec.runner_up_margin, "plain", "run.json: config runner_up_margin"),
    }
    if not held:
        return part(facts, {})
    source = THRESHOLDS.file
    facts |= {
        "upper": run.number(held["upper"], "weight", f"{source}: upper"),
        "lower": run.number(held["lower"], "weight", f"{source}: lower"),
        "thresholds_from": held["how"],
        "thresholds_how": texts("threshold_how", held["how"]),
        "expected_false": run.number(held["expected_false_link_rate"], "expected", f"{source}: expected_false_link_rate"),
        "expected_missed": run.number(held["expected_missed_link_rate"], "expected", f"{source}: expected_missed_link_rate"),
        "clerical_pairs": run.number(held["clerical_pairs"], "count", f"{source}: clerical_pairs"),
        "model_upper": run.number(held["by_model"]["upper"], "weight", f"{source}: by_model.upper"),
        "model_lower": run.number(held["by_model"]["lower"], "weight", f"{source}: by_model.lower"),
        "exceeds_capacity": held["exceeds_capacity"],
        "agreed": held["how"] == "labels",
    }
    return part(facts, {"choices": choices_table(run, texts, held, source, "choices")})


def choices_table(run: RunTables, texts: Phrases, held: ThresholdPair, source: str, name: str) -> Table:
    """The trade where the clerical region exceeds the capacity: three ways to place the thresholds, their errors and hours."""
    rows: list[tuple[Cell, ...]] = [
        (
            texts("choices", one["name"]), run.number(one["upper"], "weight", source), run.number(one["lower"], "weight", source),
            run.number(one["false_link_rate"], "expected", source), run.number(one["missed_link_rate"], "expected", source),
            run.number(one["clerical_pairs"], "count", source), run.number(one["hours"], "plain", source),
        )
        for one in held["choices"]
    ]  # fmt: skip
    header = texts.header("choice", "upper", "lower", "false_rate", "missed_rate", "clerical", "hours")
    return Table(texts("captions", name), header, rows, source, (4, 2, 2, 2, 2, 2, 2))


def _assignment(run: RunTables, spec: ProjectSpec) -> dict[str, object]:
    return {
        "assignment": spec.assignment if spec.right else "entities",
        **{
            f"assign_{name}": run.counted("assign", name)
            for name in ("pairs", "components", "greedy_components", "largest_component")
        },
        "some_greedy": bool(run.count("assign", "greedy_components")),
    }


def _protocol(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    config = "run.json: config review"
    facts: dict[str, object] = {
        "reviewers": Number(spec.review.reviewers_per_pair, "count", f"{config}.reviewers_per_pair"),
        "several_reviewers": spec.review.reviewers_per_pair > 1,
        "adjudication": spec.review.adjudication,
        "planted": Number(spec.review.planted_share, "rate", f"{config}.planted_share"),
        "sampled": run.has("review_set"),
        "seed": Number(spec.seed, "plain", "run.json: seed"),
    }
    if not run.has("review_set"):
        return part(facts, {})
    facts["review_pairs"] = run.number(run.one("SELECT count(*) FROM review_set"), "count", REVIEW_SET.file)
    detailed = {"stratum_kind", "stratum_low", "stratum_high", "stratum_size"} <= run.columns("review_set")
    labelled = "count(*) FILTER (pair_id IN (SELECT pair_id FROM labels))" if run.has("labels") else "0"
    by = spec.review.stratify_by
    chosen = "stratum_kind, stratum_low, stratum_high, stratum_size" if detailed else "stratum, NULL, NULL, NULL"
    chosen += ", stratum_group" if by else ", ''"
    found = run.rows(
        f"SELECT {chosen}, count(*), any_value(inclusion_probability), {labelled} FROM review_set"
        " GROUP BY ALL ORDER BY 5, 1, 2 NULLS FIRST, 3"
    )
    rows: list[tuple[Cell, ...]] = []
    for kind, low, high, size, group, sampled, probability, done in found:
        if detailed:
            name = f"{texts.named('kinds_of_pair', kind)}: {span_word(_end(low, '-inf'), _end(high, 'inf'), texts.language)}"
        else:
            name = stratum_word(str(kind), texts.language)
        if by:
            name = f"{group_label(by, group, texts) if group else texts('words', 'other')}; {name}"
        counts = [run.number(value, "count", REVIEW_SET.file) for value in (size, sampled)]
        rows.append(
            (
                name,
                *counts,
                run.number(probability, "probability", REVIEW_SET.file),
                run.number(done, "count", LABELS.file),
            )
        )
    header = texts.header("stratum", "frame", "sampled", "inclusion", "labelled")
    strata = Table(texts("captions", "strata"), header, rows, "review_set.parquet, labels.parquet", (5, 2, 2, 2, 2))
    searched = _searches(run, texts)
    if searched:
        facts["searches"] = run.number(run.one("SELECT count(*) FROM search_set"), "count", SEARCH_SET.file)
    return part({**facts, "searched": searched is not None}, {"strata": strata, "search_strata": searched})


def _searches(run: RunTables, texts: Phrases) -> Table | None:
    """The search sample, stratum by stratum; None without one."""
    if not run.has("search_set"):
        return None
    done = "count(*) FILTER (search_id IN (SELECT search_id FROM searches))" if run.has("searches") else "0"
    found = run.rows(
        f"SELECT stratum, any_value(stratum_size), count(*), any_value(inclusion_probability), {done} FROM search_set"
        " GROUP BY ALL ORDER BY stratum"
    )
    rows: list[tuple[Cell, ...]] = [
        (
            stratum_word(stratum, texts.language),
            *(run.number(value, "count", SEARCH_SET.file) for value in (size, sampled)),
            run.number(probability, "probability", SEARCH_SET.file),
            run.number(answered, "count", SEARCHES.file),
        )
        for stratum, size, sampled, probability, answered in found
    ]
    source = f"{SEARCH_SET.file}, {SEARCHES.file}"
    header = texts.header("search_stratum", "search_frame", "searched_for", "inclusion", "searches_answered")
    return Table(texts("captions", "search_strata"), header, rows, source, (5, 2, 2, 2, 2)) if rows else None


def _end(weight: float | None, none: str) -> str:
    return none if weight is None or np.isinf(weight) else f"{weight:.2f}"
