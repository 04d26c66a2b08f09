"""Acceptance plans against hand-worked figures and simulation; judging two keyings with planted errors."""

from __future__ import annotations

import csv
from math import comb
from pathlib import Path

import numpy as np
import pytest

from linkage.errors import LinkageError, SourceError
from linkage.reconcile import workbook_words as texts
from linkage.reconcile.acceptance import draw_sample, judge_acceptance, lot_interval
from linkage.reconcile.acceptance_plan import AcceptancePlan, plan_acceptance


def test_hand_worked_single_plan() -> None:
    """Lot of 50, tolerable 2 %: one wrong entry is tolerated, two are too many.

    With c = 0, P(accept | 2 wrong) = C(48, n) / C(50, n) = (50−n)(49−n) / (50·49): 110/2450 = 0.0449 at n = 39 and
    132/2450 = 0.0539 at n = 38, so 39 is the least sample that keeps 5 %.
    """
    plan = plan_acceptance(50, 0.02, 0.0)
    assert (plan.first, plan.second, plan.accept_first, plan.tolerated) == (39, 0, 0, 1)
    assert plan.consumers_risk == pytest.approx(11 * 10 / (50 * 49))
    assert plan.producers_risk == 0


def test_hand_worked_double_plan() -> None:
    """n1 = n2 = 5 of 20, 3 wrong, c1 = 0, c2 = 1: P = P(0) + P(1)·P(0 of 2 among 5 of 15), counted with binomials."""
    first = [comb(3, x) * comb(17, 5 - x) / comb(20, 5) for x in (0, 1)]
    then = comb(13, 5) / comb(15, 5)
    plan = AcceptancePlan(20, 5, 5, 0, 1, 0, 0, 0, 0)
    assert plan.acceptance(3) == pytest.approx(first[0] + first[1] * then)


def test_plans_keep_both_risks_and_are_smallest() -> None:
    for lot in (30, 200, 1000, 20_000):
        plan = plan_acceptance(lot, 0.05, 0.01)
        assert plan.consumers_risk <= 0.05 and plan.producers_risk <= 0.05
        assert plan.acceptance(plan.tolerated + 1) == pytest.approx(plan.consumers_risk)
        if plan.first > plan.accept_first + 1 and plan.first < lot:
            smaller = AcceptancePlan(
                lot, plan.first - 1, max(plan.second - 1, 0), plan.accept_first, plan.accept_both, 0, 0, 0, 0
            )
            assert smaller.acceptance(plan.tolerated + 1) > 0.05


def test_a_lot_no_sample_can_judge_is_checked_whole() -> None:
    plan = plan_acceptance(40, 0.05, 0.05 - 1e-11, producers_risk=0.01)
    assert plan.first == 40 and plan.acceptance(2) == 1 and plan.acceptance(3) == 0


@pytest.mark.parametrize(("lot", "tolerable", "good"), [(300, 0.05, 0.01), (2000, 0.02, 0.005)])
def test_operating_characteristic_by_simulation(lot: int, tolerable: float, good: float) -> None:
    """60,000 lots drawn and judged at each of five error rates: within 0.5 points of the promised probability."""
    plan = plan_acceptance(lot, tolerable, good)
    rng = np.random.default_rng(5)
    for wrong in (0, int(lot * good), plan.tolerated // 2, plan.tolerated + 1, 2 * plan.tolerated):
        first = rng.hypergeometric(wrong, lot - wrong, plan.first, 60_000)
        left = wrong - first
        later = rng.hypergeometric(left, lot - plan.first - left, plan.second) if plan.second else np.zeros_like(first)
        accepted = (first <= plan.accept_first) | (
            (first <= plan.accept_both) & (first + later <= plan.accept_both) & (plan.second > 0)
        )
        assert abs(accepted.mean() - plan.acceptance(wrong)) < 0.005


def test_rates_out_of_order_are_refused() -> None:
    for bad in ((0.01, 0.05), (1.0, 0.1), (0.05, 0.05)):
        with pytest.raises(LinkageError, match="do not hang together"):
            plan_acceptance(100, *bad)


def test_lot_intervals_are_exact() -> None:
    """Against the definition, by trying every number of wrong entries in the lot."""
    size, checked, wrong, level = 60, 20, 3, 0.9
    tail = (1 - level) / 2

    def at_most(d: int, x: int) -> float:
        return sum(comb(d, k) * comb(size - d, checked - k) for k in range(x + 1)) / comb(size, checked)

    possible = [
        d for d in range(wrong, size - checked + wrong + 1) if at_most(d, wrong) > tail and 1 - at_most(d, wrong - 1) > tail
    ]
    assert lot_interval(size, checked, wrong, level) == (min(possible) / size, max(possible) / size)


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def keyed_rows(lot: str, operator: str, count: int) -> list[dict[str, str]]:
    return [
        {
            texts.RECORD_ID: f"{lot}-{n:03d}",
            texts.LOT: lot,
            texts.OPERATOR: operator,
            "Họ và tên": "Nguyễn Thị Hòa",
            "Ngày sinh": "01/02/1990",
            "Ghi chú": "",
        }
        for n in range(count)
    ]


def test_judging_finds_every_planted_error(tmp_path: Path) -> None:
    keyed = [*keyed_rows("A", "NV1", 60), *keyed_rows("B", "NV2", 60), *keyed_rows("C", "NV1", 60)]
    sample = draw_sample(write(tmp_path / "keyed.csv", keyed), tolerable=0.1, good=0.02)
    again = []
    for lot, ids in sample.items():
        plan = plan_acceptance(60, 0.1, 0.02)
        chosen = ids[: plan.first] if lot != "C" else ids[: plan.first - 4]
        again += [dict(row) for row in keyed if row[texts.RECORD_ID] in chosen]
    wrong = [row for row in again if row[texts.LOT] == "B"][:8]
    for row in wrong:
        row["Họ và tên"] = "Nguyễn Thị Hoa"
    for row in again:  # another way of writing is no disagreement
        row["Họ và tên"] = row["Họ và tên"].replace("Hòa", "Hoà").upper() if row not in wrong else row["Họ và tên"]
    judged = judge_acceptance(tmp_path / "keyed.csv", write(tmp_path / "again.csv", again), tolerable=0.1, good=0.02)
    by_lot = {lot.entries.name: lot for lot in judged.lots}
    assert (by_lot["A"].decision, by_lot["B"].decision, by_lot["C"].decision) == ("accept", "reject", "sample_more")
    assert by_lot["C"].to_key == 4 and by_lot["B"].entries.wrong == 8
    assert by_lot["B"].entries.low <= 8 / by_lot["B"].entries.checked <= by_lot["B"].entries.high
    assert {rate.name: rate.wrong for rate in judged.fields_by_field} == {"Họ và tên": 8, "Ngày sinh": 0}
    assert {rate.name: rate.wrong for rate in judged.entries_by_operator} == {"NV1": 0, "NV2": 8}
    assert judged.only_rekeyed == 0


def test_a_lot_keyed_again_whole_is_known_exactly(tmp_path: Path) -> None:
    keyed = keyed_rows("A", "NV1", 20)
    again = [dict(row) for row in keyed]
    for row in again[:3]:
        row["Ngày sinh"] = "01/02/1991"
    write(tmp_path / "keyed.csv", keyed)
    write(tmp_path / "again.csv", again)
    for tolerable, decision in ((0.15, "accept"), (0.1, "reject")):
        (lot,) = judge_acceptance(tmp_path / "keyed.csv", tmp_path / "again.csv", tolerable=tolerable, good=0.0).lots
        assert lot.decision == decision and (lot.entries.low, lot.entries.high) == (0.15, 0.15)


def test_the_drawn_sample_does_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    rows = keyed_rows("A", "NV1", 80)
    one = draw_sample(write(tmp_path / "a.csv", rows), tolerable=0.1, good=0.02, seed=3)
    assert one == draw_sample(write(tmp_path / "b.csv", rows[::-1]), tolerable=0.1, good=0.02, seed=3)
    assert one != draw_sample(tmp_path / "a.csv", tolerable=0.1, good=0.02, seed=4)


@pytest.mark.parametrize("content", ["", "Mã hồ sơ,Lô\n1,A\n", "Mã hồ sơ,Lô,Người nhập liệu,X\n1,A,N,x\n1,A,N,y\n"])
def test_bad_files_are_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.csv").write_text(content, encoding="utf-8")
    with pytest.raises(SourceError):
        judge_acceptance(tmp_path / "bad.csv", tmp_path / "bad.csv", tolerable=0.1, good=0.02)
