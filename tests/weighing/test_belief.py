"""One belief, one number: what is said of a pair is how often it is so, and every place that shows a pair says the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pytest

from linkage.project import Run
from linkage.runs.tables import LINKS, PRESENCE, REGISTERED_TWICE, SCORED_PAIRS
from linkage.statistics import probability
from linkage.weighing import belief
from linkage.weighing.belief import SamePerson, link_weights
from linkage.weighing.presence import learn_presence


def believed(left: np.ndarray, weight: np.ndarray, mentions: int, expected: float) -> np.ndarray:
    there = learn_presence(np.bincount(left, weights=np.exp2(weight) * mentions / expected, minlength=mentions), [])
    return probability(link_weights(left, weight + np.log2(there.share / (1 - there.share))[left] - np.log2(expected / mentions)))


def simulated_mentions(share: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(mention, weight, whether it is the match) of candidate pairs: each of 20,000 mentions has one person or none.

    Four comparisons of a pair each agree with probability .9 in matches and .05 in others; weights are exact for the prior
    of `share` × 20,000 matches among 20,000 × 20 pairs.
    """
    random = np.random.default_rng(seed)
    mentions, persons = 20_000, 20
    true = np.zeros((mentions, persons), dtype=bool)
    true[:, 0] = random.random(mentions) < share
    agree = random.random((mentions, persons, 4)) < np.where(true, 0.9, 0.05)[:, :, None]
    bits = np.where(agree, np.log2(0.9 / 0.05), np.log2(0.1 / 0.95)).sum(axis=2)
    left = np.repeat(np.arange(mentions), persons)
    return left, (bits + np.log2(share / persons / (1 - share / persons))).ravel(), true.ravel()


@pytest.mark.parametrize("share", [0.2, 0.9])
def test_probabilities_of_at_most_one_person_are_right_where_those_of_pairs_are_not(share: float) -> None:
    """Of the best pair of each mention, among all whose weight is middling, the share of matches is what is said."""
    left, weight, true = simulated_mentions(share, seed=8)
    said = believed(left, weight, 20_000, share * 20_000)
    order = np.lexsort((-weight, left))
    best = order[np.r_[True, left[order][1:] != left[order][:-1]]]
    middling = best[(weight[best] > -9) & (weight[best] < 6)]
    assert len(middling) > 1_000
    alone = 1 / (1 + 2**-weight)
    assert said[middling].mean() == pytest.approx(true[middling].mean(), abs=0.02), (
        said[middling].mean(),
        alone[middling].mean(),
    )
    assert abs(alone[middling].mean() - true[middling].mean()) > (0.05 if share > 0.5 else 0.0)


def test_rivals_share_one_probability_and_nothing_is_certain_for_want_of_others() -> None:
    said = believed(np.array([0, 0, 1]), np.array([12.0, 12.0, -4.0]), 2, 1.0)
    assert said[0] == said[1] < 0.5
    assert said[:2].sum() < 1 and said[2] < 0.5


def test_rivals_by_hand() -> None:
    """Odds 8, 2 and 1 against none: 8 / (1 + 3), 2 / (1 + 9), 1 / (1 + 10); a rival who is surely the same is none."""
    left, weights = np.array([7, 7, 7, 9]), np.array([3.0, 1.0, 0.0, -2.0])
    assert 2 ** link_weights(left, weights) == pytest.approx([2, 0.2, 1 / 11, 0.25])
    same = SamePerson(np.array([0, 1]), np.array([1, 0]), np.array([0.75, 0.75]))
    assert 2 ** link_weights(left, weights, same) == pytest.approx([8 / 2.5, 2 / 4, 1 / 11, 0.25])
    # one entry a person: entry 2 could only be person 5, so it takes odds from entry 1 there; with a person of its own hardly
    mentions, persons = np.array([1, 2]), np.array([5, 5])
    assert 2 ** link_weights(mentions, np.array([3.0, 2.0]), right=persons) == pytest.approx([8 / 5, 4 / 9])
    mentions, persons = np.array([1, 2, 2]), np.array([5, 5, 6])
    either = [8 / (1 + 4 / 1025), 4 / (9 * 1025), 1024 / (1 + 4 / 9)]
    assert 2 ** link_weights(mentions, np.array([3.0, 2.0, 10.0]), right=persons) == pytest.approx(either)
    heavy = link_weights(np.array([1, 1]), np.array([90.0, 1.0]))
    assert heavy == pytest.approx([90 - np.log2(3), 1 - 90])


def test_links_pairs_and_explanations_give_one_probability_and_its_log2_odds(finished_run: Path) -> None:
    run = Run.open(finished_run)
    run.table("pairs").create_view("everywhere")
    links = LINKS.scan(finished_run)
    apart = run.connection.execute(
        f"""SELECT count(*), max(abs(e.match_probability - k.match_probability)), max(abs(e.link_weight - k.link_weight)),
            max(abs(e.pair_weight - k.pair_weight)) FROM {links} k JOIN everywhere e USING (record_id_l, record_id_r)"""
    ).fetchall()[0]
    assert apart[0] == run.table("links").count("*").fetchall()[0][0] > 1_000 and max(apart[1:]) < 1e-9
    for table in ("everywhere", links):
        said = run.connection.execute(f"SELECT match_probability, link_weight, pair_weight FROM {table}").fetchnumpy()
        assert probability(said["link_weight"]) == pytest.approx(said["match_probability"], abs=1e-9)
        assert (said["link_weight"] <= said["pair_weight"] + 1e-9).all()
    some = "record_id_l, record_id_r, link_weight, match_probability FROM everywhere"
    doubtful = run.connection.execute(f"SELECT {some} WHERE link_weight BETWEEN -8 AND 8 ORDER BY ALL LIMIT 5").fetchall()
    light = run.connection.execute(f"SELECT {some} ORDER BY match_weight, record_id_l LIMIT 2").fetchall()
    for mention, person, weight, probable in [*doubtful, *light]:
        told = run.explain(mention, person)
        assert (told.link_weight, told.match_probability) == pytest.approx((weight, probable), abs=1e-9)
        reached = told.match_weight + sum(bits for _, bits in told.beside_the_match_weight())
        assert reached == pytest.approx(weight, abs=0.03)
        assert told.lines()[-1] == f"Link weight {weight:+.2f}, probability {probable:.4f}"
    assert len(doubtful) == 5


def test_no_link_is_against_the_odds_and_presence_is_of_every_mention(finished_run: Path) -> None:
    run = Run.open(finished_run)
    [(least,)] = run.table("links").filter("decision = 'link'").aggregate("min(match_probability)").fetchall()
    assert least >= 0.5
    mentions = run.table("mentions").count("*").fetchall()
    shares = run.connection.execute(f"SELECT count(*), min(share), max(share) FROM {PRESENCE.scan(finished_run)}").fetchall()[0]
    assert [(shares[0],)] == mentions and 0 < shares[1] < shares[2] < 1


@pytest.mark.parametrize("exclusive", [False, True])
def test_however_few_pairs_are_held_at_a_time_the_same_is_believed(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exclusive: bool
) -> None:
    """Persons registered twice among them."""
    pairs = (
        "SELECT (n // 7)::INTEGER AS id_l, (n * 5 % 40)::INTEGER AS id_r, 0.0::DOUBLE AS match_weight,"
        " (hash(n) % 300 / 10.0 - 10)::DOUBLE AS pair_weight, 0.0::DOUBLE AS link_weight, 0.0::DOUBLE AS match_probability"
        " FROM range(280) pair(n) ORDER BY id_l, id_r"
    )
    believed = []
    for rows in (1_000_000, 20):
        monkeypatch.setattr(belief, "PAIRS_AT_A_TIME", rows)
        folder = tmp_path / str(rows)
        folder.mkdir()
        SCORED_PAIRS.write(connection, pairs, folder)
        twice = "SELECT n::INTEGER AS person, (n + 5)::INTEGER AS other, 0.9::DOUBLE AS probability, 5.0::DOUBLE AS pair_weight"
        REGISTERED_TWICE.write(
            connection, f"{twice}, '' AS record_id, '' AS other_record_id FROM range(0, 30, 3) held(n)", folder
        )
        belief.weigh_rivals(connection, folder, exclusive)
        believed.append(connection.execute(f"FROM {SCORED_PAIRS.scan(folder)}").fetchall())
    assert believed[0] == believed[1] and len({row[4] for row in believed[0]}) > 100
