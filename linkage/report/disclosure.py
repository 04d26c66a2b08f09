"""Disclosure control: small counts are hidden, and others with them so that no hidden one can be worked out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def hide_small_counts(counts: Sequence[int], floor: int) -> list[bool]:
    """Which of a list of counts must be hidden when the reader knows their sum.

    A count from 1 to `floor` − 1 is hidden; a single hidden one takes the smallest other with it, zeros last.

    >>> hide_small_counts([900, 3, 50, 0], 10)
    [False, True, True, False]
    """
    hidden = [0 < count < floor for count in counts]
    if sum(hidden) == 1 and len(counts) > 1:
        others = [place for place, hide in enumerate(hidden) if not hide]
        hidden[min(others, key=lambda place: (counts[place] == 0, counts[place]))] = True
    return hidden


def hide_small_cells(cells: Sequence[Sequence[int]], floor: int) -> list[list[bool]]:
    """Which cells of a table must be hidden; `cells` (rows × columns) has each row's total as its last column.

    Population: counts of records by row and column; the reader knows that rows add up to their totals, and each column's
    sum over the rows. A count from 1 to `floor` − 1 is hidden. Then, as long as those equations determine a hidden cell,
    a shown cell of its row or column is hidden too: the one that leaves the fewest determined, of these a cell before a
    total, a positive one before a zero, the smallest. In the end no cell at or above the floor is hidden without need.

    >>> hide_small_cells([[900, 3, 903], [400, 50, 450], [300, 20, 320]], 10)
    [[True, True, False], [True, True, False], [True, True, False]]
    """
    counts = np.asarray(cells, dtype=int).reshape(len(cells), -1)
    hidden = (counts > 0) & (counts < floor)
    last = counts.shape[1] - 1

    def cost(at: tuple[int, int]) -> tuple[int, bool, bool, int, tuple[int, int]]:
        tried = hidden.copy()
        tried[at] = True
        return len(determined_cells(tried)), at[1] == last, bool(counts[at] == 0), int(counts[at]), at

    while True:
        able: set[tuple[int, int]] = set()
        for i, j in determined_cells(hidden):
            crossing = [(i, k) for k in range(last + 1)] + [(k, j) for k in range(len(counts))]
            able |= {at for at in crossing if not hidden[at]}
        if not able:
            break
        hidden[min(able, key=cost)] = True
    # choices made one at a time can turn out needless: show again what protects nothing, the largest first
    needless = [at for at in zip(*(places.tolist() for places in np.nonzero(hidden)), strict=True) if not 0 < counts[at] < floor]
    for at in sorted(needless, key=lambda at: (counts[at] == 0, -counts[at])):
        hidden[at] = False
        hidden[at] = bool(determined_cells(hidden))
    return [[bool(one) for one in row] for row in hidden]


def determined_cells(hidden: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Hidden cells whose value follows from what is shown, the rows' totals (last column) and the columns' sums.

    With rows and columns as the nodes of a graph and hidden cells as its edges, these are the edges on no cycle: along a
    cycle amounts can be moved from cell to cell without changing any sum (Gusfield 1988).
    """
    columns: dict[int, list[int]] = {}
    for i, j in zip(*(places.tolist() for places in np.nonzero(hidden)), strict=True):
        columns.setdefault(i, []).append(-j - 1)
        columns.setdefault(-j - 1, []).append(i)
    reached: dict[int, int] = {}
    found: list[tuple[int, int]] = []

    def earliest(node: int, before: int | None) -> int:
        """The earliest node that a path below this one comes back to."""
        reached[node] = lowest = len(reached)
        for other in columns[node]:
            if other == before:
                continue
            if other in reached:
                lowest = min(lowest, reached[other])
                continue
            back = earliest(other, node)
            lowest = min(lowest, back)
            if back > reached[node]:
                found.append((max(node, other), -min(node, other) - 1))
        return lowest

    for node in columns:
        if node not in reached:
            earliest(node, None)
    return sorted(found)


def share_may_be_shown(part: int, whole: int, floor: int) -> bool:
    """Whether a share printed in whole per cent hides any count under the floor behind it.

    >>> share_may_be_shown(97, 100, 10), share_may_be_shown(997, 1000, 10), share_may_be_shown(5, 5, 10)
    (False, True, False)
    """
    if whole < floor:
        return whole == 0
    small = 0 < part < floor or 0 < whole - part < floor
    return not small or whole / 100 >= floor
