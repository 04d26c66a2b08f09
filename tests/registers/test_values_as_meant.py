"""Small inputs that once lost or changed values, or that a rule did not see: each folder of `cases` with what is right of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from linkage import Run
from linkage.config.columns import column_of
from linkage.runs.sql import connect
from linkage.runs.tables import CHECKS, MENTIONS

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/expected.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_right(case: Path, tmp_path: Path, command_line: Callable) -> None:
    right = yaml.safe_load((case / "expected.yaml").read_text(encoding="utf-8"))
    out = tmp_path / "out"
    ended = command_line("run", str(case / "p.yaml"), "--until", "standardise", "--out", str(out))
    assert ended.status == 0, ended.told
    with connect() as connection:
        for record_id, values in right.get("mentions", {}).items():
            columns = ", ".join(f'"{column_of(name)}"' for name in values)
            (row,) = connection.execute(f"SELECT {columns} FROM {MENTIONS.scan(out)} WHERE record_id = ?", [record_id]).fetchall()
            assert dict(zip(values, row, strict=True)) == values, record_id
    counts = Run.open(out).summary["stages"]["read"]["counts"]
    if "null_words" in right:
        start = "left_null_words_"
        assert {key.removeprefix(start): rows for key, rows in counts.items() if key.startswith(start)} == right["null_words"]
    if "rules" in right:
        held = CHECKS.read(out)["sides"]["left"]["rules"]
        assert {found["rule"]: found["rows"] for found in held if found["rows"]} == right["rules"]
        assert {found["rule"]: counts[f"left_rule_{found['rule']}"] for found in held if found["rows"]} == right["rules"]
        assert all(
            f"{rows} {'row breaks' if rows == 1 else 'rows break'} {rule}" in ended.told for rule, rows in right["rules"].items()
        )
    assert counts["left_rows_quarantined"] == right.get("quarantined", 0)
    told = " ".join(ended.told.split())
    assert all(sentence in told for sentence in right.get("told", ()))
