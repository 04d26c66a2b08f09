"""What a page shows of a pair, as traits by which two pairs can be told to look alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.runs.sql import described_columns, quote
from linkage.vietnamese.letters_sql import fold_sql

if TYPE_CHECKING:
    import duckdb

NUMBER = "personal_number"
NOT_FIELDS = frozenset({"id", "record_id", "role", "source", "row_number"})
_LOOK = """CASE WHEN {l} IS NULL AND {r} IS NULL THEN 0 WHEN {l} IS NULL THEN 1 WHEN {r} IS NULL THEN 2
  WHEN {l} = {r} THEN 3 WHEN {l_folded} = {r_folded} THEN 4 ELSE 5 END"""
"""How two texts look side by side: both empty, one empty, the same, other marks, other letters."""
_LIKENESS = "jaro_winkler_similarity(coalesce({l_folded}, ''), coalesce({r_folded}, ''))"
_ONE_SIDED = 0.8
_NO_NUMBER = -1_000_000
"""As far as can be from every number that is known."""
FOLDED = "_folded_"
"""Before a column's name: its texts without marks."""
_SHAPE = "regexp_replace(coalesce({text}, ''), '[0-9]', '9', 'g')"


@dataclass(frozen=True)
class Traits:
    """The table of traits, none NULL: kinds of look (column → how much another look counts) and numbers (column → scale, most it
    counts).
    """

    table: str
    looks: dict[str, float]
    numbers: dict[str, tuple[float, float]]

    def distance(self, one: str, other: str, least: float = 0.0) -> str:
        """SQL of how unlike two rows of the table look; 0 where no field tells them apart. Looks that count less than `least` are
        left out.
        """
        terms = [
            f"{weight}::DOUBLE * ({one}.{name} <> {other}.{name})::DOUBLE"
            for name, weight in self.looks.items()
            if weight >= least
        ]
        for name, (scale, most) in self.numbers.items():
            terms.append(f"least(abs({one}.{name} - {other}.{name}) / {scale}, {most})")
        return " + ".join(terms)


def look_at_pairs(connection: duckdb.DuckDBPyConnection, pairs: str, compared: frozenset[str]) -> Traits:
    """Make the table `page_traits`, a row for each row of `pairs` (place, record_id_l, record_id_r, number_hidden, withheld).

    Reads the views raw_l, raw_r (as the sources say them), mentions, persons (standardised) and candidates (the runner-ups).
    Fields that are `compared` count most: they are what reviewers look at.
    """
    columns = {side: [name for name in described_columns(connection, f"raw_{side}") if name not in NOT_FIELDS] for side in "lr"}
    selected: list[str] = []
    looks: dict[str, float] = {}
    numbers: dict[str, tuple[float, float]] = {"runners": (0.5, 4.0), "likest": (1.0, 3.0)}

    def add(sql: str) -> str:
        selected.append(f"{sql} AS trait_{len(selected)}")
        return f"trait_{len(selected) - 1}"

    for name in dict.fromkeys([*columns["l"], *columns["r"]]):
        of_side = {side: f"{side}.{quote(name)}" for side in "lr" if name in columns[side]}
        if name == NUMBER and "l" in of_side:
            of_side["l"] = f"CASE WHEN NOT number_hidden THEN {of_side['l']} END"
        if len(of_side) == 1:
            looks[add(f"{next(iter(of_side.values()))} IS NULL")] = _ONE_SIDED
            continue
        texts = of_side | {f"{side}_folded": text.replace(quote(name), quote(FOLDED + name)) for side, text in of_side.items()}
        looks[add(_LOOK.format(**texts))] = 4.0 if name == NUMBER else 3.0 if name in compared else 1.0
        if name in compared:
            numbers[add(_LIKENESS.format(**texts))] = (0.1, 3.0)
            for text in (texts["l"], texts["r"]) if name.endswith("_date") else ():
                looks[add(_SHAPE.format(text=text))] = 2.0
    for sql, scale in _years(connection):
        numbers[add(f"coalesce({sql}, {_NO_NUMBER})")] = scale
    both = [name for name in columns["l"] if name in columns["r"]]
    same = (
        f"coalesce(l.{quote(name)} = r.{quote(name)}, false)::INTEGER" for name in both if name in compared and name != NUMBER
    )
    alike = " + ".join(same)
    for side in "lr":  # letters are lowered and folded once a record, not once a pair
        texts_of = (f"nullif(lower({quote(name)}), '') AS {quote(name)}" for name in columns[side])
        folded = (f"nullif({fold_sql(quote(name))}, '') AS {quote(FOLDED + name)}" for name in columns[side] if name in both)
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE seen_{side} AS SELECT record_id, {', '.join([*texts_of, *folded])} FROM raw_{side}"
            f" WHERE record_id IN (SELECT record_id_{side} FROM {pairs})"
        )
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE page_traits AS
        SELECT pair.*, coalesce(runners, 0) AS runners, coalesce(likest, 0) AS likest, {", ".join(selected)}
        FROM {pairs} AS pair
        JOIN seen_l AS l ON l.record_id = record_id_l JOIN seen_r AS r ON r.record_id = record_id_r
        JOIN mentions AS ml ON ml.record_id = record_id_l JOIN persons AS pr ON pr.record_id = record_id_r
        LEFT JOIN ({_RUNNERS.format(pairs=pairs, alike=alike or "0")}) AS beside USING (place)
        """
    )
    return Traits("page_traits", looks, numbers)


_RUNNERS = """
SELECT place, least(count(*), 4) AS runners, max({alike}) AS likest
FROM {pairs} AS pair JOIN candidates AS other ON other.record_id_l = pair.record_id_l
  AND other.record_id_r <> pair.record_id_r AND other.record_id_r IS DISTINCT FROM pair.withheld
JOIN raw_l AS l ON l.record_id = pair.record_id_l JOIN raw_r AS r ON r.record_id = other.record_id_r
GROUP BY place
"""


def _years(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, tuple[float, float]]]:
    """Years that pages show, and how far apart the two births are; each with its scale and the most it counts."""
    mentions, persons = described_columns(connection, "mentions"), described_columns(connection, "persons")
    found = [(f"ml.{quote(name)}", (5.0, 4.0)) for name in mentions if name.endswith("_date_year")]
    found += [(f"pr.{quote(name)}", (10.0, 1.5)) for name in persons if name.endswith("_date_year")]
    if "birth_date_year" in mentions and "birth_date_year" in persons:
        found.append(("abs(ml.birth_date_year - pr.birth_date_year)", (2.0, 4.0)))
    return found
