"""Number proposals: who gets one, who is withheld and why."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pyarrow.parquet as pq
import pytest
from reconcilekit import ENTRY, KINDS, make_run, reconcile
from test_outcomes import someone

from linkage.errors import LinkageError
from linkage.reconcile.number_proposals import propose_numbers
from linkage.runs.tables import NUMBER_PROPOSALS


@pytest.fixture
def run(tmp_path: Path) -> Path:
    mentions, persons, links = [], [], []

    def pair(
        key: str,
        number: int,
        reason: str = "above_upper",
        margin: float | None = None,
        own: str | None = None,
        **person: str | None,
    ) -> None:
        mentions.append({**ENTRY, **someone(number), "personal_number": own, "record_id": f"m-{key}"})
        persons.append({**someone(number), "personal_number": f"0360500{number:05d}", **person, "record_id": f"p-{key}"})
        links.append((f"m-{key}", f"p-{key}", 20.0, reason, margin))

    pair("plain", 1)
    pair("has_one", 2, own="036050000002")
    pair("no_number", 3, personal_number=None)
    pair("close", 4, margin=1.0)
    pair("close_reviewed", 5, reason="verdict_match", margin=1.0)
    pair("twin", 6)
    persons.append({**someone(6, full_name="Nguyễn Văn Tuấn"), "personal_number": "036050009999", "record_id": "p-other_twin"})
    pair("twin_reviewed", 7, reason="verdict_match")
    persons.append({**someone(7, full_name="Nguyễn Văn Tuấn"), "personal_number": "036050009998", "record_id": "p-other_twin2"})
    pair("twice", 8)
    mentions.append({**ENTRY, **someone(8), "record_id": "m-twice2"})
    links.append(("m-twice2", "p-twice", 20.0, "above_upper", None))
    pair("in_use", 9)
    mentions.append({**ENTRY, **someone(15), "personal_number": "036050000009", "record_id": "m-thief"})
    pair("doubtful", 10, reason="between_thresholds")
    run = make_run(tmp_path / "run", mentions, persons, links)
    reconcile(run)
    return run


def test_who_is_proposed_and_who_is_withheld(run: Path) -> None:
    proposals = propose_numbers(run)
    rows = {row["record_id"]: row for row in pq.read_table(NUMBER_PROPOSALS.path(run)).to_pylist()}
    assert {key: row["withheld"] for key, row in rows.items()} == {
        "m-plain": None,
        "m-close_reviewed": None,
        "m-twin_reviewed": None,
        "m-no_number": "no_number",
        "m-close": "runner_up_unreviewed",
        "m-twin": "twin_unreviewed",
        "m-twice": "claimed_twice",
        "m-twice2": "claimed_twice",
        "m-in_use": "number_in_use",
    }
    assert rows["m-plain"]["personal_number"] == "036050000001" and rows["m-plain"]["error_bound"] == 0.001
    assert proposals.proposed == 3 and sum(proposals.withheld.values()) == 6 and proposals.error_bound == 0.001


def test_no_person_is_proposed_twice(run: Path) -> None:
    propose_numbers(run)
    people = [row["person_record_id"] for row in pq.read_table(NUMBER_PROPOSALS.path(run)).to_pylist() if row["withheld"] is None]
    assert len(people) == len(set(people))


def test_workbook_of_proposals(run: Path, tmp_path: Path) -> None:
    propose_numbers(run, headers={"full_name": "Họ và tên"}, workbook=tmp_path / "numbers.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "numbers.xlsx").active
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert len(lines) == 3 and {"036050000001", "036050000005", "036050000007"} == {line[-2] for line in lines}
    assert "20,0" in lines[0][-1]


def test_without_numbers_there_is_nothing_to_propose(tmp_path: Path) -> None:
    kinds = {field: kind for field, kind in KINDS.items() if field != "personal_number"}
    run = make_run(tmp_path, [{**ENTRY, **someone(1), "record_id": "m"}], [{**someone(1), "record_id": "p"}], [], kinds=kinds)
    reconcile(run, kinds)
    with pytest.raises(LinkageError, match="personal_number"):
        propose_numbers(run)
