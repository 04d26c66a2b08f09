"""block: candidate pairs, each with one small integer a comparison."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linkage.config import LoadedProject, ProjectSpec, rule_on
from linkage.config.yaml_files import KeyPath
from linkage.errors import ProjectFileError
from linkage.runs.directory import Counts
from linkage.runs.tables import BLOCKING, ENGINE_DIFFERENCES, FREQUENCIES, MENTIONS, PAIRS, PERSONS
from linkage.stages.comparison_check import accented_distances, faulty_comparisons
from linkage.stages.pairs_check import describe_idle, refuse_untrainable
from linkage.stages.plan import Plan, unknown_field, unknown_keys
from linkage.stages.stage import Stage, Work, matching_part


def block(work: Work) -> Counts:
    """Propose pairs by the rules of the project file and write the level store."""
    from linkage.model.settings import build_model, columns_needed
    from linkage.pairs.further_keys import budget_of
    from linkage.pairs.sides import open_tables

    if work.engine_name == "spark":  # whose dialect takes a tenth of a second to import
        from linkage.engines.spark import write_level_store_on_spark as write
    else:
        from linkage.pairs.level_store import write_level_store as write
    model = build_model(work.spec, work.plan.shared)
    budget = budget_of(work.spec, work.plan.shared)
    with work.engine() as connection:
        sides = open_tables(connection, work.mentions, work.persons, {*columns_needed(work.spec, model), *budget.keys})
        refuse_untrainable(connection, sides, work.project)
        report = write(connection, sides, model, work.spec.blocking.predict, budget, work.folder, work.progress)
        idle = describe_idle(
            connection, sides, work.spec.blocking.predict, [one["pairs"] for one in report["rules"]], work.project
        )
    if work.engine_name == "spark":
        from linkage.engines.engine_differences import compare_levels

        # String distances differ between engines: what that does to levels is counted, not assumed away.
        with work.connect() as connection:
            differing = compare_levels(connection, model, work.mentions, work.persons, PAIRS.path(work.folder), work.spec.seed)
        ENGINE_DIFFERENCES.write(work.folder, differing)
    held: Any = {**report, "possible_pairs": sides.possible_pairs, "left_rows": sides.left_rows}
    BLOCKING.write(work.folder, held)
    return {
        "candidate_pairs": report["candidate_pairs"],
        "pairs_per_mention": round(report["candidate_pairs"] / sides.left_rows, 2),
        **({"rules_without_pairs": idle} if idle else {}),
    }


def _config(spec: ProjectSpec) -> Any:
    return [matching_part(spec), spec.blocking.predict, spec.blocking.pairs_per_entry, spec.blocking.refine_by]


def _check(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """Compared fields and keys that there are; then every level's condition, put to DuckDB."""
    spec = project.spec
    rules: list[tuple[KeyPath, Any]] = [(("blocking", "predict", n), rule) for n, rule in enumerate(spec.blocking.predict)]
    unknown = [
        unknown_field(project, plan, ("comparisons", number, "field"), comparison.field, plan.shared)
        for number, comparison in enumerate(spec.comparisons)
        if comparison.field not in plan.shared
    ]
    for number, one in enumerate(spec.comparisons):
        if one.with_ and one.field in plan.shared and plan.shared.get(one.with_) != (kind := plan.shared[one.field]):
            alike = [field for field in plan.shared if plan.shared[field] == kind and field != one.field]
            what = f"is to be compared with {one.field}, a {kind}, and is no field of that kind on both sides"
            unknown.append(project.fault(("comparisons", number, "with"), what, given=one.with_, allowed=alike))
    yield from unknown
    if spec.blocking.refine_by:
        rules.append((("blocking", "refine_by"), rule_on(spec.blocking.refine_by)))
    yield from unknown_keys(project, plan, rules)
    if not unknown:
        yield from faulty_comparisons(project, plan)


STAGE = Stage(
    block,
    writes=(PAIRS, FREQUENCIES, BLOCKING, ENGINE_DIFFERENCES),
    reads=(MENTIONS, PERSONS),
    config=_config,
    check=_check,
    warn=accented_distances,
    on_engine=True,
)
