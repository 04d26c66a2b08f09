"""The registers, the two sides of a linkage, the persons an entry speaks of, and the fields that only some registers have.

Registers begin with a capital letter; roles are in the form they have inside a sentence. A new register kind has all its words
here; the fields of any entry and any person are in `fields`.
"""

from __future__ import annotations

from linkage.words.language import Language, Word

REGISTERS: dict[str, Word] = {
    "birth": Word("Sổ đăng ký khai sinh", "Register of births"),
    "marriage": Word("Sổ đăng ký kết hôn", "Register of marriages"),
    "death": Word("Sổ đăng ký khai tử", "Register of deaths"),
    "adoption": Word("Sổ đăng ký nuôi con nuôi", "Register of adoptions"),
    "parent_recognition": Word("Sổ đăng ký nhận cha, mẹ, con", "Register of parent recognitions"),
    "guardianship": Word("Sổ đăng ký giám hộ", "Register of guardianships"),
    "guardianship_termination": Word("Sổ đăng ký chấm dứt giám hộ", "Register of terminated guardianships"),
    "civil_status_change": Word(
        "Sổ đăng ký thay đổi, cải chính, bổ sung hộ tịch, xác định lại dân tộc", "Register of changes and corrections"
    ),
    "marital_status": Word("Sổ cấp Giấy xác nhận tình trạng hôn nhân", "Register of marital status certificates"),
    "divorce_note": Word("Sổ ghi chú ly hôn", "Register of divorce notes"),
    "population": Word("Cơ sở dữ liệu quốc gia về dân cư", "National population database"),
    "table": Word("Bảng dữ liệu", "Table"),
}

LEFT = Word("Sổ hộ tịch", "Civil-status register")
RIGHT = Word("CSDL dân cư", "Population database")
"""The two sides of a linkage, as headings of columns."""

ROLES: dict[str, Word] = {
    "child": Word("người được khai sinh", "child"),
    "mother": Word("mẹ", "mother"),
    "father": Word("cha", "father"),
    "declarant": Word("người yêu cầu", "declarant"),
    "husband": Word("chồng", "husband"),
    "wife": Word("vợ", "wife"),
    "deceased": Word("người chết", "deceased person"),
    "adoptee": Word("con nuôi", "adoptee"),
    "adoptive_mother": Word("mẹ nuôi", "adoptive mother"),
    "adoptive_father": Word("cha nuôi", "adoptive father"),
    "giver": Word("người giao con nuôi", "person who gives into adoption"),
    "parent": Word("cha hoặc mẹ", "parent"),
    "guardian": Word("người giám hộ", "guardian"),
    "ward": Word("người được giám hộ", "ward"),
    "subject": Word("người được ghi", "person concerned"),
    "person": Word("công dân", "citizen"),
}

OF_A_REGISTER: dict[tuple[str, str], Word] = {
    ("parent_recognition", "child"): Word("người con", "child"),
    ("civil_status_change", "subject"): Word("người được thay đổi", "person whose entry is changed"),
    ("marital_status", "subject"): Word("người được xác nhận", "person whose status is certified"),
    ("divorce_note", "husband"): Word("chồng cũ", "former husband"),
    ("divorce_note", "wife"): Word("vợ cũ", "former wife"),
}
"""(register kind, role) → the name that register alone gives the role."""


WHOSE: dict[str, Word] = {
    "mother": Word("mẹ", "mother's"),
    "father": Word("cha", "father's"),
    "parent": Word("cha, mẹ", "parent's"),
    "child": Word("con", "child's"),
    "husband": Word("chồng", "husband's"),
    "wife": Word("vợ", "wife's"),
    "spouse": Word("vợ chồng", "spouse's"),
    "former_spouse": Word("vợ, chồng cũ", "former spouse's"),
    "deceased": Word("người chết", "deceased person's"),
    "declarant": Word("người yêu cầu", "declarant's"),
    "adoptive_mother": Word("mẹ nuôi", "adoptive mother's"),
    "adoptive_father": Word("cha nuôi", "adoptive father's"),
    "giver": Word("người giao con nuôi", "giver's"),
    "guardian": Word("người giám hộ", "guardian's"),
    "ward": Word("người được giám hộ", "ward's"),
}
"""Persons an entry names, as owners of a field."""

EVENT_FIELDS: dict[str, Word] = {
    "birth_type": Word("Loại khai sinh", "Type of birth registration"),
    "marriage_status": Word("Tình trạng kết hôn", "Status of the marriage"),
    "death_date": Word("Ngày chết", "Date of death"),
    "death_time": Word("Giờ phút chết", "Time of death"),
    "death_place": Word("Nơi chết", "Place of death"),
    "death_cause": Word("Nguyên nhân chết", "Cause of death"),
    "death_notice_number": Word("Số giấy báo tử", "Death notice number"),
    "decision_number": Word("Số quyết định", "Number of the official decision"),
    "decision_date": Word("Ngày quyết định", "Date of the official decision"),
    "recognition_type": Word("Loại xác nhận", "Type of recognition"),
    "guardianship_ground": Word("Lý do giám hộ", "Ground of the guardianship"),
    "guardianship_entry_number": Word("Số đăng ký giám hộ", "Entry number of the guardianship"),
    "termination_ground": Word("Lý do chấm dứt giám hộ", "Ground of termination"),
    "change_type": Word("Loại thay đổi", "Type of change"),
    "changed_register": Word("Loại giấy tờ được thay đổi", "Type of the paper that is changed"),
    "changed_entry_number": Word("Số của giấy tờ được thay đổi", "Number of the paper that is changed"),
    "value_before": Word("Nội dung trước thay đổi", "Content before the change"),
    "value_after": Word("Nội dung sau thay đổi", "Content after the change"),
    "residence_from": Word("Cư trú từ ngày", "Resident from"),
    "residence_to": Word("Cư trú đến ngày", "Resident until"),
    "purpose": Word("Mục đích sử dụng", "Purpose"),
    "judgment_number": Word("Số bản án, quyết định", "Number of the judgment"),
    "judgment_date": Word("Ngày bản án, quyết định", "Date of the judgment"),
    "judgment_authority": Word("Cơ quan giải quyết", "Authority that decided"),
}
"""Fields of what a register is about, register by register; their headings are in `fields`."""


def register_word(kind: str, language: Language) -> str:
    """The name of a register kind; one that is none of ours as it was written."""
    return REGISTERS[kind](language) if kind in REGISTERS else kind


def role_word(role: str, language: Language, register: str | None = None) -> str:
    """The name of a role, as the register says it; one that is none of ours as it was written.

    >>> role_word("child", "vi"), role_word("child", "vi", "parent_recognition")
    ('người được khai sinh', 'người con')
    """
    word = OF_A_REGISTER.get((register or "", role)) or ROLES.get(role)
    return word(language) if word else role
