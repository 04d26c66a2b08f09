"""Properties of the keys over anything a keyboard can give, and of the syllable over every Vietnamese one."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from viet_text_tools import normalize_diacritics

from linkage import vietnamese as vn
from linkage.vietnamese import syllables
from linkage.vietnamese.column_readings import MARK
from linkage.vietnamese.syllables import place_tone, relocate_tone

LETTERS = "aăâbcdđeêghiklmnoôơpqrstuưvxyàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ ƀčñĭŏŭÐðfjwz'’-.0123456789"
texts = st.text(alphabet=LETTERS + LETTERS.upper(), max_size=40)
SYLLABLES = [
    syllables.Syllable(parsed.onset, parsed.nucleus, parsed.coda, tone)
    for onset in syllables.ONSETS
    for rhyme in sorted(syllables._RHYMES | syllables._AFTER_QU)
    if (parsed := vn.parse_syllable(onset + rhyme)) is not None and parsed.onset == onset
    for tone in ("", "1", "2", "3", "4", "5")
    if not (parsed.coda in ("c", "ch", "p", "t") and tone in ("2", "3", "4")) and not (rhyme == "uya" and tone)
]
KEYS = [vn.fold, vn.tone_key, vn.variant_key, vn.sound_key]


@pytest.mark.parametrize("key", KEYS[:2])
@given(text=texts)
@settings(max_examples=300, deadline=None)
def test_keys_are_ascii_idempotent_and_blind_to_form_and_case(key, text):
    value = key(text)
    assert value.isascii()
    assert key(value) == value
    assert key(unicodedata.normalize("NFC", text)) == key(unicodedata.normalize("NFD", text)) == value
    assert key(text.upper()) == key(text.lower()) == value


@pytest.mark.parametrize("key", KEYS)
@given(syllable=st.sampled_from(SYLLABLES), upper=st.booleans())
@settings(max_examples=300, deadline=None)
def test_keys_are_blind_to_tone_placement_case_and_form(key, syllable, upper):
    old, new = place_tone(syllable, "old"), place_tone(syllable, "new")
    value = key(old)
    assert value.isascii() and value and key(value) == value
    assert value == key(new) == key(unicodedata.normalize("NFD", old)) == key(new.upper() if upper else new.title())


def test_every_syllable_is_written_as_viet_text_tools_writes_it():
    assert len(SYLLABLES) > 15_000
    for syllable in SYLLABLES:
        for placement in ("old", "new"):
            written = place_tone(syllable, placement)
            assert written == normalize_diacritics(written, new_style=placement == "new")
            assert vn.parse_syllable(written) == syllable
            assert relocate_tone(place_tone(syllable, "new"), placement) == written


@given(text=texts)
@settings(max_examples=500, deadline=None)
def test_nothing_raises_and_clean_names_stay_clean(text):
    name = vn.parse_name(text)
    assert vn.parse_name(name.text).text == name.text or "." in text or name.flags
    vn.parse_date(text)
    vn.parse_number(text)
    for words in ("orders=month_first", "orders=day_first+month_first+year_first century_unsure serials", "zone=Europe/Paris"):
        assert MARK not in vn.parse_date(text + MARK + words).text
    vn.parse_personal_number(text)
    vn.resolve_place(text)
    for encoding in vn.LEGACY_ENCODINGS:
        vn.decode_legacy(text, encoding)


@given(text=texts)
@settings(max_examples=300, deadline=None)
def test_clean_text_is_idempotent_and_composed(text):
    clean = vn.clean_text(text)
    assert clean == vn.clean_text(clean) == unicodedata.normalize("NFC", clean)
    assert "Ð" not in clean and "’" not in clean


def test_an_unknown_sound_merge_is_refused():
    with pytest.raises(ValueError, match="unknown sound merge: v_d"):
        vn.sound_key("Vân", ["v_d"])
