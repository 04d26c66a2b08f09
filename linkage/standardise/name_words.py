"""Names by their words: names of plain words are put together from them in Arrow, any other name is read whole in Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from linkage.config import FieldKind
from linkage.config.field_keys import suffixes_of
from linkage.standardise.readers import Readers, empty_batch
from linkage.standardise.values import Row, flag_text
from linkage.vietnamese import fold, parse_name, plain_name_word, sound_key, tone_key, variant_key

MAX_PLAIN_WORDS = 5
"""Longer names are read whole."""
WORD_COLUMNS = {
    "raw": "VARCHAR",
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
    """The keys of a whole name: what `Names` must put together from plain words."""
    name = parse_name(text)
    if not name.words:
        return (*(None,) * (len(NAME_COLUMNS) - 1), flag_text(name.flags))
    clean = name.text
    return (
        clean, fold(clean), tone_key(clean), sound_key(clean, merges), variant_key(clean), " ".join(sorted(fold(clean).split())),
        fold(name.surname) or None, fold(name.middle), fold(name.given) or None, tone_key(name.given) or None,
        sound_key(name.given, merges) or None, flag_text(name.flags),
    )  # fmt: skip


class Names:
    """The words and the odd names of one table, kept while its chunks come by."""

    def __init__(self, readers: Readers, sound_merges: frozenset[str]) -> None:
        self._readers = readers
        self._read_word = partial(_read_word, sound_merges)
        self._read_name = partial(_read_name, sound_merges)
        self._words = empty_batch(WORD_COLUMNS)
        self._odd = empty_batch({"raw": "VARCHAR"} | NAME_COLUMNS)

    def ask(self, fields: Mapping[str, pa.Array]) -> Callable[[], dict[str, pa.Array]]:
        """Have a chunk's names standardised; calling the result waits for odd names and gives column name → values."""
        every = pa.concat_arrays(fields.values()).dictionary_encode()
        names = every.dictionary
        plain, as_written = self._put_together(names)
        rest = names.filter(pa.array(~plain))
        tidy, tidied = self._put_together(_tidy(rest))
        odd = rest.filter(pa.array(~tidy))
        new = odd.filter(pc.invert(pc.is_in(odd, self._odd["raw"])))
        reading = self._readers.read({"raw": "VARCHAR"} | NAME_COLUMNS, self._read_name, new.to_pylist())

        def columns() -> dict[str, pa.Array]:
            self._odd = pa.concat_batches([self._odd, reading()])
            read_whole = self._odd.take(pc.index_in(odd, self._odd["raw"])).select(list(NAME_COLUMNS))
            rows = pa.concat_batches([as_written, tidied, read_whole])
            # `rows` holds the names in another order than `names`: first the plain ones, then the tidied, then the odd
            order = np.concatenate([np.flatnonzero(plain), *(np.flatnonzero(~plain)[part] for part in (tidy, ~tidy))])
            row_of_name = np.empty(len(names), np.int32)
            row_of_name[order] = np.arange(len(names), dtype=np.int32)
            found: dict[str, pa.Array] = {}
            start = 0
            for field, values in fields.items():
                row = pa.array(row_of_name).take(every.indices.slice(start, len(values)))
                start += len(values)
                found |= {
                    f"{field}_{suffix}" if suffix else field: rows[suffix or "value"].take(row)
                    for suffix in suffixes_of(FieldKind.person_name)
                }
            return found

        return columns

    def _put_together(self, names: pa.Array) -> tuple[np.ndarray, pa.RecordBatch]:
        """Which distinct `names` consist of plain words and nothing else, and the keys of those."""
        split = pc.split_pattern(names, " ")
        encoded = split.flatten().dictionary_encode()
        new = encoded.dictionary.filter(pc.invert(pc.is_in(encoded.dictionary, self._words["raw"])))
        read = self._readers.read(WORD_COLUMNS, self._read_word, new.to_pylist())
        self._words = words = pa.concat_batches([self._words, read()])
        word = pc.index_in(encoded.dictionary, words["raw"]).take(encoded.indices)
        starts = split.offsets.to_numpy()[:-1]
        is_plain = words["text"].is_valid().take(word).to_numpy(zero_copy_only=False)
        may_lead = words["may_lead"].fill_null(False).take(word.take(pa.array(starts))).to_numpy(zero_copy_only=False)
        plain = np.logical_and.reduceat(is_plain, starts) if len(starts) else np.zeros(0, bool)
        plain &= may_lead & (np.diff(split.offsets.to_numpy()) <= MAX_PLAIN_WORDS)
        kept = pa.ListArray.from_arrays(split.offsets, word).filter(pa.array(plain))
        return plain, _join_words(words, kept.flatten().to_numpy(), kept.value_lengths().to_numpy())


def _tidy(names: pa.Array) -> pa.Array:
    """Names composed and without the spaces that stand double."""
    return pc.utf8_trim(pc.replace_substring_regex(pc.utf8_normalize(names, "NFC"), " +", " "), " ")


def _join_words(words: pa.RecordBatch, word: np.ndarray, sizes: np.ndarray) -> pa.RecordBatch:
    """The keys of names one after another: `word` the rows of their words in `words`, `sizes` how many each has (≥ 1)."""
    ends = np.cumsum(sizes)
    firsts, lasts = ends - sizes, ends - 1

    def together(key: str, word: np.ndarray, sizes: np.ndarray) -> pa.Array:
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
        return pc.binary_join(pa.ListArray.from_arrays(offsets, words[key].take(pa.array(word))), " ")

    in_order = pc.sort_indices(words["fold"]).to_numpy()
    rank = np.empty(len(words), np.int64)
    rank[in_order] = np.arange(len(words))
    by_rank = np.sort(np.repeat(np.arange(len(sizes)), sizes) * max(len(words), 1) + rank[word])
    inner = np.ones(len(word), bool)
    inner[firsts] = inner[lasts] = False
    surname = words["fold"].take(pa.array(word[firsts]))
    given = {key: words[key].take(pa.array(word[lasts])) for key in ("fold", "tone", "sound")}
    return pa.record_batch({
        "value": together("text", word, sizes),
        **{key: together(key, word, sizes) for key in ("fold", "tone", "sound", "variant")},
        "sorted": together("fold", in_order[by_rank % max(len(words), 1)], sizes),
        "surname_fold": pc.if_else(pa.array(sizes > 1), surname, pa.scalar(None, pa.string())),
        "middle_fold": together("fold", word[inner], np.maximum(sizes - 2, 0)),
        **{f"given_{key}": values for key, values in given.items()},
        "flags": pa.nulls(len(sizes), pa.string()),
    })  # fmt: skip


def _read_name(merges: frozenset[str], raw: str) -> list[Row]:
    return [(raw, *name_row(raw, merges))]


def _read_word(merges: frozenset[str], word: str) -> list[Row]:
    return [(word, *word_row(word, merges))]
