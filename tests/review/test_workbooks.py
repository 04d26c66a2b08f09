import random
import zipfile

import openpyxl
import pyarrow.parquet as pq
import pytest

from linkage.config import ReviewSpec
from linkage.errors import ReviewError
from linkage.review import export_workbooks, import_workbook, set_active
from linkage.review.answers import Answer, record_answer
from linkage.review.assignments import next_pair


def fill(file, say, to=None):
    """Answer the pairs of a workbook as someone would in Excel; `say(number of the pair)` gives cells by column."""
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    for row in range(3, sheet.max_row + 1):
        if sheet.cell(row, 1).value:
            for column, value in say(sheet.cell(row, 2).value, row).items():
                sheet[f"{column}{row}"] = value
    book.save(to or file)
    return to or file


def answers(review):
    return review.store.connection.execute("SELECT * FROM current_answer ORDER BY pair, person").fetchall()


def test_out_and_in(review, tmp_path):
    files = export_workbooks(review.run, tmp_path / "doi-soat.xlsx")
    assert [file.name for file in files] == ["doi-soat-lan.xlsx", "doi-soat-minh.xlsx", "doi-soat-thu.xlsx"]
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)
    given = 0
    for file in files:
        fill(file, lambda pair, row: {"C": "Cùng một người", "D": "Đã đổi tên", "E": "xem sổ giấy"})
        report = import_workbook(review.run, file)
        assert report.refused == ()
        assert report.recorded == report.pairs
        given += report.pairs
    assert given == 126
    counts = review.store.connection.execute("SELECT count(DISTINCT person) AS n FROM current_answer GROUP BY pair").fetchall()
    assert {row["n"] for row in counts} == {2}
    assert {(row["verdict"], row["reason"], row["comment"], row["through"]) for row in answers(review)} == {
        ("match", "name_changed", "xem sổ giấy", "workbook")
    }


def test_importing_twice_changes_nothing(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=10)
    fill(file, lambda pair, row: {"C": "Same person"})
    assert import_workbook(review.run, file).recorded == 10
    before = [tuple(row) for row in review.store.connection.execute("SELECT * FROM event")]
    again = import_workbook(review.run, file)
    assert (again.recorded, again.unchanged) == (0, 10)
    # Even after the reviewer has changed their mind elsewhere.
    lan = review.people["lan"].id
    record_answer(review.store, Answer(1, lan, "non_match", "", "", "later" * 5, "v"))
    assert import_workbook(review.run, file).recorded == 0
    assert len(review.store.connection.execute("SELECT * FROM event").fetchall()) == len(before) + 1


def test_every_refused_row_is_named_with_its_reason(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=8)
    rows = {}

    def say(pair, row):
        rows[pair] = row
        return {
            1: {"C": "có"},
            2: {"C": "Cùng một người", "D": "lý do lạ"},
            3: {"C": "Cùng một người", "G": "Tên khác"},
            4: {"C": "Cùng một người", "A": f"999999|3|{'0' * 32}"},
            5: {"E": "chỉ ghi chú"},
            6: {"C": "Không xác định được", "E": "x" * 2001},
            7: {},
        }.get(pair, {"C": "Hai người khác nhau"})

    fill(file, say)
    report = import_workbook(review.run, file)
    assert (report.pairs, report.recorded, report.empty) == (8, 1, 2)
    reasons = dict(report.refused)
    assert "not one of the list" in reasons[rows[1]]
    assert "reason is not one of the list" in reasons[rows[2]]
    assert "check sum" in reasons[rows[3]]
    assert "check sum" in reasons[rows[4]]
    assert "without an answer" in reasons[rows[5]]
    assert "longer than" in reasons[rows[6]]
    assert set(reasons) == {rows[pair] for pair in (1, 2, 3, 4, 5, 6)}
    assert "Tên khác" not in str(report)


def test_rows_sorted_apart_from_their_answers_are_refused(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=6)
    book = openpyxl.load_workbook(file)
    sheet = book.worksheets[0]
    rows = [row for row in range(3, sheet.max_row + 1) if sheet.cell(row, 1).value]
    keys = [sheet.cell(row, 1).value for row in rows]
    for row, key in zip(rows, keys[1:] + keys[:1], strict=True):
        sheet.cell(row, 1).value = key
        sheet.cell(row, 3).value = "Cùng một người"
    book.save(file)
    report = import_workbook(review.run, file)
    assert report.recorded == 0
    assert report.refused


def test_another_reviewers_name_on_a_workbook_is_refused(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=3)
    book = openpyxl.load_workbook(file)
    book["review-key"]["B1"] = "minh"
    book.save(file)
    fill(file, lambda pair, row: {"C": "Cùng một người"})
    report = import_workbook(review.run, file)
    assert (report.recorded, len(report.refused)) == (0, 3)


def test_an_adjudicated_pair_is_refused(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=1)
    for name, verdict in (("minh", "non_match"),):
        person = review.people[name].id
        record_answer(review.store, Answer(next_pair(review.store, person), person, verdict, "", "", "m" * 20, "v"))
    fill(file, lambda pair, row: {"C": "Cùng một người"}, tmp_path / "one.xlsx")
    assert import_workbook(review.run, tmp_path / "one.xlsx").recorded == 1
    from linkage.review.assignments import next_dispute

    judge = review.people["bình"].id
    pair = next_dispute(review.store, judge)
    record_answer(review.store, Answer(pair, judge, "match", "", "", "j" * 20, "v", stage="adjudication"))
    fill(file, lambda pair, row: {"C": "Hai người khác nhau"})
    report = import_workbook(review.run, file)
    assert report.recorded == 0
    assert "already decided" in report.refused[0][1]


def test_what_an_officer_can_and_cannot_touch(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=63)
    sheet = openpyxl.load_workbook(file).worksheets[0]
    assert sheet.protection.sheet
    assert sheet.column_dimensions["A"].hidden
    first = next(row for row in range(3, sheet.max_row) if sheet.cell(row, 1).value)
    assert [sheet.cell(first, column).protection.locked for column in range(1, 9)] == [
        True,
        True,
        False,
        False,
        False,
        True,
        True,
        True,
    ]
    lists = {rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert '"Cùng một người,Hai người khác nhau,Không xác định được"' in lists
    cells = [cell for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert not any(cell.data_type == "f" or cell.value.startswith(("=", "+", "-", "@")) for cell in cells)
    assert any(cell.value.startswith("'=HYPERLINK") for cell in cells)
    heads = [cell.value for cell in sheet[2]]
    assert not any(word in str(heads) for word in ("stratum", "weight"))
    numbers = [row["id"] for row in review.store.connection.execute("SELECT id FROM pair WHERE known_verdict IS NOT NULL")]
    place = heads.index("Số định danh cá nhân") + 1
    for row in range(3, sheet.max_row):
        if sheet.cell(row, 1).value and sheet.cell(row, 2).value in numbers:
            assert not sheet.cell(row, place).value


def test_pairs_in_a_workbook_are_held_and_come_again(review, tmp_path):
    [first] = export_workbooks(review.run, tmp_path / "a.xlsx", ["lan"], pairs=5)
    review.clock.pass_minutes(60 * 24)
    assert next_pair(review.store, review.people["lan"].id) == 6
    [second] = export_workbooks(review.run, tmp_path / "b.xlsx", ["lan"], pairs=5)
    assert import_workbook(review.run, second).pairs == import_workbook(review.run, first).pairs == 5
    review.clock.pass_minutes(40 * 24 * 60)
    assert next_pair(review.store, review.people["minh"].id) == 1
    assert next_pair(review.store, review.people["thu"].id) == 1


def test_files_that_are_no_workbooks_are_refused(review, tmp_path):
    for name, content in [
        ("a.xlsx", b""),
        ("b.xlsx", b"PK\x03\x04 broken"),
        ("c.csv", b"a,b\n1,2\n"),
        ("d.xlsx", random.Random(1).randbytes(5000)),
    ]:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ReviewError, match="is not a workbook of a review"):
            import_workbook(review.run, tmp_path / name)
    book = openpyxl.Workbook()
    book.save(tmp_path / "plain.xlsx")
    with pytest.raises(ReviewError, match="is not a workbook"):
        import_workbook(review.run, tmp_path / "plain.xlsx")
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "w", zipfile.ZIP_DEFLATED) as bomb:
        for number in range(4):
            bomb.writestr(f"{number}", bytes(90_000_000))
    with pytest.raises(ReviewError, match="is not a workbook"):
        import_workbook(review.run, tmp_path / "bomb.xlsx")


def test_export_refuses_unknown_names_and_existing_files(review, tmp_path):
    with pytest.raises(ReviewError, match="no active reviewer nobody"):
        export_workbooks(review.run, tmp_path / "x.xlsx", ["nobody"])
    set_active(review.run, "thu", False)
    with pytest.raises(ReviewError, match="no active reviewer thu"):
        export_workbooks(review.run, tmp_path / "x.xlsx", ["thu"])
    export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=2)
    with pytest.raises(ReviewError, match="exists"):
        export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=2)


def searching(make_review, **sizes):
    return make_review(ReviewSpec(planted_share=0), **{"pairs": 4, "anchors": 0, "bystanders": 10, "searches": 9} | sizes)


def sought(review, file):
    """The searches of a workbook: number, its row on the second sheet, the record ids offered."""
    sheet = openpyxl.load_workbook(file)["Tìm người"]
    starts = [row for row in range(3, sheet.max_row + 1) if sheet.cell(row, 1).value]
    ends = [*starts[1:], sheet.max_row + 1]
    return [
        (sheet.cell(start, 2).value, start, [sheet.cell(row, 8).value for row in range(start + 1, end)])
        for start, end in zip(starts, ends, strict=True)
    ]


def fill_searches(file, cells):
    book = openpyxl.load_workbook(file)
    for place, value in cells.items():
        book["Tìm người"][place] = value
    book.save(file)


def test_searches_go_out_and_come_in_on_a_sheet_of_their_own(make_review, tmp_path):
    review = searching(make_review)
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"])
    assert openpyxl.load_workbook(file).sheetnames == ["Rà soát", "Tìm người", "review-key"]
    persons = {row["record_id"]: row for row in pq.read_table(review.run / "raw_persons.parquet").to_pylist()}
    fill(file, lambda pair, row: {"C": "Cùng một người"})
    wanted, cells = {}, {}
    for place, (number, row, offered) in enumerate(sought(review, file)):
        right = wanted[number] = review.true_person(number)
        if right is None:
            cells[f"C{row}"] = "Không có trong CSDL dân cư"
        elif right in offered:
            cells[f"C{row}"] = f"Người gần giống {offered.index(right) + 1}"
        else:
            cells[f"C{row}"] = "Người khác (ghi cột bên)"
            cells[f"F{row}"] = int(persons[right]["personal_number"]) if place % 2 else right
    fill_searches(file, cells)
    report = import_workbook(review.run, file)
    assert (report.pairs, report.recorded, report.refused) == (13, 13, ())
    said = {row["pair"]: row for row in answers(review)}
    assert {number: said[number]["suggested"] for number in wanted} == wanted
    assert all(said[number]["verdict"] == ("match" if right else "non_match") for number, right in wanted.items())
    assert all((said[number]["judged_r"] is None) == (right is None) for number, right in wanted.items())
    assert (import_workbook(review.run, file).unchanged, len(answers(review))) == (13, 13)


def test_every_refused_search_is_named_with_its_reason(make_review, tmp_path):
    review = searching(make_review)
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"])
    blocks = sought(review, file)
    none, some = next(one for one in blocks if not one[2]), [one for one in blocks if one[2]]
    other, first = "Người khác (ghi cột bên)", "Người gần giống 1"
    wrong = {
        none[1]: ({"C": first}, "so many persons were not offered"),
        some[0][1]: ({"C": other}, "none is named"),
        some[1][1]: ({"C": first, "F": "P-B000001"}, "beside another answer"),
        some[2][1]: ({"C": other, "F": "P-nobody"}, "no such person"),
        some[3][1]: ({"F": "P-B000001"}, "without an answer"),
        some[4][1]: ({"C": "Cùng một người"}, "not one of the list"),
        some[5][1]: ({"C": "Không xác định được", "H": "P-B000001"}, "check sum"),
    }
    fill_searches(file, {f"{column}{row}": value for row, (cells, _) in wrong.items() for column, value in cells.items()})
    report = import_workbook(review.run, file)
    assert report.recorded == 0
    reasons = dict(report.refused)
    assert set(reasons) == set(wrong)
    assert all(why in reasons[row] and "sheet of searches" in reasons[row] for row, (_, why) in wrong.items())
    assert "P-nobody" not in str(report)


def test_a_sheet_of_searches_is_locked_but_for_its_answers(make_review, tmp_path):
    review = searching(make_review, pairs=1)
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"])
    sheet = openpyxl.load_workbook(file)["Tìm người"]
    assert sheet.protection.sheet
    assert sheet.column_dimensions["A"].hidden
    assert [sheet.cell(3, column).protection.locked for column in range(1, 9)] == [
        True,
        True,
        False,
        False,
        False,
        False,
        True,
        True,
    ]
    assert sheet["F3"].number_format == "@"
    assert all(one.min_row < one.max_row for one in sheet.merged_cells.ranges), "Excel calls a merged single cell damage"
    assert all(len(rule.formula1) <= 255 for rule in sheet.data_validations.dataValidation)
    assert not any(word in str([cell.value for cell in sheet[2]]) for word in ("stratum", "weight", "near"))


def test_without_searches_there_is_no_sheet_of_them(review, tmp_path):
    [file] = export_workbooks(review.run, tmp_path / "lan.xlsx", ["lan"], pairs=3)
    assert openpyxl.load_workbook(file).sheetnames == ["Rà soát", "review-key"]
