"""Disclosure control: small counts are hidden, and others with them so that no hidden one can be worked out."""

from __future__ import annotations

from collections.abc import Sequence


def hide_small_cells(cells: Sequence[Sequence[int]], floor: int) -> list[list[bool]]:
    """Which cells of a table must be hidden; `cells` (rows × columns) has each row's total as its last column.

    Population: counts of records by row and column; each column's total over the rows is taken to be known to the reader.
    A count from 1 to `floor` − 1 is hidden. Then every row (its cells and its total) and every column with a single hidden
    cell hides the smallest other one, until none is alone: a lone hidden cell is the difference of what is shown. A cell
    hidden beside others that are all 0 but shown is covered by hiding a zero. Zeros are not hidden of themselves.

    >>> hide_small_cells([[900, 3, 903], [400, 50, 450], [300, 20, 320]], 10)
    [[True, True, False], [False, False, False], [True, True, False]]
    """
    hidden = [[0 < count < floor for count in row] for row in cells]
    lines = [[(i, j) for j in range(len(row))] for i, row in enumerate(cells)]
    lines += [[(i, j) for i in range(len(cells))] for j in range(len(cells[0]) if cells else 0)]
    again = True
    while again:
        again = False
        for line in lines:
            shown = [(i, j) for i, j in line if not hidden[i][j]]
            if len(line) - len(shown) == 1 and shown:
                # Positive cells first; a row's total last, for it is what the reader needs most.
                i, j = min(shown, key=lambda at: (cells[at[0]][at[1]] == 0, at[1] == len(cells[at[0]]) - 1, cells[at[0]][at[1]]))
                hidden[i][j] = again = True
    return hidden


def share_may_be_shown(part: int, whole: int, floor: int) -> bool:
    """Whether a share printed in whole per cent hides any count under the floor behind it.

    >>> share_may_be_shown(97, 100, 10), share_may_be_shown(997, 1000, 10), share_may_be_shown(5, 5, 10)
    (False, True, False)
    """
    if whole < floor:
        return whole == 0
    small = 0 < part < floor or 0 < whole - part < floor
    return not small or whole / 100 >= floor
