"""Which stages run again after which change, with stages that do no work; and one real change on a real run."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from linkage import Run, open_project, pipeline
from linkage.config import load_project
from linkage.errors import LinkageError, ProjectFileError
from linkage.runs import tables
from linkage.runs.exchange import Exchanged
from linkage.stages.stage import Stage, Work
from tests.conftest import ROOT, Ended

ALL = [stage.name for stage in pipeline.STAGES if not stage.waits_for]
"""The stages of a run that nobody has reviewed."""
FROM_DECIDE = ["decide", "sample", "reconcile", "report"]


def idle(stage: Stage, ran: list[str]) -> Stage:
    """The stage without its work: it only leaves a file."""

    def work(given: Work) -> dict[str, int]:
        ran.append(stage.name)
        (given.folder / f"{stage.name}.txt").write_text(stage.name, encoding="utf-8")
        return {}

    work.__name__, work.__module__ = stage.name, stage.module
    return replace(stage, work=work, writes=(*stage.writes, Exchanged(f"{stage.name}.txt", stage.name)))


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The stages that ran, in order; they only leave a file each."""
    names: list[str] = []
    stages = tuple(idle(stage, names) for stage in pipeline.STAGES)
    monkeypatch.setattr(pipeline, "STAGES", stages)
    return names


def run(folder: Path, until: str | None = None) -> None:
    open_project(folder / "sound.yaml").run(until=until, out=folder / "out")


def change(folder: Path, old: str, new: str) -> None:
    path = folder / "sound.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_stage_comes_after_those_it_reads(quick_demo: Path) -> None:
    spec = load_project(quick_demo).spec
    for position, stage in enumerate(pipeline.STAGES):
        assert set(pipeline.parents_of(stage, spec)) <= set(pipeline.STAGE_NAMES[:position])
        assert stage.name == "read" or pipeline.parents_of(stage, spec)


def test_every_table_has_one_writer_and_it_is_the_stage_that_declares_it() -> None:
    written = [(one, stage.name) for stage in pipeline.STAGES for one in stage.writes]
    assert len({one for one, _ in written}) == len(written)
    assert [(one.file, one.writer) for one, _ in written] == [(one.file, name) for one, name in written]
    assert set(pipeline.STAGE_NAMES).isdisjoint({one.writer for one in tables.ALL} - {name for _, name in written})


def test_readme_the_flow_and_until_name_the_same_stages(command_line: Callable[..., Ended], sound_project: Path) -> None:
    picture = (ROOT / "README.md").read_text(encoding="utf-8").split("## The flow")[1].split("```")[1]
    assert picture.strip() in (pipeline.__doc__ or "")
    drawn = re.findall(r"[a-z]+", picture)
    assert [name for name in drawn if name not in {"sources", "review", "offices"}] == list(pipeline.STAGE_NAMES)
    told = command_line("run", "sound.yaml", "--until", "nowhere", folder=sound_project)
    assert told.status == 2 and ", ".join(pipeline.STAGE_NAMES) in " ".join(told.told.split())


def test_what_waits_for_labels_is_passed_over_until_they_are_there_or_it_is_asked_for(
    ran: list[str], sound_project: Path
) -> None:
    run(sound_project)
    assert "estimate" not in ran
    run(sound_project, until="estimate")
    assert ran == [*ALL, "estimate"]
    ran.clear()
    (sound_project / "out" / "labels.parquet").write_bytes(b"labels")
    run(sound_project)
    assert ran == ["decide", "sample", "estimate", "reconcile", "report"]


def test_all_stages_run_once(ran: list[str], sound_project: Path) -> None:
    run(sound_project)
    assert ran == ALL
    run(sound_project)
    assert ran == ALL


def test_until_stops_there_and_goes_on_from_there(ran: list[str], sound_project: Path) -> None:
    run(sound_project, until="score")
    assert ran == ALL[: ALL.index("score") + 1]
    run(sound_project)
    assert ran == ALL


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("targets:", "thresholds: {upper: 9.5}\ntargets:", FROM_DECIDE),
        ("review_capacity: 40", "review_capacity: 41", FROM_DECIDE),
        ("targets:", "runner_up_margin: 2.0\ntargets:", FROM_DECIDE),
        ("targets:", "assignment: free\ntargets:", ALL[ALL.index("score") :]),
        ("max_iterations: 25", "max_iterations: 26", ALL[ALL.index("train") :]),
        ("- [born_year, sex]", "- [born_year]", ALL[ALL.index("train") :]),
        ("    - [born]\n", "", ALL[ALL.index("block") :]),
        ("use: unit_through_time", "use: category", ALL[ALL.index("block") :]),
        ("seed: 7", "seed: 8", ALL[ALL.index("block") :]),
        ("targets:", "standardise: {sound_merges: [s_x]}\ntargets:", ALL[ALL.index("standardise") :]),
        ("path: left.csv", "path: left.csv, delimiter: ','", ALL),
        ("title: Two", "title: The two", ["report"]),
        ("targets:", "report: {agency: X}\ntargets:", ["report"]),
        ("targets:", "threads: 1\nmemory_limit: 2GB\ntargets:", ["report"]),  # it prints every parameter
        ("targets:", "# a remark\ntargets:", []),
    ],
)
def test_what_a_change_of_the_project_file_runs_again(
    ran: list[str], sound_project: Path, old: str, new: str, again: list[str]
) -> None:
    run(sound_project)
    ran.clear()
    change(sound_project, old, new)
    run(sound_project)
    assert ran == again


def test_a_changed_source_runs_everything_again(ran: list[str], sound_project: Path) -> None:
    run(sound_project)
    ran.clear()
    with (sound_project / "right.csv").open("a", encoding="utf-8") as file:
        file.write("R-999,Lê Văn An,01/01/1990,Nam,Ba Vì\n")
    run(sound_project)
    assert ran == ALL


def test_changed_code_runs_its_stages_again(ran: list[str], sound_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(sound_project)
    ran.clear()
    before = pipeline.code_versions

    def changed(modules: list[str], kept: Path | None) -> dict[str, str]:
        return {**before(modules, kept), "linkage.stages.decide": "another"}

    monkeypatch.setattr(pipeline, "code_versions", changed)
    run(sound_project)
    assert ran == FROM_DECIDE


def test_a_lost_table_is_made_again_with_what_follows(ran: list[str], sound_project: Path) -> None:
    run(sound_project)
    ran.clear()
    (sound_project / "out" / "score.txt").unlink()
    run(sound_project)
    assert ran[0] == "score"
    assert (sound_project / "out" / "score.txt").is_file()
    ran.clear()
    run(sound_project)
    assert ran == []


def test_a_failing_stage_keeps_those_before_and_leaves_no_record(
    ran: list[str], sound_project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(work: Work) -> dict[str, int]:
        (work.folder / "model.json").write_text("half", encoding="utf-8")
        raise LinkageError("no")

    train.__module__ = "linkage.stages.train"

    good = pipeline.STAGES
    monkeypatch.setattr(
        pipeline, "STAGES", tuple(replace(stage, work=train) if stage.name == "train" else stage for stage in good)
    )
    with pytest.raises(LinkageError):
        run(sound_project)
    out = sound_project / "out"
    assert {path.stem for path in (out / "stages").iterdir()} == {"read", "standardise", "block"}
    assert not (out / "model.json").exists()
    assert not list(out.glob(".*.partial"))
    assert set(json.loads((out / "run.json").read_text(encoding="utf-8"))["stages"]) == {"read", "standardise", "block"}
    monkeypatch.setattr(pipeline, "STAGES", good)
    ran.clear()
    run(sound_project)
    assert ran == ALL[ALL.index("train") :]


def test_an_unknown_stage_is_named_with_the_nearest(ran: list[str], sound_project: Path) -> None:
    with pytest.raises(ProjectFileError, match="did you mean 'reconcile'"):
        run(sound_project, until="reconsile")
    assert not (sound_project / "out").exists()


def test_run_json_says_what_was_run_on_what(ran: list[str], sound_project: Path) -> None:
    run(sound_project)
    held = json.loads((sound_project / "out" / "run.json").read_text(encoding="utf-8"))
    assert held["config"] == (sound_project / "sound.yaml").read_text(encoding="utf-8")
    assert held["seed"] == 7
    assert len(held["config_hash"]) == 64
    assert set(held["inputs"]) == {"left", "right"}
    assert {"python", "splink", "duckdb"} <= set(held["versions"])
    assert list(held["stages"]) == ALL
    for stage in held["stages"].values():
        assert {"seconds", "peak_memory_mb", "counts", "fingerprint", "files", "finished_at"} == set(stage)
    first = held["run_id"]
    run(sound_project)
    assert json.loads((sound_project / "out" / "run.json").read_text(encoding="utf-8"))["run_id"] == first


def test_on_a_real_run_a_threshold_runs_decide_and_later(
    finished_run: Path, province: Path, quick_demo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished_run, folder)
    links = Run.open(folder).table("links").filter("decision = 'link'")
    [(upper,)] = links.aggregate("round(median(link_weight), 3)").fetchall()
    project = tmp_path / "own.yaml"
    project.write_text(f"extends: {quick_demo}\nthresholds: {{upper: {upper}, lower: 0.5}}\n", encoding="utf-8")

    def finished() -> dict[str, str]:
        held = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        return {stage: record["finished_at"] for stage, record in held["stages"].items()}

    before = finished()
    run = open_project(project, data=province).run(out=folder, agreed=lambda replaced: True)
    after = finished()
    assert [stage for stage in ALL if before[stage] != after[stage]] == FROM_DECIDE
    assert run.document("thresholds")["upper"] == upper
    [(lowest,)] = run.table("links").filter("decision = 'link'").aggregate("min(link_weight)").fetchall()
    assert lowest >= upper


def test_a_threshold_does_not_wait_for_what_only_training_needs(
    finished_run: Path, province: Path, quick_demo: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(finished_run, folder)
    project = tmp_path / "own.yaml"
    project.write_text(f"extends: {quick_demo}\nthresholds: {{upper: 8.75, lower: 0.5}}\n", encoding="utf-8")
    code = (
        "import sys; from linkage import open_project; open_project(sys.argv[1], data=sys.argv[2]).run(out=sys.argv[3], agreed=bool);"
        " print([name for name in ('matplotlib', 'splink', 'sqlglot', 'scipy.optimize') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code, project, province, folder], capture_output=True, text=True, check=True)
    assert ended.stdout == "['matplotlib']\n", "the report was made again"
    assert Run.open(folder).document("thresholds")["upper"] == 8.75
