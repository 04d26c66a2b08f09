"""Columns of text as object arrays: None where a cell is empty."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np


def texts(values: Iterable[str | None]) -> np.ndarray:
    """Texts as an object array."""
    return np.array(list(values), dtype=object)


def pick(mask: np.ndarray, yes: np.ndarray | str, no: np.ndarray | str | None = None) -> np.ndarray:
    """`yes` where the mask holds, else `no` (empty by default); each an array of texts or one text."""
    out = np.full(len(mask), no, dtype=object) if no is None or isinstance(no, str) else no.astype(object)
    out[mask] = yes if isinstance(yes, str) else yes[mask]
    return out


def filled(text: np.ndarray) -> np.ndarray:
    """Which cells are not empty."""
    return np.array([value is not None for value in text], bool)


def choice_of(names: Iterable[str], at: np.ndarray) -> np.ndarray:
    """The name at each position."""
    return np.asarray(np.array(list(names), dtype=object)[at])


def all_of(text: str | None, count: int) -> np.ndarray:
    """One text in every cell."""
    return np.full(count, text, dtype=object)
