"""From a specification to files: districts are planned, built one after another, and appended to the files in order."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from linkage.runs.tables import TRUTH
from linkage.synthetic.births import write_births
from linkage.synthetic.books import list_books
from linkage.synthetic.community import DistrictPlan, build_community
from linkage.synthetic.deaths import write_deaths
from linkage.synthetic.demography import calibrate
from linkage.synthetic.digitisation import DISTRICTS, digitise
from linkage.synthetic.other_registers import (
    write_adoptions,
    write_changes,
    write_guardianships,
    write_marriages,
    write_recognitions,
)
from linkage.synthetic.place_history import districts
from linkage.synthetic.population_database import write_population
from linkage.synthetic.reference_people import ETHNIC_SHARE, PROVINCE_POPULATION, ethnic_shares
from linkage.synthetic.scenario import SyntheticSpec, SyntheticSummary
from linkage.synthetic.sheet import Sheet
from linkage.synthetic.world import USUAL

REGISTERS = {
    "birth": "births",
    "death": "deaths",
    "marriage": "marriages",
    "adoption": "adoptions",
    "parent_recognition": "parent_recognitions",
    "guardianship": "guardianships",
    "civil_status_change": "name_changes",
    "population": "population",
}
"""Register kind → name of its file."""
LARGEST, SMALLEST_GROUP = 10_000, 60


def plan_districts(spec: SyntheticSpec) -> list[DistrictPlan]:
    """Which districts, how many people and which ethnic groups in each; low-discrepancy, so national shares hold."""
    provinces = list(spec.provinces or PROVINCE_POPULATION)
    people = np.array([PROVINCE_POPULATION[province] for province in provinces])
    available = sum(len(districts()[province]) for province in provinces)
    blocks = int(np.clip(max(round(spec.persons / LARGEST), min(len(provinces), spec.persons // 3000)), 1, available))
    rng = np.random.default_rng([spec.seed, 99])
    share = people / people.sum()
    if blocks >= len(provinces):
        count = np.maximum(np.round(blocks * share), 1).astype(int)
        of_block = np.repeat(np.arange(len(provinces)), count)
        sizes = (spec.persons * share / count)[of_block]
    else:  # a systematic sample of provinces by population
        middle = (np.arange(blocks) + rng.random()) / blocks
        of_block = np.minimum(np.searchsorted(np.cumsum(share), middle), len(provinces) - 1)
        sizes = np.full(blocks, spec.persons / blocks)
    plans, owed = [], dict.fromkeys(ETHNIC_SHARE, 0.5)
    taken: dict[str, int] = {}
    orders = {province: rng.permutation(len(districts()[province])) for province in provinces}
    for index, (at, size) in enumerate(zip(of_block, sizes, strict=True)):
        province = provinces[at]
        nth = taken.get(province, 0)
        taken[province] = nth + 1
        inside = districts()[province]
        district = inside[int(orders[province][nth % len(inside)])]
        # a province asked for more blocks than it has districts: blocks share a district, never a commune
        parts = -(-int((of_block == at).sum()) // len(inside))
        district = replace(district, communes=district.communes[nth // len(inside) :: parts])
        groups = _settle_groups(ethnic_shares(province), float(size), owed)
        plans.append(DistrictPlan(index, len(of_block), spec.seed, float(size), district, tuple(groups), tuple(groups.values())))
    return plans


def _settle_groups(shares: dict[str, float], size: float, owed: dict[str, float]) -> dict[str, float]:
    """Groups too small to live apart in one district are owed to later ones until they make a village."""
    out: dict[str, float] = {}
    for group, share in shares.items():
        if group == "Kinh":
            continue
        owed[group] += share * size / SMALLEST_GROUP
        villages = np.floor(owed[group])
        if share * size >= 3 * SMALLEST_GROUP:
            out[group] = share
            owed[group] -= share * size / SMALLEST_GROUP
        elif villages >= 1:
            out[group] = float(min(villages * SMALLEST_GROUP / size, 0.5))
            owed[group] -= villages
    scale = min(1.0, 0.97 / sum(out.values())) if out else 1.0
    out = {group: share * scale for group, share in out.items()}
    return {"Kinh": 1.0 - sum(out.values())} | out


class Files:
    """The output files, appended to district by district; only the owner may read them."""

    def __init__(self, out: Path, spec: SyntheticSpec) -> None:
        self.out, self.format = out, spec.format
        self.writers: dict[str, pq.ParquetWriter | pyarrow.csv.CSVWriter] = {}
        self.paths: dict[str, Path] = {}
        self.rows: dict[str, int] = {}
        world = {} if spec.world == USUAL else {"world": spec.world.name}
        self.metadata = {
            "synthetic": "true",
            "seed": str(spec.seed),
            "persons": str(spec.persons),
            "errors": str(spec.errors),
        } | world

    def add(self, name: str, table: pa.Table, register: bool) -> None:
        """Append rows to a file of that name."""
        csv = register and self.format == "csv"
        if name not in self.writers:
            path = self.out / f"{name}.{'csv' if csv else 'parquet'}"
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            path.touch(mode=0o600)
            self.paths[name], self.rows[name] = path, 0
            if csv:
                options = pyarrow.csv.WriteOptions(quoting_style="needed")
                self.writers[name] = pyarrow.csv.CSVWriter(str(path), table.schema, write_options=options)
            else:
                self.writers[name] = pq.ParquetWriter(path, table.schema.with_metadata(self.metadata), compression="zstd")
        if not csv:
            table = table.replace_schema_metadata(self.metadata)
        self.writers[name].write_table(table)
        self.rows[name] += table.num_rows

    def close(self) -> None:
        """Finish every file."""
        for writer in self.writers.values():
            writer.close()


def write_district(plan: DistrictPlan, spec: SyntheticSpec) -> tuple[list[Sheet], int]:
    """All sheets of one district and the number of living people in its part of the population database."""
    community = build_community(plan, spec)
    writers = (
        write_births,
        write_deaths,
        write_marriages,
        write_adoptions,
        write_recognitions,
        write_guardianships,
        write_changes,
        write_population,
    )
    sheets = [write(community, spec) for write in writers]
    return sheets, int((community.in_base & community.families.living).sum())


def generate(spec: SyntheticSpec, out: Path, progress: Callable[[int, int], None] | None = None) -> SyntheticSummary:
    """Write a synthetic set of registers into the folder `out`.

    `progress(done, all)` is called after each district. Files: see the package's docstring. The same specification gives the
    same bytes; memory holds one district at a time.
    """
    began = time.monotonic()
    out.mkdir(parents=True, exist_ok=True)
    calibrate()
    files, living = Files(out, spec), 0
    plans = plan_districts(spec)
    for plan in plans:
        sheets, here = write_district(plan, spec)
        living += here
        for sheet in sheets:
            files.add(REGISTERS[sheet.register], sheet.table(), register=True)
            for truth in sheet.truth:
                files.add(TRUTH.name, truth, register=False)
            files.add("errors", sheet.errors(), register=False)
            files.add("error_rates", sheet.rates(), register=False)
        books, contradictions = list_books(sheets)
        files.add("books", books, register=True)
        files.add("books_contradictions", contradictions, register=False)
        if spec.digitisation and plan.index < DISTRICTS:
            for name, table in digitise(sheets[0]).items():
                files.add(f"digitisation/{name}", table, register=name != "keying_errors")
        if progress is not None:
            progress(plan.index + 1, len(plans))
    files.close()
    _write_readme(out, spec, files)
    return SyntheticSummary(out, dict(files.paths), dict(files.rows), living, time.monotonic() - began)


def _write_readme(out: Path, spec: SyntheticSpec, files: Files) -> None:
    lines = [
        "DỮ LIỆU TỔNG HỢP (SYNTHETIC DATA) - không phải dữ liệu thật của bất kỳ ai.",
        "These registers are synthetic: no row describes a real person. Every record id begins with SYN-.",
        "",
        f"persons {spec.persons}, seed {spec.seed}, errors x{spec.errors}, provinces {', '.join(spec.provinces) or 'all'}"
        + ("" if spec.world == USUAL else f", world {spec.world.name}"),
        "",
        *(f"{path.relative_to(out)}: {files.rows[name]} rows" for name, path in files.paths.items()),
    ]
    readme = out / "README.txt"
    readme.write_text("\n".join(lines) + "\n", encoding="utf-8")
    readme.chmod(0o600)
