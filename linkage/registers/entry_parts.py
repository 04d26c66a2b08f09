"""What register kinds are put together from: the fields every entry has, those of a person it names, and roles."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from linkage.config.columns import column_of
from linkage.config.sources import FieldKind as K
from linkage.registers.kinds import RegisterField, RegisterKind, Role
from linkage.words.fields import field_word
from linkage.words.language import begun
from linkage.words.registers import register_word, role_word

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def extra(
    name: str, short: str, kind: K, dated_by: str | None = None, required: bool = False, register: str | None = None
) -> RegisterField:
    """A field of its own; its header is the word for it, that of `register` where that register has another one."""
    return RegisterField(name, field_word(name, "vi", register), short, kind, required, dated_by)


HEADER = (
    extra("record_id", "maHoSo", K.identifier),
    extra("registering_office", "noiDangKy", K.place, dated_by="registration_date"),
    extra("registering_office_code", "maNoiDangKy", K.identifier),
    extra("book_number", "quyenSo", K.identifier),
    extra("entry_number", "so", K.identifier),
    extra("page_number", "trangSo", K.identifier),
    extra("registration_date", "ngayDangKy", K.date),
    extra("registration_type", "loaiDangKy", K.category),
    extra("note", "ghiChu", K.text),
)
KEY = ("registering_office", "book_number", "entry_number", "registration_date")

# mention name: template suffix, kind
PERSON: Mapping[str, tuple[str, K]] = {
    "full_name": ("HoTen", K.person_name),
    "sex": ("GioiTinh", K.sex),
    "birth_date": ("NgaySinh", K.date),
    "birth_year": ("NgaySinh", K.year),
    "birth_place": ("NoiSinh", K.place),
    "hometown": ("QueQuan", K.place),
    "ethnicity": ("DanToc", K.ethnicity),
    "nationality": ("QuocTich", K.nationality),
    "residence": ("NoiCuTru", K.place),
    "personal_number": ("SoDDCN", K.personal_number),
    "identity_paper_type": ("LoaiGiayToTuyThan", K.category),
    "identity_paper_number": ("SoGiayToTuyThan", K.identifier),
    "relationship": ("QuanHe", K.category),
}
PAPERS = ("personal_number", "identity_paper_type", "identity_paper_number")
PARENT = ("full_name", "birth_year", "ethnicity", "nationality", "residence", *PAPERS)
ADULT = ("full_name", "birth_date", "ethnicity", "nationality", "residence", *PAPERS)
PERSON_OF_ANY_SEX = ("full_name", "sex", "birth_date", "ethnicity", "nationality", "residence", *PAPERS)
DECLARANT = ("full_name", "relationship", *PAPERS)


def entry_name(prefix: str, name: str) -> str:
    """The entry field for a person's field: `mother_name`, `mother_birth_year`; the principal person has no prefix."""
    if not prefix:
        return name
    return f"{prefix}_name" if name == "full_name" else f"{prefix}_{name}"


def person(
    prefix: str, short: str, names: Iterable[str], required: Iterable[str] = (), dated_by: str = "registration_date"
) -> tuple[RegisterField, ...]:
    """The fields an entry gives to one person: canonical prefix, template prefix."""

    def one(name: str) -> RegisterField:
        suffix, kind = PERSON[name]
        return extra(entry_name(prefix, name), short + suffix, kind, dated_by if kind is K.place else None, name in required)

    return tuple(one(name) for name in names)


def role(
    register: str,
    name: str,
    fields: tuple[RegisterField, ...],
    prefix: str,
    own: Iterable[str],
    also: Mapping[str, str] | None = None,
    as_kind: Mapping[str, K] | None = None,
    constants: Mapping[str, str] | None = None,
) -> Role:
    """A role of a register with its own fields (prefix taken off), the header's, and `also` (mention field → entry field).

    `as_kind` says which mention fields are standardised otherwise than the entry field they come from.
    """
    mapping = {field.name: field.name for field in fields if field in HEADER and field.name != "record_id"}
    mapping |= {column_of(mention): entry_name(prefix, mention) for mention in own} | dict(also or {})
    by_name = {field.name: field for field in fields}
    kinds = {mention: by_name[entry].kind for mention, entry in mapping.items()}
    kinds |= {mention: PERSON[mention][1] for mention in constants or {}} | dict(as_kind or {})
    dated = {mention: by_name[entry].dated_by for mention, entry in mapping.items()}
    present = tuple(
        mention
        for mention in ("full_name", "personal_number", "identity_paper_number", "birth_date", "birth_year")
        if mention in mapping
    )
    return Role(
        name,
        begun(role_word(name, "vi", register)),
        MappingProxyType(mapping),
        MappingProxyType(kinds),
        MappingProxyType({mention: date for mention, date in dated.items() if date}),
        present,
        MappingProxyType(dict(constants or {})),
    )


def principal(register: str, name: str, fields: tuple[RegisterField, ...]) -> Role:
    """The role of the person an entry is about: the entry as it is."""
    return role(register, name, fields, "", [field.name for field in fields if field.name != "record_id"])


def kind_of(
    name: str,
    fields: tuple[RegisterField, ...],
    roles: tuple[Role, ...],
    event_date: str | None = None,
    number_registered_at: str | None = None,
) -> RegisterKind:
    """A register of entries, each known by office, book, number and date."""
    return RegisterKind(name, register_word(name, "vi"), fields, KEY, roles, event_date, number_registered_at)


FEMALE = {"sex": "Nữ"}
MALE = {"sex": "Nam"}
