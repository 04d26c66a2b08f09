"""Populations with a planted truth, for tests and for the simulation study.

I want … a population of assigned pairs with siblings, damaged records, blocking loss and a model that is too sure:
`plant_population`. … a labelled review set of it: `label_sample`. … its tables,
for functions that read tables: `write_tables` and, once a review set is drawn, `write_labels`. Not the project's generator: it
makes weights, not registers; where a run directory with truth exists the study uses that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from linkage.decision.deciding import relation
from linkage.decision.samples import LabelledSample
from linkage.decision.strata import Kind, Stratum, allocate, allocate_top_up, strata_of_kind, stratum_bounds, tally
from linkage.runs.sql import write_parquet

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Population:
    """One mention a row, `n` of them; pairs that are not assigned apart.

    `weight` (n,) link weight of the assigned pair, NaN where the mention has none; `true` (n,) whether that pair is right;
    `has_person` (n,) whether the mention's person is in the other register; `group` (n,) 0–5, of which the higher have worse
    records; `numbered` (n,) whether the mention carries a personal number. `outside_*` (k,) the pairs not
    assigned: the mention's index, weight given the rival, truth, and whether a blocking rule proposed it.
    """

    weight: NDArray[np.float64]
    true: NDArray[np.bool_]
    has_person: NDArray[np.bool_]
    group: NDArray[np.int_]
    numbered: NDArray[np.bool_]
    outside_mention: NDArray[np.int_]
    outside_weight: NDArray[np.float64]
    outside_true: NDArray[np.bool_]
    outside_proposed: NDArray[np.bool_]

    def precision(self, threshold: float) -> float:
        """True links / assigned pairs at or above the threshold."""
        return float(self.true[self.weight >= threshold].mean())

    def recall(self, threshold: float) -> float:
        """True links / mentions that have a person in the other register (blocking loss included)."""
        return float(self.true[self.weight >= threshold].sum() / self.has_person.sum())

    def threshold_for(self, precision: float) -> float:
        """The lowest weight at or above which the links have this precision (known to the planter only)."""
        order = np.argsort(-np.nan_to_num(self.weight, nan=-np.inf))
        kept = np.flatnonzero(np.cumsum(self.true[order]) / np.arange(1, order.size + 1) >= precision)
        if not kept.size or np.isnan(self.weight[order[kept[-1]]]):
            return float(np.nanmin(self.weight))
        return float(self.weight[order[kept[-1]]])


def plant_population(
    seed: int,
    mentions: int = 20_000,
    *,
    sureness: float = 1.8,
    without_person: float = 0.08,
    sibling_share: float = 0.35,
    blocking_loss: float = 0.01,
    net_reach: float = 1.0,
    hidden: float = 0.0,
) -> Population:
    """Draw a population whose shape follows the trial in `reference/relatives.md`.

    True pairs are clean (weights about 16 bits), touched (10) or damaged (3); `without_person` of the mentions have no person
    in the other register; a mention whose person is not a candidate gets a sibling (about 2 bits; `sibling_share`) or a
    stranger (−6), and 30 % of those get none. Weights are these values times `sureness` plus noise: above 1 the model is
    too sure. Some damaged records' persons lose the assignment to a sibling; `blocking_loss` of the true pairs are not
    candidates, of which `net_reach` are found by looser keys: both are in the wider net, among strangers. Mentions of the
    higher groups carry a number more seldom, and by `hidden` so do damaged records, which no feature tells.
    """
    rng = np.random.default_rng(seed)
    group = rng.choice(6, mentions, p=[0.35, 0.25, 0.15, 0.1, 0.1, 0.05])
    has_person = rng.random(mentions) >= without_person
    lost = has_person & (rng.random(mentions) < blocking_loss * (0.6 + 0.3 * group))
    damage = rng.random(mentions) < 0.04 + 0.03 * group
    touched = rng.random(mentions) < 0.25
    right = np.where(
        damage, rng.normal(3, 3.5, mentions), np.where(touched, rng.normal(10, 3, mentions), rng.normal(16, 3, mentions))
    )
    sibling = rng.random(mentions) < sibling_share
    wrong = np.where(sibling, rng.normal(2, 3, mentions), rng.normal(-6, 2, mentions))
    # a sibling in the base takes the place of a damaged record's person
    candidate = has_person & ~lost
    swapped = candidate & (wrong > right) & (rng.random(mentions) < 0.3)
    true = candidate & ~swapped
    weight = np.where(true, right, wrong) * sureness + rng.normal(0, 1, mentions)
    weight[~candidate & (rng.random(mentions) < 0.3)] = np.nan
    numbered = rng.random(mentions) < np.clip(0.5 - 0.08 * group - hidden * damage, 0.02, 1)
    reached = np.flatnonzero(swapped | (lost & (rng.random(mentions) < net_reach)))
    strangers = rng.integers(0, mentions, mentions // 2)
    outside_true = np.concatenate([np.ones(reached.size, bool), np.zeros(strangers.size, bool)])
    outside_weight = np.concatenate([rng.normal(3, 4, reached.size), rng.normal(-7, 2.5, strangers.size)]) * sureness
    return Population(
        weight=weight,
        true=true,
        has_person=has_person,
        group=group,
        numbered=numbered,
        outside_mention=np.concatenate([reached, strangers]),
        outside_weight=outside_weight,
        outside_true=outside_true,
        outside_proposed=np.concatenate([swapped[reached], rng.random(strangers.size) < 0.3]),
    )


@dataclass(frozen=True)
class PlantedStratum:
    """A stratum of a population's frame with the mentions, link weights and truth of its pairs."""

    stratum: Stratum
    mention: NDArray[np.int_]
    weight: NDArray[np.float64]
    true: NDArray[np.bool_]


def stratify(population: Population, pairs: int, upper: float, lower: float) -> list[PlantedStratum]:
    """The strata that `draw_review_sample` would make for a review set of `pairs` pairs."""
    strata = strata_of_kind(pairs)
    assigned = np.flatnonzero(~np.isnan(population.weight))
    frames: list[tuple[Kind, Any, Any, Any, tuple[float, ...], int]] = [
        ("assigned", assigned, population.weight[assigned], population.true[assigned], (lower, upper), strata["assigned"])
    ]
    kinds: tuple[tuple[Kind, Any], ...] = (("lost", population.outside_proposed), ("outside", ~population.outside_proposed))
    for kind, of in kinds:
        mention, weight, true = population.outside_mention[of], population.outside_weight[of], population.outside_true[of]
        frames.append((kind, mention, weight, true, (), strata[kind]))
    found = []
    for kind, mention, weight, true, cuts, count in frames:
        for stratum in tally(kind, weight, stratum_bounds(weight, count, cuts)):
            inside = (weight >= stratum.low) & (weight < stratum.high)
            found.append(PlantedStratum(stratum, mention[inside], weight[inside], true[inside]))
    return found


def framed(population: Population, upper: float) -> Population:
    """The population with the outside pairs `draw_outside_pairs` would give: of mentions that are not linked at `upper`."""
    weight = population.weight[population.outside_mention]
    kept = np.isnan(weight) | (weight < upper)
    return replace(
        population,
        outside_mention=population.outside_mention[kept],
        outside_weight=population.outside_weight[kept],
        outside_true=population.outside_true[kept],
        outside_proposed=population.outside_proposed[kept],
    )


def label_sample(population: Population, pairs: int, upper: float, lower: float, seed: int, pilot: float = 1.0) -> LabelledSample:
    """A perfectly labelled review set of `pairs` pairs, drawn with the strata and allocation of `draw_review_sample`.

    With `pilot` (a share of the pairs) the rest is a top-up allocated as `top_up_review_sample` does.
    """
    rng = np.random.default_rng(seed)
    members = stratify(population, pairs, upper, lower)
    found = [one.stratum for one in members]
    sizes = [one.size for one in found]
    orders = [rng.permutation(size) for size in sizes]
    taken = allocate(sizes, [one.deviation for one in found], round(pairs * pilot), 5)
    if sum(taken) < pairs:
        matches = [int(one.true[order[:n]].sum()) for one, order, n in zip(members, orders, taken, strict=True)]
        planned = [one.rate for one in found]
        more = allocate_top_up(sizes, taken, taken, matches, planned, pairs - sum(taken))
        taken = [n + added for n, added in zip(taken, more, strict=True)]
    chosen = [order[:n] for order, n in zip(orders, taken, strict=True)]
    kind = np.array([one.kind for one in found])
    stratum_of = np.repeat(np.arange(len(found)), taken)
    weights = np.concatenate([members[i].weight[rows] for i, rows in enumerate(chosen)])
    weights[(kind != "assigned")[stratum_of]] = np.nan
    return LabelledSample(
        pair=np.arange(stratum_of.size).astype(str),
        record=np.concatenate([members[i].mention[rows] for i, rows in enumerate(chosen)]).astype(str),
        stratum=stratum_of,
        weight=weights,
        match=np.concatenate([members[i].true[rows] for i, rows in enumerate(chosen)]).astype(float),
        doubtful=np.zeros(stratum_of.size, dtype=bool),
        size=np.array([one.size for one in found]),
        low=np.array([one.low for one in found]),
        high=np.array([one.high for one in found]),
        kind=kind,
        group=np.full(len(found), ""),
        decided_link=weights >= upper,
        delivered=weights >= upper,
        settled=np.ones(stratum_of.size, dtype=bool),
    )


def write_tables(connection: duckdb.DuckDBPyConnection, population: Population, folder: Path) -> dict[str, Path]:
    """The population as a run has it: mentions, persons, assigned, wider pairs and the truth, each a Parquet file.

    Mention i is `m<i>` and its person, where it has one, `p<i>`; a wrong assigned pair points at `x<i>`, the k-th pair not
    assigned, where it is wrong, at `s<k>`. Weights carry to the tables unchanged. Truth: record_id_l, record_id_r of every
    mention that has a person.
    """
    import pyarrow as pa

    n = population.weight.size
    index = np.arange(n)
    mention = np.char.add("m", index.astype(str))
    person = np.char.add("p", index.astype(str))
    other = np.char.add("x", index.astype(str))
    number = np.char.zfill(index.astype(str), 12)
    some = ~np.isnan(population.weight)
    stranger = np.char.add("s", np.arange(population.outside_mention.size).astype(str))
    tables: dict[str, dict[str, Any]] = {
        "mentions": {
            "id": index + 1,
            "record_id": mention,
            "group": population.group.astype(str),
            "personal_number": [value if has else None for value, has in zip(number, population.numbered, strict=True)],
        },
        "persons": {
            "record_id": np.concatenate([person, other, stranger]),
            "personal_number": [value if has else None for value, has in zip(number, population.has_person, strict=True)]
            + [None] * (n + stranger.size),
        },
        "assigned": {
            "record_id_l": mention[some],
            "record_id_r": np.where(population.true, person, other)[some],
            "link_weight": population.weight[some],
            "runner_up_margin": np.full(int(some.sum()), 20.0),
        },
        "wider": {
            "record_id_l": mention[population.outside_mention],
            "record_id_r": np.where(population.outside_true, person[population.outside_mention], stranger),
            "link_weight": population.outside_weight,
            "weight_given_rival": population.outside_weight,
            "proposed": population.outside_proposed,
        },
        "truth": {"record_id_l": mention[population.has_person], "record_id_r": person[population.has_person]},
    }
    paths = {}
    for name, columns in tables.items():
        paths[name] = folder / f"{name}.parquet"
        connection.register("planted", pa.table({key: pa.array(values) for key, values in columns.items()}))
        write_parquet(connection, "SELECT * FROM planted ORDER BY ALL", paths[name])
        connection.unregister("planted")
    return paths


def write_labels(
    connection: duckdb.DuckDBPyConnection, review_set: Path, truth: Path, target: Path, unsure_every: int = 0
) -> None:
    """True verdicts on every pair of a review set; with `unsure_every` k, one pair in k (by its name) is unsure instead."""
    doubt = f"hash(pair_id) % {int(unsure_every)} = 0" if unsure_every else "false"
    write_parquet(
        connection,
        f"""SELECT pair_id, record_id_l, record_id_r, 'agreement' AS how, TIMESTAMP '2026-11-23 00:00:00' AS labelled_at,
                   CASE WHEN {doubt} THEN 'unsure' WHEN truth.record_id_r IS NULL THEN 'non_match' ELSE 'match' END AS verdict
            FROM {relation(review_set)} AS review LEFT JOIN {relation(truth)} AS truth USING (record_id_l, record_id_r)
            ORDER BY pair_id""",
        target,
    )
