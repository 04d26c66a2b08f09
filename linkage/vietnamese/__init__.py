"""Knowledge about Vietnamese names, dates, places and numbers as registers write them.

Contract: pure functions and closed tables over the standard library (plus `lunar-vn` for the calendar). Text goes in
as anyone wrote it and comes out composed (NFC); nothing raises on odd text: what cannot be read is said by a flag or
None. Keys (`fold`, `tone_key`, `sound_key`, `variant_key`) are ASCII, idempotent and the same for NFC and NFD, upper
and lower case, old and new tone placement.
"""

from linkage.vietnamese.dates import RegisterDate, parse_date, repair_impossible_date
from linkage.vietnamese.letters import clean_text, fold, tone_key
from linkage.vietnamese.lunar import solar_of_lunar
from linkage.vietnamese.names import NameWord, PersonName, parse_name, plain_name_word, variant_key
from linkage.vietnamese.numbers import (
    PersonalNumber,
    contradictions,
    clean_identifier,
    parse_personal_number,
)
from linkage.vietnamese.placeholders import is_name_placeholder, is_placeholder
from linkage.vietnamese.sex import parse_sex
from linkage.vietnamese.sounds import SOUND_MERGES, sound_key
from linkage.vietnamese.syllables import Syllable, parse_syllable, relocate_tone

__all__ = [
    "SOUND_MERGES",
    "NameWord",
    "PersonName",
    "PersonalNumber",
    "RegisterDate",
    "Syllable",
    "clean_text",
    "contradictions",
    "fold",
    "is_name_placeholder",
    "is_placeholder",
    "parse_date",
    "clean_identifier",
    "parse_name",
    "parse_personal_number",
    "parse_sex",
    "parse_syllable",
    "plain_name_word",
    "relocate_tone",
    "repair_impossible_date",
    "solar_of_lunar",
    "sound_key",
    "tone_key",
    "variant_key",
]
