"""Administrative units through time: the committed data files as dictionaries. The key of a unit is (code, vintage).

Two vintages of codes are known: before 1 July 2025 (63 provinces, 696 districts, 10,035 communes) and from that day (34
and 3,321). Codes are reused between them for other units, so an old code never stands beside a new one: here old
communes are numbered `OLD + code` wherever the two could meet. Earlier provinces are sets of the 63 with their years.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path

from linkage.vietnamese.letters import fold, tone_key

REFORM = date(2025, 7, 1)
"""The day provinces became 34, communes 3,321 and districts ceased."""
OLD = 100_000
"""Added to the code of a commune of the old vintage to make a unit number."""
FORMER = 1_000_000
"""Added to ten times the code, plus a rank, for a commune abolished before 2025 that is only known by name."""
_FIRST, _LAST = date(1900, 1, 1), date(9999, 1, 1)
_DATA = Path(__file__).parent / "data"
_TYPES = ("Thành phố", "Thị xã", "Thị trấn", "Đặc khu", "Phường", "Quận", "Huyện", "Tỉnh", "Xã")


def place_key(text: str) -> str:
    """What place names are looked up by: the fold key without spaces, k as c and y as i.

    >>> place_key("Đắk Lắk") == place_key("Đắc Lắc"), place_key("Qui Nhơn") == place_key("Quy Nhơn")
    (True, True)
    """
    return fold(text).replace(" ", "").replace("k", "c").replace("y", "i")


@dataclass(frozen=True, slots=True)
class Named:
    """A unit under one of its names. `type` is the folded kind of unit, '' when the name is a former one."""

    code: int
    key: str
    fold: str
    tone: str
    type: str
    unit: int = 0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a province's name means from `start` to before `end`: `old` provinces of the 63, or a `new` one of the 34."""

    start: date
    end: date
    old: tuple[int, ...]
    new: int | None = None
    also: tuple[int, ...] = ()
    """Other provinces of the 63 to which some of its districts went."""


def _rows(name: str) -> list[list[str]]:
    lines = (_DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def split_type(name: str) -> tuple[str, str]:
    """The kind of unit and the bare name: "Phường 01" → ("phuong", "1").

    >>> split_type("Thị trấn Yên Viên"), split_type("Đạ M'ri")
    (('thi tran', 'Yên Viên'), ('', "Đạ M'ri"))
    """
    for kind in _TYPES:
        if name.startswith(kind + " "):
            bare = name[len(kind) + 1 :]
            return fold(kind), str(int(bare)) if bare.isdecimal() else bare
    return "", name


def _named(code: int, name: str, unit: int = 0) -> Named:
    kind, bare = split_type(name)
    key = f"{kind}{bare}".replace(" ", "") if bare.isdigit() else place_key(bare)
    return Named(code, key, fold(bare).replace(" ", ""), tone_key(bare).replace(" ", ""), kind, unit)


Index = dict[str, list[Named]]


class _Indexes(dict[int, Index]):
    """District or province → its communes by key, made when first asked for: naming all 14,000 takes a third of a second."""

    def __init__(self, names: Callable[[int], Iterable[Named]]) -> None:
        super().__init__()
        self._names = names
        self.codes: dict[int, list[int]] = {}
        """District or province → the codes of its communes, in order."""

    def __missing__(self, unit: int) -> Index:
        index: Index = {}
        for code in self.codes.get(unit, ()):
            for named in self._names(code):
                index.setdefault(named.key, []).append(named)
        self[unit] = index
        return index


class Gazetteer:
    """The data files, read once."""

    def __init__(self) -> None:
        self.new_of_old_province = {int(code): int(new) for code, _, new in _rows("old_provinces.tsv")}
        self.province_of_district: dict[int, int] = {}
        self.districts: dict[int, Index] = {}
        """Old province → its districts by key."""
        for code, province, name, aliases in _rows("old_districts.tsv"):
            self.province_of_district[int(code)] = int(province)
            index = self.districts.setdefault(int(province), {})
            for named in (_named(int(code), name), *self._former(int(code), aliases)):
                index.setdefault(named.key, []).append(named)
        self.successors: dict[int, tuple[int, ...]] = {}
        """Old commune → the present communes that took its territory, sorted."""
        self.district_of_commune: dict[int, int] = {}
        self.province_of_commune: dict[int, int] = {}
        self.communes = _Indexes(self._names_of_old)
        """District → its communes by key."""
        self.communes_of_province = _Indexes(self._names_of_old)
        self.new_province_of: dict[int, int] = {}
        self.new_communes = _Indexes(self._names_of_new)
        """New province → its communes by key."""
        self._written: dict[int, tuple[str, str]] = {}
        """Old commune → its name and its former names."""
        self._written_new: dict[int, str] = {}
        self._read_communes()
        self.island = {int(district): int(code) for district, code in _rows("island_districts.tsv")}

    @staticmethod
    def _former(code: int, aliases: str) -> list[Named]:
        names = [place_key(alias) if not alias[-1].isdigit() else alias for alias in aliases.split()]
        return [
            Named(code, key, alias, "", "", FORMER + 10 * code + i % 10)
            for i, (key, alias) in enumerate(zip(names, aliases.split(), strict=True))
        ]

    def _read_communes(self) -> None:
        for code, province, name in _rows("new_communes.tsv"):
            self._written_new[int(code)] = name
            self.new_province_of[int(code)] = int(province)
            self.new_communes.codes.setdefault(int(province), []).append(int(code))
        for code, stated, name, successors, aliases in _rows("old_communes.tsv"):
            number, district = int(code), int(stated)
            self._written[number] = (name, aliases)
            self.successors[number] = tuple(sorted(int(successor) for successor in successors.split()))
            if district > 0:
                self.district_of_commune[number] = district
            # an abolished commune states its province only, as a negative number
            province_old = self.province_of_district[district] if district > 0 else -district
            self.province_of_commune[number] = province_old
            self.communes.codes.setdefault(district, []).append(number)
            self.communes_of_province.codes.setdefault(province_old, []).append(number)

    def _names_of_new(self, code: int) -> list[Named]:
        return [_named(code, self._written_new[code], code)]

    def _names_of_old(self, code: int) -> list[Named]:
        name, aliases = self._written[code]
        return [_named(code, name, self.unit_of_old(code)), *self._former(code, aliases)]

    @cached_property
    def predecessors(self) -> dict[int, tuple[int, ...]]:
        """Present commune → the old communes whose territory it took, sorted."""
        found: dict[int, list[int]] = {}
        for old, news in self.successors.items():
            for new in news:
                found.setdefault(new, []).append(old)
        return {new: tuple(sorted(olds)) for new, olds in found.items()}

    @cached_property
    def new_provinces_of_district(self) -> dict[int, tuple[int, ...]]:
        """District → the present provinces of its communes, sorted."""
        found: dict[int, set[int]] = {}
        for commune, district in self.district_of_commune.items():
            found.setdefault(district, set()).update(self.new_province_of[new] for new in self.successors[commune])
        return {district: tuple(sorted(provinces)) for district, provinces in found.items()}

    def unit_of_old(self, code: int) -> int:
        """The unit number of an old commune: that of the present commune when one became the other undivided."""
        news = self.successors[code]
        whole = len(news) == 1 and self.predecessors[news[0]] == (code,)
        return news[0] if whole else OLD + code

    @cached_property
    def province_names(self) -> dict[str, list[Meaning]]:
        """Key of a province's name → what it has meant, in order of time."""
        found: dict[str, list[Meaning]] = {}
        for name, start, end, parts, _ in _rows("historical_provinces.tsv"):
            old = tuple(int(part) for part in parts.split() if part.isdigit())
            also = tuple(int(part[1:]) for part in parts.split() if part.startswith("+"))
            meaning = Meaning(date.fromisoformat(start), date.fromisoformat(end), old, None, also)
            found.setdefault(place_key(name), []).append(meaning)
        for code, name, _ in _rows("old_provinces.tsv"):
            meanings = found.setdefault(place_key(split_type(name)[1]), [])
            since = max((meaning.end for meaning in meanings), default=_FIRST)
            meanings.append(Meaning(since, REFORM, (int(code),)))
        found.setdefault(place_key("Thừa Thiên Huế"), found[place_key("Huế")])
        for code, name in _rows("new_provinces.tsv"):
            olds = tuple(sorted(o for o, new in self.new_of_old_province.items() if new == int(code)))
            found.setdefault(place_key(split_type(name)[1]), []).append(Meaning(REFORM, _LAST, olds, int(code)))
        for alias, name in _rows("province_aliases.tsv"):
            found.setdefault(place_key(alias), found[place_key(name)])
        return found

    @cached_property
    def present_provinces(self) -> dict[int, str]:
        """Code of a present province → its name; the kind of unit stands only where the rest is a person's name."""
        return {
            int(code): name if name.endswith("Hồ Chí Minh") else split_type(name)[1] for code, name in _rows("new_provinces.tsv")
        }

    @cached_property
    def periods(self) -> tuple[date, ...]:
        """The days on which the meaning of some name changes, in order."""
        days = {day for meanings in self.province_names.values() for meaning in meanings for day in (meaning.start, meaning.end)}
        return tuple(sorted(days - {_FIRST, _LAST}))


@lru_cache(maxsize=1)
def gazetteer() -> Gazetteer:
    """The gazetteer, read from the data files on first use (about a quarter of a second)."""
    return Gazetteer()
