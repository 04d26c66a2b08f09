"""What becomes of a pair, why, and what the thresholds rest on; inside a sentence."""

from __future__ import annotations

from linkage.words.language import Word

DECISIONS: dict[str, Word] = {
    "link": Word("liên kết", "link"),
    "clerical": Word("chờ rà soát", "clerical review"),
    "non_link": Word("không liên kết", "not a link"),
}

DECISION_REASONS: dict[str, Word] = {
    "verdict_match": Word("người rà soát kết luận cùng một người", "reviewers: same person"),
    "verdict_non_match": Word("người rà soát kết luận hai người khác nhau", "reviewers: different persons"),
    "above_upper": Word("đạt ngưỡng trên", "at or above the upper threshold"),
    "same_entity": Word("cùng nhóm với nhau qua hồ sơ khác", "of one entity by way of other records"),
    "doubtful_bridge": Word("cầu nối còn nghi giữa hai nhóm hồ sơ", "a doubtful bridge between two entities"),
    "runner_up_close": Word("ứng viên thứ hai quá gần", "runner-up too close"),
    "between_thresholds": Word("giữa hai ngưỡng", "between the thresholds"),
    "below_lower": Word("dưới ngưỡng dưới", "below the lower threshold"),
}

THRESHOLDS: dict[str, Word] = {
    "upper": Word("ngưỡng trên", "upper threshold"),
    "lower": Word("ngưỡng dưới", "lower threshold"),
}

THRESHOLD_SOURCES: dict[str, Word] = {
    "model": Word("xác suất của mô hình", "the model's probabilities"),
    "given": Word("dự án ấn định", "given in the project file"),
    "labels": Word("nhãn rà soát", "review labels"),
}

CHOICES: dict[str, Word] = {
    "keep_targets": Word("giữ cả hai chỉ tiêu", "keep both targets"),
    "miss_more": Word("chấp nhận bỏ sót nhiều hơn", "accept more missed links"),
    "accept_more_false": Word("chấp nhận liên kết sai nhiều hơn", "accept more false links"),
}
"""Ways to place the thresholds when more pairs wait for review than reviewers can read."""
