"""Each class of difference, planted value by value."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest
from reconcilekit import KINDS, PERSON, make_run, reconcile

CASES = [
    # field, civil status, population, class
    ("full_name", "Nguyễn Văn Hùng", "NGUYỄN  VĂN HÙNG", None),
    ("full_name", "Nguye\u0302\u0303n Văn Hùng", "Nguyễn Văn Hùng", None),
    ("full_name", "Nguyễn Thị Hoà", "Nguyễn Thị Hòa", "spelling"),
    ("full_name", "Trần Thị Vy", "Trần Thị Vi", "spelling"),
    ("full_name", "Ng. Văn Hùng", "Nguyễn Văn Hùng", "spelling"),
    ("full_name", "Tr. Quý Đức", "Triệu Quý Đức", "spelling"),
    ("full_name", "Nguyễn Văn Nghỉa", "Nguyễn Văn Nghĩa", "diacritics"),
    ("full_name", "Pham Thi Phuong", "Phạm Thị Phượng", "diacritics"),
    ("full_name", "Lê Thị Lan", "Lê Thị Loan", "one_letter"),
    ("full_name", "Lê Văn Ngyuên", "Lê Văn Nguyên", "one_letter"),
    ("full_name", "Nguyễn Lan", "Nguyễn Thị Lan", "name_part"),
    ("full_name", "Nguyễn Thị Thu Hà", "Nguyễn Thị Hà", "name_part"),
    ("full_name", "Hùng Nguyễn Văn", "Nguyễn Văn Hùng", "name_part"),
    ("full_name", "Bùi Văn Út", "Bùi Văn Khánh", "name_part"),
    ("full_name", "Lê Minh Tuấn", "Phạm Văn Dũng", "real"),
    ("full_name", "chưa đặt tên", "Nguyễn Văn Hùng", "missing_left"),
    ("mother_name", "Trần Thị Hoa", None, "missing_right"),
    ("birth_date", "15/08/1985", "1985-08-15", None),
    ("birth_date", "15.8.1985", "15/08/1985", None),
    ("birth_date", "1985", "15/08/1985", "precision"),
    ("birth_date", "08/1985", "15/08/1985", "precision"),
    ("birth_date", "1957", "01/01/1957", "precision"),
    ("birth_date", "05/03/1985", "03/05/1985", "swapped_date"),
    ("birth_date", "30/02/1957", "02/03/1957", "date_rule"),
    ("birth_date", "31/04/1960", "01/05/1960", "date_rule"),
    ("birth_date", "15/08/1985", "18/08/1985", "one_letter"),
    ("birth_date", "12/08/1985", "21/08/1985", "one_letter"),
    ("birth_date", "15/08/1985", "03/11/1991", "real"),
    ("birth_date", None, "15/08/1985", "missing_left"),
    ("sex", "Nam", "1", None),
    ("sex", "Nam", "Nữ", "real"),
    ("ethnicity", "Mèo", "Mông", "spelling"),
    ("ethnicity", "Kinh", "Hoa", "real"),
    ("birth_place", "Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định", "X. Mỹ Thắng, H. Mỹ Lộc, Nam Định", "spelling"),
    ("birth_place", "Thị trấn Tân Yên, Huyện Hàm Yên, Tỉnh Tuyên Quang", "TT Tân Yên - Hàm Yên - Tuyên Quang", "spelling"),
    ("birth_place", "Phường 01, Quận 5, TP Hồ Chí Minh", "Phường 1, Quận 5, Thành phố Hồ Chí Minh", "spelling"),
    ("birth_place", "Xã Quảng Tiến, Huyện Cư M'gar, Tỉnh Đắc Lắc", "Xã Quảng Tiến, Huyện Cư M'gar, Tỉnh Đắk Lắk", "spelling"),
    ("birth_place", "Huyện Hàm Yên, Tỉnh Tuyên Quang", "Xã Thái Hòa, Huyện Hàm Yên, Tỉnh Tuyên Quang", "precision"),
    ("birth_place", "Tỉnh Nam Định", "Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định", "precision"),
    ("birth_place", "Phường Bến Nghé, Quận 1, Thành phố Hồ Chí Minh", "Phường Sài Gòn, Thành phố Hồ Chí Minh", "place_renamed"),
    ("birth_place", "Xã Mỹ Thắng, Huyện Mỹ Lộc, Tỉnh Nam Định", "Xã Thái Hòa, Huyện Hàm Yên, Tỉnh Tuyên Quang", "real"),
    ("personal_number", "036085001234", "36085001234", None),
    ("personal_number", "036085001234", "036085001243", "one_letter"),
    ("personal_number", "036085001234", "079190123456", "real"),
]


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], str]:
    """(mention, field) → class, one mention a case, all other fields alike."""
    mentions, persons, links = [], [], []
    for number, (field, left, right, _) in enumerate(CASES):
        mentions.append({**PERSON, "personal_number": None, field: left, "record_id": f"m{number:03d}"})
        persons.append({**PERSON, "personal_number": None, field: right, "record_id": f"p{number:03d}"})
        links.append((f"m{number:03d}", f"p{number:03d}", 20.0, "above_upper", None))
    run = make_run(tmp_path_factory.mktemp("differences"), mentions, persons, links)
    reconcile(run)
    rows = pq.read_table(run / "differences.parquet").to_pylist()
    return {(row["record_id_l"], row["field"]): row["class"] for row in rows}


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{c[0]}: {c[1]} | {c[2]}" for c in CASES])
def test_class_of_planted_difference(classes: dict[tuple[str, str], str], number: int) -> None:
    field, _, _, expected = CASES[number]
    assert classes.get((f"m{number:03d}", field)) == expected


def test_nothing_else_differs(classes: dict[tuple[str, str], str]) -> None:
    planted = {(f"m{number:03d}", case[0]) for number, case in enumerate(CASES)}
    assert set(classes) <= planted
    assert all(field in KINDS for _, field in classes)
