"""Review in Excel for offices without access: one workbook a reviewer, out and in.

A pair is a block of rows, one a record, so that the eye compares down a column. The hidden key of a block carries a check sum
over the reviewer, the pair and everything shown: a row that was moved, edited or forged is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from linkage.errors import ReviewError
from linkage.review.answers import LONGEST_COMMENT, REASONS, VERDICTS, Answer, record_answer, standing_answer
from linkage.review.assignments import assign
from linkage.review.comparison import ShownPair, compare_pair
from linkage.review.interface import INTERFACE, Interface, group_of, in_page_order
from linkage.review.marks import Marked
from linkage.review.store import Store, open_store
from linkage.runs.spreadsheet_text import neutralised
from linkage.words.language import Language

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

PAGE_VERSION = "workbook-1"
_KEY, _NUMBER, _VERDICT, _REASON, _COMMENT, _RECORD, _FIRST_FIELD = range(7)
_HEAD_ROWS = 2
_FONT = "Calibri"
_HIDDEN_SHEET = "review-key"
_LARGEST_FILE, _LARGEST_UNPACKED = 30_000_000, 300_000_000
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a workbook's pairs: each is recorded, unchanged, empty or refused (with the sheet's row and why)."""

    reviewer: str
    pairs: int
    recorded: int
    unchanged: int
    empty: int
    refused: tuple[tuple[int, str], ...]


def export_workbooks(
    run: Path,
    file: Path,
    reviewers: Sequence[str] | None = None,
    pairs: int | None = None,
    days: int = 14,
    language: Language = "vi",
) -> list[Path]:
    """Write one workbook a reviewer and hold its pairs for them for so many days; returns the files.

    `reviewers` are all active reviewers when None; with several, `-<name>` goes before the suffix of `file`. `pairs` is the most
    pairs in each; all that is open is dealt out evenly when None. Pairs held from an earlier export and still
    unanswered come again.

    Raises:
        ReviewError: when a name is unknown, a file exists, or there is no pair to give.
    """
    store = open_store(run)
    try:
        active = store.connection.execute(
            "SELECT id, name FROM account WHERE active = 1 AND role = 'reviewer' ORDER BY name"
        ).fetchall()
        unknown = sorted(set(reviewers or []) - {row["name"] for row in active})
        if unknown or not active:
            raise ReviewError(
                f"no active reviewer {', '.join(unknown)}".rstrip(), "`linkage review users RUN list` shows the accounts."
            )
        chosen = [row for row in active if reviewers is None or row["name"] in reviewers]
        targets = [file if len(chosen) == 1 else file.with_stem(f"{file.stem}-{row['name']}") for row in chosen]
        for target in targets:
            if target.exists():
                raise ReviewError(f"{target} exists", "Give another file name: a workbook may hold answers.")
        held = _hold(store, [row["id"] for row in chosen], pairs, days)
        made = []
        for reviewer, target in zip(chosen, targets, strict=True):
            if held[reviewer["id"]]:
                _write_workbook(store, target, reviewer["id"], reviewer["name"], held[reviewer["id"]], language)
                made.append(target)
        if not made:
            raise ReviewError("there is no pair left to give to these reviewers", "`linkage review progress` shows what is open.")
        return made
    finally:
        store.close()


def _hold(store: Store, reviewers: list[int], most: int | None, days: int) -> dict[int, list[int]]:
    """Deal the open slots out, each to the reviewer with the fewest pairs who never had the pair; the pairs of each, in order."""
    until = store.now() + days * 86_400_000
    held: dict[int, list[int]] = {}
    with store.transaction() as connection:
        for reviewer in reviewers:
            kept = connection.execute(
                "UPDATE assignment SET leased_until = ? "
                "WHERE reviewer = ? AND answered = 0 AND through = 'workbook' RETURNING pair",
                (until, reviewer),
            )
            held[reviewer] = [row["pair"] for row in kept.fetchall()]
        had = connection.execute("SELECT pair, reviewer FROM assignment").fetchall()
        taken = {(row["pair"], row["reviewer"]) for row in had}
        for pair in connection.execute(
            "SELECT id, open_slots FROM pair WHERE open_slots > 0 AND in_use = 1 ORDER BY id"
        ).fetchall():
            free = [one for one in reviewers if (pair["id"], one) not in taken and (most is None or len(held[one]) < most)]
            for reviewer in sorted(free, key=lambda one: len(held[one]))[: pair["open_slots"]]:
                assign(connection, store.reviewers_per_pair, pair["id"], reviewer, until, None)
                held[reviewer].append(pair["id"])
    return {reviewer: sorted(pairs) for reviewer, pairs in held.items()}


@dataclass(frozen=True, slots=True)
class _Block:
    """A pair as rows of cells: label, then one text a field; `kinds` says how the cells of the second row differ."""

    number: int
    rows: list[list[str]]
    kinds: list[str]


def _block(pair: ShownPair, fields: list[str], t: Interface) -> _Block:
    rows = {row.name: row for group in pair.groups.values() for row in group}
    left = [t("left_record"), *(_text(rows[name].left if name in rows else None) for name in fields)]
    right = [t("right_record"), *(_text(rows[name].right if name in rows else None) for name in fields)]
    others = [
        [t("sheet_other", number=number), *(_text(shown.get(name)) for name in fields)]
        for number, other in enumerate(pair.runner_ups, 1)
        if (shown := {name: segments for name, segments, _ in other.rows})
    ]
    return _Block(
        pair.number, [left, right, *others], ["same", *(rows[name].state if name in rows else "same" for name in fields)]
    )


def _text(segments: Marked | None) -> str:
    text = "".join(segment.text for segment in segments or ())
    return str(neutralised(_ILLEGAL.sub("\ufffd", text)))


def _check_sum(store: Store, workbook: str, reviewer: int, pair: int, rows: list[list[str]]) -> str:
    shown = "\x1e".join("\x1f".join(row).rstrip("\x1f") for row in rows)
    message = f"{workbook}|{reviewer}|{pair}|{shown}"
    return hmac.new(bytes.fromhex(store.setting("workbook_key")), message.encode(), hashlib.sha256).hexdigest()[:32]


def _write_workbook(store: Store, target: Path, reviewer: int, name: str, pairs: list[int], language: Language) -> None:
    from openpyxl import Workbook

    t = INTERFACE[language]
    compared = [compare_pair(store, pair) for pair in pairs]
    used = [row.name for pair in compared for rows in pair.groups.values() for row in rows]
    groups = [name for name, _ in t.groups()]
    fields = sorted(in_page_order(used), key=lambda name: groups.index(group_of(name)))
    workbook = secrets.token_hex(8)
    book = Workbook()
    sheet = book.active
    sheet.title = t("sheet_title")
    _write_head(sheet, [t.field(field) for field in fields], t)
    line = _HEAD_ROWS + 1
    for pair in compared:
        block = _block(pair, fields, t)
        key = f"{pair.number}|{len(block.rows)}|{_check_sum(store, workbook, reviewer, pair.number, block.rows)}"
        _write_block(sheet, line, key, block)
        line += len(block.rows)
    _finish_sheet(sheet, line - 1, t)
    hidden = book.create_sheet(_HIDDEN_SHEET)
    hidden.sheet_state = "hidden"
    for row in (("reviewer", name), ("workbook", workbook)):
        hidden.append(row)
    partial = target.with_name(f".{target.name}.partial")
    os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    book.save(partial)
    partial.rename(target)


def _write_head(sheet: Worksheet, labels: list[str], t: Interface) -> None:
    from openpyxl.styles import Alignment, Font, PatternFill

    sheet.append(["", t("sheet_guide")])
    sheet["B1"].font = Font(name=_FONT, bold=True)
    sheet.append(["", t("pair_column"), t("verdict_column"), t("sheet_reason"), t("sheet_comment"), t("sheet_record"), *labels])
    for cell in sheet[_HEAD_ROWS]:
        cell.font = Font(name=_FONT, bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="0B5D4E")
        cell.alignment = Alignment(wrap_text=True, vertical="center")


def _write_block(sheet: Worksheet, line: int, key: str, block: _Block) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Protection, Side

    letter, tone, other = (
        PatternFill("solid", fgColor="FFE08A"),
        PatternFill("solid", fgColor="FFF6DA"),
        PatternFill("solid", fgColor="EEF1F4"),
    )
    edge = Border(top=Side(style="medium", color="6E7781"))
    box = Border(**{side: Side(style="thin", color="0B5D4E") for side in ("left", "right", "top", "bottom")})
    for offset, row in enumerate(block.rows):
        values = [key, block.number, None, None, None, *row] if offset == 0 else [None] * _RECORD + list(row)
        for column, value in enumerate(values, 1):
            cell = sheet.cell(line + offset, column, value)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if offset == 0:
                cell.border = edge
            if offset > 1 and column >= _RECORD:
                cell.fill = other
            kind = block.kinds[column - 1 - _RECORD] if column > _RECORD else "same"
            if offset < 2 and kind == "letter":
                cell.fill, cell.font = letter, Font(name=_FONT, bold=True)
            elif offset < 2 and kind == "tone":
                cell.fill, cell.font = tone, Font(name=_FONT, italic=True, underline="single")
    for column in (_VERDICT, _REASON, _COMMENT):
        cell = sheet.cell(line, column + 1)
        cell.protection = Protection(locked=False)
        sheet.merge_cells(start_row=line, end_row=line + len(block.rows) - 1, start_column=column + 1, end_column=column + 1)
        for offset in range(len(block.rows)):
            sheet.cell(line + offset, column + 1).border = box


def _finish_sheet(sheet: Worksheet, last: int, t: Interface) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for column, words in (
        (_VERDICT, [t(f"verdict_{verdict}") for verdict in VERDICTS]),
        (_REASON, [t(f"reason_{name}") for name in REASONS]),
    ):
        letter = get_column_letter(column + 1)
        rule = DataValidation("list", formula1='"' + ",".join(words) + '"', allow_blank=True, showErrorMessage=True)
        rule.add(f"{letter}{_HEAD_ROWS + 1}:{letter}{last}")
        sheet.add_data_validation(rule)
    widths = {_KEY: 3, _NUMBER: 7, _VERDICT: 20, _REASON: 20, _COMMENT: 24, _RECORD: 18}
    for place in range(sheet.max_column):
        sheet.column_dimensions[get_column_letter(place + 1)].width = widths.get(place, 22)
    sheet.column_dimensions["A"].hidden = True
    sheet.freeze_panes = sheet.cell(_HEAD_ROWS + 1, _FIRST_FIELD + 1)
    sheet.protection.sheet = True
    sheet.protection.formatColumns = False
    sheet.protection.formatRows = False
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


@dataclass
class _Counts:
    recorded: int = 0
    unchanged: int = 0
    empty: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def import_workbook(run: Path, file: Path) -> ImportReport:
    """Record a workbook's answers. The same file again changes nothing; no register value stands in the report.

    Raises:
        ReviewError: when the file is not a workbook of this review.
    """
    sheet, hidden = _read(file)
    said = {str(row[0]): str(row[1]) for row in hidden if len(row) >= 2}
    store = open_store(run)
    try:
        account = store.connection.execute("SELECT id, name FROM account WHERE name = ?", (said.get("reviewer", ""),)).fetchone()
        if account is None:
            raise ReviewError(
                f"{file}: its reviewer has no account in this review", "Import it into the run that it was exported from."
            )
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        counts, pairs, line = _Counts(), 0, _HEAD_ROWS
        while line < len(sheet):
            key = re.fullmatch(r"(\d{1,12})\|(\d{1,2})\|([0-9a-f]{32})", sheet[line][_KEY])
            if key is None:
                if any(sheet[line]):
                    counts.refused.append((line + 1, "the row has no valid key"))
                line += 1
                continue
            height = max(1, int(key[2]))
            rows = [row[_RECORD:] for row in sheet[line : line + height]]
            pairs += 1
            if not hmac.compare_digest(key[3], _check_sum(store, said.get("workbook", ""), account["id"], int(key[1]), rows)):
                counts.refused.append(
                    (line + 1, "the check sum is wrong: locked cells were changed, or the row belongs to another workbook")
                )
            else:
                _take(store, counts, line + 1, int(key[1]), account["id"], sheet[line], digest)
            line += height
        return ImportReport(account["name"], pairs, counts.recorded, counts.unchanged, counts.empty, tuple(counts.refused))
    finally:
        store.close()


def _take(store: Store, counts: _Counts, row: int, pair: int, reviewer: int, cells: list[str], digest: str) -> None:
    """Record one pair's answer, or say why not."""
    said, why, comment = (cells[column].strip() for column in (_VERDICT, _REASON, _COMMENT))
    if not said:
        counts.empty += 1
        if why or comment:
            counts.refused.append((row, "a reason or comment without an answer"))
        return
    verdict, reason = _VERDICT_OF.get(said.casefold()), _REASON_OF.get(why.casefold())
    if verdict is None or reason is None:
        counts.refused.append((row, f"the {'answer' if verdict is None else 'reason'} is not one of the list"))
        return
    if len(comment) > LONGEST_COMMENT:
        counts.refused.append((row, f"the comment is longer than {LONGEST_COMMENT} characters"))
        return
    standing = standing_answer(store, pair, reviewer)
    if standing is not None and (standing["verdict"], standing["reason"], standing["comment"]) == (verdict, reason, comment):
        counts.unchanged += 1
        return
    form_key = hashlib.sha256(f"{digest}|{pair}|{reviewer}".encode()).hexdigest()
    try:
        new = record_answer(store, Answer(pair, reviewer, verdict, reason, comment, form_key, PAGE_VERSION, through="workbook"))
    except ReviewError as error:
        counts.refused.append((row, error.what))
        return
    if new:
        counts.recorded += 1
    else:
        counts.unchanged += 1


_VERDICT_OF = {t(f"verdict_{verdict}").casefold(): verdict for t in INTERFACE.values() for verdict in VERDICTS}
_REASON_OF = {"": ""} | {
    INTERFACE[language](f"reason_{reason}").casefold(): reason for language in INTERFACE for reason in REASONS
}


def _read(file: Path) -> tuple[list[list[str]], list[list[str]]]:
    """The review sheet's and the hidden sheet's cells as text, every row of one length."""
    from python_calamine import CalamineError, CalamineWorkbook

    refusal = ReviewError(f"{file} is not a workbook of a review", "Give a file made by `linkage review export`, saved as .xlsx.")
    if not file.is_file() or file.stat().st_size > _LARGEST_FILE:
        raise refusal
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > _LARGEST_UNPACKED:
                raise refusal
        book = CalamineWorkbook.from_path(str(file))
        if _HIDDEN_SHEET not in book.sheet_names or len(book.sheet_names) < 2:
            raise refusal
        first = next(name for name in book.sheet_names if name != _HIDDEN_SHEET)
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in (first, _HIDDEN_SHEET)]
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError):
        raise refusal from None
    texts = [[[_cell(value) for value in row] for row in sheet] for sheet in sheets]
    return [row + [""] * (_FIRST_FIELD - len(row)) for row in texts[0]], texts[1]


def _cell(value: object) -> str:
    """A cell as text; whole numbers without the decimal point that Excel's own format gives them."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
