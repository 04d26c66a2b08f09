"""Errors are injected at the rates asked for, and clustered."""

import duckdb
import numpy as np
import pytest

from linkage.synthetic import SyntheticSpec, generate
from linkage.synthetic.rates import ERAS, KINDS
from linkage.synthetic.sheet import REGION_FACTORS


@pytest.fixture(scope="module", params=[0.5, 1.0, 2.0])
def drawn(request, tmp_path_factory):
    out = tmp_path_factory.mktemp("rates")
    spec = SyntheticSpec(persons=12_000, seed=21, errors=request.param, digitisation=False)
    summary = generate(spec, out)
    rows = duckdb.sql(
        f"""SELECT kind, era, sum(eligible), sum(expected), sum(variance), sum(injected) FROM '{summary.files["error_rates"]}'
            GROUP BY ALL ORDER BY ALL"""
    ).fetchall()
    return request.param, rows, summary


def test_injected_errors_are_within_their_intervals_of_the_asked(drawn):
    """Five standard errors a cell (some 500 cells over the three draws), and together as scattered as chance has it."""
    _, rows, _ = drawn
    assert len({row[0] for row in rows}) > 50
    squares = []
    for kind, era, eligible, expected, variance, injected in rows:
        assert abs(float(injected) - expected) <= 5 * np.sqrt(variance) + 3, (kind, era, eligible, expected, injected)
        if expected >= 5:
            squares.append((float(injected) - expected) ** 2 / variance)
    assert len(squares) > 80
    assert 0.6 < np.mean(squares) < 1.5


def test_asked_rates_are_the_tables(drawn):
    errors, rows, _ = drawn
    regional = {kind for factors in REGION_FACTORS.values() for kind in factors} | {"thi_van_dropped"}
    checked = 0
    for kind, era, eligible, expected, *_ in rows:
        if kind in KINDS and kind not in regional:
            asked = min(KINDS[kind].rates[ERAS.index(era)] * errors, 0.97)
            assert expected / float(eligible) == pytest.approx(asked, rel=0.02), (kind, era)
            checked += 1
    assert checked > 150


def test_every_logged_kind_is_accounted(drawn):
    _, rows, summary = drawn
    logged = dict(
        duckdb.sql(f"SELECT kind, count(*) FROM '{summary.files['errors']}' WHERE level <> 'source' GROUP BY 1").fetchall()
    )
    injected: dict[str, int] = {}
    for kind, *_, count in rows:
        injected[kind] = injected.get(kind, 0) + int(count)
    for kind, count in logged.items():
        if kind not in ("year_only", "lunar_for_solar", "first_of_january"):  # these follow the person through several registers
            assert injected[kind] == count, kind


def test_errors_cluster_by_office_and_period(drawn):
    """The variance of errors per office is larger than independent errors would give."""
    _, _, summary = drawn
    query = f"""WITH offices AS (SELECT "Mã nơi đăng ký" AS office, right("Ngày đăng ký", 4)::INT // 20 AS period, count(*) AS n,
                    count(r.record_id) AS hits
                FROM read_csv('{summary.files["births"]}', all_varchar=true, header=true) b
                LEFT JOIN (SELECT DISTINCT record_id FROM '{summary.files["errors"]}'
                    WHERE field = 'full_name'
                    AND kind IN ('mark_lost', 'no_diacritics', 'minority_spelling')) r
                    ON r.record_id = b."Mã hồ sơ" GROUP BY ALL HAVING n >= 40)
                SELECT sum((hits - n * p) ** 2 / (n * p * (1 - p))) / count(*)
                FROM offices, (SELECT sum(hits) / sum(n) AS p FROM offices)"""
    assert duckdb.sql(query).fetchall()[0][0] > 1.5
