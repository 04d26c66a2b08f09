from __future__ import annotations

import numpy as np
import pytest

from linkage.config import RelativesSpec
from linkage.model.settings import model_of
from linkage.pairs.sides import Sides
from linkage.weighing.by_chance import learn_together, together_bits

FIELDS = ("name", "father", "sex", "town")
COUPLES = [("name", "father"), ("name", "sex"), ("name", "town")]


def people(connection) -> Sides:
    """Names of a surname and a given name, the father's of the same surname; a given name tells the sex, nothing tells the town.

    Families are of two, who share the father and by a custom of theirs the name.
    """
    random = np.random.default_rng(8)
    family = np.repeat(np.arange(2_000), 2)
    surname = (20 * random.random(2_000) ** 2).astype(int)[family]
    given = random.integers(40, size=2_000)[family]
    father = random.integers(30, size=2_000)[family]
    sex = np.where(random.random(family.size) < 0.95, given % 2, 1 - given % 2)
    town = random.integers(25, size=family.size)
    rows = ", ".join(
        f"({number + 1}, {one[0]}, 's{one[1]}g{one[2]}', 's{one[1]}f{one[3]}', 'x{one[4]}', 't{one[5]}')"
        for number, one in enumerate(zip(family, surname, given, father, sex, town, strict=True))
    )
    connection.execute(f"CREATE TABLE persons AS SELECT * FROM (VALUES {rows}) t(id, family, name, father, sex, town)")
    return Sides("persons", "persons", family.size, family.size, dict.fromkeys(FIELDS, "VARCHAR"))


def test_what_unrelated_people_have_together_is_recovered(connection) -> None:
    """Beside the count of all pairs of people of different families."""
    sides = people(connection)
    both = ", ".join(f"(l.{field} = r.{field})::INTEGER AS {field}" for field in FIELDS)
    pairs = f"(SELECT {both} FROM persons l, persons r WHERE l.family < r.family)"
    total, *agree = connection.execute(f"SELECT count(*), {', '.join(f'sum({f})' for f in FIELDS)} FROM {pairs}").fetchall()[0]
    u = {field: float(one) / total for field, one in zip(FIELDS, agree, strict=True)}
    comparisons = [
        {
            "output_column_name": field,
            "comparison_levels": [
                {"sql_condition": f"{field}_l IS NULL OR {field}_r IS NULL", "is_null_level": True},
                {"sql_condition": f"{field}_l = {field}_r", "u_probability": u[field]},
                {"sql_condition": "ELSE", "u_probability": 1 - u[field]},
            ],
        }
        for field in FIELDS
    ]
    model = model_of({"link_type": "link_only", "comparisons": comparisons, "unique_id_column_name": "id"})
    spec = RelativesSpec(share=["family"], told_apart_by=["name"], together_by_chance=COUPLES)
    found = learn_together(connection, sides, model, spec, dict.fromkeys(FIELDS), 1)
    for (a, b), learned in zip(COUPLES, found, strict=True):
        counted = connection.execute(f"SELECT {a}, {b}, count(*) FROM {pairs} GROUP BY ALL ORDER BY ALL").fetchall()
        for level_a, level_b, count in counted:
            shares = [u[one] if level else 1 - u[one] for one, level in ((a, level_a), (b, level_b))]
            truth = np.log2(float(count) / total / np.prod(shares))
            assert learned.bits[level_a][level_b] == pytest.approx(truth, abs=0.25), (a, b, level_a, level_b)
    name_father, name_sex, name_town = (np.array(one.bits) for one in found)
    assert name_father[1, 1] > 2.5 and name_sex[1, 1] > 0.7 and name_sex[1, 0] < -1.5
    assert np.abs(name_town).max() < 0.25, "what does not hang together says nothing"


def test_missing_levels_have_no_bits() -> None:
    from linkage.weighing.by_chance import Together

    levels = {"a": np.array([-1, 0, 1, 1], dtype=np.int8), "b": np.array([1, 1, -1, 0], dtype=np.int8)}
    bits = together_bits([Together(("a", "b"), [[1.0, 2.0], [3.0, 4.0]])], levels)
    assert bits.tolist() == [0.0, 2.0, 0.0, 3.0]
