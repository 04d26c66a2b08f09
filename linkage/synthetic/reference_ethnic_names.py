"""Naming patterns of the minorities: surnames or clans, the word before the given name by sex, given names, order.

Source: patterns of the project's reference (4.8); weights and the shorter lists of given names are judgements, enough to make
the spellings and the order of tokens as varied as in the registers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NamePattern:
    """How a group's names are built."""

    surnames: tuple[str, ...]
    """Most common first; weights fall as 1/rank. Empty: no surname."""
    men: str
    """First word of men's middle name, or their particle (`Y`, `A`); empty for none."""
    women: str
    particle_share: float = 0.8
    men_given: tuple[str, ...] = ()
    """Empty: the majority's given names."""
    women_given: tuple[str, ...] = ()
    clan_last: bool = False
    """Given name first, clan last (Ê Đê)."""


def _p(
    surnames: str, men: str = "", women: str = "Thị", share: float = 0.8, m: str = "", f: str = "", last: bool = False
) -> NamePattern:
    return NamePattern(
        tuple(s for s in surnames.split("|") if s),
        men,
        women,
        share,
        tuple(filter(None, m.split("|"))),
        tuple(filter(None, f.split("|"))),
        last,
    )


_MONG_M = "Páo|Chớ|Dơ|Sình|Tủa|Chư|Sùng|Pó|Lử|Dế|Vàng|Sử|Chu|Tỏa|Nhè|Phử|Say|Thanh|Minh|Phong|Của|Già|Mình|Lềnh"
_MONG_F = "Mỷ|Dợ|Mai|Sua|Chở|Pà|Dính|Máy|Xúa|Say|Mị|Và|Ly|Hoa|Dua|Chư|Súa|Vá|Cở|Sông|Dí|Lan|Pàng"
_E_DE_M = "Bhăm|Wăn|Blơ|Thuyên|Khiêm|Ngăm|Tâm|Ƀham|Djuang|Krơng|Mih|Nguê|Phê|Siêm|Thơ|Yăk|Luyện|Hoa|Đức|Suer"
_E_DE_F = "Hen|Bia|Ñan|Mai|Linh|Nga|Djuan|Wer|Yuôm|Hương|Ngăm|Blă|Bluên|Duyên|Nhi|Rưi|Sen|Thương|Li|Juôn"
_BANA_M = "Biu|Thul|Nhíp|Hnhơm|Blưi|Brôi|Đê|Gyưn|Thoan|Khuyn|Tuấn|Huy|Nam|Bình|Minh|Ngọc|Chơih|Lơch|Pyưn|Tơn"
_BANA_F = "Nhiên|Bléo|Hnhung|Thuý|Blơng|Hyơch|Nhung|Mai|Lan|Bông|Chưn|Byưl|Hồng|Nga|Thảo|Trang|Vương|Dưng|Đươn|Phal"
_KHMER_M = "Phol|Sa Rươne|Rây|Thươl|Sóc Khane|Đa|Hưng|Minh|Danh|Chanh Đa|Na Rith|Út|Sà Rương|Phát|Vũ|Khane|Sa Ngọc|Thành|Rinh|Đen"
_KHMER_F = "Sa Mây|Chanh Đa|Phương|Sà Rinh|Thu|Hương|Kim Sa|Loan|Lang|Phol|Mai|Diệu|Út|Sà Quơl|Na Ri|Sa Vy|Thảo|Hoa Ry|Tha|Ngọc"

PATTERNS: dict[str, NamePattern] = {
    "Tày": _p("Nông|Hoàng|Ma|Lương|Triệu|Nguyễn|Bế|Đàm|Lý|Hứa|Chu|Lục|Vi|La", "Văn", "Thị", 0.55),
    "Nùng": _p("Nông|Hoàng|Lương|Triệu|Lý|Vi|Lục|Mông|Chu|Hứa|Nguyễn|Sầm|Lâm|Vương", "Văn", "Thị", 0.55),
    "Thái": _p("Lò|Quàng|Lường|Vi|Cà|Tòng|Hà|Lô|Lương|Cầm|Hoàng|Đèo|Bạc|Mè", "Văn", "Thị", 0.9),
    "Mường": _p("Bùi|Đinh|Hà|Quách|Phạm|Bạch|Hoàng|Trương|Nguyễn", "Văn", "Thị", 0.75),
    "Mông": _p("Giàng|Sùng|Vàng|Thào|Lầu|Mùa|Hạng|Lý|Vừ|Cứ|Tráng|Chang|Má|Xồng|Già", "A|Seo|Chứ|Bá", "Thị", 0.92, _MONG_M,
        _MONG_F),
    "Dao": _p("Triệu|Bàn|Đặng|Lý|Phùng|Chảo|Tẩn|Lò|Dương|Phàn", "Văn|Tài|Quý|Láo|Tòn", "Thị|Mùi", 0.85),
    "Khmer": _p("Thạch|Sơn|Kim|Danh|Lâm|Kiên|Lý|Châu|Trần|Chau", "", "Thị", 0.45, _KHMER_M, _KHMER_F),
    "Hoa": _p("Trần|Lý|Lâm|Huỳnh|Ngô|Trương|Vương|Lưu|Quách|Tăng|Mã|La|Châu|Phùng|Vòng|Sú|Dịp", "A|Chí|Vĩ|Gia|Quốc",
        "Mỹ|Lệ|Tú|Ngọc|Bội", 0.7),
    "Ê Đê": _p("Niê|Mlô|Êban|Ayun|Kbuôr|Byă|Ênuôl|Ksơr|Hđơk|Knul|Êčăm|Adrơng|Kpă", "Y", "H’", 1.0, _E_DE_M, _E_DE_F, True),
    "Gia Rai": _p("Ksor|Siu|Rmah|Rah Lan|Rơ Châm|Nay|Kpă|Rcom|Puih|Rơ Lan", "", "H’", 0.9,
        "Thân|Phơn|Blêch|Hùng|Khuin|Tâm|" + _E_DE_M, _E_DE_F),
    "Ba Na": _p("", "A", "Y", 1.0, _BANA_M, _BANA_F),
    "Xơ Đăng": _p("", "A", "Y", 1.0, _BANA_M, _BANA_F),
    "Cơ Ho": _p("Kơ Să|Cil|Liêng Jrang|Păng Tiêng|Cil Múp", "K’", "Ka", 0.85,
        "Brèm|Brếp|Tiêng|Sơn|Minh|Dũng|Ha Sên|Thuyên|" + _BANA_M, "Hạnh|" + _E_DE_F),
    "Mnông": _p("Điểu|Thị", "", "", 1.0, "K’Ré|Sơn|Khơi|Minh|Bơi|Lanh|Hải|Dũng|Nơi|Hoàng|Tâm|Xiêm",
        "Nga|Mai|Lan|Rêu|Hương|Bé|Brôi|Thảo|Xuân|Hồng|Nhơi|Bơi"),
    "Xtiêng": _p("Điểu|Thị", "", "", 1.0, "K’Ré|Sơn|Khơi|Minh|Bơi|Lanh|Hải|Dũng|Nơi|Hoàng|Tâm|Xiêm",
        "Nga|Mai|Lan|Rêu|Hương|Bé|Brôi|Thảo|Xuân|Hồng|Nhơi|Bơi"),
    "Chăm": _p("Đàng|Bá|Trà|Quảng|Thập|Hán|Lưu|Đạt|Từ|Não|Kiều|Ông|Chế", "Văn|Năng|Minh", "Thị", 0.7),
    "Ra Glai": _p("Chamaléa|Katơr|Pi Năng|Cao|Mấu|Mang|Tro|Bo Bo|Patâu Axá", "", "Thị", 0.8),
    "Bru - Vân Kiều": _p("Hồ", "Văn", "Thị", 0.9, "Xuân|Thưn|Pả Hinh|Lương|Thành|Xa Rào|Côn|Dũng|Lai|Thảo|Hương|Ngọc",
        "Kăn Hoan|Lan|Mưn|Thương|Hoa|Xa Lênh|Hà|Nga|Mai|Hiền"),
    "Cơ Tu": _p("Alăng|A Rất|Bhnướch|Bh’riu|Pơloong|Zơrâm|Cơlâu|Tơngôl|Ríah", "", "Thị", 0.8,
        "Nhiên|Bhlếch|Dũng|Minh|Tâm|Ngơi|Đhơớc|Hùng|Phước|Sơn", "Lan|Mai|Blúi|Hương|Nhung|Thảo|Mười|Nga|Bhoong|Hiền"),
    "Hrê": _p("Đinh|Phạm", "Văn", "Thị", 0.8),
}  # fmt: skip
