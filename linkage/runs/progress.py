"""How work tells how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]
"""Called with (what is being done, done so far, in all); 0 in all when that is not known."""


NOTE = "note: "
"""What is told with this before it is no step of the work: a line that stays."""


def silent(what: str, done: int, total: int) -> None:
    """Progress nobody watches."""
