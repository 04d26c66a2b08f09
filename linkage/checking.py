"""What `linkage check` finds out before anything runs: columns, fields and keys against what the project file names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from linkage.config import BlockingRule, FieldKind, LoadedProject, SideSpec
from linkage.config.loading import KeyPath, raise_together
from linkage.errors import ProjectFileError, nearest
from linkage.registers import MappingReport, check_side
from linkage.runs.sql import connect, quote
from linkage.standardise import keys_of

ALWAYS_KEPT = ("registration_date", "registering_office", "birth_registration_place")
"""Fields that breakdowns and worklists need though the other side has none of that name."""

DISTANCE = re.compile(r"\b(?:levenshtein|damerau_levenshtein|jaro_similarity|jaro_winkler_similarity|jaccard|hamming)\s*\(", re.I)
SIDED = re.compile(r"\b(\w+)_[lr]\b")


@dataclass(frozen=True)
class Plan:
    """What a run will standardise, block and compare."""

    sides: dict[str, MappingReport]
    """`left` and, unless duplicates are sought, `right` → how its columns are taken."""
    fields: dict[str, dict[str, FieldKind]]
    """Side → the fields to standardise and their kinds."""
    shared: dict[str, FieldKind]
    """The fields both sides have."""
    field_of: dict[str, str]
    """Standardised column → the shared field it is a key of."""
    warnings: list[str]
    """What will work but should be known, each with its place in the project file."""


def plan_run(project: LoadedProject, data: Path | None, *, first_rows: bool = False) -> Plan:
    """Open the sources' headers (with `first_rows` also those) and hold them against the project file.

    Raises:
        ProjectFileError: with every fault found, each as file:line:column.
    """
    spec = project.spec
    declared: dict[str, SideSpec] = {"left": spec.left} if spec.right is None else {"left": spec.left, "right": spec.right}
    reports = {name: check_side(side, project.folder, data, first_rows=first_rows) for name, side in declared.items()}
    faults = [
        project.fault((name, *finding.key), finding.what, allowed=finding.allowed, remedy=finding.remedy)
        for name, report in reports.items()
        for finding in report.errors
    ]
    raise_together(faults)
    left, right = reports["left"].mention_fields, reports[list(reports)[-1]].mention_fields
    shared = {field: kind for field, kind in left.items() if right.get(field) == kind and field != "record_id"}
    field_of = {column: field for field, kind in shared.items() for column in keys_of(field, kind)}
    raise_together(list(_faults_of_matching(project, left, right, shared, field_of)))
    raise_together([*_faults_of_comparisons(project, shared), *_faults_of_training(project, field_of)])
    kept = {
        name: {f: k for f, k in report.mention_fields.items() if f in shared or f in ALWAYS_KEPT}
        for name, report in reports.items()
    }
    raise_together(list(_faults_of_review(project, kept["left"])))
    return Plan(reports, kept, shared, field_of, _warnings(project, reports, shared, field_of))


def _warnings(
    project: LoadedProject, sides: Mapping[str, MappingReport], shared: Mapping[str, FieldKind], field_of: Mapping[str, str]
) -> list[str]:
    """Training passes on shared fields of relatives, and what the sources are taken for."""
    spec = project.spec
    blocked_by_pass = [{field_of[key] for key in rule.on} for rule in spec.blocking.train]
    told = []
    shared_by_relatives = {field_of.get(key, key) for key in spec.relatives.share} if spec.relatives else set()
    parents = shared_by_relatives or {field for field in shared if field.startswith(("mother_", "father_"))}
    for number, blocked in enumerate(blocked_by_pass):
        if blocked and blocked <= parents:
            told.append(
                f"{project.place(('blocking', 'train', number))} the pass on {spec.blocking.train[number].name} pairs children"
                " of the same parents: siblings would be learned as matches; add a key that tells them apart"
            )
    told += _distances_of_accented_text(project, field_of)
    for name, report in sides.items():
        told += [
            f"{project.place((name, *finding.key))} {finding.what}" for finding in report.findings if finding.severity != "error"
        ]
    return told


def _distances_of_accented_text(project: LoadedProject, field_of: Mapping[str, str]) -> Iterator[str]:
    """Own SQL that puts a field's own text to a string distance: DuckDB compares bytes, several to a letter with marks."""
    for number, comparison in enumerate(project.spec.comparisons):
        for place, level in enumerate(comparison.levels or ()):
            if not DISTANCE.search(level.sql or ""):
                continue
            for field in sorted({name for name in SIDED.findall(level.sql or "") if f"{name}_fold" in field_of}):
                yield (
                    f"{project.place(('comparisons', number, 'levels', place, 'sql'))} string distances count bytes, and letters"
                    f" with marks have several: compare {field}_fold or {field}_tone instead of {field}"
                )


def _faults_of_matching(
    project: LoadedProject,
    left: Mapping[str, FieldKind],
    right: Mapping[str, FieldKind],
    shared: Mapping[str, FieldKind],
    field_of: Mapping[str, str],
) -> Iterator[ProjectFileError]:
    spec = project.spec
    for number, comparison in enumerate(spec.comparisons):
        if comparison.field not in shared:
            yield _unknown(project, ("comparisons", number, "field"), comparison.field, left, right, shared)
    rules: list[tuple[KeyPath, BlockingRule]] = []
    rules += [(("blocking", "predict", number), rule) for number, rule in enumerate(spec.blocking.predict)]
    rules += [(("blocking", "train", number), rule) for number, rule in enumerate(spec.blocking.train)]
    prior = spec.training.prior
    rules += [
        (("training", "prior", "deterministic_rules", n), rule)
        for n, rule in enumerate(prior.deterministic_rules if prior else ())
    ]
    if spec.relatives:
        rules.append((("relatives", "share"), BlockingRule(on=spec.relatives.share)))
    for keys, rule in rules:
        for number, key in enumerate(rule.on):
            if key not in field_of:
                yield _unknown(project, (*keys, number), key, left, right, field_of)
    compared = {comparison.field for comparison in spec.comparisons}
    named: list[tuple[KeyPath, str]] = []
    if spec.relatives:
        named += [(("relatives", "told_apart_by", number), field) for number, field in enumerate(spec.relatives.told_apart_by)]
        for number, couple in enumerate(spec.relatives.together_by_chance):
            named += [(("relatives", "together_by_chance", number, place), field) for place, field in enumerate(couple)]
    for keys, field in named:
        if field not in compared:
            near = nearest(field, compared)
            what = f"is not a compared field{f'; did you mean `{near}`?' if near else ''}"
            yield project.fault(keys, what, given=field, allowed=sorted(compared))


def _faults_of_comparisons(project: LoadedProject, shared: Mapping[str, FieldKind]) -> Iterator[ProjectFileError]:
    """Puts every level's condition to DuckDB on a table without rows: syntax, columns and types."""
    from linkage.model.comparisons import BUILDERS, build_comparison

    columns = {name: sql_type for field, kind in shared.items() for name, sql_type in keys_of(field, kind).items()}
    declared = ", ".join(f"{quote(f'{name}_{side}')} {sql_type}" for side in "lr" for name, sql_type in columns.items())
    with connect() as connection:
        connection.execute(f"CREATE TEMP TABLE compared ({declared})")
        for number, spec in enumerate(project.spec.comparisons):
            kind = shared[spec.field]
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
                    condition = "sql" if level.sql is not None else next(iter(level.model_fields_set - {"label"}))
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


def _faults_of_training(project: LoadedProject, field_of: Mapping[str, str]) -> Iterator[ProjectFileError]:
    """A comparison that no pass can train, or a pass that can train none, would end the run after blocking."""
    passes = [{field_of[key] for key in rule.on} for rule in project.spec.blocking.train]
    for number, blocked in enumerate(passes):
        if all(comparison.field in blocked for comparison in project.spec.comparisons):
            yield project.fault(
                ("blocking", "train", number),
                "this pass uses every compared field, so that none is left to train",
                remedy="Leave the rule out, or give it fewer keys.",
            )
    for number, comparison in enumerate(project.spec.comparisons):
        if all(comparison.field in blocked for blocked in passes):
            yield project.fault(
                ("comparisons", number),
                f"no training pass can train the comparison of {comparison.field}: every rule of blocking.train uses that field",
                remedy="Add a rule without that field to blocking.train.",
            )


def _faults_of_review(project: LoadedProject, fields: Mapping[str, FieldKind]) -> Iterator[ProjectFileError]:
    """A review set can be stratified by a column whose values are groups, not lists of units."""
    by = project.spec.review.stratify_by
    columns = [
        key for field, kind in fields.items() for key, sql_type in keys_of(field, kind).items() if not sql_type.endswith("[]")
    ]
    if by is not None and by not in columns:
        near = nearest(by, columns)
        guess = f"; did you mean `{near}`?" if near else ""
        yield project.fault(
            ("review", "stratify_by"), f"the left side has no such standardised column{guess}", given=by, allowed=columns
        )


def _unknown(
    project: LoadedProject,
    keys: KeyPath,
    name: str,
    left: Mapping[str, FieldKind],
    right: Mapping[str, FieldKind],
    known: Mapping[str, object],
) -> ProjectFileError:
    if name in left and name in right:
        return project.fault(
            keys, f"{name} is {left[name]} on the left and {right[name]} on the right", remedy="Declare one kind for both."
        )
    near = nearest(name, known)
    guess = f"; did you mean `{near}`?" if near else ""
    sides = {"left": left, "right": right}
    having = [side for side, fields in sides.items() if any(name in keys_of(field, kind) for field, kind in fields.items())]
    what = f"only the {having[0]} side has it" if len(having) == 1 else "no such field or key on both sides"
    return project.fault(keys, what + guess, given=name, allowed=known)
