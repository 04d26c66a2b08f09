"""The levels of the comparison library: labels are English in the model, and this is their Vietnamese."""

from __future__ import annotations

import re

from linkage.words.language import Language

LEVELS: dict[str, str] = {
    "same letters and tones": "trùng cả chữ và dấu",
    "same but hỏi/ngã": "chỉ lẫn hỏi/ngã",
    "same without diacritics": "trùng khi bỏ dấu",
    "sounds the same": "đồng âm theo vùng",
    "sounds the same or legal variant": "đồng âm hoặc biến thể chính tả",
    "middle name dropped or added": "thêm, bớt tên đệm",
    "given name or surname abbreviated": "viết tắt tên hoặc họ",
    "same words in another order": "cùng âm tiết, khác thứ tự",
    "same given name, syllables dropped": "trùng tên, bớt âm tiết",
    "same given name": "trùng tên gọi",
    "same given name, one syllable differs": "trùng tên, khác một âm tiết",
    "different": "khác",
    "same date": "trùng ngày",
    "impossible date, repaired as the rule says": "ngày không có thật, sửa theo quy tắc",
    "same year, no month on one side": "trùng năm, một bên thiếu tháng",
    "same month, no day on one side": "trùng tháng năm, một bên thiếu ngày",
    "same year, 01/01 on one side": "trùng năm, một bên ghi 01/01",
    "day and month swapped": "đảo ngày và tháng",
    "one digit differs": "khác một chữ số",
    "one side is the lunar date": "một bên ghi âm lịch",
    "same month and year": "trùng tháng và năm",
    "within a year": "lệch không quá một năm",
    "same year": "trùng năm",
    "one year off": "lệch một năm",
    "two or three years off": "lệch hai, ba năm",
    "same": "trùng",
    "one character off": "khác một ký tự",
    "one or two letters off": "khác một, hai chữ cái",
    "within one": "lệch không quá một",
    "within ten per cent": "lệch không quá mười phần trăm",
    "same commune": "cùng xã",
    "successors overlap": "đơn vị kế thừa giao nhau",
    "same former district": "cùng huyện cũ",
    "same former province": "cùng tỉnh cũ",
    "same present province": "cùng tỉnh hiện nay",
    "same unit": "cùng đơn vị",
    "same but spelling variants": "chỉ khác biến thể chính tả",
    "missing": "thiếu",
    "not recorded on the right side": "phía dân cư không ghi",
    "edits": "số lần sửa",
    "difference": "chênh lệch",
}
"""English label → Vietnamese; `edits` and `difference` begin labels that end in a number."""


def level_word(label: str, language: Language) -> str:
    """The label of a comparison level; one that is none of ours as it was written.

    >>> level_word("same given name (Jaro-Winkler ≥ 0.9)", "vi"), level_word("edits ≤ 2", "vi")
    ('trùng tên gọi (Jaro-Winkler ≥ 0,9)', 'số lần sửa ≤ 2')
    """
    if language == "en":
        return label
    if found := re.fullmatch(r"(.+?) \((.+ ≥ [\d.]+)\)", label):
        return f"{level_word(found[1], language)} ({found[2].replace('.', ',')})"
    if found := re.fullmatch(r"(edits|difference) ≤ ([\d.]+)", label):
        return f"{LEVELS[found[1]]} ≤ {found[2].replace('.', ',')}"
    return label.replace(".", ",") if label.startswith("Jaro-Winkler ≥ ") else LEVELS.get(label, label)
