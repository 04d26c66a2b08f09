"""Names by their words: names of plain words are put together in SQL, any other name is read whole in Python."""

from __future__ import annotations

from linkage.config import FieldKind
from linkage.standardise.keys import suffixes_of
from linkage.standardise.values import Row, flag_text
from linkage.vietnamese import fold, parse_name, plain_name_word, sound_key, tone_key, variant_key

MAX_PLAIN_WORDS = 5
"""Longer names are read whole."""
AS_WRITTEN = "string_split(raw, ' ')"
TIDIED = "string_split(trim(regexp_replace(nfc_normalize(raw), ' +', ' ', 'g')), ' ')"
"""SQL of a name's words: as they stand, and composed and without the spaces that stand double."""
WORD_COLUMNS = {
    "text": "VARCHAR",
    "fold": "VARCHAR",
    "tone": "VARCHAR",
    "sound": "VARCHAR",
    "variant": "VARCHAR",
    "may_lead": "BOOLEAN",
}
NAME_COLUMNS = {suffix or "value": sql_type for suffix, sql_type in suffixes_of(FieldKind.person_name).items()}


def word_row(word: str, merges: frozenset[str]) -> Row:
    """The keys of a raw word, all None when it is not plain."""
    plain = plain_name_word(word, merges)
    return (plain.text, plain.fold, plain.tone, plain.sound, plain.variant, plain.may_lead) if plain else (None,) * 6


def name_row(text: str, merges: frozenset[str]) -> Row:
    """The keys of a whole name: what `join_words` must equal for names of plain words."""
    name = parse_name(text)
    if not name.words:
        return (*(None,) * (len(NAME_COLUMNS) - 1), flag_text(name.flags))
    clean = name.text
    return (
        clean, fold(clean), tone_key(clean), sound_key(clean, merges), variant_key(clean), " ".join(sorted(fold(clean).split())),
        fold(name.surname) or None, fold(name.middle), fold(name.given) or None, tone_key(name.given) or None,
        sound_key(name.given, merges) or None, flag_text(name.flags),
    )  # fmt: skip


def join_words(values: str, words: str) -> str:
    """A query of the names of the table `values` all of whose words (SQL over `raw`) are plain in `std_words`."""
    numbers = range(1, MAX_PLAIN_WORDS + 1)
    joins = " ".join(f"LEFT JOIN std_words AS w{i} ON w{i}.raw = words[{i}] AND w{i}.text IS NOT NULL" for i in numbers)
    # NULL sorts and concatenates away, so absent words need no case of their own
    together = {
        key: f"concat_ws(' ', {', '.join(f'w{i}.{key}' for i in numbers)})"
        for key in ("text", "fold", "tone", "sound", "variant")
    }
    last = {key: f"CASE size {' '.join(f'WHEN {i} THEN w{i}.{key}' for i in numbers)} END" for key in ("fold", "tone", "sound")}
    middle = f"concat_ws(' ', {', '.join(f'CASE WHEN size > {i} THEN w{i}.fold END' for i in numbers[1:-1])})"
    in_order = f"array_to_string(list_sort([{', '.join(f'w{i}.fold' for i in numbers)}], 'ASC', 'NULLS LAST'), ' ')"
    all_plain = " AND ".join(f"(size < {i} OR w{i}.text IS NOT NULL)" for i in numbers[1:])
    return f"""
        SELECT n.raw, {together["text"]} AS "value", {together["fold"]} AS "fold", {together["tone"]} AS "tone",
               {together["sound"]} AS "sound", {together["variant"]} AS "variant", {in_order} AS "sorted",
               CASE WHEN size > 1 THEN w1.fold END AS surname_fold, {middle} AS middle_fold,
               {last["fold"]} AS given_fold, {last["tone"]} AS given_tone, {last["sound"]} AS given_sound,
               NULL::VARCHAR AS flags
        FROM (SELECT raw, {words} AS words, len(words) AS size FROM {values}) AS n {joins}
        WHERE size <= {MAX_PLAIN_WORDS} AND w1.may_lead AND {all_plain}
    """
