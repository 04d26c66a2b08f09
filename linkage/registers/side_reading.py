"""A side of the linkage: its source read, checked, unfolded to the mentions of one role and written as Parquet."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.config.sources import FieldKind
from linkage.errors import ContractError, LinkageError, ProjectFileError, SourceError, UnknownRegisterError, nearest
from linkage.registers.catalogue import register_kind, register_kinds
from linkage.registers.checks import CheckResult, run_checks
from linkage.registers.column_forms import ColumnForm, column_forms, count_unreadable, form_findings
from linkage.registers.kinds import RegisterField, RegisterKind, Role
from linkage.registers.mapping import (
    ColumnMatch,
    Finding,
    HeaderMapping,
    known_headers,
    map_headers,
    missing_fields,
    recognised,
)
from linkage.registers.null_words import count_null_words
from linkage.registers.parts import Tally
from linkage.registers.source_parts import open_parts
from linkage.registers.staging import ENTRIES, FAULTS, SOUND, find_structural_faults, forget, stage, write_used_and_quarantined
from linkage.runs.sql import connect
from linkage.vietnamese import propose_encoding
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from linkage.config.sources import SideSpec
    from linkage.registers.parts import SourcePart


SAMPLE = 5_000
"""Rows of each part whose text is looked at for a legacy encoding."""
WORDS = (FieldKind.person_name, FieldKind.place, FieldKind.ethnicity, FieldKind.text)
"""Kinds of field that hold Vietnamese words."""
FORMED = (FieldKind.date, FieldKind.year, FieldKind.number)
"""Kinds of field whose values are read as their whole column says."""


@dataclass(frozen=True)
class PartReport:
    """How one file, sheet or table was read."""

    source: str
    detected: Mapping[str, str]
    """Encoding, delimiter, header row: what was found and what was declared."""
    mapping: HeaderMapping
    notes: tuple[str, ...]
    typed: Mapping[str, str] = field(default_factory=dict)
    """Fields whose values are dates in the source and no text → the zone in which they are dated, if they are moments."""


@dataclass(frozen=True)
class MappingReport:
    """What reading a side would take each column for. `findings` of severity `error` forbid reading it."""

    register: str
    role: str | None
    parts: tuple[PartReport, ...]
    findings: tuple[Finding, ...]
    mention_fields: Mapping[str, FieldKind]
    """Fields the mentions will carry → kind."""
    dated_by: Mapping[str, str]
    """Place field → field of the date it was written at."""
    read_as: Mapping[str, str] = field(default_factory=dict)
    """Field of dates or numbers → how all its values say that one is read, where the rows were looked at."""

    @property
    def number_registered_at(self) -> dict[str, str]:
        """The field of where the birth behind a personal number was registered: the number's first digits say it too."""
        place = {kind.name: kind.number_registered_at for kind in register_kinds()}.get(self.register)
        known = place in self.mention_fields and "personal_number" in self.mention_fields
        return {"personal_number": place} if place and known else {}

    @property
    def typed(self) -> dict[str, dict[str, str]]:
        """Field → the sources in which its values are dates and no text → the zone of moments."""
        fields = dict.fromkeys(name for part in self.parts for name in part.typed)
        return {name: {part.source: part.typed[name] for part in self.parts if name in part.typed} for name in fields}

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings that forbid reading."""
        return tuple(finding for finding in self.findings if finding.severity == "error")


@dataclass(frozen=True)
class ReadReport:
    """What was read of a side. Rows in file = title, header and blank rows + rows in; rows in = used + quarantined."""

    mapping: MappingReport
    rows_in_file: int
    """Every row of every part, counted where it begins, before anything is skipped."""
    title_rows: int
    """Rows above the headers."""
    header_rows: tuple[tuple[str, int], ...]
    """(source, row) of every header, of its repetitions and of rows that number the columns."""
    rows_blank: int
    """Wholly empty rows under the headers."""
    rows_in: int
    rows_used: int
    rows_quarantined: int
    reasons: Mapping[str, int]
    """Reason of quarantine → rows (a row may have several)."""
    null_words: Mapping[str, int]
    """Field → rows in which an export wrote a null word (`\\N`, `NULL`, `#REF!`): they count as empty."""
    checks: tuple[CheckResult, ...]
    """What each rule of the contract check found, whatever its severity."""


@dataclass(frozen=True)
class _Side:
    """What the register kind, or the declared fields of a table, say of a side."""

    kind: RegisterKind | None
    fields: tuple[RegisterField, ...]
    role: Role

    @property
    def key(self) -> tuple[str, ...]:
        """The fields that stand for an identifier where a part has none."""
        return self.kind.key if self.kind else ()


def describe_side(side: SideSpec) -> _Side:
    """The fields and the role of a side; `ProjectFileError` when the register or role is unknown."""
    if side.fields is None:
        kind = register_kind(side.register_)
        return _Side(kind, kind.fields, kind.role(side.role))
    record_id = RegisterField("record_id", "record_id", "record_id", FieldKind.identifier)
    fields = (record_id, *(_declared(name, kind) for name, kind in side.fields.items()))
    names = {name: name for name in side.fields}
    return _Side(None, fields, Role(side.role or "record", side.role or "record", names, dict(side.fields), {}, tuple(names)))


def _declared(name: str, kind: FieldKind) -> RegisterField:
    return RegisterField(name, as_written(name), as_written(name), kind, required=True)


def check_side(side: SideSpec, base: Path, data: Path | None, *, first_rows: bool = True) -> MappingReport:
    """How the columns of a side's source would be taken, with every fault found; opens the source, reads headers.

    With `first_rows` also what their text says of its encoding, and what all values of a date or number column say of how one
    is read, as notes: time that a run, which shows no notes, does without. Returns findings instead of raising: an unknown
    register or role (key `("register",)` or `("role",)`), a source that cannot be opened (`("source",)`), a declared or required
    column that is missing (`("columns", field)`).
    """
    try:
        register = describe_side(side)
    except ProjectFileError as error:
        key = "register" if isinstance(error, UnknownRegisterError) else "role"
        finding = Finding((key,), error.what, remedy=error.remedy)
        return MappingReport(side.register_, side.role, (), (finding,), {}, {})
    try:
        parts = open_parts(side.source, base, data, _recogniser(side, register))
    except LinkageError as error:
        finding = Finding(("source",), error.what, remedy=error.remedy)
        return MappingReport(side.register_, register.role.name, (), (finding,), {}, {})
    report = _report(side, register, parts)
    if not first_rows:
        return report
    try:
        proposals = tuple(_propose_encodings(register, parts, report))
        forms = {} if report.errors else _forms_of_source(side, register, parts, report)
    except LinkageError as error:
        return replace(report, findings=(*report.findings, Finding(("source",), error.what, remedy=error.remedy)))
    told = tuple(finding for found in forms.values() for finding in found[1])
    read_as = {name: form.says("en") for name, (form, _) in forms.items()}
    return replace(report, findings=(*report.findings, *proposals, *told), read_as=read_as)


def _forms_of_source(
    side: SideSpec, register: _Side, parts: list[SourcePart], report: MappingReport
) -> dict[str, tuple[ColumnForm, list[Finding]]]:
    """How each column of dates or numbers is read, from all rows of the source, and what is to be said of it."""
    wanted = tuple(field for field in register.fields if field.kind in FORMED)
    headers = {match.field: match.header for part in report.parts for match in part.mapping.matches}
    if not any(field.name in headers for field in wanted):
        return {}
    with tempfile.TemporaryDirectory(prefix="linkage-check-") as folder, connect() as connection:
        # all fields: they tell the rows that are no entries
        mappings = [part.mapping for part in report.parts]
        mapped = stage(connection, Path(folder), register.fields, parts, mappings, register.key).fields
        forms = forms_of_entries(connection, side, register, report, mapped)
        where = report.parts[0].source if len(report.parts) == 1 else f"{len(report.parts)} sources"
        columns = {name: f"{where}: column “{header}”" for name, header in headers.items()}
        return {
            name: (form, list(form_findings(form, as_written(name), columns[name], count_unreadable(connection, ENTRIES, form))))
            for name, form in forms.items()
        }


def forms_of_entries(
    connection: duckdb.DuckDBPyConnection, side: SideSpec, register: _Side, report: MappingReport, mapped: Sequence[str]
) -> dict[str, ColumnForm]:
    """How each column of dates or numbers of the staged entries is read."""
    kinds = {field.name: field.kind for field in register.fields if field.name in mapped}
    return column_forms(connection, ENTRIES, kinds, side, report.typed)


def forms_of_mentions(
    connection: duckdb.DuckDBPyConnection, raw: str, side: SideSpec, report: MappingReport
) -> dict[str, ColumnForm]:
    """How each column of dates or numbers of a side's raw mentions (SQL of the table) is read."""
    role = describe_side(side).role
    kinds = {name: kind for name, kind in report.mention_fields.items() if name not in role.constants}
    return column_forms(connection, raw, kinds, side, report.typed, role.fields)


def _propose_encodings(register: _Side, parts: list[SourcePart], report: MappingReport) -> Iterator[Finding]:
    """What each column of Vietnamese text, judged as a whole on its first rows, says of the source's encoding."""
    kinds = {field.name: field.kind for field in register.fields}
    for part, read in zip(parts, report.parts, strict=True):
        batches = part.batches(Tally())
        first = next(batches, None)
        batches.close()
        for match in read.mapping.matches:
            if first is None or part.expressions or kinds[match.field] not in WORDS:
                continue
            column = first.column(f"c{match.column}").slice(0, SAMPLE)
            proposal = propose_encoding(text for text in column.to_pylist() if text)
            if proposal:
                what = (
                    f"{part.source}: column “{match.header}” looks like {proposal.encoding} "
                    f"({proposal.share:.0%} of {proposal.values} values become Vietnamese syllables)"
                )
                yield Finding(("source", "encoding"), what, "note", remedy=f"Set `encoding: {proposal.encoding}` under `source`.")


def _recogniser(side: SideSpec, register: _Side) -> Callable[[list[str]], int]:
    return partial(recognised, known_headers(register.fields, side.columns))


def _report(side: SideSpec, register: _Side, parts: list[SourcePart]) -> MappingReport:
    reports = []
    findings: dict[Finding, None] = {}
    for part in parts:
        mapping = map_headers(register.fields, part.headers, side.columns)
        typed = {match.field: part.typed_dates[match.column] for match in mapping.matches if match.column in part.typed_dates}
        reports.append(PartReport(part.source, part.detected, mapping, part.notes, typed))
        faults = [*mapping.findings, *missing_fields(register.fields, mapping, side.columns), *_no_key(register, mapping, side)]
        faults += _unknown_forms(register, side)
        where = f"{part.source}: " if len(parts) > 1 else ""
        for fault in faults:
            findings[Finding(fault.key, where + fault.what, fault.severity, fault.allowed, fault.remedy)] = None
    mapped = {match.field for report in reports for match in report.mapping.matches}
    kinds = {
        mention: kind
        for mention, kind in register.role.kinds.items()
        if mention in register.role.constants or register.role.fields[mention] in mapped
    }
    dated = {place: date for place, date in register.role.dated_by.items() if place in kinds and date in kinds}
    return MappingReport(side.register_, register.role.name, tuple(reports), tuple(findings), kinds, dated)


def _unknown_forms(register: _Side, side: SideSpec) -> list[Finding]:
    """Fields under `date_order`, `two_digit_years_from` and `decimal` that are none, or not of that kind."""
    numbers = [field.name for field in register.fields if field.kind is FieldKind.number]
    dates = [field.name for field in register.fields if field.kind in (FieldKind.date, FieldKind.year)]
    found = []
    for key, known in (("date_order", dates), ("two_digit_years_from", dates), ("decimal", numbers)):
        said = getattr(side, key)
        for name in said if isinstance(said, dict) else ():
            if name not in known:
                near = nearest(name, known)
                kind = "number" if key == "decimal" else "date"
                what = f"`{name}` is not a field of kind {kind}" + (f"; did you mean `{near}`?" if near else "")
                found.append(Finding((key, name), what, allowed=tuple(known)))
    return found


def _no_key(register: _Side, mapping: HeaderMapping, side: SideSpec) -> list[Finding]:
    """Rows need a record_id column, or all the fields of the register's key to make one of."""
    if "record_id" in mapping.columns or "record_id" in side.columns:
        return []
    key = register.kind.key if register.kind else ()
    lacking = [name for name in key if name not in mapping.columns]
    if key and not lacking:
        return []
    what = "no column holds the rows' identifiers (`record_id`)"
    if lacking:
        what += f", nor are all fields of the key there to make one of ({', '.join(lacking)} lacking)"
    return [Finding(("columns", "record_id"), what, allowed=mapping.unmapped, remedy="Name its header: `record_id: <header>`.")]


def open_side(side: SideSpec, base: Path, data: Path | None) -> tuple[list[SourcePart], MappingReport]:
    """A side's parts and how their columns are taken; `SourceError` with every fault when they cannot be read so."""
    register = describe_side(side)
    parts = open_parts(side.source, base, data, _recogniser(side, register))
    report = _report(side, register, parts)
    if report.errors:
        remedies = {finding.remedy: None for finding in report.errors if finding.remedy}
        raise SourceError("\n".join(finding.what for finding in report.errors), "\n".join(remedies))
    return parts, report


def read_side(
    connection: duckdb.DuckDBPyConnection,
    side: SideSpec,
    *,
    base: Path,
    data: Path | None,
    target: Path,
    quarantine: Path,
    name: str = "left",
    progress: Callable[[int], None] | None = None,
    most: int | None = None,
) -> ReadReport:
    """Read a side into `target` (raw mentions) and `quarantine`, both Parquet and readable by their owner only.

    `target`: id INTEGER (1..n in order of record_id), record_id, role, source, row_number, then one VARCHAR a mention
    field. `quarantine`: side, source, row_number, record_id, field, value, reason; one row a quarantined entry.
    `name` fills the column `side`; `progress` is told the rows staged so far; of each part the first `most` rows are read.

    Raises:
        ProjectFileError: unknown register or role, `{data}` without a folder.
        SourceError: the source cannot be read, or a required or declared column is missing.
        ContractError: the data break a rule of severity `stop`.
    """
    register = describe_side(side)
    parts, report = open_side(side, base, data)
    if most is not None:
        parts = [replace(part, batches=partial(_first_rows, part, most)) for part in parts]
    folder = Path(tempfile.mkdtemp(prefix=".staged-", dir=target.parent))
    try:
        mappings = [part.mapping for part in report.parts]
        staged = stage(connection, folder, register.fields, parts, mappings, register.key, progress)
        forms = forms_of_entries(connection, side, register, report, staged.fields) if register.kind else {}
        checks = check_staged(connection, side, register, report, staged.fields, forms)
        if register.kind:
            _stop_if_told(checks, register.kind)
        null_words = count_null_words(connection, ENTRIES)
        counts = write_used_and_quarantined(connection, register.role, report.mention_fields, target, quarantine, name)
    finally:
        forget(connection)
        shutil.rmtree(folder)
    read = ReadReport(
        report,
        staged.rows,
        staged.titles,
        staged.headers,
        staged.blank,
        counts.rows_in,
        counts.used,
        counts.quarantined,
        counts.reasons,
        null_words,
        checks,
    )
    if most is None:
        _hold_the_balance(read, name)
    return read


def _hold_the_balance(read: ReadReport, name: str) -> None:
    above = read.title_rows + len(read.header_rows) + read.rows_blank
    if read.rows_in_file != above + read.rows_in or read.rows_in != read.rows_used + read.rows_quarantined:
        raise LinkageError(
            f"{name}: of {read.rows_in_file} rows {above} are titles, headers or blank, {read.rows_in} came in, "
            f"{read.rows_used} are used and {read.rows_quarantined} set aside",
            "Rows were lost: this is a fault of linkage, please report it.",
        )


def check_staged(
    connection: duckdb.DuckDBPyConnection,
    side: SideSpec,
    register: _Side,
    report: MappingReport,
    mapped: tuple[str, ...],
    forms: Mapping[str, ColumnForm],
) -> tuple[CheckResult, ...]:
    """Tell the staged entries that are sound and hold every rule of the contract check against them; nothing is written."""
    find_structural_faults(connection, register.role, report.mention_fields, mapped)
    if register.kind is None:
        return ()
    marked = {name: form.by_itself for name, form in forms.items() if form.by_itself}
    return run_checks(connection, register.kind, side.checks, SOUND, FAULTS, mapped, marked)


def _first_rows(part: SourcePart, most: int, tally: Tally) -> Generator[pa.RecordBatch]:
    batches = part.batches(tally)
    try:
        for batch in batches:
            yield batch.slice(0, most)
            most -= batch.num_rows
            if most <= 0:
                return
    finally:
        batches.close()


def _stop_if_told(checks: tuple[CheckResult, ...], kind: RegisterKind) -> None:
    stops = [check for check in checks if check.severity == "stop" and check.rows]
    if stops:
        found = "\n".join(
            f"{check.rows} rows of register `{kind.name}` break the rule {check.rule}: rows "
            + ", ".join(f"{row}" for _, row in check.sample)
            + (" …" if check.rows > len(check.sample) else "")
            for check in stops
        )
        raise ContractError(found, "Correct them, or give the rules another severity under `checks` of the side.")


__all__ = ["ColumnMatch", "MappingReport", "PartReport", "ReadReport", "check_side", "describe_side", "read_side"]
