"""Nationalities as registers write them: a country's usual Vietnamese name, or None."""

from __future__ import annotations

from functools import lru_cache

from linkage.vietnamese.letters import clean_text, fold
from linkage.vietnamese.placeholders import is_placeholder

VIET_NAM = "Việt Nam"

_COUNTRIES = """
Việt Nam: VN, VNM, Vietnam, Việt, Viet Nam, Nước Việt Nam, CHXHCN Việt Nam, Cộng hòa xã hội chủ nghĩa Việt Nam, VNA, VIE
Trung Quốc: China, CHN, CN, Trung Hoa, Cộng hòa nhân dân Trung Hoa
Đài Loan: Taiwan, TWN, TW, Trung Quốc (Đài Loan), Đài Loan (Trung Quốc)
Hồng Kông: Hong Kong, HKG, HK
Hàn Quốc: Korea, South Korea, KOR, KR, Đại Hàn, Nam Triều Tiên, Cộng hòa Triều Tiên, Nam Hàn
Triều Tiên: Bắc Triều Tiên, North Korea, PRK
Nhật Bản: Nhật, Japan, JPN, JP
Hoa Kỳ: Mỹ, USA, US, United States, Hợp chủng quốc Hoa Kỳ, Mĩ, America
Lào: Laos, LAO, CHDCND Lào
Campuchia: Cambodia, KHM, Căm pu chia, Cam Bốt, Kampuchea, Cao Miên
Thái Lan: Thailand, THA
Myanmar: Miến Điện, MMR, Burma
Malaysia: Mã Lai, MYS
Singapore: Xinh-ga-po, Xin-ga-po, SGP
Indonesia: IDN, In-đô-nê-xi-a
Philippines: Phi-líp-pin, PHL, Phi Luật Tân
Ấn Độ: India, IND
Pháp: France, FRA, FR
Đức: Germany, DEU, DE, Cộng hòa Liên bang Đức, Tây Đức, Đông Đức
Anh: United Kingdom, UK, GBR, Vương quốc Anh, England
Nga: Russia, RUS, Liên bang Nga, Liên Xô
Úc: Australia, AUS, Ô-xtrây-li-a
New Zealand: Niu Di-lân, NZL, Tân Tây Lan
Canada: CAN, Ca-na-đa, Gia Nã Đại
Ba Lan: Poland, POL
Séc: Cộng hòa Séc, Czech, CZE, Tiệp, Tiệp Khắc, Czech Republic
Slovakia: SVK
Hungary: Hung-ga-ri, HUN
Bulgaria: BGR
Romania: Ru-ma-ni, ROU
Ukraina: Ukraine, UKR, U-crai-na
Ý: Italy, ITA, Italia
Tây Ban Nha: Spain, ESP
Bồ Đào Nha: Portugal, PRT
Hà Lan: Netherlands, NLD, Holland
Bỉ: Belgium, BEL
Thụy Sĩ: Switzerland, CHE, Thụy Sỹ
Thụy Điển: Sweden, SWE
Na Uy: Norway, NOR
Đan Mạch: Denmark, DNK
Phần Lan: Finland, FIN
Áo: Austria, AUT
Ireland: Ai Len, IRL
Hy Lạp: Greece, GRC
Thổ Nhĩ Kỳ: Turkey, TUR
Israel: ISR
Cuba: Cu Ba, CUB
Brasil: Brazil, BRA
Mexico: MEX, Mê-hi-cô
Nam Phi: South Africa, ZAF
Nigeria: NGA
Angola: AGO
Pakistan: PAK
Bangladesh: BGD
Sri Lanka: LKA
Nepal: NPL
Iran: IRN
Không quốc tịch: Vô quốc tịch, Stateless
"""


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    found: dict[str, str] = {}
    for line in _COUNTRIES.strip().splitlines():
        name, others = line.split(":")
        for spelling in (name, *others.split(",")):
            found.setdefault(clean_text(spelling).casefold(), name)
            if len(fold(spelling).replace(" ", "")) > 3:
                found.setdefault(fold(spelling).replace(" ", ""), name)
    return found


@lru_cache(maxsize=1 << 10)
def parse_nationality(text: str) -> str | None:
    """The country's usual Vietnamese name; the clean text itself for a country not in the list; None for a placeholder.

    >>> parse_nationality("VIETNAM"), parse_nationality("Mỹ"), parse_nationality("Không quốc tịch")
    ('Việt Nam', 'Hoa Kỳ', 'Không quốc tịch')
    """
    clean = clean_text(text)
    if is_placeholder(clean):
        return None
    known = _countries()
    return known.get(clean.casefold()) or known.get(fold(clean).replace(" ", "")) or clean


def is_foreign_country(text: str) -> bool:
    """Whether the text is the name of a listed country other than Viet Nam.

    >>> is_foreign_country("Hoa Kỳ"), is_foreign_country("Việt Nam"), is_foreign_country("Bạc Liêu")
    (True, False, False)
    """
    known = _countries()
    clean = clean_text(text)
    found = known.get(clean.casefold()) or known.get(fold(clean).replace(" ", ""))
    return found is not None and found != VIET_NAM
