"""A correct review with the shipped targets costs no true link, on deaths with twice the errors too."""

from __future__ import annotations

from pathlib import Path

from linkage import Run, open_project
from linkage.decision.proposing import agree, propose
from linkage.demo import hold_against_truth
from linkage.notebook import simulate_review
from linkage.runs.sql import connect
from linkage.synthetic import SyntheticSpec, generate
from tests.conftest import CONFIGS

QUICK = "\ntraining: {starts: 1, max_pairs: 100000, max_iterations: 40}\n"


def test_links_fall_by_no_more_than_was_reviewed_as_wrong(tmp_path: Path) -> None:
    registers, file = tmp_path / "registers", tmp_path / "project.yaml"
    generate(SyntheticSpec(persons=3_000, seed=8, errors=2.0, digitisation=False), registers)
    file.write_text((CONFIGS / "death-to-population.yaml").read_text(encoding="utf-8") + QUICK, encoding="utf-8")
    project, truth = open_project(file, data=registers), registers / "truth.parquet"
    run = project.run(until="sample", out=tmp_path / "run")
    before = hold_against_truth(run, truth, "death", "deceased")
    simulate_review(run, truth, "death", "deceased", error=0.0, unsure=0.0)
    with connect() as connection:
        proposal = propose(connection, run.path, run.spec, "labels")
    agree(run.path, proposal)
    run = project.run(until="decide", out=tmp_path / "run")
    after = hold_against_truth(Run.open(run.path), truth, "death", "deceased")
    pairs = "record_id_l, record_id_r"
    links = run.table("links").filter("decision_unreviewed = 'link'").select(pairs)
    wrong = len(links.intersect(run.table("labels").filter("verdict = 'non_match'").select(pairs)).fetchall())
    assert after.true_links >= before.true_links and before.links - after.links <= wrong
    assert after.precision >= before.precision and after.recall >= before.recall
    assert after.links == proposal.scenes[2].links
    # what is missed of all is told before the decision and after it, the same draw of searches behind both
    for scene, true in ((proposal.scenes[0], before), (proposal.scenes[2], after)):
        missed = next(one.by_labels for one in scene.judgements if one.measure == "missed_of_all")
        assert missed is not None and missed.low <= 1 - true.recall <= missed.high
