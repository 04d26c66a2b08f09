"""Measuring changes nothing; deciding by labels asks, is recorded, kept, and taken back; a correct review costs no true link."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from linkage import Run, open_project
from linkage.decision import Estimates, judgement_rows
from linkage.demo import hold_against_truth
from linkage.errors import LinkageError
from linkage.notebook import simulate_review
from linkage.report import build_report
from linkage.runs.fingerprints import hash_file
from linkage.runs.tables import DECISION, ESTIMATES, FEASIBLE, LABELS, LINKS, VERDICTS
from tests.conftest import Ended

MEASURED = {ESTIMATES.file, LABELS.file, VERDICTS.file, "stages/estimate.json"}


@pytest.fixture(scope="module")
def reviewed_once(finished_run: Path, province: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The finished run with a perfect review of its set; to read (copy it before changing anything)."""
    folder = Path(shutil.copytree(finished_run, tmp_path_factory.mktemp("reviewed") / "run"))
    simulate_review(Run.open(folder), province / "truth.parquet", "birth", "child", error=0.0, unsure=0.0)
    return folder


@pytest.fixture(autouse=True)
def _no_challengers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other models than the run's own say nothing of targets, and take seconds."""
    monkeypatch.setattr(import_module("linkage.decision.estimate"), "_challenge", lambda *_: [])


@pytest.fixture
def reviewed(reviewed_once: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reviewed_once, tmp_path / "run"))


def content(folder: Path) -> dict[str, str]:
    """Every file of a run that holds results, with its hash."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {str(path.relative_to(folder)): hash_file(path) for path in files}


def words_of(page: Path) -> str:
    """A page's text, its lines joined."""
    return " ".join(page.read_text(encoding="utf-8").split())


def reviewed_as_wrong(run: Run) -> int:
    """Links, before any verdict, whose pair a reviewer found to be two persons."""
    labels = run.table("labels").filter("verdict = 'non_match'").select("record_id_l, record_id_r")
    links = run.table("links").filter("decision_unreviewed = 'link'").select("record_id_l, record_id_r")
    return len(labels.intersect(links).fetchall())


def test_estimate_measures_and_no_more(command_line: Callable[..., Ended], reviewed: Path) -> None:
    before = content(reviewed)
    told = command_line("estimate", str(reviewed))
    assert told.status == 0 and "Nothing was changed" in told.output
    after = content(reviewed)
    assert {name for name in before | after if before.get(name) != after.get(name)} <= MEASURED
    held = ESTIMATES.read(reviewed)
    assert held["links"] == hash_file(LINKS.path(reviewed)) and len(held["judgements"]) == 4


@pytest.mark.parametrize("how", ["without_a_terminal", "declined"])
def test_without_consent_nothing_changes_and_the_exit_status_says_so(
    command_line: Callable[..., Ended], reviewed: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if how == "declined":
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.confirm", lambda question: False)
    before = content(reviewed)
    told = command_line("decide", str(reviewed), "--by", "labels")
    assert told.status == 1 and "nothing was changed" in told.told
    assert content(reviewed) == before


def test_a_decision_is_shown_agreed_to_kept_and_taken_back(
    command_line: Callable[..., Ended], reviewed: Path, quick_demo: Path, province: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the page is made four times here and looked at in other tests
    monkeypatch.setattr("linkage.report.building.write_report", lambda run, project, folder: {})
    truth = province / "truth.parquet"
    run = Run.open(reviewed)
    before = hold_against_truth(run, truth, "birth", "child")
    told = command_line("decide", str(reviewed), "--yes")
    assert told.status == 0, told.told
    run = Run.open(reviewed)
    after = hold_against_truth(run, truth, "birth", "child")
    assert after.true_links >= before.true_links and before.links - after.links <= reviewed_as_wrong(run)
    assert after.precision >= before.precision and after.recall >= before.recall
    held = DECISION.read(reviewed)
    assert (held["before"]["links"], held["after"]["links"]) == (before.links, after.links)
    assert run.document("thresholds")["how"] == "labels"

    # a second estimate is of the links there are now, and holds their truth
    second = Estimates.from_json(ESTIMATES.read(reviewed))
    assert second.links == hash_file(LINKS.path(reviewed))
    precision = second.select("precision", "design")
    assert precision is not None and precision.low <= after.precision <= precision.high
    assert precision.denominator == after.links
    recall = second.select("recall_of_all", "design")
    assert recall is not None and recall.low <= after.recall <= recall.high
    assert second.select("recall_of_all", "design", "worst") is not None

    # kept through later runs, and nothing to do a second time
    links = content(reviewed)[LINKS.file]
    open_project(quick_demo, data=province).run(out=reviewed)
    assert content(reviewed)[LINKS.file] == links and DECISION.read(reviewed) == held
    told = command_line("decide", str(reviewed))
    assert told.status == 0 and "nothing to change" in told.output

    assert command_line("decide", str(reviewed), "--by", "model", "--yes").status == 0
    assert not DECISION.is_in(reviewed) and Run.open(reviewed).document("thresholds")["how"] == "model"
    # verdicts hold either way
    assert hold_against_truth(Run.open(reviewed), truth, "birth", "child").true_links >= before.true_links


def test_the_terminal_the_page_and_the_report_say_the_same(
    command_line: Callable[..., Ended], reviewed: Path, tmp_path: Path
) -> None:
    command_line("estimate", str(reviewed))
    rows = judgement_rows(Estimates.from_json(ESTIMATES.read(reviewed)).judgements, "vi")
    page = words_of(build_report(reviewed, tmp_path / "report", ["html"])["html"])
    for row in rows[1:]:
        assert row[0] in page
        for cell in (row[2], row[4], row[5]):
            assert cell in page, cell


def test_a_run_that_is_out_of_date_is_not_decided(reviewed: Path, tmp_path: Path) -> None:
    held = json.loads((reviewed / "run.json").read_text(encoding="utf-8"))
    other = tmp_path / "other.yaml"
    other.write_text(f"extends: {held['origin']['project_file']}\nrunner_up_margin: 2.5\n", encoding="utf-8")
    held["origin"]["project_file"] = str(other)
    (reviewed / "run.json").write_text(json.dumps(held), encoding="utf-8")
    before = content(reviewed)
    with pytest.raises(LinkageError, match="out of date"):
        Run.open(reviewed).decide()
    assert content(reviewed) == before


def test_there_must_be_labels(finished_run: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(finished_run, tmp_path / "run"))
    with pytest.raises(LinkageError, match="no labels"):
        Run.open(folder).decide()


def test_check_and_the_run_say_what_labels_can_show(
    command_line: Callable[..., Ended], finished_run: Path, quick_demo: Path, province: Path, tmp_path: Path
) -> None:
    told = command_line("check", str(quick_demo), "--data", str(province))
    said = " ".join(told.output.split())
    assert told.status == 0 and "cannot be shown with 600 labels drawn at random" in said and "2,992" in said
    held = FEASIBLE.read(finished_run)["targets"]
    assert {(one["measure"], one["route"]) for one in held} == {
        (measure, route)
        for measure in ("false_link_rate", "missed_below")
        for route in ("certainty", "random", "calibrated", "drawn")
    } | {("missed_of_all", "search")}
    again = shutil.copytree(finished_run, tmp_path / "run")
    told = command_line("run", str(quick_demo), "--data", str(province), "--out", str(again))
    assert "cannot be shown with" in " ".join(told.output.split())
