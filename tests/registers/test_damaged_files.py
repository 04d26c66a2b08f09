"""Every damaged source ends in a clear error or in quarantine; the sound rows around the damage are used."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from linkage.errors import LinkageError
from linkage.registers import check_side, source_parts

PLACE = Path(__file__).parents[1] / "bad_inputs" / "sources" / "damaged_files.py"
described = importlib.util.spec_from_file_location("damaged_files", PLACE)
damaged_files = importlib.util.module_from_spec(described)
sys.modules["damaged_files"] = damaged_files
described.loader.exec_module(damaged_files)
CASES = damaged_files.CASES


def test_there_are_at_least_sixty() -> None:
    assert len({case.name + str(case.source) for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name} ({case.source['path']})")
def test_damage_ends_in_an_error_or_in_quarantine(case, tmp_path: Path, read, spec) -> None:
    case.write(tmp_path)
    how, expected = case.ends
    if how == "error":
        with pytest.raises(LinkageError) as raised:
            read(case.source)
        error = raised.value
        assert re.search(expected, str(error)), str(error)
        assert error.remedy, "an error says what to do"
        told = str(error)
        findings = check_side(spec(case.source), tmp_path, None).findings
        rows_alone = re.search("nothing under it|after row|damaged", told)
        assert findings or rows_alone, "`check` sees what reading would stop at, unless it is in the rows"
    else:
        result = read(case.source)
        assert result.report.reasons == expected
        assert result.report.rows_used == case.used
        assert result.report.rows_quarantined == sum(expected.values())
        assert {row["reason"] for row in result.quarantine} == set(expected)
        told = ""
    for _, name, _, _ in damaged_files.ROWS:
        assert name not in told
    assert "Nguyễn" not in told, "no register value in a message"


def test_a_file_one_may_not_read(tmp_path: Path, read, monkeypatch) -> None:
    (tmp_path / "r.csv").write_text("Mã hồ sơ,Họ và tên,Ngày sinh\n1,A,2000\n", encoding="utf-8")
    monkeypatch.setattr(source_parts.os, "access", lambda path, mode: False)
    with pytest.raises(LinkageError, match="may not read"):
        read({"path": "r.csv"})
