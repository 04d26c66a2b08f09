"""A correct review with the shipped targets costs no true link, on deaths and on registers with twice the errors too."""

from __future__ import annotations

from pathlib import Path

import pytest

from linkage import Run, open_project
from linkage.decision.proposing import agree, propose
from linkage.demo import hold_against_truth
from linkage.notebook import simulate_review
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate
from tests.conftest import CONFIGS

QUICK = "\ntraining: {starts: 1, max_pairs: 100000, max_iterations: 40}\n"


@pytest.mark.parametrize(
    ("config", "register", "role", "errors"),
    [("death-to-population", "death", "deceased", 1.0), ("birth-to-population", "birth", "child", 2.0)],
)
def test_links_fall_by_no_more_than_was_reviewed_as_wrong(
    province: Path, tmp_path: Path, config: str, register: str, role: str, errors: float
) -> None:
    registers = province
    if errors != 1:
        registers = tmp_path / "registers"
        generate(SyntheticSpec(persons=1_500, seed=8, errors=errors, digitisation=False), registers)
    file = tmp_path / "project.yaml"
    file.write_text((CONFIGS / f"{config}.yaml").read_text(encoding="utf-8") + QUICK, encoding="utf-8")
    project = open_project(file, data=registers)
    truth = registers / "truth.parquet"
    run = project.run(until="sample", out=tmp_path / "run")
    before = hold_against_truth(run, truth, register, role)
    simulate_review(run, truth, register, role, error=0.0, unsure=0.0)
    for _ in range(2):  # deciding again by the same labels is deciding once
        with connect() as connection:
            proposal = propose(connection, run.path, run.spec, "labels")
        agree(run.path, proposal)
        run = project.run(until="sample", out=tmp_path / "run")
        after = hold_against_truth(Run.open(run.path), truth, register, role)
        links = run.table("links").filter("decision_unreviewed = 'link'")
        labels = run.table("labels")
        wrong = len(
            links.select("record_id_l, record_id_r")
            .intersect(labels.filter("verdict = 'non_match'").select("record_id_l, record_id_r"))
            .fetchall()
        )
        assert after.true_links >= before.true_links and before.links - after.links <= wrong
        assert after.precision >= before.precision and after.recall >= before.recall
        assert after.links == proposal.scenes[2].links
