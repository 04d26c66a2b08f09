"""Ctrl-C, anywhere: within three seconds the process has ended, with status 130 and one line that says what is kept.

Python hands a signal to the main thread only, and only between two of its own instructions; DuckDB looks for one between
tasks alone, and one task may be a sort of minutes. So a thread of its own is woken too: it interrupts every open DuckDB until
the main thread has come back, and ends the process itself where that takes longer than `GRACE`. Nothing is lost by such an end:
whatever stands under its own name in a run directory was put there whole.

Contract: `answered` is entered by the command line alone, in the main thread; `interruptible` is told of every connection by
`linkage.runs.sql.connect`; who holds results says so with `keeping`; who puts results in place asks `stop_if_asked` before.
Imports nothing of ours, and nothing heavy: Ctrl-C may come while the rest is being imported.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from types import FrameType
from typing import Protocol
from weakref import WeakSet

STATUS = 130
"""The exit status of what was stopped by hand."""
GRACE = 2.0
"""Seconds in which the work may come to an end by itself."""
NOTHING_HELD = "Files that were finished are kept; the same command begins anew with the others."
SHOW_CURSOR = "\x1b[?25h"


class _Interruptible(Protocol):
    def interrupt(self) -> None: ...


class _State:
    """Of this process: whether Ctrl-C is answered here, whether it came, and whether that was said."""

    watched = False
    asked = False
    said = False


_open: WeakSet[_Interruptible] = WeakSet()
_kept: list[Callable[[], str]] = []


def interruptible(connection: _Interruptible) -> None:
    """Have a connection's query end when the process is asked to stop."""
    _open.add(connection)


def asked() -> bool:
    """Whether this process was asked to stop: whatever fails from then on, fails of that."""
    return _State.asked


def stop_if_asked() -> None:
    """Before results are put in place: work that an interrupt broke into may have ended as if it were done.

    Raises:
        KeyboardInterrupt: this process was asked to stop.
    """
    if _State.asked:
        raise KeyboardInterrupt


@contextmanager
def keeping(said: Callable[[], str]) -> Iterator[None]:
    """For as long as this is entered, `said` is the sentence of what an interrupt leaves behind."""
    _kept.append(said)
    try:
        yield
    finally:
        if not _State.asked:  # else it is still to be said
            _kept.remove(said)


def stopped() -> str:
    """The one line for who stopped the work."""
    return f"Stopped. {_kept[0]() if _kept else NOTHING_HELD}"


def say_stopped() -> None:
    """Print that line, once in a process that was asked to stop."""
    if not _State.said:
        _State.said = _State.asked
        print(stopped(), file=sys.stderr, flush=True)


@contextmanager
def answered() -> Iterator[None]:
    """Answer Ctrl-C as this module promises, until the process ends: what comes after the work is done is not heard.

    The main thread gets its KeyboardInterrupt once; a second Ctrl-C is not heard either.
    """
    woken, wake = socket.socketpair()
    wake.setblocking(False)
    signal.signal(signal.SIGINT, _interrupt)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    _State.watched = True
    Thread(target=_watch, args=(woken,), daemon=True, name="interrupts").start()
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        wake.close()


def hand_over() -> None:
    """Leave Ctrl-C to a server that ends by it in its own way and time."""
    if _State.watched:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    _State.asked = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one would break into the cleaning up
    raise KeyboardInterrupt


def _watch(woken: socket.socket) -> None:
    """Wait for the signal; then interrupt DuckDB again and again, since the work may go on with its next query."""
    if bytes([signal.SIGINT]) != woken.recv(1):
        return
    _State.asked = True
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline:
        for connection in list(_open):
            with suppress(Exception):  # closed in the meantime
                connection.interrupt()
        time.sleep(0.05)
    if not _State.said:  # past everything that may hold the console
        os.write(2, f"{SHOW_CURSOR if os.isatty(2) else ''}{stopped()}\n".encode())
    os._exit(STATUS)
