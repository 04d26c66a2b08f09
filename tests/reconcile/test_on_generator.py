"""On synthetic registers with truth: outcomes right for at least 98 % of mentions, injected errors classified right for 95 %.

The links are the generator's truth (with a missing second entry where a person was registered twice, as a one-to-one
assignment leaves it): what is measured is the reconciliation, not the linkage. The whole run is measured in the benchmark.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from truthkit import EXPECTED, confusion, error_classes, make_true_run
from typer.testing import CliRunner

from linkage.cli.commands import app
from linkage.reconcile.codes import FINDINGS

NEEDED = 0.95
FEW = 40
"""Kinds with fewer values than this are pooled."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_true_run(tmp_path_factory.mktemp("generator"), persons=4_000, seed=11)


def test_outcomes_are_right_for_98_percent(made: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    run, registers = made
    table = confusion(run, registers)
    total, right = sum(table.values()), sum(n for (truth, _, is_right), n in table.items() if is_right)
    with capsys.disabled():
        print(f"\noutcomes right for {right} of {total} mentions and persons ({right / total:.4f})")
        for (truth, got, is_right), n in sorted(table.items()):
            print(f"  truth {truth:<14} outcome {got:<22} {n:>6} {'' if is_right else 'WRONG'}")
    assert right / total >= 0.98
    mentions = {key: n for key, n in table.items() if not key[0].startswith("person")}
    assert sum(n for (_, _, ok), n in mentions.items() if ok) / sum(mentions.values()) >= 0.98


def test_injected_errors_get_the_class_they_should(made: tuple[Path, Path]) -> None:
    run, registers = made
    seen: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for kind, found in error_classes(run, registers):
        seen[kind] += 1
        right[kind] += found in EXPECTED[kind]
    few = [kind for kind in seen if seen[kind] < FEW]
    shares = {kind: right[kind] / seen[kind] for kind in seen if kind not in few}
    shares["few"] = sum(right[kind] for kind in few) / max(sum(seen[kind] for kind in few), 1)
    assert len(shares) > 10 and not {kind: share for kind, share in shares.items() if share < NEEDED}


def test_every_finding_occurs_and_98_percent_are_right_through_the_whole_pipeline(
    made: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = CliRunner().invoke(app, ["demo", "--persons", "6000", "--out", str(tmp_path)])
    assert ended.exit_code == 0, ended.output
    table = confusion(tmp_path / "birth-to-population", tmp_path / "registers")
    mentions = {key: n for key, n in table.items() if not key[0].startswith("person")}
    total, right = sum(mentions.values()), sum(n for (_, _, is_right), n in mentions.items() if is_right)
    with capsys.disabled():
        print(f"\nwhole pipeline: outcomes right for {right} of {total} mentions ({right / total:.4f})")
        for (truth, got, is_right), n in sorted(table.items()):
            print(f"  truth {truth:<14} outcome {got:<22} {n:>6} {'' if is_right else 'WRONG'}")
    # nobody has reviewed here: what waits for the free reviewers, half of their 600 places at most, is not decided yet
    waiting = sum(n for (_, got, is_right), n in mentions.items() if got == "awaiting_review" and not is_right)
    assert right / (total - waiting) >= 0.98 and waiting <= 300
    # the first is said of one register held against itself, the second comes about once in 20,000 people: test_outcomes plants both
    assert set(FINDINGS) - {got for _, got, _ in table + confusion(*made)} <= {
        "no_duplicate",
        "registered_twice",
        "several_candidates",
    }
