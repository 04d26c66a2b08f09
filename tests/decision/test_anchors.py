import numpy as np
import pytest

from linkage.decision.anchors import AnchoredMentions, estimate_by_anchors, load_anchored_mentions, standardised_difference
from linkage.errors import LinkageError
from tests.decision.planted_population import plant_population


def anchored(population, features=True):
    columns = population.group.astype(str)[:, None] if features else np.empty((population.weight.size, 0), str)
    return AnchoredMentions(
        population.weight, columns, ("group",) if features else (), population.numbered, population.true, population.has_person
    )


def truth(population, threshold):
    rest = ~population.numbered
    linked = rest & (population.weight >= threshold)
    return {
        "precision": population.true[linked].mean(),
        "recall_of_all": (linked & population.true).sum() / (rest & population.has_person).sum(),
    }


def by_measure(population, threshold, features=True):
    estimates, fit = estimate_by_anchors(anchored(population, features), threshold)
    return {one.measure: one for one in estimates}, fit


def test_post_stratification_by_hand():
    # group a: 40 anchors of which 4 wrongly linked, 100 others; group b: 20 anchors with 6 wrong, 300 others; F = 10 + 90
    group = np.repeat(["a", "a", "b", "b"], [40, 100, 20, 300])
    known = np.repeat([True, False, True, False], [40, 100, 20, 300])
    right = np.ones(460, bool)
    right[:4] = False
    right[140:146] = False
    mentions = AnchoredMentions(np.full(460, 9.0), group[:, None], ("group",), known, right, np.ones(460, bool))
    estimates, _ = estimate_by_anchors(mentions, 5.0)
    precision = next(one for one in estimates if one.measure == "precision")
    assert precision.value == pytest.approx(1 - 100 / 400)
    assert (precision.denominator, precision.n) == (400, 60)


def test_covers_when_the_features_explain_who_is_numbered():
    covered = {"precision": [], "recall_of_all": []}
    for seed in range(40):
        population = plant_population(seed, 12_000)
        threshold = population.threshold_for(0.99)
        found, _ = by_measure(population, threshold)
        for measure, right in truth(population, threshold).items():
            covered[measure].append(found[measure].low <= right <= found[measure].high)
    assert all(np.mean(outcome) >= 0.82 for outcome in covered.values())  # 40 populations


def test_adjustment_moves_towards_the_truth():
    raw_error, adjusted_error = [], []
    for seed in range(10):
        population = plant_population(seed, 12_000)
        threshold = population.threshold_for(0.99)
        right = truth(population, threshold)["recall_of_all"]
        numbered = population.numbered & population.has_person
        raw = (numbered & population.true & (population.weight >= threshold)).sum() / numbered.sum()
        raw_error.append(raw - right)
        adjusted_error.append(by_measure(population, threshold)[0]["recall_of_all"].value - right)
    assert abs(np.mean(adjusted_error)) < 0.4 * abs(np.mean(raw_error))


def test_says_when_anchors_cannot_speak_for_the_rest():
    population = plant_population(1, 12_000)
    _, near = by_measure(population, 5.0)
    assert near.differ and not near.differ_too_much
    weak = population.weight < 4
    only_strong = AnchoredMentions(
        population.weight, np.empty((12_000, 0), str), (), population.numbered & ~weak & ~np.isnan(population.weight),
        population.true, population.has_person,
    )  # fmt: skip
    _, far = estimate_by_anchors(only_strong, 5.0)
    assert far.differ_too_much and far.uncovered > 0.05


def test_read_from_tables(run):
    mentions = load_anchored_mentions(run.connection, run.paths["mentions"], run.paths["persons"], run.paths["links"], ["group"])
    population = run.population
    assert mentions.known.sum() == population.numbered.sum()
    assert (mentions.known & mentions.has_person).sum() == (population.numbered & population.has_person).sum()
    assert (mentions.known & mentions.right).sum() == (population.numbered & population.true).sum()
    with pytest.raises(LinkageError, match="no column"):
        load_anchored_mentions(run.connection, run.paths["mentions"], run.paths["persons"], run.paths["links"], ["nothing"])


@pytest.mark.parametrize("value", [True, False])
def test_needs_both_kinds_of_mention(value):
    one = AnchoredMentions(np.ones(9), np.empty((9, 0), str), (), np.full(9, value), np.ones(9, bool), np.ones(9, bool))
    with pytest.raises(LinkageError):
        estimate_by_anchors(one, 0.0)


def test_standardised_difference_without_variety():
    assert standardised_difference(0.0, 0.0) == 0.0


def test_a_number_that_contradicts_its_entry_is_no_anchor(run):
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE flagged AS SELECT *, if(hash(record_id) % 5 = 0 AND personal_number IS NOT NULL, 'year_differs',
            NULL) AS personal_number_flags FROM '{run.paths["mentions"]}'"""
    )
    given = run.paths["persons"], run.paths["links"]
    plain = load_anchored_mentions(run.connection, run.paths["mentions"], *given)
    found = load_anchored_mentions(run.connection, "flagged", *given)
    assert 0.7 * plain.known.sum() < found.known.sum() < 0.9 * plain.known.sum()
    assert not (found.right | found.has_person)[~found.known].any()
    assert (found.right == plain.right)[found.known].all()


def test_the_other_row_of_a_person_registered_twice_is_right(run):
    """Some right links are moved to another row of the same human: they stay right once that is known."""
    links, persons = run.paths["links"], run.paths["persons"]
    run.connection.execute(
        f"""CREATE OR REPLACE TABLE moved AS SELECT * REPLACE (if(hash(record_id_l) % 4 = 0 AND record_id_r LIKE 'p%',
                'd' || record_id_r, record_id_r) AS record_id_r) FROM '{links}'"""
    )
    run.connection.execute("CREATE OR REPLACE TABLE doubles (record_id VARCHAR, other_record_id VARCHAR)")
    run.connection.execute(
        """INSERT INTO doubles SELECT CASE WHEN hash(record_id_r) % 2 = 0 THEN record_id_r ELSE record_id_r[2:] END,
               CASE WHEN hash(record_id_r) % 2 = 0 THEN record_id_r[2:] ELSE record_id_r END FROM moved WHERE record_id_r LIKE 'dp%'"""
    )
    given = run.connection, run.paths["mentions"], persons
    before = load_anchored_mentions(*given, links)
    unknown, known = load_anchored_mentions(*given, "moved"), load_anchored_mentions(*given, "moved", twice="doubles")
    assert unknown.right.sum() < before.right.sum() == known.right.sum()
    assert (known.right == before.right).all() and known.weight.size == before.weight.size
