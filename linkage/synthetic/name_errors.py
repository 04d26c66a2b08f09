"""Names as the clerk wrote them: structural errors, misspellings, then the look of the whole name."""

from __future__ import annotations

import numpy as np

from linkage.synthetic.clerks import Clerks
from linkage.synthetic.rates import PARENT_THI_DROPPED
from linkage.synthetic.spelling import TOKEN_KINDS
from linkage.synthetic.vocabulary import NICKNAMES, Vocabulary, vocabulary
from linkage.synthetic.world import RECURS

_STYLE_OF_SOURCE = (
    ("source_new_tone_style", "new_tone_style"), ("source_eth", "eth"), ("source_decomposed", "decomposed"),
    ("source_capitals", "capitals"), ("source_no_diacritics", "no_diacritics"),
    ("source_vni", "vni"), ("source_mojibake", "mojibake"), ("source_tcvn3", "tcvn3"),
)  # fmt: skip
_ALIAS = ("tức", "bí danh", "tên gọi khác là")


def shift_left(names: np.ndarray, rows: np.ndarray, at: np.ndarray | int) -> None:
    """Take the token at position `at` out of the names of `rows`."""
    at = np.broadcast_to(at, rows.shape)
    columns = np.arange(names.shape[1])
    take = columns[None, :] + (columns[None, :] >= at[:, None])
    wide = np.concatenate([names[rows], np.full((len(rows), 1), -1, names.dtype)], axis=1)
    names[rows] = np.take_along_axis(wide, take, axis=1)


def insert_token(names: np.ndarray, rows: np.ndarray, at: int, code: np.ndarray | int) -> None:
    """Put a token before position `at` of the names of `rows` (which have room)."""
    names[rows, at + 1 :] = names[rows, at:-1]
    names[rows, at] = code


def write_names(
    clerks: Clerks, field: str, names: np.ndarray, sex: np.ndarray, minority: np.ndarray, parent: bool = False
) -> np.ndarray:
    """Text of a column of names (object array, None where missing) with the clerk's errors; `names` is not changed."""
    words, rng = vocabulary(), clerks.rng
    names = names.copy()
    thi, van = words.code("Thị"), words.code("Văn")
    present = names[:, 0] >= 0
    length = (names >= 0).sum(axis=1)
    usual = np.where(sex == 1, thi, van)
    times = clerks.parent_times if parent else 1.0
    rows = clerks.draw(
        "thi_van_dropped", field, present & (names[:, 1] == usual) & (length >= 3), times * PARENT_THI_DROPPED if parent else 1.0
    )
    shift_left(names, rows, 1)
    length[rows] -= 1
    if clerks.leaves_out_thi_van.any():
        drops = clerks.leaves_out_thi_van & present & (names[:, 1] == usual) & (length >= 3)
        rows = np.flatnonzero(drops & (rng.random(len(drops)) < RECURS))
        shift_left(names, rows, 1)
        length[rows] -= 1
        clerks.log.add(rows, field, "thi_van_habit", "source")
    rows = clerks.draw(
        "thi_van_added", field, present & ~minority & (length >= 2) & (length <= 3) & (names[:, 1] != usual), times
    )
    insert_token(names, rows, 1, usual[rows])
    length[rows] += 1
    rows = clerks.draw(
        "middle_changed", field, present & (length >= 3) & (length <= 4) & ~((length == 3) & (names[:, 1] == usual)), times
    )
    _change_middle(words, rng, names, rows, length)
    length = (names >= 0).sum(axis=1)
    rows = clerks.draw("given_name_other", field, present & (length >= 2), times)
    names[rows, length[rows] - 1] = words.codes(NICKNAMES)[rng.integers(0, len(NICKNAMES), len(rows))]
    rows = clerks.draw("surname_dropped", field, (names[:, 1] == thi) & (sex == 1) & ~minority & (length == 3))
    shift_left(names, rows, 0)
    length[rows] -= 1
    rows = clerks.draw("token_order", field, present & (length >= 2), 1.0)
    rotated = names[rows].copy()
    for n in range(2, names.shape[1] + 1):
        of = length[rows] == n
        rotated[of, :n] = np.roll(rotated[of, :n], 1, axis=1)
    names[rows] = rotated
    for kind in TOKEN_KINDS:
        if clerks.region_factor.get(kind, 1.0) == 0.0:
            continue
        can = words.can(kind, names)
        rows = clerks.draw(kind, field, np.asarray(can.any(axis=1)), times)
        if not len(rows):
            continue
        # one of the tokens that can go wrong
        order = np.where(can[rows], rng.random((len(rows), names.shape[1])), 2.0)
        at = order.argmin(axis=1)
        names[rows, at] = words.misspell(kind, names[rows, at], rng.random(len(rows)))
    return _look(clerks, field, names, present)


def _change_middle(words: Vocabulary, rng: np.random.Generator, names: np.ndarray, rows: np.ndarray, length: np.ndarray) -> None:
    how = rng.random(len(rows))
    dropped = rows[(how < 0.6) | (length[rows] > 4)]
    at = np.maximum(length[dropped] - 2, 1)
    shift_left(names, dropped, at)
    other = rows[(how >= 0.6) & (length[rows] <= 4)]
    pool = words.codes(["Thanh", "Ngọc", "Minh", "Thu", "Kim", "Hồng", "Đức", "Quang", "Xuân", "Hữu", "Thị", "Văn"])
    names[other, np.maximum(length[other] - 2, 1)] = pool[rng.integers(0, len(pool), len(other))]


def _look(clerks: Clerks, field: str, names: np.ndarray, present: np.ndarray) -> np.ndarray:
    words = vocabulary()
    text = words.text(names)
    styled = np.zeros(len(names), bool)
    for kind, style in _STYLE_OF_SOURCE:
        rows = np.flatnonzero(clerks.has_habit(kind) & present & ~styled)
        if len(rows):
            changed = words.text(names[rows], style)
            different = changed != text[rows]
            clerks.log.add(rows[different], field, kind, "source")
            text[rows] = changed
            styled[rows] = True
    for kind, style in (("no_diacritics", "no_diacritics"), ("capitals", "capitals")):
        rows = clerks.draw(kind, field, present & ~styled)
        text[rows] = words.text(names[rows], style)
        styled[rows] = True
    rows = clerks.draw("joined_tokens", field, present & (names[:, 1] >= 0))
    text[rows] = [value.replace(" ", "", 1) for value in text[rows]]
    rows = clerks.draw("spacing", field, present & (names[:, 1] >= 0))
    how = clerks.rng.integers(0, 3, len(rows))
    spaced = [(v.replace(" ", "\u00a0", 1), v.replace(" ", "  ", 1), v + ".")[h] for v, h in zip(text[rows], how, strict=True)]
    text[rows] = spaced
    rows = clerks.draw("alias_added", field, present & (names[:, 1] >= 0))
    alias = clerks.rng.integers(0, len(NICKNAMES), len(rows))
    text[rows] = [f"{value} {_ALIAS[i % 3]} {NICKNAMES[i]}" for value, i in zip(text[rows], alias, strict=True)]
    rows = clerks.draw("name_missing", field, present)
    text[~present] = None
    text[rows] = None
    return text
