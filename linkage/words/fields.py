"""The fields of registers and of the persons they speak of, as headings: the terms of the law and of the official templates.

A field of another person of the entry is the field and whose it is: `mother_birth_year` → `Năm sinh mẹ`, `Mother's year of
birth`. Sources are mapped by the Vietnamese words, and templates are written with them: a change here changes what is read.
"""

from __future__ import annotations

import re

from linkage.words.language import Language, Word, begun

FIELDS: dict[str, Word] = {
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
    # the event, register by register
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

NAME = Word("Họ tên", "name")
"""The full name of somebody else than the person the fields are about."""

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
