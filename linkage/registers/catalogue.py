"""The registers themselves, as data.

Fields of births, deaths, marriages, parent recognition and marital-status certificates, with their template names,
are those that several independent digitisation programs share; the statutory content is Luật Hộ tịch 2014
articles 14 and 17, Nghị định 123/2015 article 4, Luật Căn cước 2023 article 9 (population database). No public field list was
found for adoption, guardianship, changes and divorce notes: those follow the same naming and are ours. Vietnamese headers and
titles are those of `linkage.words`.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from linkage.config.columns import column_of
from linkage.config.sources import FieldKind as K
from linkage.errors import UnknownRegisterError
from linkage.registers.kinds import RegisterField, RegisterKind, Role, unknown
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


def _birth() -> RegisterKind:
    child = ("full_name", "sex", "birth_date", "birth_place", "hometown", "ethnicity", "nationality", "personal_number")
    fields = (
        *HEADER,
        *person("", "nks", child, required=("full_name", "birth_date")),
        extra("birth_place_unit", "nksNoiSinhDVHC", K.place, "registration_date"),
        extra("birth_type", "nksLoaiKhaiSinh", K.category),
        *person("mother", "me", PARENT),
        *person("father", "cha", PARENT),
        *person("declarant", "nyc", DECLARANT),
    )
    of_child = {"child_name": "full_name", "child_birth_date": "birth_date", "child_personal_number": "personal_number"}
    # registers give a parent's year of birth, digitisation templates sometimes the whole date in the same column
    as_date = {"birth_date": K.date}
    roles = (
        principal("birth", "child", fields),
        role(
            "birth",
            "mother",
            fields,
            "mother",
            PARENT,
            {
                "birth_date": "mother_birth_year",
                "spouse_name": "father_name",
                "spouse_personal_number": "father_personal_number",
                **of_child,
            },
            as_date,
            FEMALE,
        ),
        role(
            "birth",
            "father",
            fields,
            "father",
            PARENT,
            {
                "birth_date": "father_birth_year",
                "spouse_name": "mother_name",
                "spouse_personal_number": "mother_personal_number",
                **of_child,
            },
            as_date,
            MALE,
        ),
        role("birth", "declarant", fields, "declarant", DECLARANT, of_child),
    )
    return kind_of("birth", fields, roles, "birth_date", "registering_office")


def _marriage() -> RegisterKind:
    fields = (
        *HEADER,
        *person("husband", "chong", ADULT, required=("full_name",)),
        *person("wife", "vo", ADULT, required=("full_name",)),
        extra("marriage_status", "tinhTrangKetHon", K.category),
    )
    roles = tuple(
        role(
            "marriage",
            name,
            fields,
            name,
            ADULT,
            {
                "spouse_name": f"{spouse}_name",
                "spouse_birth_date": f"{spouse}_birth_date",
                "spouse_personal_number": f"{spouse}_personal_number",
            },
            constants=sex,
        )
        for name, spouse, sex in (("husband", "wife", MALE), ("wife", "husband", FEMALE))
    )
    return kind_of("marriage", fields, roles)


def _death() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "nkt", PERSON_OF_ANY_SEX, required=("full_name",)),
        extra("death_date", "nktNgayChet", K.date, required=True),
        extra("death_time", "nktGioPhutChet", K.text),
        extra("death_place", "nktNoiChet", K.place, "registration_date"),
        extra("death_cause", "nktNguyenNhanChet", K.text),
        extra("death_notice_number", "gbtSo", K.identifier),
        *person("declarant", "nyc", DECLARANT),
    )
    roles = (
        principal("death", "deceased", fields),
        role("death", "declarant", fields, "declarant", DECLARANT, {"deceased_name": "full_name"}),
    )
    return kind_of("death", fields, roles, "death_date")


def _adoption() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "cn", (*PERSON_OF_ANY_SEX, "birth_place"), required=("full_name",)),
        *person("adoptive_mother", "meNuoi", ADULT),
        *person("adoptive_father", "chaNuoi", ADULT),
        *person("giver", "nguoiGiao", ("full_name", "relationship", "residence", *PAPERS)),
        extra("decision_number", "soQuyetDinh", K.identifier),
        extra("decision_date", "ngayQuyetDinh", K.date),
    )
    # after an adoption the population database names the adoptive parents as father and mother
    as_parents = {
        "mother_name": "adoptive_mother_name",
        "mother_personal_number": "adoptive_mother_personal_number",
        "father_name": "adoptive_father_name",
        "father_personal_number": "adoptive_father_personal_number",
    }
    adoptee = (*PERSON_OF_ANY_SEX, "birth_place", "giver_name", "decision_number", "decision_date")
    of_child = {"child_name": "full_name", "child_birth_date": "birth_date", "child_personal_number": "personal_number"}
    roles = (
        role("adoption", "adoptee", fields, "", adoptee, as_parents),
        role(
            "adoption",
            "adoptive_mother",
            fields,
            "adoptive_mother",
            ADULT,
            {"spouse_name": "adoptive_father_name", "spouse_personal_number": "adoptive_father_personal_number", **of_child},
            constants=FEMALE,
        ),
        role(
            "adoption",
            "adoptive_father",
            fields,
            "adoptive_father",
            ADULT,
            {"spouse_name": "adoptive_mother_name", "spouse_personal_number": "adoptive_mother_personal_number", **of_child},
            constants=MALE,
        ),
        role("adoption", "giver", fields, "giver", ("full_name", "relationship", "residence", *PAPERS), of_child),
    )
    return kind_of("adoption", fields, roles)


def _parent_recognition() -> RegisterKind:
    names = ("full_name", "birth_date", "ethnicity", "nationality", "hometown", "residence", *PAPERS)
    fields = (
        *HEADER,
        extra("decision_number", "quyetDinhSo", K.identifier),
        extra("recognition_type", "loaiXacNhan", K.category),
        *person("parent", "cm", names, required=("full_name",)),
        *person("child", "nc", names, required=("full_name",)),
        *person("declarant", "nyc", DECLARANT),
    )
    roles = tuple(
        role(
            "parent_recognition",
            name,
            fields,
            name,
            names,
            {
                f"{other}_name": f"{other}_name",
                f"{other}_birth_date": f"{other}_birth_date",
                f"{other}_personal_number": f"{other}_personal_number",
                "recognition_type": "recognition_type",
            },
        )
        for name, other in (("parent", "child"), ("child", "parent"))
    )
    return kind_of("parent_recognition", fields, roles)


def _guardianship(name: str, extras: tuple[RegisterField, ...]) -> RegisterKind:
    fields = (
        *HEADER,
        *person("guardian", "ngh", PERSON_OF_ANY_SEX, required=("full_name",)),
        *person("ward", "ndgh", PERSON_OF_ANY_SEX, required=("full_name",)),
        *extras,
    )
    roles = tuple(
        role(name, one, fields, one, PERSON_OF_ANY_SEX, {f"{other}_name": f"{other}_name"})
        for one, other in (("guardian", "ward"), ("ward", "guardian"))
    )
    return kind_of(name, fields, roles)


def _change() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "ntd", (*PERSON_OF_ANY_SEX, "birth_place", "hometown"), required=("full_name",)),
        extra("change_type", "loaiThayDoi", K.category),
        extra("changed_register", "loaiGiayToThayDoi", K.category),
        extra("changed_entry_number", "soGiayToThayDoi", K.identifier),
        extra("value_before", "noiDungTruoc", K.text),
        extra("value_after", "noiDungSau", K.text),
        extra("decision_number", "quyetDinhSo", K.identifier),
        *person("declarant", "nyc", DECLARANT),
    )
    return kind_of("civil_status_change", fields, (principal("civil_status_change", "subject", fields),))


def _marital_status() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "nxn", PERSON_OF_ANY_SEX, required=("full_name",)),
        extra("marital_status", "nxnTinhTrangHonNhan", K.category),
        extra("residence_from", "nxnThoiGianCuTruTu", K.date),
        extra("residence_to", "nxnThoiGianCuTruDen", K.date),
        extra("purpose", "nxnMucDichSuDung", K.text),
    )
    return kind_of("marital_status", fields, (principal("marital_status", "subject", fields),))


def _divorce_note() -> RegisterKind:
    fields = (
        *HEADER,
        *person("husband", "chong", ADULT),
        *person("wife", "vo", ADULT),
        extra("judgment_number", "soBanAn", K.identifier),
        extra("judgment_date", "ngayBanAn", K.date),
        extra("judgment_authority", "coQuanGiaiQuyet", K.text),
    )
    roles = tuple(
        role("divorce_note", name, fields, name, ADULT, {"former_spouse_name": f"{spouse}_name"}, constants=sex)
        for name, spouse, sex in (("husband", "wife", MALE), ("wife", "husband", FEMALE))
    )
    return kind_of("divorce_note", fields, roles, "judgment_date")


def _population() -> RegisterKind:
    # the texts were taken down over many years and partly renamed in 2025: no date tells their vintage
    fields = (
        extra("record_id", "maCongDan", K.identifier, register="population"),
        extra("personal_number", "soDDCN", K.personal_number),
        extra("full_name", "hoTen", K.person_name, required=True),
        extra("other_name", "tenGoiKhac", K.person_name),
        extra("birth_date", "ngaySinh", K.date, required=True),
        extra("sex", "gioiTinh", K.sex),
        extra("birth_place", "noiSinh", K.place),
        extra("birth_registration_place", "noiDangKyKhaiSinh", K.place),
        extra("hometown", "queQuan", K.place),
        extra("ethnicity", "danToc", K.ethnicity),
        extra("religion", "tonGiao", K.category),
        extra("nationality", "quocTich", K.nationality),
        extra("identity_paper_number", "soCMND", K.identifier, register="population"),
        extra("father_name", "chaHoTen", K.person_name),
        extra("father_personal_number", "chaSoDDCN", K.personal_number),
        extra("mother_name", "meHoTen", K.person_name),
        extra("mother_personal_number", "meSoDDCN", K.personal_number),
        extra("spouse_name", "voChongHoTen", K.person_name),
        extra("spouse_personal_number", "voChongSoDDCN", K.personal_number),
        extra("permanent_residence", "noiThuongTru", K.place),
        extra("current_residence", "noiOHienTai", K.place),
        extra("marital_status", "tinhTrangHonNhan", K.category),
        extra("household_number", "soHoSoCuTru", K.identifier),
        extra("relationship_to_head", "quanHeChuHo", K.category),
        extra("death_date", "ngayChet", K.date),
    )
    own = [field.name for field in fields if field.name != "record_id"]
    # the names under which entries speak of the same things
    same_as = {"residence": "permanent_residence", "birth_year": "birth_date"}
    person = role("population", "person", fields, "", own, same_as, {"birth_year": K.year})
    return RegisterKind(
        "population",
        register_word("population", "vi"),
        fields,
        ("personal_number",),
        (person,),
        number_registered_at="birth_registration_place",
    )


KINDS = (
    _birth(),
    _marriage(),
    _death(),
    _adoption(),
    _parent_recognition(),
    _guardianship("guardianship", (extra("guardianship_ground", "lyDoGiamHo", K.text),)),
    _guardianship(
        "guardianship_termination",
        (
            extra("termination_ground", "lyDoChamDut", K.text),
            extra("guardianship_entry_number", "soDangKyGiamHo", K.identifier),
        ),
    ),
    _change(),
    _marital_status(),
    _divorce_note(),
    _population(),
)


def register_kinds() -> tuple[RegisterKind, ...]:
    """Every register kind, births first and the population database last."""
    return KINDS


def register_kind(name: str) -> RegisterKind:
    """The register kind of that name; `UnknownRegisterError` with the nearest one when there is none."""
    kinds = {kind.name: kind for kind in register_kinds()}
    if name not in kinds:
        raise unknown("register kind", name, kinds, error=UnknownRegisterError)
    return kinds[name]
