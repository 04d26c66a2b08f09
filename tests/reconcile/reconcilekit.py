"""Run directories with planted records and links, for the tests of the reconciliation."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from linkage.config import FieldKind
from linkage.decision.thresholds import Thresholds
from linkage.reconcile import write_field_differences, write_outcomes
from linkage.runs.sql import connect
from linkage.runs.tables import ASSIGNED, LINKS, THRESHOLDS
from linkage.standardise import standardise_table

KINDS = {
    "full_name": FieldKind.person_name,
    "birth_date": FieldKind.date,
    "sex": FieldKind.sex,
    "birth_place": FieldKind.place,
    "hometown": FieldKind.place,
    "ethnicity": FieldKind.ethnicity,
    "mother_name": FieldKind.person_name,
    "father_name": FieldKind.person_name,
    "personal_number": FieldKind.personal_number,
}
"""What births and the population have in common here."""
ONLY_LEFT = {"registration_date": FieldKind.date, "registering_office": FieldKind.place}
ONLY_RIGHT = {"birth_registration_place": FieldKind.place}
BOOK = ("book_number", "entry_number", "page_number", "registration_type", "note")

PERSON = {
    "full_name": "Nguyễn Văn Hùng",
    "birth_date": "15/08/1985",
    "sex": "Nam",
    "birth_place": "Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định",
    "hometown": "Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định",
    "ethnicity": "Kinh",
    "mother_name": "Trần Thị Hoa",
    "father_name": "Nguyễn Văn Nam",
}
ENTRY = {
    "registering_office": "UBND xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định",
    "registration_date": "20/08/1985",
    "book_number": "01/1985",
    "entry_number": "7/1985",
    "page_number": "4",
    "registration_type": "Đúng hạn",
}


def make_run(
    folder: Path,
    mentions: list[dict[str, str | None]],
    persons: list[dict[str, str | None]] | None,
    links: list[tuple[str, str, float, str, float | None]],
    candidates: list[tuple[str, str, float]] = (),
    role: str = "child",
    upper: float = 8.0,
    kinds: dict[str, FieldKind] = KINDS,
    twice: list[tuple[str, str]] = (),
) -> Path:
    """A run directory as the earlier stages leave it; `twice` are persons who are one human.

    `links` are (mention, person, link weight, reason, runner-up margin); `candidates` further (mention, person, link weight).
    """
    folder.mkdir(parents=True, exist_ok=True)
    left = {**kinds, **ONLY_LEFT}
    _write(folder, "mentions", mentions, left, BOOK, role)
    if persons is not None:
        _write(folder, "persons", persons, {**kinds, **ONLY_RIGHT}, (), "person")
    ids = {
        side: {row["record_id"]: n for n, row in enumerate(sorted(rows, key=lambda r: r["record_id"]), 1)}
        for side, rows in (("l", mentions), ("r", persons if persons is not None else mentions))
    }
    decision = {
        "verdict_match": "link",
        "above_upper": "link",
        "runner_up_close": "clerical",
        "between_thresholds": "clerical",
        "verdict_non_match": "non_link",
        "below_lower": "non_link",
    }
    chosen = [
        {
            "id_l": ids["l"][m],
            "id_r": ids["r"][p],
            "record_id_l": m,
            "record_id_r": p,
            "match_weight": w,
            "pair_weight": w,
            "link_weight": w,
            "match_probability": 1 / (1 + 2**-w),
            "runner_up_margin": margin,
            "decision": decision[reason],
            "reason": reason,
        }
        for m, p, w, reason, margin in links
    ]
    ranked: dict[str, list[tuple[float, str]]] = {}
    for m, p, w in [*((m, p, w) for m, p, w, _, _ in links), *candidates]:
        ranked.setdefault(m, []).append((w, p))
    best = [
        {
            "id_l": ids["l"][m],
            "id_r": ids["r"][p],
            "record_id_l": m,
            "record_id_r": p,
            "match_weight": w,
            "pair_weight": w,
            "link_weight": w,
            "rank": rank,
        }
        for m, pairs in ranked.items()
        for rank, (w, p) in enumerate(sorted(pairs, reverse=True), 1)
    ]
    weights = [(f"{name}_weight", pa.float64()) for name in ("match", "pair", "link")]
    keys = [("id_l", pa.int32()), ("id_r", pa.int32()), ("record_id_l", pa.string()), ("record_id_r", pa.string()), *weights]
    further = [
        ("match_probability", pa.float64()),
        ("runner_up_margin", pa.float64()),
        ("decision", pa.string()),
        ("reason", pa.string()),
    ]
    pq.write_table(pa.Table.from_pylist(chosen, pa.schema([*keys, *further])), folder / "links.parquet")
    pq.write_table(pa.Table.from_pylist(best, pa.schema([*keys, ("rank", pa.int8())])), folder / "candidates.parquet")
    write_thresholds(folder, upper)
    write_twice(folder, [sorted((ids["r"][one], ids["r"][other])) for one, other in twice])
    return folder


def _write(folder: Path, table: str, rows: list[dict], kinds: dict[str, FieldKind], further: tuple[str, ...], role: str) -> None:
    rows = sorted(rows, key=lambda row: row["record_id"])
    raw = [
        {
            "id": n,
            "record_id": row["record_id"],
            "role": role,
            "source": "planted",
            "row_number": n + 1,
            **{field: row.get(field) for field in (*kinds, *further)},
        }
        for n, row in enumerate(rows, 1)
    ]
    types = [
        ("id", pa.int32()),
        ("record_id", pa.string()),
        ("role", pa.string()),
        ("source", pa.string()),
        ("row_number", pa.int64()),
    ]
    schema = pa.schema([*types, *((field, pa.string()) for field in (*kinds, *further))])
    pq.write_table(pa.Table.from_pylist(raw, schema), folder / f"raw_{table}.parquet")
    dated = {
        place: "registration_date" for place, kind in kinds.items() if kind is FieldKind.place and "registration_date" in kinds
    }
    with connect() as connection:
        standardise_table(connection, folder / f"raw_{table}.parquet", folder / f"{table}.parquet", kinds, dated_by=dated)


def write_thresholds(folder: Path, upper: float) -> None:
    """The thresholds of a run, of which an upper one and one false link in a thousand are said."""
    thresholds = Thresholds(upper, 2.0, 0.001, 0.0, 0, False, "model").as_json()
    THRESHOLDS.write(folder, {**thresholds, "by_model": thresholds})


def write_twice(folder: Path, pairs: list[list[int]]) -> None:
    columns = {"person": [pair[0] for pair in pairs], "other": [pair[1] for pair in pairs]}
    pq.write_table(
        pa.table({name: pa.array(held, pa.int32()) for name, held in columns.items()}), folder / "registered_twice.parquet"
    )


def reconcile(run: Path, kinds: dict[str, FieldKind] = KINDS) -> dict[str, int]:
    """Outcomes and differences into the run itself."""
    with connect() as connection:
        ASSIGNED.write(connection, f"FROM {LINKS.scan(run)}", run)
        write_field_differences(connection, run, kinds, run)
        return write_outcomes(connection, run, kinds, run)


def findings(run: Path) -> dict[tuple[str, str], str]:
    """(side, record id) → finding."""
    return {(row["side"], row["record_id"]): row["finding"] for row in pq.read_table(run / "outcomes.parquet").to_pylist()}
