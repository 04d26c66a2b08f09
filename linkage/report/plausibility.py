"""Section on plausibility: what accepted links imply that cannot, or can hardly, be true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from linkage.report.content import Cell, Part, Table, part
from linkage.report.disclosure import hide_small_counts
from linkage.runs.tables import LINKS

if TYPE_CHECKING:
    from linkage.config import ProjectSpec
    from linkage.report.phrases import Phrases
    from linkage.report.reading import RunTables


@dataclass(frozen=True)
class Check:
    """One check: SQL over a link's mention `m` and person `p` that says where it fails.

    `needs` are columns as `m.name` and `p.name`: a link is judged where none is missing; `values` are the bounds that its
    name prints; `registers` those it makes sense for, all when empty.
    """

    name: str
    needs: tuple[str, ...]
    found: str
    values: tuple[int, ...] = ()
    registers: tuple[str, ...] = ()

    @property
    def known(self) -> str:
        """Where it can be judged."""
        return " AND ".join(f"{name} IS NOT NULL" for name in self.needs) or "true"


MOTHER = (12, 55)
MARRIAGE = (20, 18)
"""Legal age of marriage, men and women (Law on Marriage and Family 52/2014/QH13, article 8)."""
YEARS_APART = 1

CHECKS = (
    Check("dead_before_born", ("m.death_date", "p.birth_date"), "m.death_date < p.birth_date"),
    Check("registered_before_birth", ("m.registration_date", "m.birth_date"), "m.registration_date < m.birth_date"),
    Check(
        "mother_age",
        ("m.birth_date_year", "m.mother_birth_year"),
        f"m.birth_date_year - m.mother_birth_year NOT BETWEEN {MOTHER[0]} AND {MOTHER[1]}",
        MOTHER,
        ("birth",),
    ),
    Check(
        "marriage_age",
        ("m.registration_date_year", "p.birth_date_year", "m.sex"),
        f"m.registration_date_year - p.birth_date_year < CASE m.sex WHEN 'male' THEN {MARRIAGE[0]} ELSE {MARRIAGE[1]} END",
        MARRIAGE,
        ("marriage",),
    ),
    Check("sex", ("m.sex", "p.sex"), "m.sex <> p.sex"),
    Check(
        "birth_year",
        ("m.birth_date_year", "p.birth_date_year"),
        f"abs(m.birth_date_year - p.birth_date_year) > {YEARS_APART}",
        (YEARS_APART,),
    ),
    Check("two_deaths", (), "of_person > 1", (), ("death",)),
    Check("several", (), "of_person > 1", (), ("birth", "table")),
    Check("twins", ("m.mother_name_fold", "m.father_name_fold", "m.birth_date"), "siblings_of_a_day > 1", (), ("birth",)),
)


def describe_plausibility(run: RunTables, spec: ProjectSpec, texts: Phrases) -> Part:
    """Counts of implausible links; checks whose columns are absent are named, not left out."""
    if spec.right is None or not (run.has("links") and run.has("mentions") and run.has("persons")):
        return part({"checked": False, "not_checked": []}, {})
    left, right = run.columns("mentions"), run.columns("persons")
    able: list[Check] = []
    unable: list[Check] = []
    for check in CHECKS:
        if check.registers and spec.left.register_ not in check.registers:
            continue
        there = all(name[2:] in (left if name[0] == "m" else right) for name in check.needs)
        (able if there else unable).append(check)
    twins = any(check.name == "twins" for check in able)
    siblings = "count(*) OVER (PARTITION BY m.mother_name_fold, m.father_name_fold, m.birth_date)" if twins else "1"
    counts = ", ".join(
        f"count(*) FILTER ({check.known}), count(*) FILTER (({check.known}) AND ({check.found}))" for check in able
    )
    needed = sorted({name for check in able for name in check.needs})
    chosen = "".join(f", {name} AS {name.replace('.', '_')}" for name in needed)
    for name in needed:
        counts = counts.replace(name, name.replace(".", "_"))
    found = run.rows(
        f"SELECT {counts} FROM ("
        f"SELECT count(*) OVER (PARTITION BY l.record_id_r) AS of_person, {siblings} AS siblings_of_a_day{chosen} FROM links l"
        " JOIN mentions m ON m.record_id = l.record_id_l JOIN persons p ON p.record_id = l.record_id_r WHERE l.decision = 'link')"
    )[0]
    floor = spec.report.small_cell_floor
    rows: list[tuple[Cell, ...]] = []
    for place, check in enumerate(able):
        tested, failing = found[2 * place], found[2 * place + 1]
        hide = hide_small_counts([failing, tested - failing], floor)[0]
        shown: Cell = (
            texts("words", "hidden") if hide else run.number(failing, "count", "links.parquet, mentions.parquet, persons.parquet")
        )
        rows.append((texts("checks", check.name, *check.values), run.number(tested, "count", LINKS.file), shown))
    table = Table(
        texts("captions", "plausibility"),
        texts.header("check", "tested", "found"),
        rows,
        "links.parquet, mentions.parquet, persons.parquet",
        (6, 2, 2),
    )
    return part(
        {"checked": True, "not_checked": [texts("checks", check.name, *check.values) for check in unable]},
        {"plausibility": table},
    )
