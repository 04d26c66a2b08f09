"""An office's own file of outcomes: other codes, fewer, more in one, unknown findings; from the project file to the report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest

from linkage import Run, open_project
from linkage.config.documentation import README
from linkage.errors import ProjectFileError
from linkage.follow_up import collect_worklists, count_outcomes, write_summary, write_worklists
from linkage.reconcile import OUTCOMES_FILE, OutcomeCodes, read_codes
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.codes import FINDINGS
from tests.conftest import Ended

FEW = """\
outcomes:
  matched_fully: {code: K1, label: Khớp, verify: none, act: none}
  other_spelling: {code: K1, label: Khớp, verify: none, act: none}
  not_found: {code: K9, label: Chưa thấy, verify: ward, act: ask_ward}
default: {code: K5, label: Xem lại, verify: both, act: verify_jointly}
verify: {ward: Tổ dân phố}
acts: {ask_ward: Hỏi tổ dân phố}
results:
  found: {label: Đã thấy, status: closed}
"""
"""Three rows of the nineteen, a verifier and an act of its own, and one result."""


def written(folder: Path, text: str) -> Path:
    path = folder / "ours.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_file_has_a_row_for_every_finding() -> None:
    assert tuple(read_codes().codes.outcomes) == FINDINGS
    assert read_codes().by_default == () and read_codes().told_by_default() == ""


def test_other_codes(tmp_path: Path) -> None:
    codes = {finding: f"N{number}" for number, finding in enumerate(FINDINGS)}
    rows = "\n".join(f"  {finding}: {{code: {code}, verify: none, act: none}}" for finding, code in codes.items())
    read = read_codes(written(tmp_path, f"outcomes:\n{rows}\n"))
    assert {finding: one.code for finding, one in read.codes.outcomes.items()} == codes
    assert read.codes.outcomes["twins"].label == read_codes().codes.outcomes["twins"].label
    assert read.by_default == () and read.codes.results == read_codes().codes.results


def test_findings_without_a_row_fall_to_the_default_row(tmp_path: Path) -> None:
    read = read_codes(written(tmp_path, FEW))
    codes = read.codes
    assert {one.code for one in codes.outcomes.values()} == {"K1", "K9", "K5"}
    assert set(read.by_default) == set(FINDINGS) - {"matched_fully", "other_spelling", "not_found"}
    assert "default (K5): missing_left, " in read.told_by_default()
    assert codes.acts["ask_ward"] == "Hỏi tổ dân phố" and "verify_jointly" in codes.acts, "acts are completed"
    assert list(codes.results) == ["found"], "results are replaced"


def test_without_a_default_row_they_fall_to_their_shipped_row(tmp_path: Path) -> None:
    read = read_codes(written(tmp_path, "outcomes:\n  not_found: {code: K9, verify: police, act: search_population}\n"))
    shipped = read_codes().codes.outcomes
    assert {name: one for name, one in read.codes.outcomes.items() if name != "not_found"} == {
        name: one for name, one in shipped.items() if name != "not_found"
    }
    assert read.codes.outcomes["not_found"].code == "K9"
    assert set(read.by_default) == set(FINDINGS) - {"not_found"} and "shipped outcomes.yaml: " in read.told_by_default()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("not_found:", "not_fuond:", ["ours.yaml:4:3 outcomes.not_fuond: there is no such finding; did you mean `not_found`?", "allowed: matched_fully, other_spelling,"]),
        ("code: K9", "code: K1", ["ours.yaml:4:15 outcomes.not_found.code: K1 already means “Khớp”: one code has one label"]),
        ("act: ask_ward}", "act: ask}", ["ours.yaml:4:", "ask is not listed under acts", "allowed: none, adjust_population"]),
        ("verify: ward", "verify: w", ["ours.yaml:4:", "w is not listed under verify", "citizen, ward"]),
        ("status: closed", "status: shut", ["ours.yaml:9:", "results.found.status: shut is not listed under status"]),
        ("code: K5, ", "", ["ours.yaml:5:1 default.code: this key is needed"]),
        ("results:", "resluts:", ["ours.yaml:8:1 resluts: unknown key; did you mean `results`?"]),
        ("code: K9", "code: 9", ["ours.yaml:4:15 outcomes.not_found.code: should be text (put it in quotation marks)"]),
        ("act: ask_ward}", "act: civil_status_change}", ["civil_status_change is never proposed"]),
        ("default: {code: K5", "default: {code: K1", ["K1 already means “Khớp”"]),
        ("outcomes:", "outcomes: [", ["ours.yaml:3:", "is not YAML"]),
        (FEW, "", ["ours.yaml:1:1 is empty", "A file of outcomes starts with `outcomes:`"]),
    ],
)  # fmt: skip
def test_faults_are_told_by_line_with_what_is_allowed(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    assert old in FEW
    with pytest.raises(ProjectFileError) as raised:
        read_codes(written(tmp_path, FEW.replace(old, new, 1)))
    for one in told:
        assert one in str(raised.value)


def test_a_shipped_row_that_meets_a_code_of_the_office_is_told_with_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ProjectFileError, match="one code has one label") as raised:
        read_codes(written(tmp_path, "outcomes:\n  not_found: {code: A1, label: Chưa thấy, verify: none, act: none}\n"))
    assert "give it one, or the file a `default:`" in raised.value.remedy


def test_the_documentation_says_what_missing_findings_come_to() -> None:
    page, head = README.read_text(encoding="utf-8"), OUTCOMES_FILE.read_text(encoding="utf-8").split("\noutcomes:")[0]
    assert "reconcile: {outcomes:" in page and "`reconcile`" in head
    assert "`default:`" in page and "default: {code:" in head


@pytest.fixture(scope="module")
def office(finished_run: Path, province: Path, quick_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The demo's project file with an office's file beside it, and a run of it."""
    folder = tmp_path_factory.mktemp("office")
    written(folder, FEW)
    project = folder / "project.yaml"
    project.write_text(f"{quick_demo.read_text(encoding='utf-8')}\nreconcile: {{outcomes: ours.yaml}}\n", encoding="utf-8")
    shutil.copytree(finished_run, folder / "run")
    before = Run.open(folder / "run").summary["stages"]
    after = open_project(project, data=province).run(out=folder / "run").summary["stages"]
    again = [name for name, stage in after.items() if stage != before[name]]
    assert again == ["reconcile", "report"], "nothing before the outcomes is repeated"
    return project, folder / "run"


def test_outcomes_work_lists_and_report_speak_the_offices_codes(
    office: tuple[Path, Path], finished_run: Path, tmp_path: Path
) -> None:
    _, folder = office
    run = Run.open(folder)
    ours, shipped = (pq.read_table(path / "outcomes.parquet").to_pylist() for path in (folder, finished_run))
    keys = ("side", "record_id", "finding")
    assert [[row[key] for key in keys] for row in ours] == [[row[key] for key in keys] for row in shipped], "none is lost"
    assert {row["outcome"] for row in ours} <= {"K1", "K9", "K5"} and {"K1", "K5"} <= {row["outcome"] for row in ours}
    assert "missing_left" in run.summary["stages"]["reconcile"]["counts"]["by_default"]
    assert sum(records for _, _, records in count_outcomes(run)) == len(ours)
    assert {label for _, label, _ in count_outcomes(run)} <= {"Khớp", "Chưa thấy", "Xem lại"}
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert ">K5<" in page and ">C1<" not in page
    issued = write_worklists(run, tmp_path / "lists")
    assert issued.rows == sum(
        row["act"] != "none" and not (row["side"] == "person" and row["finding"] == "awaiting_review") for row in ours
    )
    choices, legend = set(), ""
    for path in (tmp_path / "lists").rglob("*.xlsx"):
        workbook = openpyxl.load_workbook(path)
        choices |= {cell.value for cell in workbook[texts.LISTS_SHEET]["A"][1:] if cell.value}
        legend += "\n".join(str(cell.value) for sheet in workbook for row in sheet.iter_rows() for cell in row if cell.value)
    assert choices == {"Đã thấy"} and "K5" in legend and "Xem lại" in legend and "C1 " not in legend
    assert collect_worklists(run, tmp_path / "lists").untouched == issued.rows
    write_summary(run, tmp_path / "summary.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "summary.xlsx").worksheets[0]
    assert {row[0].value for row in sheet.iter_rows() if row[0].value} >= {"K1 Khớp", "K5 Xem lại"}


def test_check_run_and_reconcile_say_which_findings_fell(
    office: tuple[Path, Path], province: Path, command_line: Callable[..., Ended]
) -> None:
    project, folder = office
    told = command_line("check", str(project), "--data", str(province))
    assert told.status == 0 and "default (K5): missing_left," in " ".join(told.told.split()) and "project.yaml:" in told.told
    told = command_line("reconcile", str(folder))
    assert told.status == 0 and "default (K5): missing_left," in " ".join(told.told.split())


def test_a_changed_file_makes_the_outcomes_anew_and_nothing_before_them(office: tuple[Path, Path], province: Path) -> None:
    project, folder = office
    before = Run.open(folder).summary["stages"]
    written(project.parent, FEW.replace("K5", "K7"))
    after = open_project(project, data=province).run(out=folder).summary["stages"]
    assert [name for name, stage in after.items() if stage != before[name]] == ["reconcile", "report"]
    assert OutcomeCodes.of_run(folder).codes.default.code == "K7"
    assert "K7" in set(pq.read_table(folder / "outcomes.parquet")["outcome"].to_pylist())


@pytest.mark.parametrize(
    ("text", "says"),
    [(FEW.replace("not_found", "not_here"), ["ours.yaml:4:3 outcomes.not_here"]), (None, ["there is no file", "ours.yaml"])],
)
def test_a_wrong_file_stops_the_run_before_anything_starts(
    sound_project: Path, command_line: Callable[..., Ended], text: str | None, says: list[str]
) -> None:
    path = sound_project / "sound.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "\nreconcile: {outcomes: ours.yaml}\n", encoding="utf-8")
    if text is not None:
        written(sound_project, text)
    for command in ("check", "run"):
        told = command_line(command, "sound.yaml", folder=sound_project)
        assert told.status == 2
        for one in says:
            assert one in " ".join(told.told.split())
    assert not (sound_project / "runs").exists()
