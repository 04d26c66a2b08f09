"""Real districts and communes, and what a place was called at a date: province names through time, two tiers since 2025-07-01."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution

import numpy as np

from linkage.synthetic.families import first_day, year_of


@dataclass(frozen=True)
class District:
    """A district as it was in 2024, with its communes."""

    province: str
    """Code of one of the 63 provinces."""
    province_name: str
    code: str
    name: str
    communes: tuple[tuple[str, str], ...]
    """(code, name with its type) of each commune."""


@cache
def districts() -> dict[str, tuple[District, ...]]:
    """Province code → its districts."""
    package = distribution("vietnamadminunits")
    path = next(f for f in package.files or [] if str(f).endswith("dataset.db"))
    with sqlite3.connect(f"file:{package.locate_file(path)}?mode=ro", uri=True) as connection:
        rows = connection.execute(
            "SELECT provinceCode, province, districtCode, district, wardCode, ward FROM admin_units_legacy"
            " WHERE wardCode IS NOT NULL ORDER BY provinceCode, districtCode, wardCode"
        ).fetchall()
    found: dict[str, dict[str, list[tuple[str, ...]]]] = {}
    for row in rows:
        found.setdefault(row[0], {}).setdefault(row[2], []).append(row)
    return {
        province: tuple(
            District(province, group[0][1], code, group[0][3], tuple((row[4], row[5]) for row in group))
            for code, group in inside.items()
        )
        for province, inside in found.items()
    }


_HISTORY = """08 1976-1991 Hà Tuyên|02 1976-1991 Hà Tuyên|04 1976-1978 Cao Lạng|20 1976-1978 Cao Lạng|10 1976-1991 Hoàng Liên Sơn
15 1976-1991 Hoàng Liên Sơn|06 1965-1996 Bắc Thái|19 1965-1996 Bắc Thái|26 1968-1996 Vĩnh Phú|25 1968-1996 Vĩnh Phú
27 1963-1996 Hà Bắc|24 1963-1996 Hà Bắc|17 1976-1991 Hà Sơn Bình|30 1968-1996 Hải Hưng|33 1968-1996 Hải Hưng
36 1965-1975 Nam Hà|35 1965-1975 Nam Hà|36 1976-1991 Hà Nam Ninh|35 1976-1991 Hà Nam Ninh|37 1976-1991 Hà Nam Ninh
36 1992-1996 Nam Hà|35 1992-1996 Nam Hà|40 1976-1991 Nghệ Tĩnh|42 1976-1991 Nghệ Tĩnh|44 1976-1989 Bình Trị Thiên
45 1976-1989 Bình Trị Thiên|46 1976-1989 Bình Trị Thiên|48 1976-1996 Quảng Nam - Đà Nẵng|49 1976-1996 Quảng Nam - Đà Nẵng
51 1976-1989 Nghĩa Bình|52 1976-1989 Nghĩa Bình|54 1976-1989 Phú Khánh|56 1976-1989 Phú Khánh|58 1976-1991 Thuận Hải
60 1976-1991 Thuận Hải|62 1976-1991 Gia Lai - Kon Tum|64 1976-1991 Gia Lai - Kon Tum|67 1976-2003 Đắk Lắk|74 1977-1996 Sông Bé
70 1977-1996 Sông Bé|77 1980-1991 Đồng Nai|86 1976-1991 Cửu Long|84 1976-1991 Cửu Long|92 1976-1991 Hậu Giang|94 1976-1991 Hậu Giang
93 1976-1991 Hậu Giang|93 1992-2003 Cần Thơ|95 1976-1996 Minh Hải|96 1976-1996 Minh Hải|12 1963-2003 Lai Châu|11 1963-2003 Lai Châu
79 1925-1975 Gia Định|82 1957-1975 Định Tường|83 1957-1975 Kiến Hòa|84 1957-1975 Vĩnh Bình|94 1957-1975 Ba Xuyên|96 1957-1975 An Xuyên
89 1957-1975 Châu Đốc|67 1957-1975 Quảng Đức|66 1925-1975 Darlac|70 1957-1975 Phước Long|77 1957-1975 Phước Tuy|46 1925-1975 Thừa Thiên"""


@cache
def province_history() -> dict[str, tuple[tuple[int, int, str], ...]]:
    """Province code (of the 63) → (first year, last year, former name)."""
    out: dict[str, list[tuple[int, int, str]]] = {}
    for cell in _HISTORY.replace("\n", "|").split("|"):
        code, years, name = cell.split(" ", 2)
        first, last = years.split("-")
        out.setdefault(code, []).append((int(first), int(last), name))
    return {code: tuple(sorted(spans)) for code, spans in out.items()}


_MERGED_2025 = {
    "02": "Tuyên Quang", "10": "Lào Cai", "15": "Lào Cai", "06": "Thái Nguyên", "24": "Bắc Ninh", "17": "Phú Thọ", "26": "Phú Thọ",
    "30": "Hải Phòng", "34": "Hưng Yên", "35": "Ninh Bình", "36": "Ninh Bình", "44": "Quảng Trị", "49": "Đà Nẵng", "62": "Quảng Ngãi",
    "52": "Gia Lai", "58": "Khánh Hòa", "54": "Đắk Lắk", "60": "Lâm Đồng", "67": "Lâm Đồng", "74": "Hồ Chí Minh", "77": "Hồ Chí Minh",
    "70": "Đồng Nai", "80": "Tây Ninh", "82": "Đồng Tháp", "83": "Vĩnh Long", "84": "Vĩnh Long", "91": "An Giang", "93": "Cần Thơ",
    "94": "Cần Thơ", "95": "Cà Mau",
}  # fmt: skip
_CITIES = {"Hà Nội", "Hải Phòng", "Huế", "Đà Nẵng", "Hồ Chí Minh", "Cần Thơ"}
TWO_TIERS_FROM = int(first_day(2025)) + 181
SHORT = (("Thành phố ", "TP "), ("Thị trấn ", "TT "), ("Thị xã ", "TX "), ("Huyện ", "H. "), ("Quận ", "Q. "), ("Phường ", "P. "), ("Xã ", "X. "), ("Tỉnh ", ""))  # fmt: skip


def _bare(name: str) -> str:
    return re.sub(r"^(Tỉnh|Thành phố|Huyện|Quận|Thị xã|Thị trấn|Phường|Xã) ", "", name)


class DistrictPlaces:
    """Texts of one district's places at any date; `elsewhere` are places of other provinces."""

    def __init__(self, district: District, communes: np.ndarray, elsewhere: tuple[District, ...]) -> None:
        self.district = district
        self.units = [(district, district.communes[c]) for c in communes]
        self.units += [(other, commune) for other in elsewhere for commune in other.communes[:2]]
        self.own = len(communes)
        breaks = {1957, 1963, 1965, 1968, 1976, 1977, 1979, 1980, 1990, 1992, 1997, 2004}
        self._breaks = np.array([int(first_day(year)) for year in sorted(breaks)] + [TWO_TIERS_FROM])

    def period(self, days: np.ndarray) -> np.ndarray:
        """Number of the period in which names stayed the same."""
        return np.searchsorted(self._breaks, days, side="right")

    def text(
        self,
        unit: np.ndarray,
        days: np.ndarray,
        level: np.ndarray | int = 0,
        short: np.ndarray | int = 0,
        dress: Callable[[str], str] | None = None,
    ) -> np.ndarray:
        """Texts (object array, None for unit -1): level 0 whole, 1 without the commune, 2 the province only; short 0 no, 1 and 2
        abbreviated; `dress` is applied to each distinct text."""
        unit, level, short = np.broadcast_arrays(unit, level, short)
        known = unit >= 0
        key = ((self.period(days) * len(self.units) + np.where(known, unit, 0)) * 3 + level) * 3 + short
        values, inverse = np.unique(key, return_inverse=True)
        texts = [self._one(int(value)) for value in values]
        out = np.array([*(map(dress, texts) if dress else texts), None], dtype=object)
        return out[np.where(known, inverse, len(texts))]

    def _one(self, key: int) -> str:
        key, short = divmod(key, 3)
        key, level = divmod(key, 3)
        period, unit = divmod(key, len(self.units))
        district, (_, commune) = self.units[unit]
        parts = [commune, district.name, self.province_name(district, period)]
        if period == len(self._breaks):
            parts = [commune, parts[2]]
            level = min(level, 2)
            parts = parts[min(level, 1) :]
        else:
            parts = parts[level:]
        text = ", ".join(parts)
        if short == 1:
            for long_form, brief in SHORT:
                text = text.replace(long_form, brief)
        elif short == 2:
            text = " - ".join(_bare(part) for part in parts)
        return text

    def office(self, commune: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The People's Committee of each commune, as called on the day."""
        return self.text(commune, days, dress=lambda name: f"UBND {name[0].lower()}{name[1:]}")

    def hospital(self, commune: np.ndarray, days: np.ndarray) -> np.ndarray:
        """The general hospital of each commune's district."""
        return self.text(commune, days, 1, dress=lambda name: f"Bệnh viện Đa khoa {name}")

    def province_name(self, district: District, period: int) -> str:
        """Name of the district's province in a period."""
        if period == len(self._breaks):
            merged = _MERGED_2025.get(district.province, _bare(district.province_name))
            return ("Thành phố " if merged in _CITIES else "Tỉnh ") + merged
        year = int(year_of(self._breaks[period - 1 : period])[0]) if period else 1930
        for first, last, name in province_history().get(district.province, ()):
            if first <= year <= last:
                return "Tỉnh " + name
        return district.province_name

    def code(self, unit: np.ndarray) -> np.ndarray:
        """Commune codes."""
        return np.array([commune[0] for _, commune in self.units], dtype=object)[unit]
