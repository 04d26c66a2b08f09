"""Handed-back rows: paired by the key of the book, by links where it fails, with conflicts told."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from reconcilekit import BOOK, ENTRY, KINDS, ONLY_LEFT, _write, make_run
from test_outcomes import someone

from linkage.errors import LinkageError
from linkage.reconcile.handback import reconcile_handback


def entry(number: int, **changes: str | None) -> dict[str, str | None]:
    return {**ENTRY, **someone(number), "entry_number": f"{number:02d}/1985", **changes}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    here = [entry(n) | {"record_id": f"h{n:02d}"} for n in range(1, 9)]
    there = [
        entry(1, registering_office="Xã Mỹ Thắng - Mỹ Lộc - Nam Định", entry_number="1/1985", book_number="1/1985")
        | {"record_id": "t01"},
        entry(2, ethnicity="Tày") | {"record_id": "t02"},
        entry(3, book_number=None) | {"record_id": "t03"},  # key gone: found by its link
        entry(4, **someone(30, sex="Nữ")) | {"record_id": "t04"},  # the same place in the book, another person
        entry(5) | {"record_id": "t05a"},
        entry(5, full_name="Nguyễn Văn Khoa") | {"record_id": "t05b"},  # key twice: the link tells
        entry(20) | {"record_id": "t20"},
    ]
    links = [("h03", "t03", 20.0, "above_upper", None), ("h05", "t05a", 20.0, "above_upper", None)]
    run = make_run(tmp_path, here, there, links)
    _write(run, "persons", there, {**KINDS, **ONLY_LEFT}, BOOK, "child")
    return run


def test_states(run: Path) -> None:
    handback = reconcile_handback(run, {**KINDS, **ONLY_LEFT})
    rows = pq.read_table(run / "handback.parquet").to_pylist()
    assert {(row["record_id_l"], row["record_id_r"]): (row["state"], row["how"]) for row in rows} == {
        ("h01", "t01"): ("both", "key"),
        ("h02", "t02"): ("both_conflicting", "key"),
        ("h03", "t03"): ("both", "link"),
        ("h04", "t04"): ("key_of_another", "key"),
        ("h05", "t05a"): ("both", "link"),
        ("h06", None): ("only_here", None),
        ("h07", None): ("only_here", None),
        ("h08", None): ("only_here", None),
        (None, "t05b"): ("only_there", None),
        (None, "t20"): ("only_there", None),
    }
    assert handback.states == {"both": 3, "both_conflicting": 1, "only_here": 3, "only_there": 2, "key_of_another": 1}
    assert (handback.by_key, handback.by_link) == (3, 2) and handback.conflicts["ethnicity"] == 1


def test_runs_within_one_table_or_without_keys_are_refused(tmp_path: Path, run: Path) -> None:
    within = make_run(tmp_path / "within", [entry(1) | {"record_id": "a"}], None, [])
    with pytest.raises(LinkageError, match="within one table"):
        reconcile_handback(within, KINDS)
    keyless = make_run(tmp_path / "keyless", [entry(1) | {"record_id": "a"}], [someone(1) | {"record_id": "b"}], [])
    with pytest.raises(LinkageError, match="lacks book_number"):
        reconcile_handback(keyless, KINDS)
