"""The registers, the two sides of a linkage, and the roles of the persons an entry speaks of.

Registers begin with a capital letter; roles are in the form they have inside a sentence.
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
