"""A profile of a source before anything is linked: completeness, distinct and frequent values, date precision, years, units."""

from __future__ import annotations

import shutil
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linkage.config.sources import FieldKind
from linkage.registers import sheet_words
from linkage.registers.column_forms import marked_values
from linkage.registers.null_words import count_null_words
from linkage.registers.seen_values import SeenValues, seen
from linkage.registers.side_reading import check_staged, describe_side, forms_of_entries, open_side
from linkage.registers.staging import ENTRIES, forget, stage
from linkage.runs.sql import quote
from linkage.words.field_kinds import PRECISIONS
from linkage.words.formats import grouped, percent
from linkage.words.set_aside import NULL_WORD, set_aside_word

if TYPE_CHECKING:
    import duckdb
    from matplotlib.axes import Axes

    from linkage.config.sources import SideSpec
    from linkage.registers.checks import CheckResult
    from linkage.registers.kinds import RegisterField

SHOWN = 5
"""Frequent values shown for a field."""
UNITS = 15
SECRET = frozenset({FieldKind.personal_number, FieldKind.identifier, FieldKind.text, FieldKind.email, FieldKind.phone})
"""Kinds whose values are never shown, however frequent."""


@dataclass(frozen=True)
class FieldProfile:
    """One field; counts under the disclosure floor are left out."""

    name: str
    header: str
    kind: FieldKind
    filled: int
    distinct: int
    frequent: tuple[tuple[str, int], ...]
    """(value, rows), most frequent first."""
    precisions: Mapping[str, int]
    """Dates: `day`, `month`, `year`, `other` → rows; those with fewer rows than the floor are left out."""
    read_as: str = ""
    """Dates and numbers: how all the values say that one is read, in Vietnamese."""


@dataclass(frozen=True)
class SideProfile:
    """One side's source."""

    title: str
    rows: int
    floor: int
    fields: tuple[FieldProfile, ...]
    year_field: str | None
    by_year: tuple[tuple[int, int], ...]
    """(year, rows); years with fewer rows than the floor are left out."""
    null_words: Mapping[str, int]
    """Field → rows in which an export wrote a null word; they count as empty."""
    checks: tuple[CheckResult, ...]
    """What each rule of the contract check finds."""
    unit_field: str | None
    by_unit: tuple[tuple[str, int], ...]
    """(unit, rows), the largest; units with fewer rows than the floor are left out."""


def profile_side(
    connection: duckdb.DuckDBPyConnection,
    side: SideSpec,
    *,
    base: Path,
    data: Path | None,
    folder: Path,
    floor: int = 10,
    progress: Callable[[int, int], None] | None = None,
) -> SideProfile:
    """Read a side's source as it is (no rule sets a row aside) and count; `folder` takes the staged rows for the time being.

    `floor` is the fewest rows a value, year or unit must have to be shown. `progress` is told (fields done, fields in all).

    Raises:
        ProjectFileError: unknown register or role.
        SourceError: the source cannot be read.
    """
    register = describe_side(side)
    parts, report = open_side(side, base, data)
    staged = Path(tempfile.mkdtemp(prefix=".staged-", dir=folder))
    try:
        mapped = stage(connection, staged, register.fields, parts, [part.mapping for part in report.parts], register.key).fields
        forms = forms_of_entries(connection, side, register, report, mapped)
        checks = check_staged(connection, side, register, report, mapped, forms)
        values = SeenValues(connection, ENTRIES, marked_values(forms))
        rows = connection.execute(f"SELECT count(*) FROM {ENTRIES}").fetchone()
        fields = []
        for done, name in enumerate(mapped, 1):
            field = next(each for each in register.fields if each.name == name)
            read_as = forms[name].says("vi", floor) if name in forms else ""
            fields.append(replace(_field(connection, values, field, floor), read_as=read_as))
            if progress:
                progress(done, len(mapped))
        year_field = next((name for name in ("registration_date", "birth_date") if name in mapped), None)
        unit_field = next((name for name in ("registering_office", "permanent_residence", "hometown") if name in mapped), None)
        by_year: list[tuple[int, int]] = []
        if year_field:
            by_year = _counts(connection, seen(year_field, "year"), floor, "1", values.beside(date=[year_field]))
        by_unit = _counts(connection, quote(unit_field) if unit_field else "NULL", floor, f"2 DESC, 1 LIMIT {UNITS}")
        title = register.kind.title if register.kind else Path(side.source.path or side.source.table or "").name
        values.drop()
        return SideProfile(
            title, int(rows[0]) if rows else 0, floor, tuple(fields), year_field, tuple(by_year),
            count_null_words(connection, ENTRIES), checks, unit_field, tuple(by_unit),
        )  # fmt: skip
    finally:
        forget(connection)
        shutil.rmtree(staged)


def _field(connection: duckdb.DuckDBPyConnection, values: SeenValues, field: RegisterField, floor: int) -> FieldProfile:
    name, kind, column = field.name, field.kind, quote(field.name)
    counted = connection.execute(f"SELECT count({column}), count(DISTINCT {column}) FROM {ENTRIES}").fetchone()
    assert counted is not None
    frequent = [] if kind in SECRET else _counts(connection, column, floor, f"2 DESC, 1 LIMIT {SHOWN}")
    precisions: dict[str, int] = {}
    if kind is FieldKind.date:
        precisions = dict(_counts(connection, seen(name, "precision"), floor, "1", values.beside(date=[name])))
    return FieldProfile(name, field.header, kind, int(counted[0]), int(counted[1]), tuple(frequent), precisions)


def _counts(
    connection: duckdb.DuckDBPyConnection, value: str, floor: int, order: str, entries: str = ENTRIES
) -> list[tuple[Any, int]]:
    """(value, rows) for the values that at least `floor` rows have."""
    return connection.execute(
        f"SELECT {value} AS value, count(*) AS rows FROM {entries} WHERE value IS NOT NULL "
        f"GROUP BY value HAVING count(*) >= $floor ORDER BY {order}",
        {"floor": floor},
    ).fetchall()


def profile_rows(profile: SideProfile) -> list[tuple[str, ...]]:
    """The profile as a table of text under `sheet_words.PROFILE_HEADERS`."""

    def one(field: FieldProfile) -> tuple[str, ...]:
        share = percent(field.filled / profile.rows, "vi", 1) if profile.rows else ""
        frequent = "; ".join(f"{value} ({rows})" for value, rows in field.frequent)
        distinct = str(field.distinct) if field.distinct >= profile.floor else f"< {profile.floor}"
        return field.name, field.header, str(field.filled), share, distinct, frequent, field.read_as

    return [one(field) for field in profile.fields]


def rule_rows(profile: SideProfile) -> list[tuple[str, ...]]:
    """What the rules of the contract check find as a table of text under `sheet_words.RULE_HEADERS`; null words come last.

    Numbers of rows are shown whatever the floor: they are of rules, and name no value.
    """
    rules: list[tuple[str, ...]] = [
        (check.rule, set_aside_word(check.rule, "vi"), check.severity, grouped(check.rows, "vi")) for check in profile.checks
    ]
    return rules + [(name, NULL_WORD("vi"), "note", grouped(rows, "vi")) for name, rows in profile.null_words.items()]


def draw_profile(profile: SideProfile, path: Path) -> None:
    """The profile as one page (format by the file's extension: .png, .pdf, .svg), readable by its owner only."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    dates = [field for field in profile.fields if field.precisions]
    rules = [row for row in rule_rows(profile) if row[-1] != "0"]
    tall = 3 + 0.22 * len(profile.fields) + 4.2 + 0.45 * len(dates) + 0.2 * len(rules)
    figure = Figure(figsize=(11.7, tall), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(sheet_words.PROFILE_TITLE.format(title=profile.title, rows=grouped(profile.rows, "vi")), fontsize=13)
    heights = [0.22 * len(profile.fields) + 1, 0.45 * len(dates) + 1.2, 3.2, 0.2 * len(rules) + 0.1]
    grid = figure.add_gridspec(4, 2, height_ratios=heights)
    _draw_completeness(figure.add_subplot(grid[0, :]), profile)
    if dates:
        _draw_precisions(figure.add_subplot(grid[1, :]), dates)
    if profile.by_year:
        _draw_years(figure.add_subplot(grid[2, 0]), profile)
    if profile.by_unit:
        _draw_units(figure.add_subplot(grid[2, 1]), profile)
    if rules:
        _write_rules(figure.add_subplot(grid[3, :]), rules)
    figure.supxlabel(sheet_words.BELOW_FLOOR.format(floor=profile.floor), fontsize=8, x=0.99, ha="right")
    path.touch(mode=0o600)
    path.chmod(0o600)
    figure.savefig(path, dpi=120)


def _draw_completeness(axes: Axes, profile: SideProfile) -> None:
    shares = [100 * field.filled / profile.rows if profile.rows else 0 for field in profile.fields]
    places = range(len(shares))
    axes.barh(places, shares, color="#4477aa")
    axes.set_yticks(places, [field.header for field in profile.fields], fontsize=8)
    axes.set_ylim(len(shares) - 0.4, -0.6)
    axes.set_xlim(0, 108)
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 0.5, place, percent(share / 100, "vi", 1), va="center", fontsize=7)
    axes.set_title(sheet_words.COMPLETENESS, fontsize=10, loc="left")


def _draw_precisions(axes: Axes, dates: list[FieldProfile]) -> None:
    left = [0.0] * len(dates)
    for (code, label), colour in zip(PRECISIONS.items(), ("#228833", "#66ccee", "#ccbb44", "#ee6677"), strict=True):
        shares = [100 * field.precisions.get(code, 0) / field.filled if field.filled else 0 for field in dates]
        axes.barh(range(len(dates)), shares, left=left, label=label.vi, color=colour)
        left = [before + share for before, share in zip(left, shares, strict=True)]
    axes.set_yticks(range(len(dates)), [field.header for field in dates], fontsize=8)
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.legend(fontsize=7, ncols=4, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    axes.set_title(sheet_words.PRECISION_TITLE, fontsize=10, loc="left")


def _write_rules(axes: Axes, rules: list[tuple[str, ...]]) -> None:
    lines = [f"{rows}  {meaning} ({name}, {severity})" for name, meaning, severity, rows in rules]
    axes.axis("off")
    axes.set_title(sheet_words.RULES_TITLE, fontsize=10, loc="left")
    axes.text(0, 1, "\n".join(lines), fontsize=8, va="top", transform=axes.transAxes)


def _draw_years(axes: Axes, profile: SideProfile) -> None:
    years, rows = zip(*profile.by_year, strict=True)
    axes.bar(years, rows, color="#4477aa", width=0.9)
    axes.set_ylabel(sheet_words.ROWS, fontsize=8)
    axes.tick_params(labelsize=8)
    axes.set_title(sheet_words.BY_YEAR.format(field=_header(profile, profile.year_field)), fontsize=10, loc="left")


def _draw_units(axes: Axes, profile: SideProfile) -> None:
    units, rows = zip(*profile.by_unit, strict=True)
    axes.barh(range(len(units)), rows, color="#4477aa")
    axes.set_yticks(range(len(units)), [textwrap.fill(unit, 34, max_lines=2, placeholder="…") for unit in units], fontsize=7)
    axes.invert_yaxis()
    axes.tick_params(axis="x", labelsize=8)
    axes.set_title(sheet_words.BY_UNIT.format(field=_header(profile, profile.unit_field)), fontsize=10, loc="left")


def _header(profile: SideProfile, name: str | None) -> str:
    return next((field.header for field in profile.fields if field.name == name), "")
