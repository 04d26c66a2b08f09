"""What the sources' headers and the project file come to: the fields and keys there are, for checks and for stages."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from linkage.config import BlockingRule, FieldKind, LoadedProject
from linkage.config.field_keys import keys_of
from linkage.config.yaml_files import KeyPath, raise_together
from linkage.errors import ProjectFileError, nearest
from linkage.registers.side_reading import MappingReport, check_side
from linkage.stages.own_keys import check_keys

ALWAYS_KEPT = ("registration_date", "registering_office", "birth_registration_place")
"""Fields that breakdowns and worklists need though the other side has none of that name."""


@dataclass(frozen=True)
class Plan:
    """What a run will standardise, block and compare."""

    sides: dict[str, MappingReport]
    """Each of the project's `sides` → how its columns are taken."""
    fields: dict[str, dict[str, FieldKind]]
    """Side → the fields to standardise and their kinds."""
    shared: dict[str, FieldKind]
    """The fields all sides have."""
    field_of: dict[str, str]
    """Standardised column → the shared field it is a key of, or the one that field is compared with."""
    own_keys: tuple[str, ...] = ()
    """The keys that the project file writes in SQL."""
    warnings: tuple[str, ...] = ()
    """What will work but should be known, each with its place in the project file."""

    @property
    def comparable(self) -> list[str]:
        """The standardised columns of one value, which rules can ask to be equal."""
        return [
            column
            for field, kind in self.shared.items()
            for column, sql_type in keys_of(field, kind).items()
            if not sql_type.endswith("[]")
        ] + list(self.own_keys)

    @property
    def left(self) -> Mapping[str, FieldKind]:
        """The left side's fields, or the first table's."""
        return self.sides[next(iter(self.sides))].mention_fields

    @property
    def right(self) -> Mapping[str, FieldKind]:
        """The fields of the side that is linked to; the left one's when duplicates are sought."""
        return self.sides[list(self.sides)[-1]].mention_fields


def open_sources(project: LoadedProject, data: Path | None, *, first_rows: bool = False) -> Plan:
    """Open the sources' headers (with `first_rows` also those) and see what both sides have.

    Raises:
        ProjectFileError: with every fault of the sources, each as file:line:column.
    """
    spec = project.spec
    reports = {name: check_side(side, project.folder, data, first_rows=first_rows) for name, side in spec.sides.items()}
    raise_together(
        [
            project.fault((*spec.keys_of_side(name), *finding.key), finding.what, allowed=finding.allowed, remedy=finding.remedy)
            for name, report in reports.items()
            for finding in report.errors
        ]
    )
    first, *others = (report.mention_fields for report in reports.values())
    shared = {
        field: kind for field, kind in first.items() if field != "record_id" and all(other.get(field) == kind for other in others)
    }
    own_keys, faults = check_keys(project, shared)
    raise_together(faults)
    beside = {one.with_: one.field for one in spec.comparisons if one.with_}
    field_of = {column: beside.get(field, field) for field, kind in shared.items() for column in keys_of(field, kind)}
    kept = {
        name: {f: k for f, k in report.mention_fields.items() if f in shared or f in ALWAYS_KEPT}
        for name, report in reports.items()
    }
    field_of |= {key: beside.get(field, field) for key, field in own_keys.items()}
    return Plan(reports, kept, shared, field_of, tuple(own_keys))


def unknown_keys(project: LoadedProject, plan: Plan, rules: list[tuple[KeyPath, BlockingRule]]) -> Iterator[ProjectFileError]:
    """Keys of rules, each rule with its place, that both sides do not have."""
    for keys, rule in rules:
        for number, key in enumerate(rule.on):
            if key not in plan.field_of:
                yield unknown_field(project, plan, (*keys, number), key, plan.comparable)
            elif key not in plan.comparable:
                what = "is a list of units: two lists that overlap are not equal, so no rule can ask for it"
                beside = [name for name in plan.comparable if plan.field_of[name] == plan.field_of[key]]
                remedy = "A rule takes keys of one value; a comparison with `use: unit_through_time` looks into lists."
                yield project.fault((*keys, number), what, given=key, allowed=beside, remedy=remedy)


def unknown_field(project: LoadedProject, plan: Plan, keys: KeyPath, name: str, known: Collection[str]) -> ProjectFileError:
    """The error for a field or key that both sides do not have: which side has it, or what is near."""
    if project.spec.tables:
        return _unknown_in_tables(project, plan, keys, name, known)
    left, right = plan.left, plan.right
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


def _unknown_in_tables(project: LoadedProject, plan: Plan, keys: KeyPath, name: str, known: Collection[str]) -> ProjectFileError:
    kinds = {table: report.mention_fields.get(name) for table, report in plan.sides.items()}
    if all(kinds.values()):
        told = ", ".join(f"{kind} in {table}" for table, kind in kinds.items())
        return project.fault(keys, f"{name} is {told}", remedy="Declare one kind for all tables.")
    lacking = [
        table
        for table, report in plan.sides.items()
        if not any(name in keys_of(field, kind) for field, kind in report.mention_fields.items())
    ]
    near = nearest(name, known)
    guess = f"; did you mean `{near}`?" if near else ""
    what = "no table has such a field or key" if len(lacking) == len(plan.sides) else f"{', '.join(lacking)} lacks it"
    return project.fault(keys, what + guess, given=name, allowed=known)
