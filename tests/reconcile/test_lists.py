"""Lists as offices keep them, each under lists/: what the inventory and an acceptance read of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from linkage.errors import SourceError
from linkage.reconcile import draw_sample, judge_acceptance, take_inventory
from linkage.reconcile import workbook_words as texts

LISTS = Path(__file__).parent / "lists"


@pytest.mark.parametrize("folder", sorted(path.parent for path in LISTS.glob("*/case.yaml")), ids=lambda folder: folder.name)
def test_what_stands_in_the_list_is_counted(folder: Path) -> None:
    case = YAML(typ="safe").load(folder / "case.yaml")
    if "refused" in case:
        with pytest.raises(SourceError) as raised:
            take_inventory(folder / case["file"])
        assert case["refused"] in raised.value.what and raised.value.remedy
        return
    found = take_inventory(folder / case["file"])
    assert [found.books, found.entries, found.digitised, found.loaded, found.remaining] == case["sums"]
    assert sorted({(one.row, one.kind) for one in found.contradictions}) == [tuple(one) for one in case["contradictions"]]


def test_a_keying_with_a_title_a_total_and_signatures(tmp_path: Path) -> None:
    header = f"{texts.RECORD_ID},{texts.LOT},{texts.OPERATOR},Họ và tên\n"
    rows = [f"K{n},A,NV1,Nguyễn Văn {n}\n" for n in range(4)]
    plain, printed = tmp_path / "plain.csv", tmp_path / "printed.csv"
    plain.write_text(header + "".join(rows), encoding="utf-8")
    pages = ['"LÔ A\rNHẬP LẦN 1",,,\n', header, *rows[:2], header.upper(), "\ufeff" + rows[2], rows[3].replace("K3", "K3\u200b ")]
    foot = ["Tổng cộng: 4,,,\n", ",,NGƯỜI NHẬP LIỆU,\n", ",,Trần Thị Bình,\n"]
    printed.write_text("".join([*pages, *foot]), encoding="utf-8", newline="")
    assert draw_sample(printed, tolerable=0.3, good=0.02) == draw_sample(plain, tolerable=0.3, good=0.02)
    (lot,) = judge_acceptance(printed, plain, tolerable=0.3, good=0.02).lots
    assert (lot.entries.checked, lot.entries.wrong) == (4, 0)


def test_a_legacy_encoding_is_told_with_what_to_do(tmp_path: Path) -> None:
    from linkage.synthetic.legacy import to_tcvn3

    text = to_tcvn3("Mã hồ sơ,Lô,Người nhập liệu\n" + "K1,A,Nguyễn Thị Hòa\n" * 30)
    (tmp_path / "old.csv").write_bytes(b"".join(letter.encode("latin-1", "replace") for letter in text))
    with pytest.raises(SourceError, match=r"old\.csv, line 1: the text is not UTF-8") as raised:
        draw_sample(tmp_path / "old.csv", tolerable=0.3, good=0.02)
    assert "in UTF-8" in raised.value.remedy and "project file" not in raised.value.remedy
