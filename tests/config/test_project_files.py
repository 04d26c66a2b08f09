"""Project files: what they come to, where each key stands, and what one file takes from the file it extends."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from linkage.config import ProjectSpec, load_project, parse_project
from linkage.config.schema import SCHEMA_FILE, project_schema
from linkage.config.spec import Spec
from linkage.config.yaml_files import MOST_SHOWN
from linkage.errors import ProjectFileError, nearest

ROOT = Path(__file__).parents[2]
SOUND = ROOT / "tests" / "bad_inputs" / "projects" / "sound.yaml"
SHIPPED = [path for path in sorted((ROOT / "configs").glob("*.yaml")) if "\nproject:" in path.read_text(encoding="utf-8")]


def place(text: str, *keys: str | int) -> str:
    return str(parse_project(text, Path("x.yaml")).place(keys))


@pytest.fixture
def sound() -> str:
    return SOUND.read_text(encoding="utf-8")


def test_the_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == project_schema(), "run `python -m linkage.config.documentation`"


def test_at_least_three_project_files_are_shipped() -> None:
    assert {"birth-to-population.yaml", "death-to-population.yaml", "febrl4.yaml"} <= {path.name for path in SHIPPED}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_project_file_loads(path: Path) -> None:
    loaded = load_project(path)
    assert loaded.spec.project == path.stem
    assert "$schema=schema/project.json" in loaded.text


def test_a_spec_is_frozen(sound: str) -> None:
    spec = parse_project(sound, SOUND).spec
    with pytest.raises(ValidationError):
        spec.seed = 8  # type: ignore[misc]
    with pytest.raises(ValidationError):
        spec.left.source.path = "other.csv"  # type: ignore[misc]


def test_every_key_stands_where_the_file_has_it(sound: str) -> None:
    loaded = parse_project(sound, SOUND)
    lines = sound.splitlines()
    assert len(loaded.places) > 50
    for keys, found in loaded.places.items():
        if isinstance(keys[-1], str):
            assert lines[found.line - 1][found.column - 1 :].startswith(keys[-1]), (keys, str(found))


def test_flow_style_and_block_style_both_have_places(sound: str) -> None:
    line = next(number for number, text in enumerate(sound.splitlines(), 1) if "term_frequency" in text)
    assert place(sound, "comparisons", 0, "use") == f"x.yaml:{line}:19"
    assert place(sound, "comparisons", 0, "term_frequency") == f"x.yaml:{line}:41"
    assert place(sound, "blocking", "predict", 2, 1) == "x.yaml:19:25"


def test_an_unknown_key_stands_where_its_group_does(sound: str) -> None:
    assert place(sound, "comparisons", 0, "levels", 3) == place(sound, "comparisons", 0)
    assert place(sound, "training", "prior", "recall") == place(sound, "training")


def test_an_alias_gives_the_same_fields_at_the_place_of_the_anchor(sound: str) -> None:
    loaded = parse_project(sound, SOUND)
    assert loaded.spec.right is not None
    assert loaded.spec.right.fields == loaded.spec.left.fields
    assert loaded.place(("right", "fields")).line == 14, "the key itself"
    assert loaded.place(("right", "fields", "town")).line == 9, "its value, once in the file"


def test_a_merged_group_is_read_and_its_keys_stand_with_the_group(sound: str) -> None:
    text = sound.replace("left:\n  register: table", "left: &side\n  register: table").replace(
        "right:\n  register: table\n", "right:\n  <<: *side\n"
    )
    loaded = parse_project(text, Path("x.yaml"))
    assert loaded.spec.right is not None
    assert loaded.spec.right.register_ == "table"
    assert loaded.place(("right", "register")) == loaded.place(("right",))


def write(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def test_extending_merges_groups_and_replaces_lists(tmp_path: Path, sound: str) -> None:
    write(tmp_path, "base.yaml", sound)
    own = write(
        tmp_path, "own.yaml", "extends: base.yaml\nseed: 8\nleft: {source: {path: other.csv}}\nblocking: {train: [[name_fold]]}\n"
    )
    base_spec, spec = load_project(tmp_path / "base.yaml").spec, load_project(own).spec
    assert (spec.seed, spec.left.source.path) == (8, "other.csv")
    assert spec.left.columns == base_spec.left.columns, "a group keeps the keys that are not said again"
    assert spec.blocking.predict == base_spec.blocking.predict
    assert [rule.on for rule in spec.blocking.train] == [("name_fold",)], "a list is replaced whole"


def test_each_key_stands_in_the_file_it_comes_from(tmp_path: Path, sound: str) -> None:
    write(tmp_path, "base.yaml", sound)
    own = """\
extends: base.yaml
left:
  source: {path: a.csv}
comparisons:
- {field: name, use: category}
- {field: sex, use: sex}
"""
    loaded = load_project(write(tmp_path, "own.yaml", own))
    assert str(loaded.place(("left", "source", "path"))) == "own.yaml:3:12"
    assert str(loaded.place(("left", "fields"))).startswith("base.yaml:9:")
    assert str(loaded.place(("comparisons", 1, "use"))) == "own.yaml:6:16"
    assert str(loaded.place(("comparisons", 0, "term_frequency"))) == "own.yaml:5:3", "the base's list is gone, so are its places"
    assert str(loaded.place(("comparisons", 3))) == "own.yaml:4:1"


def test_a_fault_in_the_extended_file_is_reported_there(tmp_path: Path, sound: str) -> None:
    write(tmp_path, "base.yaml", sound.replace("use: sex", "use: sexx"))
    with pytest.raises(ProjectFileError, match=r"base\.yaml:26:18 comparisons\[2\]\.use: .*did you mean `sex`"):
        load_project(write(tmp_path, "own.yaml", "extends: base.yaml\n"))


def test_the_hash_is_that_of_the_meaning(tmp_path: Path, sound: str) -> None:
    def config_hash(text: str) -> str:
        return parse_project(text, SOUND).config_hash

    assert config_hash(sound) == config_hash("# another comment\n" + sound.replace("seed: 7", "seed:    7"))
    assert config_hash(sound) != config_hash(sound.replace("seed: 7", "seed: 8"))
    write(tmp_path, "base.yaml", sound)
    assert load_project(write(tmp_path, "own.yaml", "extends: base.yaml\n")).config_hash == config_hash(sound)


def test_the_text_holds_both_files(tmp_path: Path, sound: str) -> None:
    write(tmp_path, "base.yaml", sound)
    text = load_project(write(tmp_path, "own.yaml", "extends: base.yaml\nseed: 8\n")).text
    assert "seed: 7" in text
    assert "seed: 8" in text


def test_all_faults_are_told_at_once_and_no_more_than_a_screen(sound: str) -> None:
    wrong = sound.replace("seed: 7", "sed: 7").replace("use: sex", "use: sexx").replace("max_pairs: 20000", "max_pairs: many")
    with pytest.raises(ProjectFileError) as raised:
        parse_project(wrong, SOUND)
    assert [word in str(raised.value) for word in ("sed:", "comparisons[2].use", "training.max_pairs")] == [True] * 3
    many = "".join(f"key_{number}: 1\n" for number in range(100))
    with pytest.raises(ProjectFileError) as raised:
        parse_project(sound + many, SOUND)
    assert str(raised.value).count("unknown key") == MOST_SHOWN
    assert f"and {100 - MOST_SHOWN} more" in str(raised.value)


@pytest.mark.parametrize(
    ("given", "wanted"), [("colums", "columns"), ("Encoding", "encoding"), ("tresholds", "thresholds"), ("xyz", None)]
)
def test_the_nearest_word(given: str, wanted: str | None) -> None:
    assert nearest(given, ["columns", "encoding", "thresholds", "source"]) == wanted


def test_every_spec_is_strict_frozen_and_described() -> None:
    assert ProjectSpec in Spec.__subclasses__()
    for spec in Spec.__subclasses__():
        assert (spec.model_config["strict"], spec.model_config["frozen"], spec.model_config["extra"]) == (True, True, "forbid")
        assert spec.__doc__
