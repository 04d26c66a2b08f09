"""train: the model, the relatives class, the remedy for dependence, and the report of how they were learned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from linkage.config import BlockingRule, LoadedProject, ProjectSpec, rule_on
from linkage.config.yaml_files import KeyPath
from linkage.errors import ProjectFileError, nearest
from linkage.runs import code_versions
from linkage.runs.directory import Counts
from linkage.runs.exchange import scan_file
from linkage.runs.judged import hold_labels
from linkage.runs.tables import (
    LABELS,
    LOG_LINEAR,
    MENTIONS,
    MODEL,
    PAIRS,
    PERSONS,
    RAW_MENTIONS,
    RAW_PERSONS,
    RELATIVES,
    TRAINING,
)
from linkage.stages.pairs_check import refuse_untrainable
from linkage.stages.plan import Plan, unknown_keys
from linkage.stages.stage import Stage, Work, matching_part


def train(work: Work) -> Counts:
    """Fit the model on the level store and each field's values; labelled matches teach m where the project file says so."""
    from linkage.model.settings import build_model, columns_needed
    from linkage.pairs.sides import open_tables
    from linkage.training.distinct_values import contents
    from linkage.training.fitting import fit_model
    from linkage.training.kept import columns_of_pass, kept_training, marks_of_passes
    from linkage.training.levels_of_strangers import estimate_u

    model = build_model(work.spec, work.plan.shared)
    columns, field_of = columns_needed(work.spec, model), work.plan.field_of
    with kept_training(work.inputs, code_versions([__name__])[__name__]) as kept:
        # Distinct values are few: DuckDB looks at them whatever the engine, so that both have the same u.
        with work.connect() as connection:
            sides = open_tables(connection, work.mentions, work.persons, columns)
            refuse_untrainable(connection, sides, work.project)
            most = int(work.spec.training.max_pairs)
            of_passes = (columns_of_pass(rule, model, field_of) for rule in work.spec.blocking.train)
            held = contents(connection, sides, {*model.columns}.union(*of_passes))
            strangers = estimate_u(connection, sides, model, most, work.spec.seed, kept.u, held, work.progress)
            kept.passes.marks = marks_of_passes(held, sides, work.spec, model, field_of, work.engine_name)
        with work.engine() as connection:
            trained, report = fit_model(
                connection,
                open_tables(connection, work.mentions, work.persons, columns),
                work.spec,
                model,
                field_of,
                strangers,
                kept.passes,
                work.inputs,
                _labelled_matches(work) if work.spec.training.m_from == "labels" else None,
                work.progress,
            )
    trained.save(work.folder)
    told: Any = report
    TRAINING.write(work.folder, told)
    return {
        "passes": len(report["passes"]),
        "expected_matches": round(report["prior"]["expected_matches"]),
        "warnings": sum(finding["severity"] != "note" for finding in report["diagnostics"]),
    }


def _labelled_matches(work: Work) -> str | None:
    """The pairs that reviewers called a match, by id, as a query of any engine; none whose records have changed since."""
    if not LABELS.is_in(work.inputs):
        return None
    left, right = scan_file(work.mentions), scan_file(work.persons or work.mentions)
    with work.connect() as connection:
        labels, _ = hold_labels(connection, LABELS.path(work.inputs), *work.raw)
        pairs = connection.execute(
            f"SELECT l.id, r.id FROM {labels} JOIN {left} l ON l.record_id = record_id_l"
            f" JOIN {right} r ON r.record_id = record_id_r WHERE verdict = 'match' ORDER BY ALL"
        ).fetchall()
    values = ", ".join(f"({id_l}, {id_r})" for id_l, id_r in pairs)
    return f"SELECT * FROM (VALUES {values}) AS matches(id_l, id_r)" if pairs else "SELECT 0 AS id_l, 0 AS id_r WHERE false"


def _config(spec: ProjectSpec) -> Any:
    return [matching_part(spec), spec.blocking.train, spec.training, spec.relatives]


def _check(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """Keys and compared fields that there are; then passes that can train, and comparisons that some pass trains."""
    spec = project.spec
    rules: list[tuple[KeyPath, BlockingRule]] = [(("blocking", "train", n), rule) for n, rule in enumerate(spec.blocking.train)]
    prior = spec.training.prior
    rules += [
        (("training", "prior", "deterministic_rules", n), rule)
        for n, rule in enumerate(prior.deterministic_rules if prior else ())
    ]
    if spec.relatives:
        rules.append((("relatives", "share"), rule_on(spec.relatives.share)))
    unknown = list(unknown_keys(project, plan, rules))
    yield from unknown
    yield from _not_compared(project)
    if not unknown:
        yield from _untrained(project, plan)


def _not_compared(project: LoadedProject) -> Iterator[ProjectFileError]:
    compared = {comparison.field for comparison in project.spec.comparisons}
    relatives = project.spec.relatives
    named: list[tuple[KeyPath, str]] = []
    if relatives:
        named += [(("relatives", "told_apart_by", number), field) for number, field in enumerate(relatives.told_apart_by)]
        for number, couple in enumerate(relatives.together_by_chance):
            named += [(("relatives", "together_by_chance", number, place), field) for place, field in enumerate(couple)]
    for keys, field in named:
        if field not in compared:
            near = nearest(field, compared)
            what = f"is not a compared field{f'; did you mean `{near}`?' if near else ''}"
            yield project.fault(keys, what, given=field, allowed=sorted(compared))


def _untrained(project: LoadedProject, plan: Plan) -> Iterator[ProjectFileError]:
    """A comparison that no pass can train, or a pass that can train none, would end the run after blocking."""
    passes = [{plan.field_of[key] for key in rule.on} for rule in project.spec.blocking.train]
    for number, blocked in enumerate(passes):
        if all(comparison.field in blocked for comparison in project.spec.comparisons):
            yield project.fault(
                ("blocking", "train", number),
                "this pass uses every compared field, so that none is left to train",
                remedy="Leave the rule out, or give it fewer keys.",
            )
    for number, comparison in enumerate(project.spec.comparisons):
        if comparison.m_probabilities is None and all(comparison.field in blocked for blocked in passes):
            yield project.fault(
                ("comparisons", number),
                f"no training pass can train the comparison of {comparison.field}: every rule of blocking.train uses that field",
                remedy="Add a rule without that field to blocking.train.",
            )


def _siblings_learned(project: LoadedProject, plan: Plan) -> Iterator[str]:
    """Training passes on shared fields of relatives only."""
    spec = project.spec
    shared_by_relatives = {plan.field_of.get(key, key) for key in spec.relatives.share} if spec.relatives else set()
    parents = shared_by_relatives or {field for field in plan.shared if field.startswith(("mother_", "father_"))}
    for number, rule in enumerate(spec.blocking.train):
        blocked = {plan.field_of[key] for key in rule.on}
        if blocked and blocked <= parents:
            yield (
                f"{project.place(('blocking', 'train', number))} the pass on {rule.name} pairs children of the same parents:"
                " siblings would be learned as matches; add a key that tells them apart"
            )


STAGE = Stage(
    train,
    writes=(MODEL, RELATIVES, LOG_LINEAR, TRAINING),
    reads=(MENTIONS, PERSONS, PAIRS),
    config=_config,
    check=_check,
    warn=_siblings_learned,
    reads_if=lambda spec: (LABELS, RAW_MENTIONS, RAW_PERSONS) if spec.training.m_from == "labels" else (),
    on_engine=True,
)
