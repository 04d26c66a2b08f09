"""The command line: parse, call the façade, print. Exit status 0 done, 1 the work failed, 2 the command or file is wrong.

Contract: a command is a few lines; what it needs is imported when it is called, so that `linkage --help` is quick. No
traceback reaches a user without --debug, and no register value reaches an error message.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

from linkage.cli import costs_of_rules as costs_of_rules
from linkage.cli import experimenting as experimenting
from linkage.cli import inspecting as inspecting
from linkage.cli import linking as linking
from linkage.cli import reconciling as reconciling
from linkage.cli import reporting as reporting
from linkage.cli import reviewing as reviewing
from linkage.cli.output import app, errors, refuse_other_stores
from linkage.errors import LinkageError


def main() -> None:
    """The command line as a process of its own, which ends with it."""
    # Imports make lasting objects by the thousand: looking for cycles among them took 0.4 s of a run.
    gc.set_threshold(50_000)
    statuses: list[int] = []
    # registered first, so called last: threads have ended and everything else that waits for the end is done
    atexit.register(_leave, statuses)
    try:
        run_command()
    except SystemExit as asked:
        if isinstance(asked.code, int):
            statuses.append(asked.code)
        raise


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
        refuse_other_stores(sys.argv[1:])
        app(standalone_mode=True)
    except LinkageError as error:
        if debug:
            raise
        errors.print(error.what, style="red", markup=False, soft_wrap=True)
        if error.remedy:
            errors.print(error.remedy, markup=False, soft_wrap=True)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        errors.print("Stopped. Finished stages are kept; the same command goes on from there.")
        sys.exit(130)
    except Exception as error:  # the last line of defence: the message may hold register values, so only its kind is shown
        if debug:
            raise
        errors.print(f"linkage failed inside ({type(error).__name__}). Run again with --debug to see where.", markup=False)
        sys.exit(1)
