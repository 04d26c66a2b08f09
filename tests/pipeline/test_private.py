"""What leaves the tables: no register value in documents or output, no network, every row accounted for."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

from linkage import open_project

DOCUMENTS = ("run.json", "model.json", "training.json", "blocking.json", "relatives.json", "thresholds.json")

WITHOUT_NETWORK = """
import socket, sys
def refuse(*given, **more):
    raise AssertionError(f"network call: {given[1:] or given}")
for name in ("connect", "connect_ex", "sendto"):
    setattr(socket.socket, name, refuse)
socket.create_connection = socket.getaddrinfo = socket.gethostbyname = refuse
try:
    socket.create_connection(("127.0.0.1", 9))
except AssertionError:
    print("the guard holds")
from linkage.cli import main
sys.argv = ["linkage", "demo", "--persons", "600", "--out", sys.argv[1]]
main()
"""


def names_in(path: Path, *columns: str) -> set[str]:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row[column] for row in rows for column in columns if " " in (row[column] or "").strip()}


def test_documents_hold_no_name_of_a_source(finished_run: Path, province: Path) -> None:
    with (province / "births.csv").open(encoding="utf-8") as file:
        header = next(csv.reader(file))
    named = [column for column in header if "tên" in column.casefold()]
    names = names_in(province / "births.csv", *named)
    assert len(names) > 2000, "the right columns were read"
    for document in [*DOCUMENTS, *(f"stages/{path.name}" for path in (finished_run / "stages").iterdir())]:
        text = (finished_run / document).read_text(encoding="utf-8")
        found = [name for name in names if name in text]
        assert not found, document


def test_a_run_says_no_name_of_a_source(sound_project: Path, command_line) -> None:
    ended = command_line("run", "sound.yaml", "--out", "out", "--until", "sample", folder=sound_project)
    assert ended.status == 0
    assert "[" in ended.output, "progress is logged as plain lines"
    assert not [name for name in names_in(sound_project / "left.csv", "name") if name in ended.told]


def test_every_row_is_used_or_set_aside(finished_run: Path, province: Path) -> None:
    counts = json.loads((finished_run / "run.json").read_text(encoding="utf-8"))["stages"]["read"]["counts"]
    for side, file in (("left", "births.csv"), ("right", "population.csv")):
        with (province / file).open(encoding="utf-8") as source:
            rows = sum(1 for _ in csv.reader(source)) - 1
        assert counts[f"{side}_rows_in"] == rows
        assert rows == counts[f"{side}_rows_used"] + counts[f"{side}_rows_quarantined"]


def test_rows_set_aside_are_in_quarantine_with_their_place(sound_project: Path) -> None:
    with (sound_project / "left.csv").open("a", encoding="utf-8") as file:
        file.write("L-900,Lê Văn An,01/01/1990,Nam,Ba Vì,too,many\n,Lê Văn An,01/01/1990,Nam,Ba Vì\n")
    run = open_project(sound_project / "sound.yaml").run(until="read", out=sound_project / "out")
    counts = run.summary["stages"]["read"]["counts"]
    assert (counts["left_rows_in"], counts["left_rows_used"], counts["left_rows_quarantined"]) == (242, 240, 2)
    told = run.table("quarantine").select("source, row_number, reason").order("row_number").fetchall()
    assert told == [("left.csv", 242, "ragged_row"), ("left.csv", 243, "missing_record_id")]


def test_the_demo_needs_no_network(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", WITHOUT_NETWORK, tmp_path], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.startswith("the guard holds")
    assert "network call" not in ended.stdout + ended.stderr
    assert "precision" in ended.stdout
    for name in ("links.parquet", "review_set.parquet", "report.html"):
        assert (tmp_path / "birth-to-population" / name).is_file()
