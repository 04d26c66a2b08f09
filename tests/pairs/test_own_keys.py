"""Keys that a project file writes in SQL: rules on them propose what SQL says, and a wrong one is told before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import open_project
from linkage.errors import ProjectFileError

KEYS = "standardise: {keys: {name_start: 'left(name_given_fold, 2)', name_end: 'right(name_fold, 3)', piece: 'substr(name_fold, 2, 3)'}}"


def with_keys(sound_project: Path, keys: str, rule: str = "[name_start, born_year]") -> Path:
    folder = sound_project if sound_project.is_dir() else sound_project.parent
    own = f"extends: sound.yaml\n{keys}\nblocking: {{predict: [{rule}, [name_end, born_year], [piece, born_year]]}}\n"
    (folder / "own.yaml").write_text(own, encoding="utf-8")
    return folder / "own.yaml"


def test_a_rule_on_own_keys_proposes_what_they_say(sound_project: Path, tmp_path: Path) -> None:
    run = open_project(with_keys(sound_project, KEYS)).run(until="block", out=tmp_path / "run")
    parts = {
        "name_start": "left({}.name_given_fold, 2)",
        "name_end": "right({}.name_fold, 3)",
        "piece": "substr({}.name_fold, 2, 3)",
    }
    either = " OR ".join(f"{sql.format('l')} = {sql.format('r')}" for sql in parts.values())
    mentions, persons, pairs = (f"read_parquet('{run.path}/{name}.parquet')" for name in ("mentions", "persons", "pairs"))
    wanted = run.connection.execute(
        f"SELECT l.id, r.id FROM {mentions} l JOIN {persons} r ON l.born_year = r.born_year AND ({either}) ORDER BY ALL"
    ).fetchall()
    assert run.connection.execute(f"SELECT id_l, id_r FROM {pairs} ORDER BY ALL").fetchall() == wanted != []


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ("standardise: {keys: {name_start: 'left(name_given, 2)'}}", 'standardise.keys.name_start: .*"name_given" not found'),
        ("standardise: {keys: {name_start: 'left(name_fold, 2) || born_year'}}", "is made of 2 fields"),
        ("standardise: {keys: {name_start: 'string_split(name_fold, chr(32))'}}", "is a list"),
        ("standardise: {keys: {name_start: 'max(name_fold)'}}", "is made of 0 fields"),
        ("standardise: {keys: {name_fold: 'left(name_fold, 2)'}}", "is the name of a field"),
    ],
)
def test_a_wrong_key_is_told_with_its_place(sound_project: Path, keys: str, told: str) -> None:
    with pytest.raises(ProjectFileError, match=rf"own\.yaml:2:\d+ .*{told}"):
        open_project(with_keys(sound_project, keys)).check()
