"""Tables of no register: fields that are called as a register's but are of another kind, and a report in their language."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from linkage import open_project


def test_a_year_that_is_an_identifier_is_reported_on(sound_project: Path, tmp_path: Path) -> None:
    text = (sound_project / "sound.yaml").read_text(encoding="utf-8")
    for side in ("left", "right"):
        path = sound_project / f"{side}.csv"
        header, *rows = path.read_text(encoding="utf-8").splitlines()
        years = [f"{row},{'19x7' if place % 9 == 0 else 1950 + place % 40}" for place, row in enumerate(rows)]
        path.write_text("\n".join([f"{header},birth_year", *years]) + "\n", encoding="utf-8")
    text = text.replace("born: date, ", "born: date, birth_year: identifier, ")
    text = text.replace("  - {field: sex, use: sex}", "  - {field: sex, use: sex}\n  - {field: birth_year, use: identifier}")
    (sound_project / "year.yaml").write_text(text, encoding="utf-8")
    run = open_project(sound_project / "year.yaml").run(out=tmp_path / "run")
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page


def test_the_version_is_said(command_line: Callable[..., Any]) -> None:
    ended = command_line("--version")
    assert (ended.status, ended.output.strip()) == (0, f"linkage {version('linkage')}")
