"""How far the work is, on a terminal as a bar with time left, elsewhere as plain lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from linkage.runs import Progress


@contextmanager
def watched(console: Console, stages: Sequence[str]) -> Iterator[Progress]:
    """A progress function: called with a stage's name it starts that stage, with anything else it moves the stage's bar."""
    if console.is_terminal:
        with _bars(console) as bars:
            yield _on_terminal(bars, stages)
    else:
        yield _as_lines(console, stages)


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("{task.fields[stage]:<12}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=console,
    )


def _on_terminal(bars: Bars, stages: Sequence[str]) -> Progress:
    current: list[int] = []

    def move(what: str, done: int, total: int) -> None:
        if what in stages:
            if current:
                _finish(bars, current[-1])
            current.append(int(bars.add_task("", stage=what, total=None)))
        elif current:
            task = bars.tasks[-1].id
            bars.update(task, description=what, completed=done, total=total or None)

    return move


def _finish(bars: Bars, task: int) -> None:
    total = next((one.total for one in bars.tasks if one.id == task), None) or 1
    bars.update(bars.task_ids[task], completed=total, total=total, description="done")


def _as_lines(console: Console, stages: Sequence[str]) -> Progress:
    started = time.monotonic()
    said: dict[str, float] = {}

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic() - started
        if what in stages:
            console.print(f"[{now:6.1f} s] {what}", markup=False, highlight=False)
        elif done == total or what not in said or now - said[what] >= 5:
            said[what] = now
            console.print(f"[{now:6.1f} s]   {what} {done:,}{f'/{total:,}' if total else ''}", markup=False, highlight=False)

    return tell
