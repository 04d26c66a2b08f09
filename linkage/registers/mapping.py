"""Which column of a source is which field: declared, or recognised by canonical name, Vietnamese header or template name."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Literal

from linkage.errors import nearest
from linkage.vietnamese.letters import clean_text, fold
from linkage.words.fields import as_written

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from linkage.registers.kinds import RegisterField

How = Literal["declared", "canonical name", "Vietnamese header", "template name"]
NEAR = 0.7
"""Headers at least this similar (difflib ratio on folded text) are proposed as near misses."""


@dataclass(frozen=True)
class ColumnMatch:
    """A field and the column taken for it."""

    field: str
    header: str
    column: int
    """Position in the source, from 0."""
    how: How


@dataclass(frozen=True)
class Finding:
    """A fault or remark about one key of a side; `key` is relative to the side: `("columns", "full_name")`."""

    key: tuple[str | int, ...]
    what: str
    severity: Literal["error", "note"] = "error"
    allowed: tuple[str, ...] = ()
    remedy: str = ""


@dataclass(frozen=True)
class HeaderMapping:
    """How the headers of one part (file, sheet, table) were taken."""

    matches: tuple[ColumnMatch, ...]
    unmapped: tuple[str, ...]
    near_misses: tuple[tuple[str, str], ...]
    """(header, field it resembles) for unmapped headers and fields without a column."""
    findings: tuple[Finding, ...]

    @property
    def columns(self) -> Mapping[str, int]:
        """Field → position of its column."""
        return {match.field: match.column for match in self.matches}


def fold_header(text: str) -> str:
    """A header's fold key without spaces; one without any Latin letter stays as it is, in lower case.

    >>> fold_header("Họ và tên:") == fold_header("HO VA TEN")
    True
    >>> fold_header("Nơi đăng ký")
    'noidangky'
    """
    return fold(text).replace(" ", "") or clean_text(text).casefold()


def known_headers(fields: Sequence[RegisterField], declared: Mapping[str, str]) -> set[str]:
    """The folded headers that would be mapped."""
    known = {fold_header(word) for field in fields for word in (as_written(field.name), field.header, field.short)}
    return known | {fold_header(header) for header in declared.values()}


def recognised(known: Collection[str], headers: Sequence[str]) -> int:
    """How many of the headers would be mapped: what tells the header row from a title or data."""
    return sum(1 for folded in {fold_header(header) for header in headers} if folded and folded in known)


def map_headers(fields: Sequence[RegisterField], headers: Sequence[str], declared: Mapping[str, str]) -> HeaderMapping:
    """Map headers to fields; `declared` (field → header, the project file's `columns`) wins over recognition."""
    by_name = {field.name: field for field in fields}
    findings: list[Finding] = []
    taken: dict[str, ColumnMatch] = {}
    folded = [fold_header(header) for header in headers]

    for name, header in declared.items():
        key = ("columns", name)
        if name not in by_name:
            near_field = nearest(name, by_name)
            hint = f"; did you mean `{near_field}`?" if near_field else ""
            findings.append(Finding(key, f"`{name}` is not a field of this register{hint}", allowed=tuple(by_name)))
            continue
        places = [at for at, given in enumerate(headers) if given == header]
        places = places or [at for at, given in enumerate(folded) if given == fold_header(header)]
        if len(places) == 1:
            taken[name] = ColumnMatch(name, headers[places[0]], places[0], "declared")
        elif places:
            findings.append(Finding(key, f"the source has {len(places)} columns called “{header}”", remedy="Rename all but one."))
        else:
            near_header = nearest(header, headers)
            hint = f"; the nearest header is “{near_header}”" if near_header else ""
            findings.append(Finding(key, f"the source has no column “{header}”{hint}", allowed=tuple(headers)))

    used = {match.column for match in taken.values()}
    ways: tuple[tuple[How, dict[str, str]], ...] = (
        ("canonical name", {as_written(field.name): field.name for field in fields}),
        ("Vietnamese header", {field.header: field.name for field in fields}),
        ("template name", _template_names(fields)),
    )
    for how, words in ways:
        wanted = {fold_header(word): known for word, known in words.items() if known not in declared}
        for at, given in enumerate(folded):
            field = wanted.get(given)
            if field is None or at in used:
                continue
            if field in taken:
                if taken[field].how == how:
                    what = f"two columns are recognised as `{field}`: “{taken[field].header}” and “{headers[at]}”"
                    findings.append(Finding(("columns",), what, remedy=f"Say under `columns` which one is `{field}`."))
                continue
            taken[field] = ColumnMatch(field, headers[at], at, how)
            used.add(at)

    unmapped = tuple(header for at, header in enumerate(headers) if at not in used)
    free = [field for field in fields if field.name not in taken]
    near_misses = tuple((header, like) for header in unmapped if (like := _resembles(header, free)))
    matches = tuple(taken[field.name] for field in fields if field.name in taken)
    return HeaderMapping(matches, unmapped, near_misses, tuple(findings))


def missing_fields(fields: Sequence[RegisterField], mapping: HeaderMapping, declared: Mapping[str, str]) -> tuple[Finding, ...]:
    """A finding for each required field without a column (declared ones have their own finding)."""
    near = {field: header for header, field in mapping.near_misses}

    def one(field: RegisterField) -> Finding:
        hint = f"; “{near[field.name]}” resembles it" if field.name in near else ""
        what = f"no column is recognised as `{field.name}` (“{field.header}”, `{field.short}`){hint}"
        remedy = f"Name its header under `columns`: `{field.name}: <header>`."
        return Finding(("columns", field.name), what, allowed=mapping.unmapped, remedy=remedy)

    return tuple(
        one(field) for field in fields if field.required and field.name not in mapping.columns and field.name not in declared
    )


def _template_names(fields: Sequence[RegisterField]) -> dict[str, str]:
    names: dict[str, str] = {}
    for field in fields:
        names.setdefault(field.short, field.name)
    return names


def _resembles(header: str, fields: Sequence[RegisterField]) -> str | None:
    folded = fold_header(header)
    if not folded:
        return None
    scored = [
        (SequenceMatcher(None, folded, fold_header(word)).ratio(), field.name)
        for field in fields
        for word in (field.name, field.header, field.short)
    ]
    best = max(scored, default=(0.0, ""))
    return best[1] if best[0] >= NEAR else None
