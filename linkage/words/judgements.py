"""How a target is judged: the three words, what is judged, the routes by which labels can show it, and one table's headings."""

from __future__ import annotations

from linkage.words.formats import grouped
from linkage.words.language import Language, Word

JUDGED: dict[str, Word] = {
    "false_link_rate": Word("Liên kết sai / liên kết", "False links / links"),
    "missed_of_all": Word("Bỏ sót toàn bộ / mọi người có ở phía kia", "Missed of all / everyone who is there"),
    "missed_within_reach": Word("Bỏ sót trong tầm với / cặp đúng của khung", "Missed within reach / matches of the frame"),
    "missed_below": Word("Bỏ sót dưới ngưỡng dưới / cặp đúng đã ghép", "Missed below the lower threshold / matches assigned"),
}
"""What is held against a target, in the order of the table."""

JUDGEMENTS: dict[str, Word] = {
    "shown": Word("đã chứng tỏ", "shown"),
    "not_contradicted": Word("chưa bị bác bỏ", "not contradicted"),
    "contradicted": Word("BỊ BÁC BỎ", "CONTRADICTED"),
    "untested": Word("chưa kiểm chứng", "not tested"),
}
"""The three words: labels prove the target, agree with it, prove it broken; and that there are none yet."""

JUDGING = {
    "judged": Word("Tỷ lệ", "Rate"),
    "by_model": Word("Mô hình nói", "Said by the model"),
    "by_labels": Word("Nhãn chứng tỏ (khoảng 95%)", "Shown by labels (95% interval)"),
    "target": Word("Chỉ tiêu", "Target"),
    "judgement": Word("Phán định", "Judgement"),
    "needed": Word("Cần để chứng tỏ", "Needed to show it"),
}
"""Headings of the table."""

LABELS_NEEDED = Word("{0} nhãn ngẫu nhiên", "{0} labels at random")
SEARCHES_NEEDED = Word("{0} lượt tìm không thấy ai", "{0} searches that find nobody")
LINKS_OF_VERDICTS = Word(
    "Phán định về các liên kết như được giao; cặp đã rà soát được đếm từng cặp. Chỉ tiêu bỏ sót nói về mọi người có ở phía kia:"
    " chỉ mẫu tìm kiếm mới chứng tỏ được. Bỏ sót trong tầm với không tính người mà không khóa nào tìm tới: có thể bác bỏ chỉ"
    " tiêu, không thể chứng tỏ.",
    "Judged of the links as they are delivered; reviewed pairs are counted one by one. The target for missed links speaks of"
    " everyone who is there: only the search sample can show it. Missed within reach leaves out persons whom no key reaches: it"
    " can contradict the target, not show it.",
)

ROUTES: dict[str, Word] = {
    "certainty": Word("xem hết", "certainty"),
    "random": Word("ngẫu nhiên", "random"),
    "calibrated": Word("hiệu chuẩn", "calibrated"),
    "drawn": Word("mẫu đã rút", "the set drawn"),
    "search": Word("tìm kiếm", "search"),
}
"""Ways for labels to show a target."""

ROUTES_SAID: dict[str, Word] = {
    "certainty": Word(
        "xem từ cặp đáng ngờ nhất và sửa; chỉ chứng tỏ khi xem hết, số ghi là phần mô hình cho là còn lại",
        "the most doubtful pairs first, corrected; shows only when all are seen, the figure is what the model leaves",
    ),
    "random": Word("không cần giả định", "without an assumption"),
    "calibrated": Word(
        "giả định lỗi giảm khi trọng số tăng, ít nhất bằng nửa mức mô hình nói",
        "assumes that errors fall as the weight rises, at least half as fast as the model says",
    ),
    "drawn": Word("không cần giả định, theo các tầng của mẫu", "without an assumption, by the strata of the set"),
    "search": Word(
        "mỗi lượt ghi chưa có liên kết được tìm trong toàn bộ dân cư; tốt nhất khi không lượt nào thấy ai bị bỏ sót",
        "mentions without a link, searched for in the whole population; at best when no search finds a missed person",
    ),
}
"""What a route leans on."""

FEASIBLE = {
    "target": Word("Chỉ tiêu", "Target"),
    "route": Word("Cách chứng tỏ", "Route"),
    "at_best": Word("{0} nhãn: tốt nhất là", "{0} labels: at best"),
    "needed": Word("Số nhãn cần", "Labels needed"),
    "leans_on": Word("Dựa vào", "Leans on"),
}
"""Headings of the table that is shown before anyone labels."""

UNREACHABLE_BY_SEARCH = Word(
    "Chỉ tiêu “{0}” ≤ {1} không thể được chứng tỏ bằng {2} lượt tìm kiếm: nhiều nhất chứng tỏ được {3}; cần khoảng {4} lượt.",
    "The target “{0}” ≤ {1} cannot be shown with {2} searches: at best they show {3}; it takes about {4} searches.",
)
NOT_YET = Word("liên kết xong mới biết", "known once there are links")
UNREACHABLE = Word(
    "Chỉ tiêu “{0}” ≤ {1} không thể được chứng tỏ bằng {2} nhãn ngẫu nhiên: nhiều nhất chứng tỏ được {3}; cần khoảng {4} nhãn.",
    "The target “{0}” ≤ {1} cannot be shown with {2} labels drawn at random: at best they show {3}; it takes about {4} labels.",
)

STANDINGS: dict[str, Word] = {
    "shown": Word("đã chứng tỏ: thôi lấy thêm", "shown: stop"),
    "contradicted": Word("BỊ BÁC BỎ: thôi lấy thêm", "CONTRADICTED: stop"),
    "unreachable": Word("số nhãn còn lại không thể chứng tỏ: thôi lấy thêm", "out of reach of the labels left: stop"),
    "open": Word("chưa ngã ngũ: lấy thêm", "open: go on"),
}
"""What the labels so far say of drawing more."""
SO_FAR = {
    "target": Word("Chỉ tiêu", "Target"),
    "by_labels": Word("Nhãn đến nay (khoảng {0})", "Labels so far ({0} interval)"),
    "at_best": Word("Nhiều nhất, nếu không thấy lỗi nữa", "At best, if no further error is found"),
    "standing": Word("Lấy thêm?", "Draw more?"),
}
"""Headings of the table of a review under way."""

MOVES: dict[str, Word] = {
    "tightened": Word("siết", "tightened"),
    "loosened": Word("nới", "loosened"),
    "kept": Word("giữ nguyên", "kept"),
}
"""What the labels do to a threshold."""

MOVED = Word("{0}: {1}, vì “{2}” {3}.", "{0}: {1}, for “{2}” is {3}.")
CHANGED = Word(
    "So với hiện nay: bớt {0} liên kết, thêm {1}, {2} cặp khác đổi quyết định; trong đó {3} cặp theo kết luận của người rà soát.",
    "Against now: {0} links fewer, {1} more, {2} other pairs decided otherwise; {3} of all these by reviewers' verdicts.",
)

SCENES: dict[str, Word] = {
    "now": Word("hiện nay", "now"),
    "verdicts": Word("khi áp dụng kết luận của người rà soát", "with the reviewers' verdicts"),
    "after": Word("sau quyết định này", "after this decision"),
}
"""Rows of the table that is shown before a decision is made."""


def needed_word(measure: str, verdict: str, needed: int | None, language: Language) -> str:
    """What would show a target, for the last column of the table.

    >>> needed_word("false_link_rate", "not_contradicted", 2992, "vi")
    '2.992 nhãn ngẫu nhiên'
    """
    if verdict in ("shown", "contradicted"):
        return "–"
    if needed is None:
        return "–"
    by = SEARCHES_NEEDED if measure == "missed_of_all" else LABELS_NEEDED
    return by(language).format(grouped(needed, language))
