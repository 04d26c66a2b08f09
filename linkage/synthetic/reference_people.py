"""Population figures the simulation is calibrated on: pyramid, births, deaths, provinces, ethnic groups.

Sources: pyramid of 2020, UN World Population Prospects 2019 (CC BY 3.0 IGO); births and deaths a year, WPP 2024; ethnic groups
and provinces, census of 2019-04-01 (General Statistics Office); registered events, Ministry of Justice press figures for 2023
and 2024. What is marked J is a judgement.
"""

from __future__ import annotations

import numpy as np

MALES_2020 = (4164.8, 4004.8, 3734.0, 3364.8, 3500.2, 4363.6, 4278.9, 3915.7, 3525.5, 3266.8,
              2907.9, 2530.1, 2012.1, 1339.5, 664.8, 423.0, 298.1, 193.0, 79.1, 31.4)  # fmt: skip
FEMALES_2020 = (3727.6, 3581.3, 3364.1, 3136.0, 3320.0, 4205.7, 4158.1, 3848.2, 3508.3, 3272.3,
                2960.4, 2711.5, 2318.8, 1672.3, 987.2, 703.5, 562.5, 416.2, 195.6, 90.6)  # fmt: skip
"""Thousands of people by five-year age group from 0-4 to 95+, middle of 2020."""

_VITAL = """1950 973 435|1955 1128 389|1960 1353 398|1965 1377 463|1970 1459 553|1975 1631 456|1980 1758 437|1984 1923 445
1985 1901 448|1990 1893 444|1995 1638 434|2000 1390 423|2005 1408 466|2010 1522 517|2015 1717 571|2019 1507 612|2020 1494 570
2021 1458 658|2022 1423 647|2023 1388 660|2026 1330 680"""
VITAL_EVENTS = np.array([[float(x) for x in cell.split()] for cell in _VITAL.replace("\n", "|").split("|")])
"""Rows (year, births, deaths) in thousands; the row of 2026 is an extrapolation (J)."""


def boys_per_100_girls(year: int) -> float:
    """Sex ratio at birth (WPP 2024, rounded within its ranges)."""
    if year < 2000:
        return 106.4
    return 106.5 if year < 2006 else 111.0 if year < 2013 else 112.5


_PROVINCES = """01 Hà Nội 8053.7; 02 Hà Giang 854.7; 04 Cao Bằng 530.3; 06 Bắc Kạn 313.9; 08 Tuyên Quang 784.8; 10 Lào Cai 730.4;
11 Điện Biên 598.9; 12 Lai Châu 460.2; 14 Sơn La 1248.4; 15 Yên Bái 821.0; 17 Hòa Bình 854.1; 19 Thái Nguyên 1286.8;
20 Lạng Sơn 781.7; 22 Quảng Ninh 1320.3; 24 Bắc Giang 1803.9; 25 Phú Thọ 1463.7; 26 Vĩnh Phúc 1151.2; 27 Bắc Ninh 1368.8;
30 Hải Dương 1892.3; 31 Hải Phòng 2028.5; 33 Hưng Yên 1252.7; 34 Thái Bình 1860.4; 35 Hà Nam 852.8; 36 Nam Định 1780.4;
37 Ninh Bình 982.5; 38 Thanh Hóa 3640.1; 40 Nghệ An 3327.8; 42 Hà Tĩnh 1288.9; 44 Quảng Bình 895.4; 45 Quảng Trị 632.4;
46 Thừa Thiên Huế 1128.6; 48 Đà Nẵng 1134.3; 49 Quảng Nam 1495.8; 51 Quảng Ngãi 1231.7; 52 Bình Định 1486.9; 54 Phú Yên 872.9;
56 Khánh Hòa 1231.1; 58 Ninh Thuận 590.5; 60 Bình Thuận 1230.8; 62 Kon Tum 540.4; 64 Gia Lai 1513.8; 66 Đắk Lắk 1869.3;
67 Đắk Nông 622.2; 68 Lâm Đồng 1296.9; 70 Bình Phước 994.7; 72 Tây Ninh 1169.2; 74 Bình Dương 2426.6; 75 Đồng Nai 3097.1;
77 Bà Rịa - Vũng Tàu 1148.3; 79 Hồ Chí Minh 8993.1; 80 Long An 1688.5; 82 Tiền Giang 1764.2; 83 Bến Tre 1288.5;
84 Trà Vinh 1009.2; 86 Vĩnh Long 1022.8; 87 Đồng Tháp 1599.5; 89 An Giang 1908.4; 91 Kiên Giang 1723.1; 92 Cần Thơ 1235.2;
93 Hậu Giang 733.0; 94 Sóc Trăng 1199.7; 95 Bạc Liêu 907.2; 96 Cà Mau 1194.5"""
PROVINCE_POPULATION = {cell.split()[0]: float(cell.split()[-1]) for cell in _PROVINCES.replace("\n", " ").split("; ")}
"""Code of one of the 63 provinces → thousands of people at the census of 2019."""

ETHNIC_SHARE = {
    "Kinh": 85.32, "Tày": 1.92, "Thái": 1.89, "Mường": 1.51, "Mông": 1.45, "Khmer": 1.37, "Nùng": 1.13, "Dao": 0.93, "Hoa": 0.78,
    "Gia Rai": 0.534, "Ê Đê": 0.414, "Ba Na": 0.298, "Xơ Đăng": 0.221, "Cơ Ho": 0.209, "Chăm": 0.186, "Hrê": 0.155,
    "Ra Glai": 0.152, "Mnông": 0.132, "Xtiêng": 0.105, "Bru - Vân Kiều": 0.098, "Cơ Tu": 0.077,
}  # fmt: skip
"""Percent of the population, census of 2019, for the groups whose naming the generator knows (98.9 % of the country)."""

ETHNIC_HOMES = {
    "Tày": "20:14 04:14 06:9 19:9 08:11 02:11 66:4 15:8 10:6 24:4", "Nùng": "20:32 04:15 06:3 19:6 08:2 02:7 66:7 24:9",
    "Thái": "14:37 11:13 12:9 40:19 38:13 15:4", "Mường": "17:38 38:26 25:15 14:6",
    "Mông": "02:21 11:16 14:14 10:13 12:8 15:8 40:3",
    "Khmer": "94:27 84:24 91:16 89:6 95:6", "Dao": "02:14 08:12 10:11 15:11 22:8 04:6", "Hoa": "79:51 75:12 94:8 95:3",
    "Gia Rai": "64:90 62:6", "Ê Đê": "66:88 54:6", "Ba Na": "64:66 62:24 52:8", "Xơ Đăng": "62:63 49:20", "Cơ Ho": "68:90",
    "Chăm": "58:42 60:25 89:8", "Hrê": "51:86 52:8", "Ra Glai": "58:48 56:38", "Mnông": "66:38 67:40", "Xtiêng": "70:95",
    "Bru - Vân Kiều": "45:72 44:16", "Cơ Tu": "49:75 46:20",
}  # fmt: skip
"""Group → provinces with the percent of the group living there (J, rounded from the census's ranking; the rest is left out)."""


def ethnic_shares(province: str) -> dict[str, float]:
    """Share of each ethnic group in a province (sums to 1); the national sum over provinces keeps `ETHNIC_SHARE`."""
    people = PROVINCE_POPULATION[province]
    total = sum(PROVINCE_POPULATION.values())
    shares = {}
    for group, homes in ETHNIC_HOMES.items():
        weights = {code: float(weight) for code, weight in (home.split(":") for home in homes.split())}
        if province in weights:
            here = ETHNIC_SHARE[group] / 100 * total * weights[province] / sum(weights.values())
            shares[group] = min(0.9, here / people)
    scale = min(1.0, 0.95 / sum(shares.values())) if shares else 1.0
    shares = {group: share * scale for group, share in shares.items()}
    return {"Kinh": 1.0 - sum(shares.values())} | shares
