"""Files as offices keep them, each under cases/: what is read of it, and where every row of it went."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from linkage.words.set_aside import SET_ASIDE

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("folder", sorted(path.parent for path in CASES.glob("*/case.yaml")), ids=lambda folder: folder.name)
def test_what_stands_in_the_file_is_read(folder: Path, read) -> None:
    case = YAML(typ="safe").load(folder / "case.yaml")
    source = case["side"].pop("source")
    found = read(source, base=folder, **case["side"])
    names = ["record_id", *(case["side"].get("fields") or {"full_name": "", "birth_date": ""})]
    assert [[row[name] for name in names] for row in found.mentions] == case["mentions"]
    report = found.report
    assert [f"{where}: {row}" for where, row in report.header_rows] == case["headers_at"]
    assert (report.rows_in_file, report.title_rows, report.rows_blank) == tuple(
        case[count] for count in ("rows_in_file", "title_rows", "rows_blank")
    )
    assert dict(report.reasons) == case["reasons"]
    assert set(report.reasons) <= set(SET_ASIDE)
    assert report.rows_in_file == report.title_rows + len(report.header_rows) + report.rows_blank + report.rows_in
    placed = [(row["source"], row["row_number"]) for row in (*found.mentions, *found.quarantine)] + [*report.header_rows]
    assert len(set(placed)) == len(placed) == report.rows_in + len(report.header_rows), "every row has a place of its own"
