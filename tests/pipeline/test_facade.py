"""The façade and the command line on it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

import linkage
from linkage import LinkageError, Run, open_project
from linkage.errors import ProjectFileError, RunDirectoryError


def test_the_public_face_is_four_names() -> None:
    assert set(linkage.__all__) == {"LinkageError", "Project", "Run", "open_project"}
    assert all(getattr(linkage, name) for name in linkage.__all__)
    with pytest.raises(AttributeError, match="no attribute 'Runs'"):
        linkage.Runs  # noqa: B018


def test_a_run_reads_no_rows_to_find_its_columns(sound_project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr("linkage.registers.side_reading._propose_encodings", lambda *_: looked.append("rows") or ())
    project = open_project(sound_project / "sound.yaml")
    project.run(until="read", out=sound_project / "out")
    assert not looked
    project.check()
    assert looked


def test_a_project_is_opened_checked_and_run(sound_project: Path) -> None:
    project = open_project(str(sound_project / "sound.yaml"))
    assert project.spec.seed == 7
    plan = project.check()
    assert set(plan.shared) == {"name", "born", "sex", "town"}
    run = project.run(until="score", out=sound_project / "out")
    assert run.summary["project"] == "sound"
    pairs = run.table("pairs")
    assert {"record_id_l", "record_id_r", "match_weight", "link_weight", "match_probability"} <= set(pairs.columns)
    [(count, lowest, highest)] = pairs.aggregate("count(*), min(match_probability), max(match_probability)").fetchall()
    assert count > 200
    assert 0 <= lowest < 0.5 < highest <= 1
    assert Run.open(run.path).summary == run.summary


def test_the_probability_follows_from_the_link_weight(finished_run: Path) -> None:
    weighed = Run.open(finished_run).table("pairs").select("match_probability, link_weight").limit(50).fetchall()
    for probability, weight in weighed:
        assert probability == pytest.approx(1 / (1 + 2**-weight))


def test_the_model_draws_splinks_charts(finished_run: Path) -> None:
    chart = Run.open(finished_run).model.visualisations.match_weights_chart()
    assert "full_name" in json.dumps(chart.chart_dict)


def test_what_a_run_lacks_is_said(finished_run: Path, tmp_path: Path) -> None:
    run = Run.open(finished_run)
    with pytest.raises(LinkageError, match=r"no table 'link'\ndid you mean 'links'\? It has: .*mentions"):
        run.table("link")
    with pytest.raises(LinkageError, match=r"no document 'train'\ndid you mean 'training'\?"):
        run.document("train")
    with pytest.raises(RunDirectoryError, match="is not a run directory"):
        Run.open(tmp_path)


def test_duplicates_within_one_table_are_found(sound_project: Path) -> None:
    text = (sound_project / "sound.yaml").read_text(encoding="utf-8")
    right = text[text.index("right:") : text.index("blocking:")]
    (sound_project / "sound.yaml").write_text(text.replace(right, ""), encoding="utf-8")
    lines = (sound_project / "left.csv").read_text(encoding="utf-8").splitlines()
    copies = [line.replace("L-", "M-") for line in lines[1:]]
    (sound_project / "left.csv").write_text("\n".join([*lines, *copies]) + "\n", encoding="utf-8")
    run = open_project(sound_project / "sound.yaml").run(until="decide", out=sound_project / "out")
    found = run.table("links").filter("decision <> 'non_link'").select("record_id_l, record_id_r").fetchall()
    planted = [pair for pair in found if {pair[0][0], pair[1][0]} == {"L", "M"} and pair[0][1:] == pair[1][1:]]
    assert len(planted) >= 0.95 * 240
    assert len(planted) >= 0.98 * len(found)


COMMANDS = ("demo", "synth", "check", "run", "runs")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str, command_line) -> None:
    ended = command_line(command, "--help")
    assert ended.status == 0
    assert f"linkage {command}" in ended.output
    assert len(ended.output.splitlines()) > 5


def test_help_lists_the_commands(command_line) -> None:
    told = command_line("--help").output
    assert all(f"\n  {command}" in told for command in COMMANDS)
    assert command_line().status == 2, "no command is a wrong command"


def test_help_does_not_wait_for_the_engines() -> None:
    code = (
        "import sys; import linkage.cli; print([name for name in ('duckdb', 'splink', 'numpy', 'scipy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_the_command_ends_once_everything_is_done_and_said() -> None:
    code = """
import atexit, sys, threading, time
from linkage import cli
class Kept:
    def __del__(self): print("taken apart", flush=True)
kept = Kept()
threading.Thread(target=lambda: (time.sleep(0.3), atexit.register(print, "done at the end"))).start()
sys.argv = ["linkage", *sys.argv[1:]]
cli.main()
"""
    for arguments, status in ((["--help"], 0), (["runs", "nothing"], 0), (["check", "nothing.yaml"], 2), (["--nothing"], 2)):
        ended = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
        assert ended.returncode == status, arguments
        assert f"\n{ended.stdout}".endswith("\ndone at the end\n"), "and the interpreter was not taken apart"
        assert bool(ended.stderr) == bool(status), ended.stderr


def test_check_shows_how_each_column_is_taken(sound_project: Path, command_line) -> None:
    ended = command_line("check", "sound.yaml", folder=sound_project)
    assert ended.status == 0
    assert "left.csv" in ended.output
    assert "4 fields can be compared: name, born, sex, town" in " ".join(ended.output.split())
    assert not (sound_project / "out").exists()
    assert not (sound_project / "runs").exists()


def test_runs_lists_runs(sound_project: Path, command_line) -> None:
    assert "No runs below" in command_line("runs", "nothing", folder=sound_project).output
    for name in ("first", "second"):
        command_line("run", "sound.yaml", "--out", f"runs/{name}", "--until", "read", folder=sound_project)
        time.sleep(0.01)
    ended = command_line("runs", folder=sound_project)
    assert ended.status == 0
    assert ended.output.index("second") < ended.output.index("first"), "newest first"
    assert "read" in ended.output


def test_the_run_directory_is_named_after_the_project_when_none_is_given(sound_project: Path, command_line) -> None:
    assert command_line("run", "sound.yaml", "--until", "read", folder=sound_project).status == 0
    assert (sound_project / "runs" / "sound" / "run.json").is_file()


def test_a_traceback_is_for_debug_alone(sound_project: Path, command_line, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object, **more: object) -> None:
        raise RuntimeError("Nguyễn Thị Hoa")

    monkeypatch.setattr("linkage.project.run_stages", fail)
    ended = command_line("run", "sound.yaml", folder=sound_project)
    assert ended.status == 1
    assert "RuntimeError" in ended.errors
    assert "--debug" in ended.errors
    assert "Nguyễn" not in ended.told, "a message from below may hold a register value"
    with pytest.raises(RuntimeError):
        command_line("run", "sound.yaml", "--debug", folder=sound_project)
    with pytest.raises(ProjectFileError):
        command_line("run", "absent.yaml", "--debug", folder=sound_project)


def test_stopping_by_hand_is_no_fault(sound_project: Path, command_line, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*given: object, **more: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("linkage.project.run_stages", stop)
    ended = command_line("run", "sound.yaml", folder=sound_project)
    assert ended.status == 130
    assert "Traceback" not in ended.told
