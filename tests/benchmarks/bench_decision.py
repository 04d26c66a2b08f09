"""The simulation study of `linkage.decision`: coverage, labels saved, calibration, anchors.

    python tests/benchmarks/bench_decision.py [--populations 500] [--mentions 20000] [--generated FOLDER]
        [--state FILE] [--minutes 3] [--report FILE]

With `--generated` the registers of `REGISTERS` and the run of `decision_study.yaml` are made in the folder (kept there if
present), and each population is a bootstrap sample of the run's mentions with their assigned pairs, link weights and true
answers; otherwise populations are planted by `tests/decision/planted_population.py`.
What each population gave is kept in the state file, so that the study can be made in several short sittings of `--minutes`;
when all populations are there, the measured part of reports/benchmarks/decision.md is replaced (its words stay).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from decision_page import CARRIERS, COMPARED, DESIGNS, DRAWS, PRECISIONS, SIZES, render
from interval_methods import METHODS

from linkage.decision.anchors import AnchoredMentions, estimate_by_anchors
from linkage.decision.calibration import calibrate, score
from linkage.decision.estimators import estimate_by_design, estimate_by_model
from linkage.decision.ratios import ratio
from linkage.decision.sampling import is_of_links, least_of_links
from linkage.decision.strata import allocate_top_up, allocate_with_links
from linkage.demo import CONFIGS, TRUE_PAIRS
from linkage.project import open_project
from linkage.runs.sql import connect, literal
from linkage.statistics import Interval, probability, total_of_hits
from linkage.synthetic import WORLDS, SyntheticSpec, World, generate

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.decision.planted_population import PlantedStratum, Population, framed, label_sample, plant_population, stratify

CANDIDATES_PER_MENTION = 3.0
"""Candidate pairs a mention in the trial of reference/relatives.md (76,613 for 26,000), of which one is assigned."""
ENRICHED = (1.0, 3.0, 8.0)
"""A run's false pairs are drawn this many times as often, in turn: the project's small registers give fewer namesakes and so
cleaner links than a country's, and precisions down to 0.95 are asked for."""
REGISTERS = SyntheticSpec(persons=20_000, seed=20261123, errors=4.0, digitisation=False)
"""Registers of the generated populations: four times the demo's errors."""
KINDS = {
    "birth": (Path(__file__).with_name("decision_study.yaml"), "birth", "child"),
    "death": (CONFIGS / "death-to-population.yaml", "death", "deceased"),
}
"""Generated runs to draw populations from: births with a deliberately poor model, deaths as shipped."""
Source = Callable[[int], Population]
Found = Iterator[tuple[str, tuple[float, ...]]]


def planted(mentions: int) -> Source:
    """Populations of the built-in simulation, the model honest to twice too sure in turn."""
    return lambda seed: plant_population(seed, mentions, sureness=(1.0, 1.4, 1.8, 2.2)[seed % 4])


def make_run(folder: Path, world: World, kind: str) -> tuple[Path, Path]:
    """The run directory of a kind and the truth of its registers, made where they are not there yet."""
    registers = folder / "registers"
    if not (registers / "truth.parquet").exists():
        generate(replace(REGISTERS, world=world), registers)
    run = open_project(KINDS[kind][0], data=registers).run(until="sample", out=folder / f"run-{kind}")
    return run.path, registers / "truth.parquet"


def resampled(run: Path, truth: Path, mentions: int, register: str, role: str) -> Source:
    """Bootstrap populations of a run of the mentions of one role with truth."""
    with connect() as connection:
        connection.execute(
            "CREATE TEMP TABLE truth AS "
            + TRUE_PAIRS.format(truth=f"read_parquet({literal(str(truth))})")
            .replace("$register", literal(register))
            .replace("$role", literal(role))
        )
        assigned, outside, everyone = (
            f"read_parquet({literal(str(run / f'{name}.parquet'))})" for name in ("links", "outside", "mentions")
        )
        rows = connection.execute(
            f"""SELECT mention.record_id, link_weight, mention.record_id IN (SELECT record_id_l FROM truth) AS has_person,
                       truth.record_id_l IS NOT NULL AS is_true
                FROM {everyone} AS mention LEFT JOIN {assigned} AS links ON links.record_id_l = mention.record_id
                LEFT JOIN truth USING (record_id_l, record_id_r) ORDER BY mention.record_id"""
        ).fetchnumpy()
        beyond = connection.execute(
            f"""SELECT record_id_l, weight_given_rival, proposed, truth.record_id_l IS NOT NULL AS is_true
                FROM {outside} LEFT JOIN truth USING (record_id_l, record_id_r) ORDER BY ALL"""
        ).fetchnumpy()
    weight = np.ma.filled(np.ma.asarray(rows["link_weight"], dtype=float), np.nan)
    true, has_person = np.asarray(rows["is_true"], bool), np.asarray(rows["has_person"], bool)
    place = {name: i for i, name in enumerate(np.asarray(rows["record_id"]).astype(str).tolist())}
    owner = np.array([place[name] for name in np.asarray(beyond["record_id_l"]).astype(str).tolist()], dtype=int)
    order = np.argsort(owner, kind="stable")

    columns = (("weight_given_rival", float), ("is_true", bool), ("proposed", bool))

    def draw(seed: int) -> Population:
        rng = np.random.default_rng(seed)
        share = np.where(~np.isnan(weight) & ~true, ENRICHED[seed % len(ENRICHED)], 1.0)
        chosen = rng.choice(weight.size, min(mentions, weight.size), p=share / share.sum())
        first, last = (np.searchsorted(owner[order], chosen, side=side) for side in ("left", "right"))
        mention = np.repeat(np.arange(chosen.size), last - first)
        picked = order[np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)]).astype(int)]
        return Population(
            weight[chosen], true[chosen], has_person[chosen], np.zeros(chosen.size, int), rng.random(chosen.size) < 0.4,
            mention, *(np.asarray(beyond[name], kind)[picked] for name, kind in columns),
        )  # fmt: skip

    return draw


def candidates_per_mention(run: Path) -> float:
    """Candidate pairs / assigned pairs of a run."""
    with connect() as connection:
        files = {"pairs": str(run / "pairs.parquet"), "links": str(run / "links.parquet")}
        row = connection.execute(
            "SELECT (SELECT count(*) FROM read_parquet($pairs)) / (SELECT count(*) FROM read_parquet($links))", files
        ).fetchone()
    return float(row[0]) if row else CANDIDATES_PER_MENTION


@dataclass(frozen=True)
class Planned:
    """A population at a precision, its frame that of the design there: threshold, clerical region's lower bound, truth."""

    population: Population
    weights: np.ndarray
    threshold: float
    lower: float
    precision: float
    recall: float


def prepare(population: Population, precision: float) -> Planned:
    """Truth is that of the frame: what the wider net reaches counts as lost, what it does not reach cannot be sampled."""
    threshold = population.threshold_for(precision)
    population = framed(population, threshold)
    seen = ~np.isnan(population.weight)
    weights, true = population.weight[seen], population.true[seen]
    linked = weights >= threshold
    matches = int(true.sum() + population.outside_true.sum())
    return Planned(
        population, weights, threshold, float(min(np.quantile(weights, 0.04), threshold)), float(true[linked].mean()),
        float(true[linked].sum() / matches),
    )  # fmt: skip


def measure(source: Source, seed: int, candidates: float, fewer: int, mentions: int) -> dict[str, list[float]]:
    """Everything one population gives, by key."""
    population = source(seed)
    found: dict[str, list[float]] = {}
    found |= {key: list(values) for key, values in coverage(population, seed, candidates)}
    if seed < fewer:
        found |= {key: list(values) for key, values in three_estimators(seed, mentions)}
    if seed < 20:
        found["calibration"] = list(calibration(population, seed))
    return found


def coverage(population: Population, seed: int, candidates: float) -> Found:
    """In each corner the share of `DRAWS` samples whose interval covers, by method, and the mean width.

    Of the first sample also its widths and the simple random samples of candidate pairs that are as narrow.

    The design is that of `label_sample`; a stratum's simple random sample shows a hypergeometric count of matches, so the
    counts are drawn instead of the pairs.
    """
    for precision in PRECISIONS:
        plan = prepare(population, precision)
        simple = widths_of_simple_samples(plan, candidates)
        yield f"frame|{precision}", (plan.precision, plan.recall, population.recall(plan.threshold))
        for n in SIZES:
            strata = stratify(plan.population, n, plan.threshold, plan.lower)
            for batch in DESIGNS:
                yield from corner(plan, strata, simple, seed, n, precision, batch, candidates)


def corner(
    plan: Planned,
    strata: list[PlantedStratum],
    simple: np.ndarray,
    seed: int,
    n: int,
    precision: float,
    batch: int | None,
    candidates: float,
) -> Found:
    """What `coverage` gives in one corner with batches of `batch` pairs (None: all at once).

    `alone` is the mean width for precision and that of a simple random sample of as many candidate pairs, the same number of draws.
    """
    rng = np.random.default_rng(1_000_000 * n + seed)
    sizes = np.array([one.stratum.size for one in strata])
    true = np.array([int(one.true.sum()) for one in strata])
    above = np.array([is_of_links(one.stratum.kind, one.stratum.low, plan.threshold) for one in strata])
    links, frame = int(sizes[above].sum()), frame_of_candidates(plan, candidates)
    least = least_of_links(links, frame, n)
    opening = min(batch or n, n)
    shares = [one.stratum.deviation for one in strata]
    minimum = min(5, opening // len(strata))
    first = np.array(allocate_with_links(sizes.tolist(), shares, above.tolist(), opening, minimum, least))
    planned = [one.stratum.rate for one in strata]
    methods = METHODS if seed < COMPARED and batch is None else dict(list(METHODS.items())[:1])
    outcomes: dict[str, list[tuple[bool, float, bool, float]]] = defaultdict(list)
    for _ in range(DRAWS):
        taken, matches = first, rng.hypergeometric(true, sizes - true, first)
        while taken.sum() < n:
            extra = min(batch or n, n - int(taken.sum()))
            more = np.array(allocate_top_up(sizes, taken, taken, matches, planned, extra, above.tolist(), least))
            matches = matches + rng.hypergeometric(true - matches, sizes - true - (taken - matches), more)
            taken = taken + more
        for name, method in methods.items():
            false = method((taken - matches)[above].astype(float), taken[above].astype(float), sizes[above].astype(float))
            missed = method(matches[~above].astype(float), taken[~above].astype(float), sizes[~above].astype(float))
            outcomes[name].append(_covers(false, missed, float(sizes[above].sum()), plan))
    for name, drawn in outcomes.items():
        p_right, p_width, r_right, r_width = np.mean(drawn, axis=0).tolist()
        yield f"coverage|{name}|{batch}|{n}|{precision}|precision", (p_right, p_width)
        yield f"coverage|{name}|{batch}|{n}|{precision}|recall", (r_right, r_width)
    wrong = int((sizes - true)[above].sum())
    apart = [total_of_hits([x], [n], [frame]) for x in rng.hypergeometric(wrong, frame - wrong, n, DRAWS)]
    unled = [(min(one.high, links) - min(one.low, links)) / links for one in apart]
    chosen = outcomes[next(iter(METHODS))]
    yield f"alone|{batch}|{n}|{precision}", (float(np.mean([one[1] for one in chosen])), float(np.mean(unled)))
    widths = chosen[0][1::2]
    needed = as_narrow(simple, widths)
    yield f"saved|{batch}|{n}|{precision}", (*widths, *needed, max(needed) / n)
    if batch is None:
        yield f"attainable|{n}|{precision}", attainable((sizes - true)[above], sizes[above], first[above], rng)


def frame_of_candidates(plan: Planned, candidates: float) -> int:
    """All candidate pairs, before scores or assignment drop any, and the net's pairs that no rule proposed: each pair once."""
    return round(candidates * plan.weights.size) + int((~plan.population.outside_proposed).sum())


def _covers(false: Interval, missed: Interval, links: float, plan: Planned) -> tuple[bool, float, bool, float]:
    """Whether precision and recall are covered, each with its width."""
    f = Interval(false.value, max(false.low, 0.0), min(false.high, links))
    odds = ratio(Interval(missed.value, max(missed.low, 0.0), missed.high), f.complement(links))
    low, high, slack = 1 / (1 + odds.high), 1 / (1 + odds.low), 1e-9
    right = 1 - f.high / links - slack <= plan.precision <= 1 - f.low / links + slack
    return right, (f.high - f.low) / links, low - slack <= plan.recall <= high + slack, high - low


def attainable(false: Any, sizes: Any, taken: Any, rng: np.random.Generator) -> tuple[float, ...]:
    """What coverage of the false links any non-randomised interval can have in this population with this sample.

    Where no false link is seen in more than 7 % of the samples, an interval that covers at least 93 % must cover then, so what
    it leaves out is an upper tail of the estimate (limits rise with it): its coverage is one of P(estimate ≤ t). Gives the
    expected number of false links sampled, P(none), the least such coverage of at least 93 %, and whether one lies in
    93–97.5 % (both taken as 95 % and yes where P(none) ≤ 7 %), from 4,000 samples.
    """
    expected = float((taken * false / sizes).sum())
    if expected > 5:
        return expected, 0.0, 0.95, 1.0
    counts = rng.hypergeometric(false, sizes - false, taken, (4000, false.size))
    none = float((counts.sum(axis=1) == 0).mean())
    if none <= 0.07:
        return expected, none, 0.95, 1.0
    _, seen = np.unique((counts @ (sizes / taken)).round(6), return_counts=True)
    below = np.cumsum(seen) / 4000
    least = float(below[below >= 0.93].min())
    return expected, none, least, float(least <= 0.975)


def widths_of_simple_samples(plan: Planned, candidates: float) -> np.ndarray:
    """Sizes of simple random samples and the widths of their intervals (precision, recall) at the expected counts, (40, 3).

    Drawn from all candidate pairs, before scores or assignment drop any, and the net's pairs that no rule proposed: each pair once.
    """
    population = plan.population
    true = population.true[~np.isnan(population.weight)]
    linked = plan.weights >= plan.threshold
    links, false = int(linked.sum()), int((linked & ~true).sum())
    missed = int((~linked & true).sum() + population.outside_true.sum())
    frame = frame_of_candidates(plan, candidates)
    rows = []
    for n in np.geomspace(50, 0.999 * frame, 40):
        f, m = (total_of_hits([n * count / frame], [n], [frame]) for count in (false, missed))
        rows.append((n, *_covers(f, m, links, plan)[1::2]))
    return np.array(rows)


def as_narrow(simple: np.ndarray, widths: Sequence[float]) -> list[float]:
    """Sizes of the simple random samples with these widths (precision, recall), between the sizes tried on a log scale."""
    size = np.log(simple[::-1, 0])
    return [float(np.exp(np.interp(np.log(w), np.log(simple[::-1, i]), size))) for i, w in enumerate(widths, start=1)]


def calibration(population: Population, seed: int) -> tuple[float, ...]:
    """Log loss and Brier score over the whole population, raw and calibrated on 600 labels."""
    plan = prepare(population, 0.99)
    true = population.true[~np.isnan(population.weight)].astype(float)
    sample = label_sample(plan.population, 600, plan.threshold, plan.lower, seed)
    used = ~np.isnan(sample.weight)
    found = calibrate(sample.weight[used], sample.match[used], sample.design_weight[used], seed=seed)
    every = np.ones(true.size)
    raw, after = score(probability(plan.weights), true, every), score(found.calibrator.predict(plan.weights), true, every)
    return raw.log_loss, after.log_loss, raw.brier, after.brier


def three_estimators(seed: int, mentions: int) -> Found:
    """Coverage and error of the three estimators (planted populations: only they say who carries a number)."""
    for label, hidden in CARRIERS:
        population = plant_population(seed, mentions, sureness=(1.0, 1.4, 1.8, 2.2)[seed % 4], hidden=hidden)
        plan = prepare(population, 0.99)
        features = population.group.astype(str)[:, None]
        anchored = AnchoredMentions(
            population.weight, features, ("group",), population.numbered, population.true, population.has_person
        )
        rest = ~population.numbered
        linked = rest & (population.weight >= plan.threshold)
        recall = (linked & population.true).sum() / (rest & population.has_person).sum()
        truth = {"precision": population.true[linked].mean(), "recall_of_all": recall}
        whole = {"precision": plan.precision, "recall_within_reach": plan.recall}
        design = label_sample(plan.population, 600, plan.threshold, plan.lower, seed)
        found = (
            ("model", estimate_by_model(plan.weights, plan.threshold, plan.population.outside_weight), whole),
            ("anchors", estimate_by_anchors(anchored, plan.threshold)[0], truth),
            ("design, n = 600", estimate_by_design(design, plan.weights, plan.threshold), whole),
        )
        for name, estimates, right in found:
            for one in estimates:
                if one.measure in right:
                    error = one.value - right[one.measure]
                    covers = one.low - 1e-9 <= right[one.measure] <= one.high + 1e-9
                    yield f"three|{label}|{name}|{one.measure}", (float(covers), float(error))


def main() -> None:
    """Run the study and write the measured part of the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--populations", type=int, default=500)
    parser.add_argument("--mentions", type=int, default=20_000)
    parser.add_argument("--generated", type=Path)
    parser.add_argument("--world", choices=WORLDS, default="usual", help="of the generated registers")
    parser.add_argument("--kind", choices=KINDS, default="birth", help="of the generated runs")
    parser.add_argument("--state", type=Path, default=Path("bench_decision_state.jsonl"))
    parser.add_argument("--minutes", type=float, default=3.0)
    parser.add_argument("--report", type=Path, default=Path(__file__).parents[2] / "reports" / "benchmarks" / "decision.md")
    given = parser.parse_args()
    started = time.perf_counter()
    if given.generated:
        run, truth = make_run(given.generated, WORLDS[given.world], given.kind)
        source = resampled(run, truth, given.mentions, *KINDS[given.kind][1:])
        candidates = candidates_per_mention(run)
        origin = (
            f"bootstrap samples of {source(0).weight.size:,} mentions each from one run of the engine on the project's generated "
            f"registers ({REGISTERS.persons:,} persons, seed {REGISTERS.seed}, errors × {REGISTERS.errors:g}, {given.world} world; {given.kind} entries, "
            f"{KINDS[given.kind][0].name}), false pairs drawn 1, 3 or 8 times as often in turn; pairs not assigned: the run's wider net for mentions "
            f"not linked at the corner's threshold; "
            f"{candidates:.2f} candidate pairs an assigned one"
        )
    else:
        source = planted(given.mentions)
        candidates = CANDIDATES_PER_MENTION
        origin = (
            f"planted by `tests/decision/planted_population.py`, {given.mentions:,} mentions each (not the project's generator)"
        )
    fewer = max(20, given.populations // 10)
    lines = given.state.read_text(encoding="utf-8").splitlines() if given.state.exists() else []
    done = {int(seed): found for seed, found in map(json.loads, lines)}
    with given.state.open("a", encoding="utf-8") as state:
        for seed in range(given.populations):
            if seed in done:
                continue
            if time.perf_counter() - started > 60 * given.minutes:
                print(f"{len(done)} of {given.populations} populations done: run the same command again")
                return
            done[seed] = measure(source, seed, candidates, fewer, given.mentions)
            state.write(json.dumps([seed, done[seed]]) + "\n")
    gathered: dict[str, list[list[float]]] = defaultdict(list)
    for seed in range(given.populations):
        for key, values in done[seed].items():
            gathered[key].append(values)
    kind = "planted" if not given.generated else "generated" if given.world == "usual" else f"generated, {given.world} world"
    kind += "" if given.kind == "birth" else f", {given.kind}s"
    replace_part(given.report, kind, render(gathered, given.populations, fewer, origin))


def replace_part(report: Path, kind: str, measured: str) -> None:
    """Put the measured part between its two marks, leaving the rest of the report alone."""
    begin, end = f"<!-- measured: {kind} -->\n", f"<!-- end: {kind} -->\n"
    text = report.read_text(encoding="utf-8") if report.exists() else "# The decision room: simulation study\n\n"
    if begin not in text:
        text += f"\n## Measured on {kind} populations\n\n{begin}{end}"
    head, rest = text.split(begin, 1)
    tail = rest.split(end, 1)[1]
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(head + begin + measured + end + tail, encoding="utf-8")


if __name__ == "__main__":
    main()
