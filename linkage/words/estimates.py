"""The quantities that are estimated, from what, and how the sample was drawn. Measures begin with a capital letter."""

from __future__ import annotations

import re

from linkage.words.formats import decimal
from linkage.words.language import Language, Word

MEASURES: dict[str, Word] = {
    "precision": Word("Độ chính xác", "Precision"),
    "recall_of_all": Word("Độ bao phủ toàn bộ", "Recall of all"),
    "recall_within_reach": Word("Độ bao phủ trong tầm với", "Recall within reach"),
    "recall_of_numbered": Word("Độ bao phủ ở các lượt ghi có số định danh", "Recall of mentions with a number"),
    "expected_links": Word("Liên kết đúng kỳ vọng trên số lượt ghi", "Expected true links per mention"),
    "false_link_rate": Word("Tỷ lệ liên kết sai", "False-link rate"),
    "missed_of_all": Word("Bỏ sót toàn bộ", "Missed of all"),
    "missed_within_reach": Word("Bỏ sót trong tầm với", "Missed within reach"),
    "blocking_recall": Word("Độ bao phủ của khóa chặn", "Blocking recall"),
    "scoring_recall": Word("Độ bao phủ của chấm điểm", "Scoring recall"),
    "missed_below": Word("Bỏ sót dưới ngưỡng dưới", "Missed below the lower threshold"),
    "pairwise_precision": Word("Độ chính xác theo cặp của nhóm hồ sơ", "Pairwise precision of entities"),
    "pairwise_recall": Word("Độ bao phủ theo cặp của nhóm hồ sơ", "Pairwise recall of entities"),
    "b_cubed_precision": Word("Độ chính xác B³ của nhóm hồ sơ", "B-cubed precision of entities"),
    "b_cubed_recall": Word("Độ bao phủ B³ của nhóm hồ sơ", "B-cubed recall of entities"),
    "link_rate": Word("Tỷ lệ liên kết", "Linkage rate"),
}

ESTIMATORS: dict[str, Word] = {
    "model": Word("theo mô hình", "model-based"),
    "anchors": Word("theo cặp đã biết số định danh", "anchor-based"),
    "design": Word("theo mẫu rà soát", "design-based"),
    "calibrated": Word("theo mô hình đã hiệu chỉnh", "calibrated model"),
}

READINGS: dict[str, Word] = {
    "middle": Word("ở giữa", "middle"),
    "worst": Word("xấu nhất", "worst"),
    "best": Word("tốt nhất", "best"),
    "shared": Word("nếu mọi người rà soát cùng sai tới 5 % số cặp", "if all reviewers alike get up to 5 % of pairs wrong"),
}
"""How doubtful labels are counted."""

DENOMINATORS: dict[str, Word] = {
    "links": Word("liên kết", "links"),
    "matches": Word("cặp trùng thật của khung (ước lượng)", "matches of the frame (estimated)"),
    "records": Word("hồ sơ", "records"),
    "persons": Word("lượt ghi có người thật (ước lượng)", "mentions whose person is there (estimated)"),
}

LINK_WEIGHT = Word("Trọng số liên kết (bit)", "Link weight (bits)")
PAIRS = Word("Số cặp", "Pairs")
PAIRS_LOGARITHMIC = Word("Số cặp (thang logarit)", "Pairs (logarithmic scale)")
STANDARDISED_DIFFERENCE = Word("Chênh lệch chuẩn hóa", "Standardised difference")

SAMPLE_KINDS: dict[str, Word] = {
    "assigned": Word("đã ghép", "assigned"),
    "lost": Word("được đề xuất, không được ghép", "proposed, not assigned"),
    "outside": Word("ngoài khóa chặn", "outside blocking"),
    "alone": Word("có người được đề xuất, không ghép ai", "persons proposed, nobody assigned"),
    "rivalled": Word("đã ghép chưa liên kết, còn người khác", "assigned without a link, persons beside"),
    "unreached": Word("không ai được đề xuất thêm", "nobody proposed beside"),
}
"""Where a sampled pair comes from; of a search, whom its mention has beside."""


def span_word(low: str, high: str, language: Language) -> str:
    """A half-open range of weights, its ends as `12.5`, `-inf` or `inf`.

    >>> span_word("-inf", "-8.96", "vi")
    '[−∞; −8,96)'
    """
    ends = (end.replace("-inf", "-∞").replace("inf", "+∞").replace("-", "−") for end in (low, high))
    return f"[{'; '.join(decimal(end, language) for end in ends)})"


def stratum_word(name: str, language: Language) -> str:
    """A stratum of the sample as `sample` names it: kind of pair, range of link weights in bits, group; others as written.

    >>> stratum_word("lost [-7.44, inf)", "vi")
    'được đề xuất, không được ghép [−7,44; +∞)'
    """
    found = re.fullmatch(r"(\w+ )?\[([^,]+), ([^)]+)\)(.*)", name)
    if not found or (found[1] and found[1].strip() not in SAMPLE_KINDS):
        return name
    kind = f"{SAMPLE_KINDS[found[1].strip()](language)} " if found[1] else ""
    return f"{kind}{span_word(found[2], found[3], language)}{found[4]}"
