"""What `linkage check` finds out before anything runs: columns, fields and keys against what the project file names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage.config import BlockingRule, FieldKind, LoadedProject, SideSpec
from linkage.config.loading import KeyPath
from linkage.errors import ProjectFileError, nearest
from linkage.registers import MappingReport, check_side
from linkage.standardise import keys_of

ALWAYS_KEPT = ("registration_date", "registering_office", "birth_registration_place")
"""Fields that breakdowns and worklists need though the other side has none of that name."""


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


def plan_run(project: LoadedProject, data: Path | None) -> Plan:
    """Open the sources' headers and hold them against the project file.

    Raises:
        ProjectFileError: with every fault found, each as file:line:column.
    """
    spec = project.spec
    declared: dict[str, SideSpec] = {"left": spec.left} if spec.right is None else {"left": spec.left, "right": spec.right}
    reports = {name: check_side(side, project.folder, data) for name, side in declared.items()}
    faults = [
        project.fault((name, *finding.key), finding.what, allowed=finding.allowed, remedy=finding.remedy)
        for name, report in reports.items()
        for finding in report.errors
    ]
    _raise(faults)
    left, right = reports["left"].mention_fields, reports[list(reports)[-1]].mention_fields
    shared = {field: kind for field, kind in left.items() if right.get(field) == kind and field != "record_id"}
    field_of = {column: field for field, kind in shared.items() for column in keys_of(field, kind)}
    _raise(list(_faults_of_matching(project, left, right, shared, field_of)))
    kept = {
        name: {f: k for f, k in report.mention_fields.items() if f in shared or f in ALWAYS_KEPT}
        for name, report in reports.items()
    }
    return Plan(reports, kept, shared, field_of)


def warnings_of(project: LoadedProject, plan: Plan) -> list[str]:
    """What will work but should be known: training passes on shared fields of relatives, comparisons no pass trains."""
    spec = project.spec
    blocked_by_pass = [{plan.field_of[key] for key in rule.on} for rule in spec.blocking.train]
    told = []
    for number, comparison in enumerate(spec.comparisons):
        if all(comparison.field in blocked for blocked in blocked_by_pass):
            told.append(
                f"{project.place(('comparisons', number))} {comparison.field}: no training pass can train it, every rule of"
                " blocking.train uses it; add a rule without it"
            )
    shared_by_relatives = {plan.field_of.get(key, key) for key in spec.relatives.share} if spec.relatives else set()
    parents = shared_by_relatives or {field for field in plan.shared if field.startswith(("mother_", "father_"))}
    for number, blocked in enumerate(blocked_by_pass):
        if blocked and blocked <= parents:
            told.append(
                f"{project.place(('blocking', 'train', number))} the pass on {spec.blocking.train[number].name} pairs children of the"
                " same parents: siblings would be learned as matches; add a key that tells them apart"
            )
    for name, report in plan.sides.items():
        told += [
            f"{project.place((name, *finding.key))} {finding.what}" for finding in report.findings if finding.severity != "error"
        ]
    return told


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
    for number, field in enumerate(spec.relatives.told_apart_by if spec.relatives else ()):
        if field not in compared:
            yield project.fault(
                ("relatives", "told_apart_by", number), "is not a compared field", given=field, allowed=sorted(compared)
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
    if name in left or name in right:
        return project.fault(
            keys, f"only the {'left' if name in left else 'right'} side has it{guess}", given=name, allowed=known
        )
    return project.fault(keys, f"no such field or key on both sides{guess}", given=name, allowed=known)


def _raise(faults: list[ProjectFileError]) -> None:
    if not faults:
        return
    remedies = list(dict.fromkeys(fault.remedy for fault in faults if fault.remedy))
    raise ProjectFileError("\n".join(fault.what for fault in faults), "\n".join(remedies))
