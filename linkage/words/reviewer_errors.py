"""What is said of reviewers' own errors: above the rate to be measured, how often, and how far the conclusion holds."""

from __future__ import annotations

from typing import Any

from linkage.words.formats import grouped, interval_word, percent_significant
from linkage.words.language import Language, Word

ABOVE = Word(
    "Lỗi của người rà soát lớn hơn tỷ lệ cần đo: {0} số liên kết đúng bị kết luận sai, trong khi tỷ lệ liên kết sai ước lượng"
    " là {1}. Các con số dưới đây nói về người rà soát nhiều hơn về liên kết.",
    "Label error is above the rate to be measured: {0} of true links get a wrong verdict, while the estimated false-link rate"
    " is {1}. The figures below tell of the reviewers more than of the links.",
)
LEARNT = Word(
    "Lỗi của nhãn: {0} số liên kết đúng bị kết luận sai, theo {1} câu trả lời từng người và {2} cặp đã biết cài vào;"
    " các khoảng đã tính lỗi này.",
    "Label error: {0} of true links get a wrong verdict, by {1} single answers and {2} planted pairs; the intervals count it.",
)
REFUTED = Word(
    "Cặp đã biết cho thấy những lỗi mà mọi người rà soát cùng mắc; tỷ lệ lỗi lấy theo các cặp ấy.",
    "Planted pairs show errors that reviewers share; the rates of error are theirs.",
)
HOLDS = Word(
    "Chỉ tiêu liên kết sai vẫn được chứng tỏ, trừ khi mọi người rà soát cùng nhận nhầm hơn {0} số anh chị em, sinh đôi"
    " và người trùng tên là chính người đó.",
    "The target for false links holds unless reviewers, all alike, take more than {0} of siblings, twins and namesakes"
    " for the person.",
)
SHARED = Word(
    "Nếu mọi người rà soát cùng sai tới {0} số cặp: độ chính xác từ {1} đến {2}, độ bao phủ trong tầm với từ {3} đến {4}.",
    "Were all reviewers alike to get up to {0} of pairs wrong: precision {1} to {2}, recall within reach {3} to {4}.",
)
UNKNOWN = Word(
    "Coi như người rà soát không bao giờ sai: không có cặp đã biết và không có cặp nào được hai người trả lời"
    " để biết họ sai bao nhiêu.",
    "Reviewers are taken to be perfect: no planted pair and no pair with two answers tells how often they err.",
)

KINDS: dict[str, Word] = {
    "easy": Word("dễ", "easy"),
    "sibling": Word("anh chị em", "sibling"),
    "twin": Word("sinh đôi", "twin"),
    "namesake": Word("trùng tên", "namesake"),
}
"""Kinds of pair by what both rows show."""


def label_error_lines(
    held: dict[str, Any] | None,
    false_link_rate: float,
    shared: dict[str, tuple[float, float]],
    language: Language,
) -> list[str]:
    """What a page says of label error, the warning first; `held` is `label_error` of estimates.json, None where nothing is known.

    `shared` has the limits of precision and recall_within_reach if reviewers share errors.
    """
    lines = []
    if held is not None:
        on_links = held["on_links"]
        if held["above"]:
            wrong, false = (percent_significant(one, language) for one in (on_links["value"], false_link_rate))
            lines.append(ABOVE(language).format(wrong, false))
        said = interval_word(on_links["value"], on_links["low"], on_links["high"], language)
        lines.append(LEARNT(language).format(said, grouped(held["answers"], language), grouped(held["planted"], language)))
        if any(one["shared"] for one in held["rates"]):
            lines.append(REFUTED(language))
        if held["holds_up_to"] is not None:
            lines.append(HOLDS(language).format(percent_significant(held["holds_up_to"], language)))
    else:
        lines.append(UNKNOWN(language))
    if {"precision", "recall_within_reach"} <= set(shared):
        limits = [*shared["precision"], *shared["recall_within_reach"]]
        share = percent_significant(held["shared"] if held else 0.05, language)
        lines.append(SHARED(language).format(share, *(percent_significant(one, language) for one in limits)))
    return lines
