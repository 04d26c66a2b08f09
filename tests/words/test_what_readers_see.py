"""What the demo puts before Vietnamese readers: the report, every page of the review, every workbook. No key of ours, no English.

Excepted, and nothing else: commands to type; what is marked as code (project-file keys, commands and sources of numbers, in the report's annexes),
the addresses behind links and forms, identifiers of records (`Mã hồ sơ` and its like), and hidden columns and sheets.
"""

from __future__ import annotations

import base64
import html
import re
import shutil
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from linkage import follow_up
from linkage.project import Run
from linkage.registers import register_kinds
from linkage.registers.templates import write_template
from linkage.words.decisions import DECISIONS, THRESHOLDS
from linkage.words.estimates import ESTIMATORS, MEASURES, SAMPLE_KINDS
from linkage.words.fields import FIELDS
from linkage.words.findings import DIFFERENCES, FINDINGS
from linkage.words.group_names import BREAKDOWNS, SEXES
from linkage.words.key_names import KEYS
from linkage.words.registers import REGISTERS, ROLES, WHOSE
from linkage.words.set_aside import SET_ASIDE
from linkage.words.verdicts import VERDICTS

SNAKE = re.compile(r"(?<![\w/.-])[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+(?![\w/-])")
THEMES = (
    REGISTERS, ROLES, WHOSE, FIELDS, KEYS, DECISIONS, THRESHOLDS, VERDICTS, FINDINGS, DIFFERENCES, MEASURES, ESTIMATORS,
    SAMPLE_KINDS, SET_ASIDE, BREAKDOWNS, SEXES,
)  # fmt: skip
ENGLISH = {token for theme in THEMES for word in theme.values() for token in re.findall("[a-z]{4,}", word.en.lower())}
ENGLISH |= {
    key for theme in (REGISTERS, ROLES, WHOSE, FIELDS, DECISIONS, VERDICTS, SAMPLE_KINDS) for key in theme if "_" not in key
}
ENGLISH -= {"than", "excel", "json"}
RUN_ID = re.compile(r"\bbirth-to-population(-[0-9a-f]{12})?\b")
"""The name of the demo's project and the id of its run."""
PASSWORD = "một mật khẩu để thử"


def told(text: str) -> tuple[set[str], set[str]]:
    """Keys and English words in a text that a reader sees."""
    text = RUN_ID.sub(" ", text)
    words = {token.lower() for token in re.findall(r"(?<![^\W\d])[^\W\d_]+(?![^\W\d])", text) if not token.isupper()}
    return set(SNAKE.findall(text)), words & ENGLISH


def seen_in_html(page: str) -> str:
    """What a page shows and what a screen reader says of it, without what is marked as code."""
    page = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    page = re.sub(r"<code>.*?</code>|<span\s+class=\"code\">.*?</span>", " ", page, flags=re.DOTALL)
    drawn = [base64.b64decode(text).decode() for text in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", page)]
    drawn = [text for svg in drawn for text in re.findall(r"<!--(.*?)-->", svg)]  # matplotlib notes the text it draws as paths
    spoken = re.findall(r'(?:aria-label|alt|title|placeholder)="([^"]*)"', page)
    return html.unescape(" ".join([re.sub(r"<[^>]*>", " ", page), *drawn, *spoken]))


def seen_in_workbook(path: Path) -> str:
    """Every cell of the sheets, columns and rows that are not hidden, and the sheets' names."""
    book = load_workbook(path)
    texts: list[str] = []
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        texts.append(sheet.title)
        hidden = {letter for letter, column in sheet.column_dimensions.items() if column.hidden}
        for row in sheet.iter_rows():
            texts += [str(cell.value) for cell in row if cell.value is not None and cell.column_letter not in hidden]
        for rule in sheet.data_validations.dataValidation:
            texts += [str(rule.formula1), str(rule.prompt or ""), str(rule.error or "")]
    return "\n".join(texts)


@pytest.fixture(scope="module")
def run(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A copy of the finished run, to review."""
    copy = tmp_path_factory.mktemp("seen") / "run"
    shutil.copytree(finished_run, copy)
    return Run.open(copy)


@pytest.fixture(scope="module")
def workbooks(run: Run, province: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every workbook that leaves the house, by what it is."""
    from linkage.reconcile import take_inventory, write_inventory

    folder = tmp_path_factory.mktemp("workbooks")
    lists = folder / "lists"
    follow_up.write_worklists(run, lists)
    issued = sorted(lists.rglob("*.xlsx"))
    made = {f"worklist {path.stem}": path for path in issued[:20]}
    returned = folder / "returned"
    returned.mkdir()
    (returned / "hong.xlsx").write_bytes(b"x")
    book = load_workbook(issued[0])
    for sheet in book.worksheets[1:2]:
        sheet.cell(sheet.max_row, 2).value = "khác"
    book.save(returned / "one.xlsx")
    refused = follow_up.collect_worklists(run, returned).report
    assert refused is not None
    made["refused rows"] = refused
    for name, write in (
        ("numbers", follow_up.propose_numbers),
        ("summary", follow_up.write_summary),
        ("entries", follow_up.prefill_entries),
    ):
        made[name] = folder / f"{name}.xlsx"
        write(run, made[name])
    made["inventory"] = folder / "inventory.xlsx"
    write_inventory(take_inventory(province / "books.csv"), made["inventory"])
    for kind in register_kinds():
        made[f"template {kind.name}"] = folder / f"{kind.name}.xlsx"
        write_template(kind, made[f"template {kind.name}"])
    return made


def test_the_report_shows_no_key(run: Run, tmp_path: Path) -> None:
    (page,) = run.report(("html",), out=tmp_path, language="vi")
    text = seen_in_html(page.read_text(encoding="utf-8"))
    assert "Sổ đăng ký khai sinh (người được khai sinh)" in text
    assert told(text) == (set(), set())


def test_the_report_of_a_reviewed_run_shows_no_key(tmp_path: Path) -> None:
    from planted_run import plant_run

    from linkage.report import build_report

    run = plant_run(tmp_path / "run", labels=True)
    page = build_report(run, formats=("html",))["html"]
    assert told(seen_in_html(page.read_text(encoding="utf-8"))) == (set(), set())


def test_workbooks_show_no_key(workbooks: dict[str, Path]) -> None:
    found = {name: told(seen_in_workbook(path)) for name, path in workbooks.items()}
    assert {name: one for name, one in found.items() if one != (set(), set())} == {}


def test_the_page_of_a_comparison_shows_no_key(run: Run, finished_run: Path, tmp_path: Path) -> None:
    from linkage.comparing import compare_runs

    page = compare_runs(finished_run, run.path, tmp_path / "compared").page.read_text(encoding="utf-8")
    text = seen_in_html(page).replace("“linkage review serve”", "")  # a command to type
    assert "Liên kết giữ nguyên" in text
    assert told(text) == (set(), set())


def pages(run: Path) -> Iterator[tuple[str, str]]:
    """Every page of the review, as those who work there meet them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Starlette prefers a successor of httpx that the environment does not have
        from fastapi.testclient import TestClient
    from linkage.config import ReviewSpec
    from linkage.review import add_user
    from linkage.review.accounts import begin_session
    from linkage.review.review_set import load_review_set
    from linkage.review.store import create_store
    from linkage.review.web_app import create_app

    people = {name: add_user(run, name, role, PASSWORD, ReviewSpec()) for name, role in (
        ("lan", "reviewer"), ("minh", "reviewer"), ("bình", "adjudicator"), ("thu", "manager")
    )}  # fmt: skip
    store = create_store(run, ReviewSpec())
    load_review_set(store, run, seed=1)
    try:
        with TestClient(create_app(store, run), base_url="http://127.0.0.1", follow_redirects=True) as client:
            yield "/dang-nhap", client.get("/dang-nhap").text
            yield "404", client.get("/khong-co").text

            def cookie(name: str) -> dict[str, str]:
                return {"cookie": f"review={begin_session(store, people[name])}"}

            for name, verdict in (("lan", "match"), ("minh", "non_match")):
                headers = cookie(name)
                for turn in range(12):
                    page = client.get("/cap", headers=headers).text
                    yield f"{name} /cap {turn}", page
                    action_of = re.search(r'action="(/cap/\d+)" aria', page)
                    if not action_of:
                        break
                    fields = dict(re.findall(r'name="(csrf|form_key)" value="([^"]+)"', page))
                    yield f"{name} search", client.get(f"{action_of[1]}/tim", headers=headers).text
                    if turn == 0:
                        looked = client.post(
                            f"{action_of[1]}/tim", headers=headers, data=fields | {"name": "nguyen thi", "year": ""}
                        )
                        yield f"{name} found", looked.text
                    sent = fields | {"verdict": verdict, "reason": "twins"}
                    yield f"{name} answered", client.post(action_of[1], headers=headers, data=sent).text
                yield f"{name} /cua-toi", client.get("/cua-toi", headers=headers).text
            yield "/phan-xu", client.get("/phan-xu", headers=cookie("bình")).text
            yield "/tien-do", client.get("/tien-do", headers=cookie("thu")).text
    finally:
        store.close()


def test_pages_and_workbooks_of_the_review_show_no_key(run: Run, tmp_path: Path) -> None:
    from linkage.review import export_workbooks

    seen = dict(pages(run.path))
    assert any("(người được khai sinh)" in page for page in seen.values())
    assert "Các câu trả lời đã có" in seen["/phan-xu"] and "đã ghép" in seen["/tien-do"]
    found = {name: told(seen_in_html(page).replace("English", "")) for name, page in seen.items()}
    made = export_workbooks(run.path, tmp_path / "review.xlsx", pairs=20)
    found |= {path.name: told(seen_in_workbook(path)) for path in made}
    assert made
    assert {name: one for name, one in found.items() if one != (set(), set())} == {}


def test_a_planted_key_is_found() -> None:
    assert told("Trường declarant_relationship của subject") == ({"declarant_relationship"}, {"subject"})
    assert told(seen_in_html('<p>Trường <span class="code">birth_date</span>, <code>left.rules</code></p>')) == (set(), set())
