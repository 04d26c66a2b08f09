"""The fields of registers and of the persons they speak of, as headings: the terms of the law and of the official templates.

A field of another person of the entry is the field and whose it is: `mother_birth_year` → `Năm sinh mẹ`, `Mother's year of
birth`. Sources are mapped by the Vietnamese words, and templates are written with them: a change here changes what is read.
"""

from __future__ import annotations

import re

from linkage.words.language import Language, Word, begun
from linkage.words.registers import EVENT_FIELDS, WHOSE

_ANY_ENTRY: dict[str, Word] = {
    # the entry
    "record_id": Word("Mã hồ sơ", "Record id"),
    "registering_office": Word("Nơi đăng ký", "Registering office"),
    "registering_office_code": Word("Mã nơi đăng ký", "Registering office code"),
    "book_number": Word("Quyển số", "Book number"),
    "entry_number": Word("Số", "Entry number"),
    "page_number": Word("Trang số", "Page number"),
    "registration_date": Word("Ngày đăng ký", "Date of registration"),
    "registration_type": Word("Loại đăng ký", "Type of registration"),
    "note": Word("Ghi chú", "Note"),
    # a person
    "full_name": Word("Họ và tên", "Full name"),
    "other_name": Word("Tên gọi khác", "Other name"),
    "sex": Word("Giới tính", "Sex"),
    "birth_date": Word("Ngày sinh", "Date of birth"),
    "birth_year": Word("Năm sinh", "Year of birth"),
    "birth_place": Word("Nơi sinh", "Place of birth"),
    "birth_place_unit": Word("Nơi sinh (đơn vị hành chính)", "Place of birth (administrative unit)"),
    "birth_registration_place": Word("Nơi đăng ký khai sinh", "Place of birth registration"),
    "hometown": Word("Quê quán", "Home town"),
    "ethnicity": Word("Dân tộc", "Ethnic group"),
    "religion": Word("Tôn giáo", "Religion"),
    "nationality": Word("Quốc tịch", "Nationality"),
    "residence": Word("Nơi cư trú", "Residence"),
    "permanent_residence": Word("Nơi thường trú", "Permanent residence"),
    "current_residence": Word("Nơi ở hiện tại", "Current residence"),
    "personal_number": Word("Số định danh cá nhân", "Personal number"),
    "identity_paper_type": Word("Loại giấy tờ tùy thân", "Type of identity paper"),
    "identity_paper_number": Word("Số giấy tờ tùy thân", "Identity paper number"),
    "relationship": Word("Quan hệ", "Relationship"),
    "relationship_to_head": Word("Quan hệ với chủ hộ", "Relationship to head of household"),
    "household_number": Word("Số hồ sơ cư trú", "Household number"),
    "marital_status": Word("Tình trạng hôn nhân", "Marital status"),
}

FIELDS = _ANY_ENTRY | EVENT_FIELDS
"""Every field of ours but those of other persons of an entry."""

NAME = Word("Họ tên", "name")
"""The full name of somebody else than the person the fields are about."""

OF_A_REGISTER: dict[tuple[str, str], Word] = {
    ("population", "record_id"): Word("Mã công dân", "Citizen id"),
    ("population", "identity_paper_number"): Word("Số CMND 9 số", "Identity card number of nine digits"),
}
"""(register kind, field) → the heading that register alone gives it."""


KEPT_APART = re.compile(r"(?<!\w)_+(?=[a-z])")


def as_written(text: str) -> str:
    """A name, or a sentence with names, as the project file writes them: columns of fields kept apart start with `_`.

    >>> as_written("_source"), as_written("no pass trains _source"), as_written("full_name")
    ('source', 'no pass trains source', 'full_name')
    """
    return KEPT_APART.sub("", text)


def field_word(name: str, language: Language, register: str | None = None) -> str:
    """The heading of a field; a name that is none of ours as it was written.

    >>> field_word("mother_name", "vi"), field_word("mother_birth_year", "en"), field_word("street_number", "vi")
    ('Họ tên mẹ', "Mother's year of birth", 'street_number')
    """
    name = as_written(name)
    if (register or "", name) in OF_A_REGISTER:
        return OF_A_REGISTER[register or "", name](language)
    if name in FIELDS:
        return FIELDS[name](language)
    owner, rest = owner_of(name)
    if not owner:
        return name
    own, whose = NAME if rest == "name" else FIELDS[rest], WHOSE[owner]
    if language == "vi":
        return f"{own.vi} {whose.vi}"
    return begun(f"{whose.en} {own.en[0].lower()}{own.en[1:]}")


def owner_of(name: str) -> tuple[str, str]:
    """Whose field it is and which; two empty texts when the name is not made of a person and a field of ours.

    >>> owner_of("adoptive_mother_birth_date"), owner_of("birth_date")
    (('adoptive_mother', 'birth_date'), ('', ''))
    """
    for owner in WHOSE:
        rest = name.removeprefix(f"{owner}_")
        if rest != name and (rest == "name" or rest in FIELDS):
            return owner, rest
    return "", ""


def is_field(name: str) -> bool:
    """Whether the field is one of ours."""
    name = as_written(name)
    return name in FIELDS or bool(owner_of(name)[0])
