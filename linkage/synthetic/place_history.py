"""Real districts and communes, and what a place was called at a date: province names through time, two tiers from 2025-07-01.

Read from the data files of `linkage.vietnamese`. Below the province, names before July 2025 are those of 2024: no open table
holds the earlier rounds of communes and districts (the gazetteer's former names have neither accents nor dates, so they can be
read but not written).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from linkage.vietnamese.gazetteer import REFORM

SHORT = (
    ("Thành phố ", "TP "), ("Thị trấn ", "TT "), ("Thị xã ", "TX "), ("Huyện ", "H. "), ("Quận ", "Q. "), ("Phường ", "P. "),
    ("Xã ", "X. "),
    ("Tỉnh ", ""),
)  # fmt: skip
_FIRST_DISTRICT_OF_HA_TAY = "268"
"""Districts of Hà Nội from this code on belonged to Hà Tây and its forerunners; the others were always Hà Nội."""


@dataclass(frozen=True)
class Commune:
    """A commune as it was in 2024 and the one that took its place."""

    code: str
    name: str
    new_code: str
    new_name: str
    new_province: str


@dataclass(frozen=True)
class District:
    """A district as it was in 2024."""

    province: str
    """Code of one of the 63 provinces."""
    province_name: str
    code: str
    name: str
    communes: tuple[Commune, ...]


def _rows(name: str) -> list[list[str]]:
    text = (files("linkage.vietnamese") / "data" / name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


@cache
def districts() -> dict[str, tuple[District, ...]]:
    """Province code (of the 63) → its districts that have communes."""
    provinces = {code: name for code, name, _ in _rows("old_provinces.tsv")}
    new_provinces = dict(_rows("new_provinces.tsv"))
    new_communes = {code: (province, name) for code, province, name in _rows("new_communes.tsv")}
    inside: dict[str, list[Commune]] = {}
    for code, district, name, successors, _ in _rows("old_communes.tsv"):
        new_code = successors.split()[0]
        province, new_name = new_communes[new_code]
        inside.setdefault(district, []).append(Commune(code, name, new_code, new_name, new_provinces[province]))
    found: dict[str, list[District]] = {code: [] for code in provinces}
    for code, province, name, _ in _rows("old_districts.tsv"):
        if code in inside:
            found[province].append(District(province, provinces[province], code, name, tuple(inside[code])))
    return {province: tuple(those) for province, those in found.items() if those}


@cache
def _history() -> dict[str, tuple[tuple[int, int, str], ...]]:
    """Province code → (first day, day after the last, name it was called by or lay in)."""
    found: dict[str, list[tuple[int, int, str]]] = {}
    for name, start, end, parts, _ in _rows("historical_provinces.tsv"):
        days = [int(np.datetime64(day).astype(np.int64)) for day in (start, end)]
        for part in parts.split():
            if part.isdigit():
                found.setdefault(part, []).append((days[0], days[1], name))
    return {code: tuple(spans) for code, spans in found.items()}


@cache
def _breaks() -> np.ndarray:
    """The days on which some province changed its name, and the reform."""
    days = {day for spans in _history().values() for start, end, _ in spans for day in (start, end)}
    return np.array(sorted(days | {int(np.datetime64(REFORM).astype(np.int64))}))


def _bare(name: str) -> str:
    return re.sub(r"^(Tỉnh|Thành phố|Huyện|Quận|Thị xã|Thị trấn|Phường|Xã) ", "", name)


_SPELLINGS = (
    ("Đắk", "Đắc"), ("Lắk", "Lắc"), ("Bắc Kạn", "Bắc Cạn"), ("Kon Tum", "Kontum"),
    ("Thừa Thiên Huế", "TT-Huế"), ("Quy Nhơn", "Qui Nhơn"),
    ("Bà Rịa - Vũng Tàu", "BR-VT"), ("Thành phố Hồ Chí Minh", "TP.HCM"),
    ("Krông", "K’rông"), ("Ea ", "Ea"), ("Mỹ", "Mĩ"), ("Lý", "Lí"),
)  # fmt: skip


def _other_spelling(text: str) -> str:
    """Đắc Lắc, Kontum, Qui Nhơn, TP.HCM, Phường 01."""
    for usual, other in _SPELLINGS:
        text = text.replace(usual, other)
    return re.sub(r"(Phường|Quận) (\d)(?!\d)", r"\1 0\2", text)


def province_name(district: District, day: int) -> str:
    """What the district's province was called on a day before the reform."""
    spans = [name for start, end, name in _history().get(district.province, ()) if start <= day < end]
    if not spans or (district.province == "01" and district.code < _FIRST_DISTRICT_OF_HA_TAY):
        return district.province_name
    name = spans[int(district.code) % len(spans)]
    return ("Thành phố " if name.startswith("Sài Gòn") else "Tỉnh ") + name


class DistrictPlaces:
    """Texts of one district's places at any date; `elsewhere` are places of other provinces."""

    def __init__(self, district: District, communes: np.ndarray, elsewhere: tuple[District, ...]) -> None:
        self.units = [(district, district.communes[c]) for c in communes]
        self.units += [(other, commune) for other in elsewhere for commune in other.communes[:2]]
        self._known: dict[int, str] = {}
        self.own = len(communes)
        """How many of the units are communes of the district; the others are elsewhere."""
        self.reform = int(np.searchsorted(_breaks(), int(np.datetime64(REFORM).astype(np.int64)), side="right"))

    def text(
        self,
        unit: np.ndarray,
        days: np.ndarray,
        level: np.ndarray | int = 0,
        short: np.ndarray | int = 0,
        dress: Callable[[str], str] | None = None,
    ) -> np.ndarray:
        """Texts (object array, None for unit -1): level 0 whole, 1 without the commune, 2 the province only; short 0 no, 1 and 2
        abbreviated, 3 spelt as it was once or elsewhere; `dress` is applied to each distinct text.
        """
        unit, level, short = np.broadcast_arrays(unit, level, short)
        known = unit >= 0
        period = np.searchsorted(_breaks(), days, side="right")
        key = ((period * len(self.units) + np.where(known, unit, 0)) * 3 + level) * 4 + short
        values, inverse = np.unique(key, return_inverse=True)
        for value in values:
            if int(value) not in self._known:
                self._known[int(value)] = self._one(int(value))
        texts = [self._known[int(value)] for value in values]
        out = np.array([*(map(dress, texts) if dress else texts), None], dtype=object)
        return out[np.where(known, inverse, len(texts))]

    def _one(self, key: int) -> str:
        key, short = divmod(key, 4)
        key, level = divmod(key, 3)
        period, unit = divmod(key, len(self.units))
        district, commune = self.units[unit]
        if period >= self.reform:
            parts = [commune.new_name, commune.new_province][min(level, 1) :]
        else:
            first = int(_breaks()[period - 1]) if period else -50_000
            parts = [commune.name, district.name, province_name(district, first)][level:]
        if short == 2:
            return " - ".join(_bare(part) for part in parts)
        text = ", ".join(parts)
        if short == 3:
            return _other_spelling(text)
        if short == 1:
            for long_form, brief in SHORT:
                text = text.replace(long_form, brief)
        return text

    def office(self, commune: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The People's Committee of each commune, as called on the day."""
        return self.text(commune, days, dress=lambda name: f"UBND {name[0].lower()}{name[1:]}")

    def hospital(self, commune: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The general hospital of each commune's district."""
        return self.text(commune, days, 1, dress=lambda name: f"Bệnh viện Đa khoa {name}")

    def code(self, unit: np.ndarray, days: np.ndarray) -> np.ndarray:
        """Commune codes of the vintage of the day."""
        old = np.array([commune.code for _, commune in self.units], dtype=object)[unit]
        new = np.array([commune.new_code for _, commune in self.units], dtype=object)[unit]
        return np.asarray(np.where(days >= _breaks()[self.reform - 1], new, old))
