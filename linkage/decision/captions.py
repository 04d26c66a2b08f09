"""What only the figures and the plan say, in Vietnamese and English, by key."""

from __future__ import annotations

from linkage.words.language import Language

CAPTIONS: dict[str, dict[Language, str]] = {
    "precision": {"vi": "Độ chính xác (liên kết đúng / liên kết)", "en": "Precision (true links / links)"},
    "recall_within_reach": {
        "vi": "Độ bao phủ trong tầm với (liên kết đúng / cặp đúng của khung)",
        "en": "Recall within reach (true links / matches of the frame)",
    },
    "false_link_rate": {"vi": "Tỷ lệ liên kết sai / liên kết", "en": "False links / links"},
    "missed_within_reach": {
        "vi": "Bỏ sót trong tầm với / cặp đúng của khung",
        "en": "Missed within reach / matches of the frame",
    },
    "missed_expected": {"vi": "Bỏ sót kỳ vọng / cặp đúng", "en": "Missed links expected / matches"},
    "target": {"vi": "chỉ tiêu", "en": "target"},
    "predicted": {"vi": "Xác suất dự báo", "en": "Predicted probability"},
    "observed": {"vi": "Tỷ lệ đúng quan sát được", "en": "Observed share of matches"},
    "before": {"vi": "mô hình, chưa hiệu chuẩn", "en": "model, before calibration"},
    "after": {"vi": "sau hiệu chuẩn", "en": "after calibration"},
    "perfect": {"vi": "hiệu chuẩn hoàn hảo", "en": "perfect calibration"},
    "in_frame": {"vi": "trong khung mẫu", "en": "in the frame"},
    "sampled": {"vi": "được chọn", "en": "sampled"},
    "too_few": {"vi": "quá ít", "en": "too few"},
    "weights_title": {"vi": "Phân bố trọng số liên kết và hai ngưỡng", "en": "Link weights and the two thresholds"},
    "weights_caption": {
        "vi": "Mỗi cột là số cặp đã ghép (mỗi lượt xuất hiện trong sổ một cặp tốt nhất) có trọng số trong khoảng đó. Bên phải "
        "ngưỡng trên: liên kết tự động; giữa hai ngưỡng: người rà soát quyết định; bên trái ngưỡng dưới: không liên kết. "
        "Trục đứng theo thang logarit nên vùng giữa trông lớn hơn thực tế.",
        "en": "Each bar counts assigned pairs (one best pair a mention) with a weight in that range. Right of the upper "
        "threshold pairs are linked without review, between the two a reviewer decides, left of the lower one nothing is "
        "linked. The vertical scale is logarithmic, so the middle looks larger than it is.",
    },
    "curve_title": {
        "vi": "Độ chính xác và độ bao phủ trong tầm với khi dời ngưỡng",
        "en": "Precision and recall within reach as the threshold moves",
    },
    "curve_caption": {
        "vi": "Mỗi điểm là một ngưỡng; càng gần góc trên bên phải càng tốt. Thanh ngang và dọc là khoảng tin cậy "
        "{level} của độ bao phủ trong tầm với (theo số định danh: của toàn bộ) và độ chính xác. Các đường cách xa nhau "
        "nghĩa là các cách ước lượng mâu thuẫn: tin đường theo mẫu rà soát.",
        "en": "Each point is a threshold; nearer the upper right corner is better. Bars are {level} intervals of recall "
        "within reach (by anchors: of all; horizontal) and precision (vertical). Where the lines lie apart the estimators "
        "disagree: trust the design-based one.",
    },
    "errors_title": {"vi": "Tỷ lệ sai theo ngưỡng, ba cách ước lượng", "en": "Error rates against threshold, three estimators"},
    "errors_caption": {
        "vi": "Trên: liên kết sai trên số liên kết tại hoặc trên ngưỡng. Dưới: cặp đúng bị bỏ sót trên tổng số cặp "
        "đúng của khung, kể cả phần khóa chặn làm mất mà khóa nới lỏng tìm tới (theo số định danh: của "
        "mọi người). Dải màu là khoảng tin cậy {level}; đường kẻ ngang là chỉ tiêu. Ngưỡng giữ được chỉ tiêu khi mép trên "
        "của dải nằm dưới đường kẻ. Đường theo mô hình thường quá lạc quan.",
        "en": "Top: false links over links at or above the threshold. Bottom: missed matches over the matches of the frame, "
        "those that blocking lost and looser keys reach included (by anchors: over all). Bands are {level} intervals, the "
        "horizontal line is the target. A threshold keeps its target where the band's upper edge is below the line. The "
        "model-based line is usually too optimistic.",
    },
    "reliability_title": {"vi": "Biểu đồ hiệu chuẩn xác suất", "en": "Reliability of the probabilities"},
    "reliability_caption": {
        "vi": "Mỗi điểm gom các cặp có xác suất dự báo gần nhau; trục đứng là tỷ lệ thật sự đúng theo người rà soát, "
        "thanh dọc là "
        "khoảng tin cậy {level}. Điểm dưới đường chéo: mô hình quá tự tin. Điểm sau hiệu chuẩn phải nằm sát đường "
        "chéo. Trục theo thang logit.",
        "en": "Each point gathers pairs with similar predicted probability; the vertical axis is the share reviewers found "
        "right, with its {level} interval. Below the diagonal the model is too sure. After calibration points should "
        "lie on it. "
        "Axes are on the logit scale.",
    },
    "allocation_title": {"vi": "Mẫu rà soát theo tầng", "en": "The review sample by stratum"},
    "allocation_caption": {
        "vi": "Mỗi hàng là một tầng: thanh nhạt là số cặp trong khung, thanh đậm là số cặp được chọn (thang logarit). "
        "Bên phải là xác suất "
        "được chọn. Tầng gần ngưỡng được lấy dày hơn; tầng của cặp không được ghép cho biết phần "
        "mà khâu chặn và khâu ghép bỏ sót; trọng số ở đó đã trừ cặp cạnh tranh mạnh nhất.",
        "en": "Each row is a stratum: pale bar pairs in the frame, dark bar pairs sampled (log scale); at the right "
        "the inclusion "
        "probability. Strata near the thresholds are sampled more densely; strata of pairs not assigned show "
        "what blocking and assignment lost; weights there are given the strongest rival.",
    },
    "other_groups": {"vi": "({count} nhóm khác)", "en": "({count} other groups)"},
    "groups_title": {"vi": "Tỷ lệ theo nhóm: {column}", "en": "Rates by group: {column}"},
    "groups_caption": {
        "vi": "Mỗi hàng là một nhóm; điểm là ước lượng, thanh ngang là khoảng tin cậy {level}. “Quá ít” nghĩa là "
        "không đủ người hoặc cặp đã rà soát để kết luận. Khoảng của hai nhóm chồng lên nhau thì chưa thể nói hai nhóm "
        "khác nhau. Cột cuối: tỷ trọng của nhóm trong số đã liên kết trừ trong số chưa liên kết, tính bằng độ lệch chuẩn; "
        "dưới −0,1 nghĩa là nhóm được liên kết ít hơn rõ rệt.",
        "en": "Each row is a group; points are estimates, bars {level} intervals. “Too few” means not enough people "
        "or labelled pairs to say. Where the intervals of two groups overlap, no difference between them is shown. Last "
        "column: the group's share of the linked less that of the unlinked, in standard deviations; below −0.1 the group is "
        "linked noticeably less.",
    },
    "doubt_title": {"vi": "Kết quả xấu nhất, ở giữa và tốt nhất", "en": "Worst, middle and best case"},
    "doubt_caption": {
        "vi": "Cặp mà người rà soát chưa chắc hoặc còn chờ phân xử được tính bất lợi (xấu nhất), bỏ ra (ở giữa) hoặc có lợi "
        "(tốt nhất) tại ngưỡng "
        "trên. Thanh ngang là khoảng tin cậy {level}. Cách xa nhau nghĩa là sự chưa chắc chắn của người rà soát lớn "
        "hơn sai số chọn mẫu.",
        "en": "Pairs that reviewers were unsure of or that wait for the adjudicator count against (worst), not at all "
        "(middle) or for (best) the "
        "linkage at the upper threshold. Bars are {level} intervals. Far apart means reviewers' doubt outweighs "
        "sampling error.",
    },
    "plan": {
        "vi": "rà soát {pairs} cặp cho độ chính xác ± {precision} và độ bao phủ trong tầm với ± {recall} điểm phần trăm",
        "en": "{pairs} pairs give precision ± {precision} and recall within reach ± {recall} percentage points",
    },
    "choice": {"vi": "lựa chọn", "en": "choice"},
    "clerical": {"vi": "cặp phải rà soát", "en": "pairs to review"},
    "hours": {"vi": "giờ công", "en": "hours"},
}


def text(key: str, language: Language, **values: str) -> str:
    """One text in one language, its `{names}` filled in."""
    return CAPTIONS[key][language].format(**values)
