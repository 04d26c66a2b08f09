"""One planted run on disk, labelled, for the tests that read tables."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pytest

from linkage.decision import (
    EstimateTables,
    Stratum,
    Thresholds,
    decide,
    draw_outside_pairs,
    draw_review_sample,
    propose_thresholds,
)
from linkage.runs.sql import connect
from tests.decision.planted_population import Population, plant_population, write_labels, write_tables

TARGETS: Any = SimpleNamespace(false_link_rate=0.01, missed_link_rate=0.02, review_capacity=600, least_probability=0.0)
NONE_GIVEN: Any = SimpleNamespace(upper=None, lower=None)


@dataclass(frozen=True)
class PlantedRun:
    connection: duckdb.DuckDBPyConnection
    population: Population
    folder: Path
    paths: dict[str, Path]
    thresholds: Thresholds
    strata: list[Stratum]
    tables: EstimateTables
    weights: np.ndarray


@pytest.fixture(scope="session")
def run(tmp_path_factory) -> PlantedRun:
    folder = tmp_path_factory.mktemp("planted")
    connection = connect()
    population = plant_population(5, 12_000)
    paths = write_tables(connection, population, folder)
    weights = population.weight[~np.isnan(population.weight)]
    no_reviewer: Any = SimpleNamespace(**{**vars(TARGETS), "review_capacity": 0})
    thresholds = propose_thresholds(weights, no_reviewer, NONE_GIVEN)
    paths |= {name: folder / f"{name}.parquet" for name in ("links", "outside", "review_set", "labels")}
    decide(connection, paths["assigned"], thresholds, 3.0, paths["links"])
    draw_outside_pairs(connection, paths["wider"], paths["links"], thresholds.upper, paths["outside"])
    strata = draw_review_sample(connection, paths["links"], 600, 3, thresholds, paths["review_set"], outside=paths["outside"])
    write_labels(connection, paths["review_set"], paths["truth"], paths["labels"], unsure_every=40)
    tables = EstimateTables(
        links=paths["links"], mentions=paths["mentions"], persons=paths["persons"], review_set=paths["review_set"],
        labels=paths["labels"], outside=paths["outside"],
    )  # fmt: skip
    return PlantedRun(connection, population, folder, paths, thresholds, strata, tables, weights)
