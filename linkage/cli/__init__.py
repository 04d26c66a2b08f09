"""The command line: parse, call the façade, print. Exit status 0 done, 1 the work failed, 2 the command or file is wrong.

Contract: a command is a few lines; what it needs is imported when it is called, so that `linkage --help` is quick. No
traceback reaches a user without --debug, and no register value reaches an error message. Ctrl-C ends any command within three
seconds (`linkage.interrupts`), from before its commands are imported.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from typing import NoReturn

from linkage import interrupts
from linkage.errors import LinkageError


def main() -> None:
    """The command line as a process of its own, which ends with it."""
    # Imports make lasting objects by the thousand: looking for cycles among them took 0.4 s of a run.
    gc.set_threshold(50_000)
    # Matrices here are small: a second thread of NumPy's does nothing but wait, and counts in another order on other machines.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    statuses: list[int] = []
    # registered first, so called last: threads have ended and everything else that waits for the end is done
    atexit.register(_leave, statuses)
    try:
        with interrupts.answered():
            run_command()
    except SystemExit as asked:
        if isinstance(asked.code, int):
            statuses.append(asked.code)
        raise
    except KeyboardInterrupt:  # between two lines of this file
        interrupts.say_stopped()
        statuses.append(interrupts.STATUS)


def _leave(statuses: list[int]) -> None:
    """End at once: taking the interpreter apart object by object took 0.4 s of a run."""
    if statuses:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(statuses[0])


def run_command() -> None:
    """Run the command of `sys.argv`; no traceback reaches a user without --debug."""
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
        _dispatch()
    except BaseException as error:
        # Whatever fails once the process was asked to stop (DuckDB's RuntimeError, an exit of typer's) fails of that.
        if interrupts.asked() or _is_stop(error):
            interrupts.say_stopped()
            sys.exit(interrupts.STATUS)
        if debug or not isinstance(error, Exception):
            raise
        _say_failed(error)
    if interrupts.asked():
        interrupts.say_stopped()
        sys.exit(interrupts.STATUS)


def _dispatch() -> None:
    from linkage.cli.commands import app
    from linkage.cli.output import refuse_other_stores

    refuse_other_stores(sys.argv[1:])
    app(standalone_mode=True)


def _is_stop(error: BaseException) -> bool:
    return isinstance(error, KeyboardInterrupt) or (isinstance(error, SystemExit) and error.code == interrupts.STATUS)


def _say_failed(error: Exception) -> NoReturn:
    from linkage.cli.output import errors

    if isinstance(error, LinkageError):
        errors.print(error.what, style="red", markup=False, soft_wrap=True)
        if error.remedy:
            errors.print(error.remedy, markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
    # the last line of defence: the message may hold register values, so only its kind is shown
    errors.print(f"linkage failed inside ({type(error).__name__}). Run again with --debug to see where.", markup=False)
    sys.exit(1)
