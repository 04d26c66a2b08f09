"""How far the work is, on a terminal as a bar with time left, elsewhere as plain lines."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Task, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.text import Text

from linkage.runs import Progress
from linkage.runs.progress import NOTE


@contextmanager
def watched(console: Console, stages: Sequence[str]) -> Iterator[Progress]:
    """A progress function: a stage's name other than the present one's starts that stage, anything else moves its bar.

    Bars are drawn from the first step on: a question may stand before it.
    """
    if console.is_terminal:
        bars = _bars(console)
        watcher = _OnTerminal(bars, stages)
        try:
            yield watcher
            watcher.finish()
        finally:
            if bars.live.is_started:
                bars.stop()
    else:
        yield _as_lines(console, stages)


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("{task.fields[stage]:<12}"),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        _TimeLeft(),
        console=console,
    )


class _TimeLeft(TimeRemainingColumn):
    """The time left, where it can be told."""

    def render(self, task: Task) -> Text:
        left = super().render(task)
        return left.append(" left") if left.plain.strip("-:") else Text()


class _OnTerminal:
    """One bar a stage; a stage is done when the next one starts or the work ends."""

    def __init__(self, bars: Bars, stages: Sequence[str]) -> None:
        self._bars = bars
        self._stages = stages
        self._stage = ""
        self._total = 1

    def __call__(self, what: str, done: int, total: int) -> None:
        if what.startswith(NOTE):
            self._bars.console.print(what, style="yellow", markup=False, soft_wrap=True)
        elif what in self._stages and what != self._stage:
            self.finish()
            self._bars.start()
            self._stage, self._total = what, 1
            self._task = self._bars.add_task("", stage=what, total=None)
        elif self._stage:
            self._total = total or self._total
            self._bars.update(self._task, description=what, completed=done, total=total or None)

    def finish(self) -> None:
        """Show the present stage as done."""
        if self._stage:
            self._bars.update(self._task, completed=self._total, total=self._total, description="done")


def _as_lines(console: Console, stages: Sequence[str]) -> Progress:
    started = time.monotonic()
    said: dict[str, float] = {}

    def tell(what: str, done: int, total: int) -> None:
        now = time.monotonic() - started
        if what.startswith(NOTE):
            console.print(what, style="yellow", markup=False, highlight=False, soft_wrap=True)
        elif what in stages and what not in said:
            said[what] = now
            console.print(f"[{now:6.1f} s] {what}", markup=False, highlight=False)
        elif done == total or what not in said or now - said[what] >= 5:
            said[what] = now
            console.print(f"[{now:6.1f} s]   {what} {done:,}{f'/{total:,}' if total else ''}", markup=False, highlight=False)

    return tell
