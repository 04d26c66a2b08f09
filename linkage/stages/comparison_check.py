"""Comparisons put to DuckDB before anything runs: syntax, columns and types of every level, on a table without rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from linkage.config import LoadedProject
from linkage.config.field_keys import keys_of
from linkage.errors import ProjectFileError
from linkage.likeness.library import BUILDERS
from linkage.model.comparisons import build_comparison
from linkage.runs.sql import connect, quote
from linkage.stages.plan import Plan

DISTANCE = re.compile(r"\b(?:levenshtein|damerau_levenshtein|jaro_similarity|jaro_winkler_similarity|jaccard|hamming)\s*\(", re.I)
SIDED = re.compile(r"\b(\w+)_[lr]\b")


def faulty_comparisons(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """Comparisons that do not fit their field, levels that DuckDB refuses, probabilities that are not one a level."""
    columns = {name: sql_type for field, kind in plan.shared.items() for name, sql_type in keys_of(field, kind).items()}
    declared = ", ".join(f"{quote(f'{name}_{side}')} {sql_type}" for side in "lr" for name, sql_type in columns.items())
    with connect() as connection:
        connection.execute(f"CREATE TEMP TABLE compared ({declared})")
        for number, spec in enumerate(project.spec.comparisons):
            kind = plan.shared[spec.field]
            bare = spec.model_copy(update={"m_probabilities": None, "u_probabilities": None})
            levels = build_comparison(bare, kind)["comparison_levels"]
            problems = [_problem(connection, level["sql_condition"]) for level in levels]
            if spec.use and any(problems):
                fitting = [bare.model_copy(update={"use": use, "jaro_winkler": None}) for use in BUILDERS]
                yield project.fault(
                    ("comparisons", number, "use"),
                    f"cannot compare {spec.field}, which is declared or known as {kind}",
                    given=spec.use,
                    allowed=[str(one.use) for one in fitting if _fits(connection, build_comparison(one, kind))],
                )
            # the first level is the null level, which the project file does not write
            for place, problem in enumerate(problems[1:]):
                if problem and spec.levels:
                    level = spec.levels[place]
                    condition = level.way
                    yield project.fault(
                        ("comparisons", number, "levels", place, condition),
                        f"the comparison of {spec.field} ({kind}) cannot use this level: {problem}",
                        given=getattr(level, condition),
                        allowed=[f"{name}_{side}" for name in keys_of(spec.field, kind) for side in "lr"],
                        remedy="Levels compare `<key>_l` with `<key>_r` of fields that both sides have.",
                    )
            counted = [level["label_for_charts"] for level in levels if not level.get("is_null_level")]
            for name in ("m_probabilities", "u_probabilities"):
                given = getattr(spec, name)
                if given is not None and len(given) != len(counted):
                    yield project.fault(
                        ("comparisons", number, name),
                        f"{len(given)} probabilities for the {len(counted)} levels: {'; '.join(counted)}",
                    )


def accented_distances(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Own SQL that puts a field's own text to a string distance: DuckDB compares bytes, several to a letter with marks."""
    for number, comparison in enumerate(project.spec.comparisons):
        for place, level in enumerate(comparison.levels or ()):
            if not DISTANCE.search(level.sql or ""):
                continue
            for field in sorted({name for name in SIDED.findall(level.sql or "") if f"{name}_fold" in plan.field_of}):
                yield (
                    f"{project.place(('comparisons', number, 'levels', place, 'sql'))} string distances count bytes, and letters"
                    f" with marks have several: compare {field}_fold or {field}_tone instead of {field}"
                )


def _fits(connection: duckdb.DuckDBPyConnection, comparison: Mapping[str, Any]) -> bool:
    return not any(_problem(connection, level["sql_condition"]) for level in comparison["comparison_levels"])


def _problem(connection: duckdb.DuckDBPyConnection, condition: str) -> str | None:
    """What DuckDB holds against a condition on the table `compared`; None when it is right. Nothing is executed."""
    if condition == "ELSE":
        return None
    try:
        query = f"SELECT CAST(({condition}\n) AS BOOLEAN) FROM compared"
        if len(connection.extract_statements(query)) != 1:
            return "more than one statement"
        connection.sql(query)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None
