"""compare.html: one file, nothing fetched, every value escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.comparing import sentences
from linkage.comparing.links import OTHER
from linkage.likeness.library import level_word
from linkage.report.html import STYLE
from linkage.report.numbers import Ledger, Number
from linkage.runs.files import write_text
from linkage.words.decisions import DECISION_REASONS
from linkage.words.documents import EMPTY, FIELD, MEASURE, SYNTHETIC
from linkage.words.estimates import MEASURES, stratum_word
from linkage.words.fields import field_word
from linkage.words.group_names import BREAKDOWNS, SEXES
from linkage.words.language import begun
from linkage.words.verdicts import VERDICTS

if TYPE_CHECKING:
    from linkage.comparing.run_comparison import RunComparison
    from linkage.statistics import Interval

NOTABLE = 1.0
"""Bits by which a level's weight must move to stand out."""
_OWN_STYLE = (
    "td.n, th.n { text-align: right; white-space: nowrap; } tr.notable td { font-weight: bold; }"
    " code { overflow-wrap: anywhere; }"
)
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LEDGER = Ledger("vi")
Cell = str | int | float | None
_WORDS = sentences.WORDS | {
    "measure": MEASURE.vi, "comparison": FIELD.vi,
    "matches": begun(VERDICTS["match"].vi), "non_matches": begun(VERDICTS["non_match"].vi),
    "unsure": begun(VERDICTS["unsure"].vi),
    **{name: MEASURES[name].vi for name in ("precision", "recall_within_reach", "recall_of_numbered")},
}  # fmt: skip
_BREAKDOWNS = {
    "all": sentences.WORDS["all"], "other_run": sentences.WORDS["other_run"], "sex": BREAKDOWNS["sex"].vi,
    "birth_decade": BREAKDOWNS["cohort"].vi, "registration_decade": BREAKDOWNS["registration_decade"].vi,
    "ethnicity": BREAKDOWNS["ethnicity"].vi,
}  # fmt: skip
_VALUES = {name: word.vi for name, word in (SEXES | DECISION_REASONS).items()} | {"no_pair": sentences.WORDS["no_pair"]}


def write_page(target: Path, found: RunComparison) -> None:
    """Write the page of a comparison."""
    banner = f'<aside class="banner">{escape(SYNTHETIC.vi)}</aside>' if found.synthetic else ""
    parts = {
        "links": _links(found),
        "estimates": _estimates(found),
        "sample": _sample(found),
        "settings": _settings(found),
        "levels": _levels(found),
    }
    body = "\n".join(
        f'<h1 id="{name}">{escape(sentences.HEADINGS[name])}</h1>\n<p>{escape(sentences.EXPLANATIONS[name])}</p>\n{part}'
        for name, part in parts.items()
    )
    counts = {name: _count(getattr(found.mentions, name)) for name in ("both", "only_a", "only_b")}
    write_text(
        target,
        '<!DOCTYPE html>\n<html lang="vi">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(sentences.TITLE)}</title>\n<style>\n{STYLE.read_text(encoding='utf-8')}{_OWN_STYLE}\n</style>\n</head>\n"
        f'<body>\n{banner}\n<header><h1 class="title">{escape(sentences.TITLE)}<br>A: {escape(found.run_a)}<br>'
        f"B: {escape(found.run_b)}</h1></header>\n<main>\n<p>{escape(sentences.INTRODUCTION.format(**counts))}</p>\n"
        f"{body}\n</main>\n</body>\n</html>\n",
    )


def _links(found: RunComparison) -> str:
    tables = []
    for by in dict.fromkeys(one.by for one in found.changes):
        rows: list[list[Cell]] = [
            [_value(one.stratum), one.kept, one.gained, one.lost, one.moved] for one in found.changes if one.by == by
        ]
        if by == "all":
            rows = [[_WORDS["all"], *row[1:]] for row in rows]
        tables.append(_table(_BREAKDOWNS[by], ("stratum", "kept", "gained", "lost", "moved"), rows))
    return "\n".join(tables)


def _estimates(found: RunComparison) -> str:
    rows: list[list[Cell]] = []
    for one in found.estimates:
        if one.measure == "precision":
            of = _WORDS["of_links"].format(a=_count(one.links_a), b=_count(one.links_b))
        else:
            of = _WORDS["of_matches"].format(n=_count(one.matches))
        shares = [_interval(one.a), _interval(one.b), _interval(one.difference, signed=True)]
        rows.append([_WORDS[one.measure], _WORDS[one.basis], *shares, of, one.n])
    head = ("measure", "basis", "a", "b", "difference", "denominator", "n")
    notes = "".join(f"<p>{escape(sentences.NOTES[note])}</p>" for note in found.notes)
    return (_table(sentences.HEADINGS["estimates"][3:], head, rows) if rows else "") + notes


def _sample(found: RunComparison) -> str:
    rows: list[list[Cell]] = []
    for one in found.sample:
        span = stratum_word(one.stratum.removesuffix(f" {one.category}"), "vi")
        rows.append([_WORDS[one.category], span, one.size, one.drawn, one.matches, one.non_matches, one.unsure])
    head = ("category", "range", "size", "drawn", "matches", "non_matches", "unsure")
    return _table(sentences.HEADINGS["sample"][3:], head, rows)


def _settings(found: RunComparison) -> str:
    if not found.settings:
        return f"<p>{escape(_WORDS['same'])}</p>"
    rows = [
        "<tr>"
        + "".join(f"<td><code>{escape(text or _WORDS['absent'])}</code></td>" for text in (one.key, one.a, one.b))
        + "</tr>"
        for one in found.settings
    ]
    return _framed(sentences.HEADINGS["settings"][3:], [(_WORDS["key"], False), ("A", False), ("B", False)], rows)


def _levels(found: RunComparison) -> str:
    if not found.levels:
        return f"<p>{escape(_WORDS['no_levels'])}</p>"
    rows = []
    for one in found.levels:
        numbers = [_LEDGER.form(Number(value, "probability", "")) for value in (one.m_a, one.m_b, one.u_a, one.u_b)] + [
            _LEDGER.form(Number(value, "weight", "")) for value in (one.weight_a, one.weight_b)
        ]
        moved = one.weight_a is None or one.weight_b is None or abs(one.weight_a - one.weight_b) >= NOTABLE
        cells = f"<td>{escape(field_word(one.comparison, 'vi'))}</td><td>{escape(level_word(one.label, 'vi'))}</td>"
        cells += "".join(f'<td class="n">{escape(number)}</td>' for number in numbers)
        rows.append(f"<tr{' class=notable' if moved else ''}>{cells}</tr>")
    heads = [(_WORDS["comparison"], False), (_WORDS["label"], False)]
    heads += [(f"{_WORDS[name]} {side}", True) for name in ("m", "u", "weight") for side in "AB"]
    return _framed(sentences.HEADINGS["levels"][3:], heads, rows)


def _table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    numeric = [bool(rows) and isinstance(cell, int) for cell in (rows[0] if rows else head)]
    lines = [
        "<tr>"
        + "".join(f"<td{_class(right)}>{escape(_shown(cell))}</td>" for cell, right in zip(row, numeric, strict=True))
        + "</tr>"
        for row in rows
    ]
    return _framed(caption, [(_WORDS[name], right) for name, right in zip(head, numeric, strict=True)], lines)


def _framed(caption: str, heads: Sequence[tuple[str, bool]], lines: Sequence[str]) -> str:
    cells = "".join(f'<th scope="col"{_class(right)}>{escape(text)}</th>' for text, right in heads)
    return (
        f'<div class="wide" tabindex="0"><table><caption>{escape(caption)}</caption><thead><tr>{cells}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )


def _class(right: bool) -> str:
    return ' class="n"' if right else ""


def _shown(cell: Cell) -> str:
    return _count(cell) if isinstance(cell, (int, float)) else cell or ""


def _count(value: float) -> str:
    return _LEDGER.form(Number(value, "count", ""))


def _value(stratum: str) -> str:
    if stratum == OTHER:
        return _WORDS["other"]
    return _VALUES.get(stratum, stratum) or EMPTY.vi


def _interval(one: Interval, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    middle, low, high = (f"{part * 100:{sign}.2f}" for part in (one.value, one.low, one.high))
    unit = " điểm %" if signed else "%"
    return f"{middle}{unit} ({low} – {high})".replace(".", ",").replace("-", "−")
