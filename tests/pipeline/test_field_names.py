"""Fields of any name go through the whole flow: the same links as under other names, and the names as written on every page."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from linkage import Run, follow_up, open_project

RENAMED = {"name": "source", "born": "id", "sex": "order", "town": "side"}
BESIDE = ("raw", "problem", "row_number", "entry", "role", "l", "r", "born_year", "id_year", "rule", "tf_id", "of_source", "left")
"""Further fields of both sides, which are not compared."""


def renamed_project(folder: Path) -> Path:
    """The sound project with its fields called otherwise, their headers as they were, and further ones."""
    yaml = YAML(typ="safe")
    told = yaml.load((folder / "sound.yaml").read_text(encoding="utf-8"))
    for side in ("left", "right"):
        kinds = {RENAMED[field]: kind for field, kind in told[side]["fields"].items()}
        told[side]["columns"] = (
            {"record_id": "id"} | {new: old for old, new in RENAMED.items()} | {one: f"x {one}" for one in BESIDE}
        )
        told[side]["fields"] = kinds | dict.fromkeys(BESIDE, "text")
        path = folder / told[side]["source"]["path"]
        with path.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([*rows[0], *(f"x {one}" for one in BESIDE)])
            writer.writerows([*row.values(), *[row["town"]] * len(BESIDE)] for row in rows)
    key = re.compile(rf"^({'|'.join(RENAMED)})(?=_|$)")
    for rules in told["blocking"].values():
        rules[:] = [[key.sub(lambda found: RENAMED[found[1]], one) for one in rule] for rule in rules]
    # `id_year` is a field here: the year of the field `id` is asked for by its month and the town
    told["blocking"]["train"][1] = ["id_month", "order"]
    told["blocking"]["predict"][2] = ["source_given_fold", "id_month"]
    for comparison in told["comparisons"]:
        comparison["field"] = RENAMED[comparison["field"]]
    told["comparisons"][2] = {"field": "order", "levels": [{"sql": "order_l = order_r", "label": "same"}]}
    told["review"] = {"stratify_by": "order"}
    with (folder / "renamed.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(told, file)
    return folder / "renamed.yaml"


def plain_project(folder: Path) -> Path:
    text = (folder / "sound.yaml").read_text(encoding="utf-8").replace("[born_year, sex]", "[born_month, sex]")
    text = text.replace("[name_given_fold, born_year]", "[name_given_fold, born_month]")
    (folder / "plain.yaml").write_text(text + "review: {stratify_by: sex}\n", encoding="utf-8")
    return folder / "plain.yaml"


@pytest.fixture
def both(sound_project: Path) -> tuple[Run, Run]:
    plain = open_project(plain_project(sound_project)).run(out=sound_project / "plain")
    return plain, open_project(renamed_project(sound_project)).run(out=sound_project / "renamed")


def test_names_change_no_link_and_show_as_they_are_written(both: tuple[Run, Run], tmp_path: Path) -> None:
    plain, renamed = both
    for table in ("links", "candidates", "review_set", "outcomes"):
        one, other = (run.table(table).order("ALL") for run in both)
        assert one.columns == other.columns
        assert one.fetchall() == other.fetchall(), table
    of_town = renamed.table("differences").filter("field = '_side'").aggregate("count(*)").fetchall()
    assert of_town == plain.table("differences").filter("field = 'town'").aggregate("count(*)").fetchall() != [(0,)]
    page = (renamed.path / "report.html").read_text(encoding="utf-8")
    shown = {"report": page, "check": " ".join(open_project(renamed.path.parent / "renamed.yaml").check().warnings)}
    shown["explained"] = "\n".join(
        renamed.explain(*renamed.table("links").select("record_id_l, record_id_r").limit(1).fetchall()[0]).lines()
    )
    follow_up.write_worklists(renamed, tmp_path / "worklists")
    for book in (tmp_path / "worklists").rglob("*.xlsx"):
        with zipfile.ZipFile(book) as archive:
            shown[book.name] = " ".join(archive.read(name).decode("utf-8") for name in archive.namelist() if "xml" in name)
    kept = "|".join([*RENAMED.values(), *BESIDE])
    for where, text in shown.items():
        found = sorted({found[0] for found in re.finditer(rf"(?<![\w:.])_+({kept})(_\w+)?\b", text)})
        assert not found, where


def test_the_review_shows_every_field(both: tuple[Run, Run]) -> None:
    from linkage.review.comparison import compare_pair
    from linkage.review.design import begin_review
    from linkage.review.interface import Interface
    from linkage.review.review_set import load_review_set
    from linkage.review.store import create_store

    _, renamed = both
    begin_review(renamed.path)
    store = create_store(renamed.path, renamed.spec.review)
    load_review_set(store, renamed.path)
    headings = {Interface("vi").field(row.name) for rows in compare_pair(store, 1).groups.values() for row in rows}
    assert {*RENAMED.values()} <= headings
    assert not [heading for heading in headings if heading.startswith("_")]
