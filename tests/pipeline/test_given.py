"""A project given as a mapping or a spec, with its tables in memory, runs as the same project of files does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow.csv as arrow_csv
import pytest
from ruamel.yaml import YAML

from linkage import LinkageError, open_project
from linkage.errors import ProjectFileError


class Frame:
    """As pandas and polars offer their rows: as an Arrow stream and nothing else."""

    def __init__(self, path: Path) -> None:
        self._table = arrow_csv.read_csv(path)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


def candidates(run: Any) -> list[tuple[object, ...]]:
    return run.table("pairs").select("id_l, id_r, blocking_rules").order("ALL").fetchall()


@pytest.fixture
def said(sound_project: Path) -> dict[str, Any]:
    return YAML(typ="safe", pure=True).load((sound_project / "sound.yaml").read_text(encoding="utf-8"))


def test_tables_in_memory_give_the_pairs_of_their_files(
    sound_project: Path, said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = candidates(open_project(sound_project / "sound.yaml").run(until="block", out=tmp_path / "files"))
    monkeypatch.chdir(tmp_path)
    frame = Frame(sound_project / "left.csv")
    connection = duckdb.connect()
    relation = connection.sql(f"FROM read_csv('{sound_project / 'right.csv'}', all_varchar = true)")
    for name, project in (("mapping", said), ("file", sound_project / "sound.yaml")):
        opened = open_project(project, data={"left": frame, "right": relation})
        assert candidates(opened.run(until="block", out=tmp_path / name)) == expected
    assert len(list((tmp_path / "runs" / "given").iterdir())) == 1, "the same content is kept once"
    kept = next((tmp_path / "runs" / "given").iterdir())
    assert {oct(path.stat().st_mode)[-2:] for path in (kept, *kept.iterdir())} == {"00"}, "for its owner's eyes only"
    paths = {side: sound_project / f"{side}.csv" for side in ("left", "right")}
    again = open_project(opened.spec, data=paths).run(until="block", out=tmp_path / "paths")
    assert candidates(again) == expected
    assert again.project.path.is_file()


def test_a_mapping_alone_is_a_project(sound_project: Path, said: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(sound_project)
    assert open_project(said).check().shared == open_project("sound.yaml").check().shared


def test_what_cannot_be_read_is_told(said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(LinkageError, match=r"data\['left'\] is a int, which has no Arrow stream"):
        open_project(said, data={"left": 3})
    with pytest.raises(ProjectFileError, match="data for middle"):
        open_project(said, data={"middle": 3})
    with pytest.raises(ProjectFileError, match="comparisons"):
        open_project({key: value for key, value in said.items() if key != "comparisons"})
    assert not [path for path in (tmp_path / "runs" / "given").iterdir() if path.name.startswith(".")]
