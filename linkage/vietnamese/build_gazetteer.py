"""Builds the gazetteer's data files from those of vietnamadminunits 1.0.4 (a development dependency, read as data).

`python -m linkage.vietnamese.build_gazetteer [FOLDER]` writes old_provinces, old_districts, old_communes, new_provinces
and new_communes (.tsv). The package's code is never imported: it can send addresses to a geocoding service.
"""

from __future__ import annotations

import json
import re
import sqlite3
import sys
from contextlib import closing
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
_TYPES = ("thanhpho", "thixa", "quan", "huyen", "phuong", "thitran", "xa")

Rows = list[tuple[str, ...]]


def read_rows(name: str, folder: Path = DATA) -> Rows:
    """The rows of a data file, comments left out."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines if line and not line.startswith("#")]


def _aliases(text: str | None, own: str) -> str:
    """Keys of former names, each once and without its type (numbered districts keep it)."""
    listed = list(dict.fromkeys(json.loads(text))) if text else []
    shorter = {alias for alias in listed if any(prefix + alias in listed for prefix in _TYPES)}
    kept = set()
    for alias in listed:
        prefix = next((prefix for prefix in _TYPES if alias.startswith(prefix) and alias not in shorter), "")
        bare = alias.removeprefix(prefix)
        if re.search(r"\d", alias):
            kept.update([alias] if re.fullmatch(r"(quan|phuong)[1-9]\d*", alias) else [])
        elif alias.startswith("tt"):  # thị trấn
            kept.add(alias[2:])
        elif not alias.startswith("tx") and not alias.endswith("thixa") and not alias.startswith("tp"):
            kept.add(bare)
    return " ".join(sorted(kept - {own}))


def _successors(converter: dict[str, Any], new_codes: dict[tuple[str, str], str]) -> dict[str, set[str]]:
    """Old commune key (province_district_commune) → codes of the new communes it went to."""
    found: dict[str, set[str]] = {}
    for province, wards in converter["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, olds in wards.items():
            for old in olds:
                found.setdefault(old, set()).add(new_codes[province, ward])
    for province, olds in converter["DICT_PROVINCE_WARD_DIVIDED"].items():
        for old, wards in olds.items():
            found.setdefault(old, set()).update(new_codes[province, ward["newWardKey"]] for ward in wards)
    return found


def build(folder: Path) -> dict[str, int]:
    """Write the five generated files to `folder`; returns their numbers of rows."""
    package = distribution("vietnamadminunits")
    converter = json.loads(
        Path(str(package.locate_file("vietnamadminunits/data/converter_2025.json"))).read_text(encoding="utf-8")
    )
    database = Path(str(package.locate_file("vietnamadminunits/data/dataset.db")))
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        new = connection.execute(
            "SELECT provinceCode, province, provinceKey, wardCode, ward, wardKey FROM admin_units"
        ).fetchall()
        old = connection.execute(
            "SELECT provinceCode, province, provinceKey, districtCode, district, districtShortKey, districtAlias, districtKey,"
            " wardCode, ward, wardShortKey, wardAlias, wardKey FROM admin_units_legacy"
        ).fetchall()
    successors = _successors(converter, {(row[2], row[5]): row[3] for row in new})
    corrected = {code: set(codes.split()) for code, codes, _ in read_rows("crosswalk_corrections.tsv")}
    new_province = {row[2]: row[0] for row in new}
    follows = {key: new_province[new_key] for new_key, keys in converter["DICT_PROVINCE"].items() for key in keys}
    provinces, districts, communes = set(), set(), set()
    for p_code, p_name, p_key, d_code, d_name, d_short, d_alias, d_key, w_code, w_name, w_short, w_alias, w_key in old:
        provinces.add((p_code, p_name, follows[p_key]))
        districts.add((d_code, p_code, d_name, _aliases(d_alias, d_short)))
        if w_code:
            went = corrected.get(w_code) or successors[f"{p_key}_{d_key}_{w_key}"]
            communes.add((w_code, d_code, w_name, " ".join(sorted(went)), _aliases(w_alias, w_short)))
    for code, name, province, codes in read_rows("abolished_communes.tsv"):
        communes.add((code, f"-{province}", name, codes, ""))
    return {
        name: _write(folder / f"{name}.tsv", header, sorted(rows))
        for name, header, rows in (
            ("old_provinces", "code\tname\tnew_province", provinces),
            ("old_districts", "code\tprovince\tname\taliases", districts),
            ("old_communes", "code\tdistrict\tname\tsuccessors\taliases", communes),
            ("new_provinces", "code\tname", {(row[0], row[1]) for row in new}),
            ("new_communes", "code\tprovince\tname", {(row[3], row[0], row[4]) for row in new}),
        )
    }


def _write(path: Path, header: str, rows: Rows) -> int:
    note = "# Generated by linkage.vietnamese.build_gazetteer from vietnamadminunits 1.0.4 (MIT, see LICENCE.md); do not edit."
    path.write_text("\n".join([note, f"# {header}", *("\t".join(row) for row in rows), ""]), encoding="utf-8")
    return len(rows)


if __name__ == "__main__":
    for written, count in build(Path(sys.argv[1]) if len(sys.argv) > 1 else DATA).items():
        sys.stdout.write(f"{written}: {count}\n")
