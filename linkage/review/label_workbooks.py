"""Review in Excel for offices without access: one workbook a reviewer, out and in.

The hidden key of a block of rows (see `review_sheets`) carries a check sum over the reviewer, the pair or search and everything
shown: a row that was moved, edited or forged is refused.
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

from linkage.errors import ReviewError
from linkage.review.answers import LONGEST_COMMENT, REASONS, VERDICTS, Answer, is_recorded, record_answer, standing_answer
from linkage.review.assignments import Pick, assign, pick_person
from linkage.review.comparison import compare_pair, shows_search
from linkage.review.interface import INTERFACE
from linkage.review.person_search import PersonSearch
from linkage.review.review_sheets import (
    COMMENT,
    FOUND,
    HEAD_ROWS,
    KEY,
    OTHER,
    PAIRS,
    REASON,
    SEARCHES,
    VERDICT,
    SheetKind,
    pair_blocks,
    search_blocks,
    write_sheet,
)
from linkage.review.store import Store, open_store
from linkage.runs.judged import FIELDS_PARTED_BY
from linkage.words.language import Language

PAGE_VERSION = "workbook-2"
_HIDDEN_SHEET = "review-key"
_LARGEST_FILE, _LARGEST_UNPACKED = 30_000_000, 300_000_000


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of a workbook's pairs and searches (`pairs` counts both).

    Each is recorded, unchanged, empty or refused (with the sheet's row and why).
    """

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
    pairs and searches in each; all that is open is dealt out evenly when None. Those held from an earlier export and still
    unanswered come again. Searches have a sheet of their own, with the persons whom the run offers.

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


def _check_sum(store: Store, workbook: str, reviewer: int, pair: int, rows: list[list[str]]) -> str:
    shown = "\x1e".join("\x1f".join(row).rstrip("\x1f") for row in rows)
    message = f"{workbook}|{reviewer}|{pair}|{shown}"
    return hmac.new(bytes.fromhex(store.setting("workbook_key")), message.encode(), hashlib.sha256).hexdigest()[:32]


def _write_workbook(store: Store, target: Path, reviewer: int, name: str, pairs: list[int], language: Language) -> None:
    from openpyxl import Workbook

    t = INTERFACE[language]
    compared = [compare_pair(store, pair) for pair in pairs]
    workbook = secrets.token_hex(8)
    book = Workbook()
    book.remove(book.active)
    for kind, blocks_of in ((PAIRS, pair_blocks), (SEARCHES, search_blocks)):
        fields, blocks = blocks_of([one for one in compared if one.is_search == (kind is SEARCHES)], t)
        keys = [f"{one.number}|{len(one.rows)}|{_check_sum(store, workbook, reviewer, one.number, one.rows)}" for one in blocks]
        if blocks:
            write_sheet(book.create_sheet(), kind, fields, list(zip(keys, blocks, strict=True)), t)
    hidden = book.create_sheet(_HIDDEN_SHEET)
    hidden.sheet_state = "hidden"
    for row in (("reviewer", name), ("workbook", workbook)):
        hidden.append(row)
    partial = target.with_name(f".{target.name}.partial")
    os.close(os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    book.save(partial)
    partial.rename(target)


@dataclass
class _Taking:
    """A workbook being taken in, and what became of its blocks so far."""

    store: Store
    run: Path
    workbook: str
    reviewer: int
    digest: str
    pairs: int = 0
    recorded: int = 0
    unchanged: int = 0
    empty: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)
    persons: PersonSearch | None = None

    def person(self, written: str) -> Pick | None:
        """Whom a record id or a personal number names."""
        self.persons = self.persons or PersonSearch(self.run)
        return self.persons.named(written, self.store.setting("judged_fields").split(FIELDS_PARTED_BY))

    def close(self) -> None:
        """Close the population, where it was looked into."""
        if self.persons is not None:
            self.persons.close()


def import_workbook(run: Path, file: Path) -> ImportReport:
    """Record a workbook's answers. The same file again changes nothing; no register value stands in the report.

    Raises:
        ReviewError: when the file is not a workbook of this review.
    """
    sheets, hidden = _read(file)
    said = {str(row[0]): str(row[1]) for row in hidden if len(row) >= 2}
    store = open_store(run)
    try:
        account = store.connection.execute("SELECT id, name FROM account WHERE name = ?", (said.get("reviewer", ""),)).fetchone()
        if account is None:
            raise ReviewError(
                f"{file}: its reviewer has no account in this review", "Import it into the run that it was exported from."
            )
        taking = _Taking(store, run, said.get("workbook", ""), account["id"], hashlib.sha256(file.read_bytes()).hexdigest())
        for sheet in sheets:
            _take_sheet(taking, sheet)
        taking.close()
        return ImportReport(account["name"], taking.pairs, taking.recorded, taking.unchanged, taking.empty, tuple(taking.refused))
    finally:
        store.close()


def _take_sheet(taking: _Taking, sheet: list[list[str]]) -> None:
    line = HEAD_ROWS
    while line < len(sheet):
        key = re.fullmatch(r"(\d{1,12})\|(\d{1,2})\|([0-9a-f]{32})", sheet[line][KEY])
        if key is None:
            if any(sheet[line]):
                taking.refused.append((line + 1, "the row has no valid key"))
            line += 1
            continue
        number, height = int(key[1]), max(1, int(key[2]))
        kind = SEARCHES if shows_search(taking.store, number) else PAIRS
        rows = [row[kind.record :] for row in sheet[line : line + height]]
        taking.pairs += 1
        if hmac.compare_digest(key[3], _check_sum(taking.store, taking.workbook, taking.reviewer, number, rows)):
            why = _take(taking, kind, number, sheet[line], rows)
        else:
            why = "the check sum is wrong: locked cells were changed, or the row belongs to another workbook"
        if why:
            taking.refused.append((line + 1, f"{'sheet of searches: ' if kind is SEARCHES else ''}{why}"))
        line += height


def _take(taking: _Taking, kind: SheetKind, pair: int, cells: list[str], rows: list[list[str]]) -> str:
    """Record one pair's or search's answer; why not, or nothing."""
    store, reviewer = taking.store, taking.reviewer
    said, why, comment = (cells[column].strip() for column in (VERDICT, REASON, COMMENT))
    written = cells[FOUND].strip() if kind is SEARCHES else ""
    if not said:
        taking.empty += 1
        return "a reason, a comment or a person without an answer" if why or comment or written else ""
    choice, reason = _CHOICE_OF[kind].get(said.casefold()), _REASON_OF.get(why.casefold())
    if choice is None or reason is None:
        return f"the {'answer' if choice is None else 'reason'} is not one of the list"
    if len(comment) > LONGEST_COMMENT:
        return f"the comment is longer than {LONGEST_COMMENT} characters"
    if (choice == OTHER) != bool(written):
        return "another person is chosen and none is named" if choice == OTHER else "a person is named beside another answer"
    verdict, pick = choice, None
    if choice not in VERDICTS:
        verdict = "match"
        if choice != OTHER and int(choice) >= len(rows):
            return "so many persons were not offered"
        if (pick := taking.person(written if choice == OTHER else rows[int(choice)][1])) is None:
            return "there is no such person, or more than one"
    standing = standing_answer(store, pair, reviewer)
    if standing is not None:
        named = standing["suggested"] if kind is SEARCHES and standing["verdict"] == "match" else None
        stands = (standing["verdict"], standing["reason"], standing["comment"], named)
        if stands == (verdict, reason, comment, pick.record_id if pick else None):
            taking.unchanged += 1
            return ""
    form_key = hashlib.sha256(f"{taking.digest}|{pair}|{reviewer}".encode()).hexdigest()
    answer = Answer(pair, reviewer, verdict, reason, comment, form_key, PAGE_VERSION, through="workbook")
    try:
        if pick and not is_recorded(store, form_key):
            pick_person(store, pair, reviewer, pick)
        new = record_answer(store, answer)
    except ReviewError as error:
        return error.what
    taking.recorded += new
    taking.unchanged += not new
    return ""


_CHOICE_OF = {
    kind: {words.casefold(): choice for t in INTERFACE.values() for words, choice in kind.choices(t).items()}
    for kind in (PAIRS, SEARCHES)
}
_REASON_OF = {"": ""} | {
    INTERFACE[language](f"reason_{reason}").casefold(): reason for language in INTERFACE for reason in REASONS
}


def _read(file: Path) -> tuple[list[list[list[str]]], list[list[str]]]:
    """The review sheets' and the hidden sheet's cells as text, every row with the columns before its fields at least."""
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
        names = [*(name for name in book.sheet_names if name != _HIDDEN_SHEET), _HIDDEN_SHEET]
        sheets = [book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names]
    except (zipfile.BadZipFile, CalamineError, OSError, ValueError):
        raise refusal from None
    texts = [[[_cell(value) for value in row] for row in sheet] for sheet in sheets]
    return [[row + [""] * (FOUND + 3 - len(row)) for row in sheet] for sheet in texts[:-1]], texts[-1]


def _cell(value: object) -> str:
    """A cell as text; whole numbers without the decimal point that Excel's own format gives them."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
