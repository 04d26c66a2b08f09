"""Work lists: what they hold, that they read back unchanged, and the way back with damaged rows."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.escape import unescape
from reconcilekit import ENTRY, PERSON, make_run, reconcile

from linkage.errors import LinkageError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import read_codes
from linkage.reconcile.collecting import collect_worklists
from linkage.reconcile.summaries import summarise_outcomes, write_summary
from linkage.reconcile.worklists import write_worklists
from linkage.runs.tables import VERIFICATIONS, WORKLISTS

HEADERS = {"full_name": "Họ và tên", "birth_date": "Ngày sinh", "hometown": "Quê quán", "ethnicity": "Dân tộc"}
TODAY = date(2026, 11, 23)
ODD = ("=1+1", "+84", "-5", "@x", "a & b < c > d", "_x000D_", "'quoted'", "H’Hen Niê", "hai\ndòng", " đầu và cuối ")
OFFICES = ("UBND xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định", "UBND phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh", None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mentions, persons, links = [], [], []
    for n in range(120):
        odd = ODD[n % len(ODD)]
        mentions.append(
            {
                **ENTRY,
                **PERSON,
                "record_id": f"m{n:03d}",
                "registering_office": OFFICES[n % 3],
                "page_number": odd,
                "ethnicity": "Tày",
                "book_number": f"{n:02d}/1985",
            }
        )
        persons.append({**PERSON, "record_id": f"p{n:03d}", "ethnicity": "Kinh", "full_name": f"Nguyễn Văn Hùng {odd}"})
        links.append((f"m{n:03d}", f"p{n:03d}", 20.0, "above_upper", None))
    run = make_run(tmp_path_factory.mktemp("worklists"), mentions, persons, links)
    reconcile(run)
    return run


@pytest.fixture
def issued(run: Path, tmp_path: Path) -> Path:
    write_worklists(run, tmp_path / "out", headers=HEADERS, note="Dữ liệu tổng hợp")
    VERIFICATIONS.path(run).unlink(missing_ok=True)
    return tmp_path / "out"


def lists_of(path: Path) -> list[tuple[openpyxl.Workbook, object, dict[str, int]]]:
    """The sheets with answers to give: (workbook, sheet, header → column)."""
    workbook = openpyxl.load_workbook(path)
    found = []
    for sheet in workbook.worksheets:
        for row in sheet.iter_rows(min_row=1, max_row=6):
            titles = [cell.value for cell in row]
            if texts.KEY in titles:
                found.append((workbook, sheet, {title: n + 1 for n, title in enumerate(titles) if title} | {"at": row[0].row}))
    return found


def test_one_workbook_a_commune_with_the_old_unit_named(issued: Path) -> None:
    names = sorted(path.relative_to(issued).as_posix() for path in issued.rglob("*.xlsx"))
    assert len(names) == 3 and names[0] == "00-chua-xac-dinh-duoc-tinh/00000-chua-xac-dinh-duoc-xa.xlsx"
    guide = openpyxl.load_workbook(issued / names[1])[texts.GUIDE_SHEET]
    said = "\n".join(str(cell.value) for row in guide.iter_rows(max_row=6) for cell in row if cell.value)
    assert "Mỹ Lộc, Tỉnh Nam Định" in said and "Ninh Bình" in said and "Dữ liệu tổng hợp" in said


def test_values_read_back_unchanged_and_are_never_formulas(run: Path, issued: Path) -> None:
    raw = {row["record_id"]: row for row in pq.read_table(run / "raw_mentions.parquet").to_pylist()}
    people = {row["record_id"]: row for row in pq.read_table(run / "raw_persons.parquet").to_pylist()}
    rows = 0
    for path in issued.rglob("*.xlsx"):
        for _, sheet, at in lists_of(path):
            for line in sheet.iter_rows(min_row=at["at"] + 1):
                record = raw[line[at[texts.RECORD_ID] - 1].value]
                assert unescape(line[at[texts.PAGE] - 1].value) == record["page_number"]
                assert unescape(line[at["Họ và tên - dân cư"] - 1].value) == people["p" + record["record_id"][1:]]["full_name"]
                assert all(cell.data_type != "f" for cell in line)
                assert "Dân tộc: Tày | Kinh (Khác thực sự)" in line[at[texts.OTHER_DIFFERENCES] - 1].value
                rows += 1
    assert rows == 120


def test_only_the_answers_are_unlocked(issued: Path) -> None:
    for path in issued.rglob("*.xlsx"):
        for _, sheet, at in lists_of(path):
            assert sheet.protection.sheet
            unlocked = {at_ for at_ in range(1, sheet.max_column + 1) if not sheet.cell(at["at"] + 1, at_).protection.locked}
            assert unlocked == {at[texts.RESULT], at[texts.DONE_ON], at[texts.OFFICER], at[texts.REMARK]}
            assert sheet.column_dimensions[openpyxl.utils.get_column_letter(at[texts.KEY])].hidden
            assert sheet.data_validations.dataValidation[0].type == "list"


def test_same_bytes_again(run: Path, issued: Path, tmp_path: Path) -> None:
    write_worklists(run, tmp_path / "again", headers=HEADERS, note="Dữ liệu tổng hợp")
    for path in issued.rglob("*.xlsx"):
        assert (tmp_path / "again" / path.relative_to(issued)).read_bytes() == path.read_bytes()


def test_workbooks_are_readable_by_their_owner_only(run: Path, issued: Path) -> None:
    assert {path.stat().st_mode & 0o777 for path in [*issued.rglob("*.xlsx"), WORKLISTS.path(run)]} == {0o600}


def test_round_trip_with_vandalised_rows_loses_nothing(run: Path, issued: Path) -> None:
    """Of 120 rows, 12 are damaged in 12 ways; every issued row ends in exactly one place, each damage with its reason."""
    label = next(iter(read_codes().codes.results.values())).label
    chance = random.Random(7)
    damage = [
        "unknown_result",
        "no_date",
        "bad_date",
        "future_date",
        "no_officer",
        "locked_changed",
        "unknown_key",
        "not_returned",
        "twice",
        "no_result",
        "locked_changed",
        "unknown_key",
    ]
    keys = [row["record_id"] for row in pq.read_table(WORKLISTS.path(run)).to_pylist()]
    planned = dict(zip(chance.sample(keys, len(damage)), damage, strict=True))
    untouched = set(chance.sample([key for key in keys if key not in planned], 10))
    for path in issued.rglob("*.xlsx"):
        for workbook, sheet, at in lists_of(path):
            for row in range(sheet.max_row, at["at"], -1):
                record = sheet.cell(row, at[texts.RECORD_ID]).value
                if record in untouched:
                    continue
                answer = {texts.RESULT: label, texts.DONE_ON: date(2026, 10, 5), texts.OFFICER: "Lê Văn Tư"}
                match planned.get(record):
                    case "unknown_result":
                        answer[texts.RESULT] = "đã xong"
                    case "no_date":
                        answer[texts.DONE_ON] = None
                    case "bad_date":
                        answer[texts.DONE_ON] = "hôm qua"
                    case "future_date":
                        answer[texts.DONE_ON] = "01/02/2027"
                    case "no_officer":
                        answer[texts.OFFICER] = " "
                    case "no_result":
                        answer[texts.RESULT] = None
                    case "locked_changed":
                        sheet.cell(row, at[texts.BOOK]).value = "99/1999"
                    case "unknown_key":
                        sheet.cell(row, at[texts.KEY]).value = "0" * 16
                    case "not_returned":
                        sheet.delete_rows(row)
                        continue
                    case "twice":
                        copied = [cell.value for cell in sheet[row]]
                        copied[at[texts.OFFICER] - 1] = "Người khác"
                        copied[at[texts.RESULT] - 1] = label
                        copied[at[texts.DONE_ON] - 1] = "05/10/2026"
                        sheet.append(copied)
                for title, value in answer.items():
                    sheet.cell(row, at[title]).value = value
            workbook.save(path)
    collected = collect_worklists(run, issued, today=TODAY)
    # the two rows with a foreign key are refused and, their own keys not having come back, missing as well
    assert collected.reasons == {
        "bad_date": 1,
        "future_date": 1,
        "locked_changed": 2,
        "no_date": 1,
        "no_officer": 1,
        "no_result": 1,
        "not_returned": 3,
        "twice": 2,
        "unknown_key": 2,
        "unknown_result": 1,
    }
    assert collected.answered == 120 - 12 - 10 and collected.untouched == 10
    assert collected.rows == collected.answered + collected.untouched + collected.refused
    listed = openpyxl.load_workbook(collected.report).worksheets[0]
    assert listed.max_row - 2 == sum(collected.reasons.values())
    assert {row["record_id"] for row in pq.read_table(VERIFICATIONS.path(run)).to_pylist()} == set(keys) - set(
        planned
    ) - untouched
    before = VERIFICATIONS.path(run).read_bytes()
    assert collect_worklists(run, issued, today=TODAY) == collected
    assert VERIFICATIONS.path(run).read_bytes() == before
    (total,) = summarise_outcomes(run, ())
    assert total.verified == collected.answered and total.by_status["adjusted_population"] == collected.answered


def test_a_later_answer_replaces_an_earlier_one(run: Path, issued: Path) -> None:
    results = list(read_codes().codes.results.values())
    for label in (results[0].label, results[-1].label):
        for path in issued.rglob("*.xlsx"):
            for workbook, sheet, at in lists_of(path):
                for title, value in ((texts.RESULT, label), (texts.DONE_ON, "05/10/2026"), (texts.OFFICER, "Lê Văn Tư")):
                    sheet.cell(at["at"] + 1, at[title]).value = value
                workbook.save(path)
        collect_worklists(run, issued, today=TODAY)
    assert {row["status"] for row in pq.read_table(VERIFICATIONS.path(run)).to_pylist()} == {results[-1].status}


def test_files_that_are_no_worklists_are_reported(run: Path, issued: Path) -> None:
    (issued / "broken.xlsx").write_bytes(b"not a zip")
    workbook = openpyxl.Workbook()
    workbook.active.append(["something", "else"])
    workbook.save(issued / "other.xlsx")
    collected = collect_worklists(run, issued, today=TODAY)
    assert collected.reasons == {"no_worklist": 1, "not_a_workbook": 1} and collected.untouched == 120


def test_errors_say_what_to_do(run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(LinkageError, match="no workbook"):
        collect_worklists(run, tmp_path / "empty", today=TODAY)
    with pytest.raises(LinkageError, match="no outcomes"):
        write_worklists(tmp_path / "empty", tmp_path / "out", headers={})
    copied = tmp_path / "copied"
    shutil.copytree(run, copied)
    WORKLISTS.path(copied).unlink(missing_ok=True)
    with pytest.raises(LinkageError, match="no work lists"):
        collect_worklists(copied, tmp_path / "empty", today=TODAY)


def test_summary_workbook_adds_up(run: Path, tmp_path: Path) -> None:
    write_summary(run, tmp_path / "summary.xlsx")
    records = pq.read_table(run / "outcomes.parquet").num_rows
    for sheet in openpyxl.load_workbook(tmp_path / "summary.xlsx").worksheets:
        lines = [[cell.value for cell in row] for row in sheet.iter_rows()]
        column = next(line.index("Số bản ghi") for line in lines if "Số bản ghi" in line)
        assert lines[-1][0] == texts.TOTAL and lines[-1][column] == records
