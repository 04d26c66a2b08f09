"""Writes reports/synthetic/README.md: what the synthetic registers look like, twenty entries of each beside their truth.

Run as `python -m linkage.synthetic.example [folder]`. Every person on the page is invented.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from linkage.registers import register_kind
from linkage.runs.sql import connect, file_literal, quote
from linkage.synthetic.generate import REGISTERS, generate
from linkage.synthetic.scenario import SyntheticSpec, SyntheticSummary
from linkage.synthetic.sheet import FLAGS

PERSONS, SEED, ENTRIES = 60_000, 2026, 20
# what is shown of each register: fields of the entry, the role whose truth stands beside it
SHOWN = {
    "birth": (
        "child",
        "full_name sex birth_date birth_place mother_name father_name registering_office registration_date registration_type",
    ),
    "death": ("deceased", "full_name sex birth_date death_date residence registering_office registration_date"),
    "marriage": ("wife", "wife_name wife_birth_date husband_name husband_birth_date registering_office registration_date"),
    "adoption": (
        "adoptee",
        "full_name birth_date adoptive_mother_name adoptive_father_name registering_office registration_date",
    ),
    "parent_recognition": ("child", "child_name child_birth_date parent_name registering_office registration_date"),
    "guardianship": ("ward", "ward_name ward_birth_date guardian_name guardianship_ground registering_office registration_date"),
    "civil_status_change": ("subject", "full_name birth_date value_before value_after registering_office registration_date"),
}
TRUE = "full_name birth_date sex birth_place"


def _cell(value: object) -> str:
    return "" if value is None else str(value).replace("|", "\\|").replace("\u00a0", "⍽").replace("<", "&lt;")


def _table(headers: list[str], rows: list[tuple[object, ...]]) -> list[str]:
    lines = ["| " + " | ".join(headers) + " |", "|" + "---|" * len(headers)]
    return lines + ["| " + " | ".join(map(_cell, row)) + " |" for row in rows] + [""]


def _register(kind: str, summary: SyntheticSummary) -> list[str]:
    role, shown = SHOWN[kind]
    register, population = register_kind(kind), register_kind("population")
    key, person_key = register.header("record_id"), population.header("record_id")
    fields = [register.header(name) for name in shown.split()]
    truth = [population.header(name) for name in TRUE.split()]
    flags = ", ".join(f"CASE WHEN t.{flag} THEN '{flag}' END" for flag in FLAGS)
    what = "x.field || ': ' || x.kind"
    errors = f"(SELECT string_agg(DISTINCT {what}, ', ' ORDER BY {what}) FROM errors x WHERE x.record_id = t.record_id)"
    source = "read_csv({}, all_varchar = true, header = true)"
    with connect() as connection:
        for name in ("truth", "errors"):
            connection.execute(f"CREATE VIEW {name} AS SELECT * FROM {file_literal(summary.files[name])}")
        connection.execute(f"CREATE VIEW entries AS SELECT * FROM {source.format(file_literal(summary.files[REGISTERS[kind]]))}")
        connection.execute(f"CREATE VIEW population AS SELECT * FROM {source.format(file_literal(summary.files['population']))}")
        rows = connection.execute(
            f"""SELECT {", ".join("e." + quote(field) for field in fields)}, {", ".join("p." + quote(field) for field in truth)},
                       concat_ws(', ', {flags}), {errors}
                FROM truth t JOIN entries e ON e.{quote(key)} = t.record_id
                LEFT JOIN population p ON p.{quote(person_key)} = t.person_record_id
                WHERE t.register = ? AND t.role = ? ORDER BY hash(t.record_id), t.record_id LIMIT {ENTRIES}""",
            [kind, role],
        ).fetchall()
    headers = [*fields, *(f"**CSDL: {header}**" for header in truth), "Vì sao khó", "Lỗi đã gài"]
    title = f"## {register.title} ({kind}): {ENTRIES} dữ liệu tổng hợp / synthetic entries"
    return [
        title,
        "",
        f"{summary.rows[REGISTERS[kind]]:,} entries; the truth shown is that of the role `{role}`.",
        "",
        *_table(headers, rows),
    ]


def write_page(folder: Path) -> Path:
    """Generate a small set, write README.md into the folder and return its path."""
    with tempfile.TemporaryDirectory() as scratch:
        summary = generate(SyntheticSpec(persons=PERSONS, seed=SEED), Path(scratch))
        lines = [
            "# Synthetic registers, and the truth beside them",
            "",
            "**DỮ LIỆU TỔNG HỢP (SYNTHETIC).** Every person here is invented; places are real, people are not.",
            "",
            f"`linkage synth OUT --persons {PERSONS} --seed {SEED}`; this page: `python -m linkage.synthetic.example`.",
            "Bold columns are the person's row in the population database, empty when the person is outside it. `⍽` is a",
            "no-break space. The last column names the errors injected into the entry, as `errors.parquet` logs them.",
            "",
            *_table(
                ["file", "rows"], [(path.relative_to(scratch), f"{summary.rows[name]:,}") for name, path in summary.files.items()]
            ),
        ]
        for kind in SHOWN:
            lines += _register(kind, summary)
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / "README.md"
    page.write_text("\n".join(lines), encoding="utf-8")
    return page


if __name__ == "__main__":
    print(write_page(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/synthetic")))
