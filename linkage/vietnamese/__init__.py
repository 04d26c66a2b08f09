"""Knowledge about Vietnamese names, dates, places and numbers as registers write them.

Contract: pure functions and closed tables over the standard library (plus `lunar-vn` for the calendar). Text goes in
as anyone wrote it and comes out composed (NFC); nothing raises on odd text: what cannot be read is said by a flag or
None. Keys (`fold`, `tone_key`, `sound_key`, `variant_key`) are ASCII, idempotent and the same for NFC and NFD, upper
and lower case, old and new tone placement. No other room folds by itself: SQL that must do so takes `letters_sql`.
"""

from linkage.vietnamese.dates import RegisterDate, parse_date, repair_impossible_date
from linkage.vietnamese.encodings import LEGACY_ENCODINGS, EncodingProposal, decode_legacy, propose_encoding
from linkage.vietnamese.ethnic_groups import ETHNIC_GROUPS, parse_ethnicity
from linkage.vietnamese.letters import clean_text, fold, tone_key
from linkage.vietnamese.lunar import solar_of_lunar
from linkage.vietnamese.names import NameWord, PersonName, parse_name, plain_name_word, variant_key
from linkage.vietnamese.nationalities import parse_nationality
from linkage.vietnamese.personal_numbers import (
    PersonalNumber,
    clean_identifier,
    contradictions,
    parse_personal_number,
)
from linkage.vietnamese.placeholders import is_name_placeholder, is_placeholder
from linkage.vietnamese.places import Place, period_of, resolve_place, resolve_place_in_period, same_periods
from linkage.vietnamese.sex import parse_sex
from linkage.vietnamese.sounds import SOUND_MERGES, sound_key
from linkage.vietnamese.syllables import Syllable, parse_syllable, relocate_tone
from linkage.vietnamese.written_numbers import RegisterNumber, parse_number

__all__ = [
    "ETHNIC_GROUPS",
    "LEGACY_ENCODINGS",
    "SOUND_MERGES",
    "EncodingProposal",
    "NameWord",
    "PersonName",
    "PersonalNumber",
    "Place",
    "RegisterDate",
    "RegisterNumber",
    "Syllable",
    "clean_identifier",
    "clean_text",
    "contradictions",
    "decode_legacy",
    "fold",
    "is_name_placeholder",
    "is_placeholder",
    "parse_date",
    "parse_ethnicity",
    "parse_name",
    "parse_nationality",
    "parse_number",
    "parse_personal_number",
    "parse_sex",
    "parse_syllable",
    "period_of",
    "plain_name_word",
    "propose_encoding",
    "relocate_tone",
    "repair_impossible_date",
    "resolve_place",
    "resolve_place_in_period",
    "same_periods",
    "solar_of_lunar",
    "sound_key",
    "tone_key",
    "variant_key",
]
