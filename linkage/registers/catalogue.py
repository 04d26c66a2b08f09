"""The registers themselves, as data.

Fields of births, deaths, marriages, parent recognition and marital-status certificates, with their template names,
are those that several independent digitisation programs share; the statutory content is Luật Hộ tịch 2014
articles 14 and 17, Nghị định 123/2015 article 4, Luật Căn cước 2023 article 9 (population database). No public field list was
found for adoption, guardianship, changes and divorce notes: those follow the same naming and are ours.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from linkage.config.sources import FieldKind as K
from linkage.errors import UnknownRegisterError
from linkage.registers.kinds import RegisterField, RegisterKind, Role, unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HEADER = (
    RegisterField("record_id", "Mã hồ sơ", "maHoSo", K.identifier),
    RegisterField("registering_office", "Nơi đăng ký", "noiDangKy", K.place, dated_by="registration_date"),
    RegisterField("registering_office_code", "Mã nơi đăng ký", "maNoiDangKy", K.identifier),
    RegisterField("book_number", "Quyển số", "quyenSo", K.identifier),
    RegisterField("entry_number", "Số", "so", K.identifier),
    RegisterField("page_number", "Trang số", "trangSo", K.identifier),
    RegisterField("registration_date", "Ngày đăng ký", "ngayDangKy", K.date),
    RegisterField("registration_type", "Loại đăng ký", "loaiDangKy", K.category),
    RegisterField("note", "Ghi chú", "ghiChu", K.text),
)
KEY = ("registering_office", "book_number", "entry_number", "registration_date")

# mention name: Vietnamese header, template suffix, kind
PERSON: Mapping[str, tuple[str, str, K]] = {
    "full_name": ("Họ và tên", "HoTen", K.person_name),
    "sex": ("Giới tính", "GioiTinh", K.sex),
    "birth_date": ("Ngày sinh", "NgaySinh", K.date),
    "birth_year": ("Năm sinh", "NgaySinh", K.year),
    "birth_place": ("Nơi sinh", "NoiSinh", K.place),
    "hometown": ("Quê quán", "QueQuan", K.place),
    "ethnicity": ("Dân tộc", "DanToc", K.ethnicity),
    "nationality": ("Quốc tịch", "QuocTich", K.nationality),
    "residence": ("Nơi cư trú", "NoiCuTru", K.place),
    "personal_number": ("Số định danh cá nhân", "SoDDCN", K.personal_number),
    "identity_paper_type": ("Loại giấy tờ tùy thân", "LoaiGiayToTuyThan", K.category),
    "identity_paper_number": ("Số giấy tờ tùy thân", "SoGiayToTuyThan", K.identifier),
    "relationship": ("Quan hệ", "QuanHe", K.category),
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
    prefix: str, of: str, short: str, names: Iterable[str], required: Iterable[str] = (), dated_by: str = "registration_date"
) -> tuple[RegisterField, ...]:
    """The fields an entry gives to one person: canonical prefix, Vietnamese "of whom", template prefix."""

    def one(name: str) -> RegisterField:
        header, suffix, kind = PERSON[name]
        if of:
            header = f"{'Họ tên' if name == 'full_name' else header} {of}"
        dated = dated_by if kind is K.place else None
        return RegisterField(entry_name(prefix, name), header, short + suffix, kind, name in required, dated)

    return tuple(one(name) for name in names)


def extra(name: str, header: str, short: str, kind: K, dated_by: str | None = None, required: bool = False) -> RegisterField:
    """A field of its own."""
    return RegisterField(name, header, short, kind, required, dated_by)


def role(
    name: str,
    title: str,
    fields: tuple[RegisterField, ...],
    prefix: str,
    own: Iterable[str],
    also: Mapping[str, str] | None = None,
    as_kind: Mapping[str, K] | None = None,
    constants: Mapping[str, str] | None = None,
) -> Role:
    """A role with its own fields (prefix taken off), the header's, and `also` (mention field → entry field).

    `as_kind` says which mention fields are standardised otherwise than the entry field they come from.
    """
    mapping = {field.name: field.name for field in fields if field in HEADER and field.name != "record_id"}
    mapping |= {mention: entry_name(prefix, mention) for mention in own} | dict(also or {})
    by_name = {field.name: field for field in fields}
    kinds = {mention: by_name[entry].kind for mention, entry in mapping.items()}
    kinds |= {mention: PERSON[mention][2] for mention in constants or {}} | dict(as_kind or {})
    dated = {mention: by_name[entry].dated_by for mention, entry in mapping.items()}
    present = tuple(
        mention
        for mention in ("full_name", "personal_number", "identity_paper_number", "birth_date", "birth_year")
        if mention in mapping
    )
    return Role(
        name,
        title,
        MappingProxyType(mapping),
        MappingProxyType(kinds),
        MappingProxyType({mention: date for mention, date in dated.items() if date}),
        present,
        MappingProxyType(dict(constants or {})),
    )


def principal(name: str, title: str, fields: tuple[RegisterField, ...]) -> Role:
    """The role of the person an entry is about: the entry as it is."""
    return role(name, title, fields, "", [field.name for field in fields if field.name != "record_id"])


FEMALE = {"sex": "Nữ"}
MALE = {"sex": "Nam"}


def _birth() -> RegisterKind:
    child = ("full_name", "sex", "birth_date", "birth_place", "hometown", "ethnicity", "nationality", "personal_number")
    fields = (
        *HEADER,
        *person("", "", "nks", child, required=("full_name", "birth_date")),
        extra("birth_place_unit", "Nơi sinh (đơn vị hành chính)", "nksNoiSinhDVHC", K.place, "registration_date"),
        extra("birth_type", "Loại khai sinh", "nksLoaiKhaiSinh", K.category),
        *person("mother", "mẹ", "me", PARENT),
        *person("father", "cha", "cha", PARENT),
        *person("declarant", "người yêu cầu", "nyc", DECLARANT),
    )
    of_child = {"child_name": "full_name", "child_birth_date": "birth_date", "child_personal_number": "personal_number"}
    # registers give a parent's year of birth, digitisation templates sometimes the whole date in the same column
    as_date = {"birth_date": K.date}
    roles = (
        principal("child", "Người được khai sinh", fields),
        role(
            "mother",
            "Mẹ",
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
            "father",
            "Cha",
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
        role("declarant", "Người yêu cầu", fields, "declarant", DECLARANT, of_child),
    )
    return RegisterKind("birth", "Sổ đăng ký khai sinh", fields, KEY, roles, "birth_date", "registering_office")


def _marriage() -> RegisterKind:
    fields = (
        *HEADER,
        *person("husband", "chồng", "chong", ADULT, required=("full_name",)),
        *person("wife", "vợ", "vo", ADULT, required=("full_name",)),
        extra("marriage_status", "Tình trạng kết hôn", "tinhTrangKetHon", K.category),
    )
    roles = tuple(
        role(
            name,
            title,
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
        for name, title, spouse, sex in (("husband", "Chồng", "wife", MALE), ("wife", "Vợ", "husband", FEMALE))
    )
    return RegisterKind("marriage", "Sổ đăng ký kết hôn", fields, KEY, roles)


def _death() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "", "nkt", PERSON_OF_ANY_SEX, required=("full_name",)),
        extra("death_date", "Ngày chết", "nktNgayChet", K.date, required=True),
        extra("death_time", "Giờ phút chết", "nktGioPhutChet", K.text),
        extra("death_place", "Nơi chết", "nktNoiChet", K.place, "registration_date"),
        extra("death_cause", "Nguyên nhân chết", "nktNguyenNhanChet", K.text),
        extra("death_notice_number", "Số giấy báo tử", "gbtSo", K.identifier),
        *person("declarant", "người yêu cầu", "nyc", DECLARANT),
    )
    roles = (
        principal("deceased", "Người chết", fields),
        role("declarant", "Người yêu cầu", fields, "declarant", DECLARANT, {"deceased_name": "full_name"}),
    )
    return RegisterKind("death", "Sổ đăng ký khai tử", fields, KEY, roles, "death_date")


def _adoption() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "", "cn", (*PERSON_OF_ANY_SEX, "birth_place"), required=("full_name",)),
        *person("adoptive_mother", "mẹ nuôi", "meNuoi", ADULT),
        *person("adoptive_father", "cha nuôi", "chaNuoi", ADULT),
        *person("giver", "người giao con nuôi", "nguoiGiao", ("full_name", "relationship", "residence", *PAPERS)),
        extra("decision_number", "Số quyết định", "soQuyetDinh", K.identifier),
        extra("decision_date", "Ngày quyết định", "ngayQuyetDinh", K.date),
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
        role("adoptee", "Con nuôi", fields, "", adoptee, as_parents),
        role(
            "adoptive_mother",
            "Mẹ nuôi",
            fields,
            "adoptive_mother",
            ADULT,
            {"spouse_name": "adoptive_father_name", "spouse_personal_number": "adoptive_father_personal_number", **of_child},
            constants=FEMALE,
        ),
        role(
            "adoptive_father",
            "Cha nuôi",
            fields,
            "adoptive_father",
            ADULT,
            {"spouse_name": "adoptive_mother_name", "spouse_personal_number": "adoptive_mother_personal_number", **of_child},
            constants=MALE,
        ),
        role("giver", "Người giao con nuôi", fields, "giver", ("full_name", "relationship", "residence", *PAPERS), of_child),
    )
    return RegisterKind("adoption", "Sổ đăng ký nuôi con nuôi", fields, KEY, roles)


def _parent_recognition() -> RegisterKind:
    names = ("full_name", "birth_date", "ethnicity", "nationality", "hometown", "residence", *PAPERS)
    fields = (
        *HEADER,
        extra("decision_number", "Số quyết định", "quyetDinhSo", K.identifier),
        extra("recognition_type", "Loại xác nhận", "loaiXacNhan", K.category),
        *person("parent", "cha, mẹ", "cm", names, required=("full_name",)),
        *person("child", "con", "nc", names, required=("full_name",)),
        *person("declarant", "người yêu cầu", "nyc", DECLARANT),
    )
    roles = tuple(
        role(
            name,
            title,
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
        for name, title, other in (("parent", "Cha hoặc mẹ", "child"), ("child", "Người con", "parent"))
    )
    return RegisterKind("parent_recognition", "Sổ đăng ký nhận cha, mẹ, con", fields, KEY, roles)


def _guardianship(name: str, title: str, extras: tuple[RegisterField, ...]) -> RegisterKind:
    fields = (
        *HEADER,
        *person("guardian", "người giám hộ", "ngh", PERSON_OF_ANY_SEX, required=("full_name",)),
        *person("ward", "người được giám hộ", "ndgh", PERSON_OF_ANY_SEX, required=("full_name",)),
        *extras,
    )
    roles = tuple(
        role(one, label, fields, one, PERSON_OF_ANY_SEX, {f"{other}_name": f"{other}_name"})
        for one, label, other in (("guardian", "Người giám hộ", "ward"), ("ward", "Người được giám hộ", "guardian"))
    )
    return RegisterKind(name, title, fields, KEY, roles)


def _change() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "", "ntd", (*PERSON_OF_ANY_SEX, "birth_place", "hometown"), required=("full_name",)),
        extra("change_type", "Loại thay đổi", "loaiThayDoi", K.category),
        extra("changed_register", "Loại giấy tờ được thay đổi", "loaiGiayToThayDoi", K.category),
        extra("changed_entry_number", "Số của giấy tờ được thay đổi", "soGiayToThayDoi", K.identifier),
        extra("value_before", "Nội dung trước thay đổi", "noiDungTruoc", K.text),
        extra("value_after", "Nội dung sau thay đổi", "noiDungSau", K.text),
        extra("decision_number", "Số quyết định", "quyetDinhSo", K.identifier),
        *person("declarant", "người yêu cầu", "nyc", DECLARANT),
    )
    title = "Sổ đăng ký thay đổi, cải chính, bổ sung hộ tịch, xác định lại dân tộc"
    return RegisterKind("civil_status_change", title, fields, KEY, (principal("subject", "Người được thay đổi", fields),))


def _marital_status() -> RegisterKind:
    fields = (
        *HEADER,
        *person("", "", "nxn", PERSON_OF_ANY_SEX, required=("full_name",)),
        extra("marital_status", "Tình trạng hôn nhân", "nxnTinhTrangHonNhan", K.category),
        extra("residence_from", "Cư trú từ ngày", "nxnThoiGianCuTruTu", K.date),
        extra("residence_to", "Cư trú đến ngày", "nxnThoiGianCuTruDen", K.date),
        extra("purpose", "Mục đích sử dụng", "nxnMucDichSuDung", K.text),
    )
    title = "Sổ cấp Giấy xác nhận tình trạng hôn nhân"
    return RegisterKind("marital_status", title, fields, KEY, (principal("subject", "Người được xác nhận", fields),))


def _divorce_note() -> RegisterKind:
    fields = (
        *HEADER,
        *person("husband", "chồng", "chong", ADULT),
        *person("wife", "vợ", "vo", ADULT),
        extra("judgment_number", "Số bản án, quyết định", "soBanAn", K.identifier),
        extra("judgment_date", "Ngày bản án, quyết định", "ngayBanAn", K.date),
        extra("judgment_authority", "Cơ quan giải quyết", "coQuanGiaiQuyet", K.text),
    )
    roles = tuple(
        role(name, title, fields, name, ADULT, {"former_spouse_name": f"{spouse}_name"}, constants=sex)
        for name, title, spouse, sex in (("husband", "Chồng cũ", "wife", MALE), ("wife", "Vợ cũ", "husband", FEMALE))
    )
    return RegisterKind("divorce_note", "Sổ ghi chú ly hôn", fields, KEY, roles, "judgment_date")


def _population() -> RegisterKind:
    # the texts were taken down over many years and partly renamed in 2025: no date tells their vintage
    fields = (
        extra("record_id", "Mã công dân", "maCongDan", K.identifier),
        extra("personal_number", "Số định danh cá nhân", "soDDCN", K.personal_number),
        extra("full_name", "Họ và tên", "hoTen", K.person_name, required=True),
        extra("other_name", "Tên gọi khác", "tenGoiKhac", K.person_name),
        extra("birth_date", "Ngày sinh", "ngaySinh", K.date, required=True),
        extra("sex", "Giới tính", "gioiTinh", K.sex),
        extra("birth_place", "Nơi sinh", "noiSinh", K.place),
        extra("birth_registration_place", "Nơi đăng ký khai sinh", "noiDangKyKhaiSinh", K.place),
        extra("hometown", "Quê quán", "queQuan", K.place),
        extra("ethnicity", "Dân tộc", "danToc", K.ethnicity),
        extra("religion", "Tôn giáo", "tonGiao", K.category),
        extra("nationality", "Quốc tịch", "quocTich", K.nationality),
        extra("identity_paper_number", "Số CMND 9 số", "soCMND", K.identifier),
        extra("father_name", "Họ tên cha", "chaHoTen", K.person_name),
        extra("father_personal_number", "Số định danh cá nhân cha", "chaSoDDCN", K.personal_number),
        extra("mother_name", "Họ tên mẹ", "meHoTen", K.person_name),
        extra("mother_personal_number", "Số định danh cá nhân mẹ", "meSoDDCN", K.personal_number),
        extra("spouse_name", "Họ tên vợ chồng", "voChongHoTen", K.person_name),
        extra("spouse_personal_number", "Số định danh cá nhân vợ chồng", "voChongSoDDCN", K.personal_number),
        extra("permanent_residence", "Nơi thường trú", "noiThuongTru", K.place),
        extra("current_residence", "Nơi ở hiện tại", "noiOHienTai", K.place),
        extra("marital_status", "Tình trạng hôn nhân", "tinhTrangHonNhan", K.category),
        extra("household_number", "Số hồ sơ cư trú", "soHoSoCuTru", K.identifier),
        extra("relationship_to_head", "Quan hệ với chủ hộ", "quanHeChuHo", K.category),
        extra("death_date", "Ngày chết", "ngayChet", K.date),
    )
    own = [field.name for field in fields if field.name != "record_id"]
    # the names under which entries speak of the same things
    same_as = {"residence": "permanent_residence", "birth_year": "birth_date"}
    person = role("person", "Công dân", fields, "", own, same_as, {"birth_year": K.year})
    return RegisterKind(
        "population",
        "Cơ sở dữ liệu quốc gia về dân cư",
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
    _guardianship("guardianship", "Sổ đăng ký giám hộ", (extra("guardianship_ground", "Lý do giám hộ", "lyDoGiamHo", K.text),)),
    _guardianship(
        "guardianship_termination",
        "Sổ đăng ký chấm dứt giám hộ",
        (
            extra("termination_ground", "Lý do chấm dứt giám hộ", "lyDoChamDut", K.text),
            extra("guardianship_entry_number", "Số đăng ký giám hộ", "soDangKyGiamHo", K.identifier),
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
