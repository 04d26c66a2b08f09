"""The command line: parse, call the façade, print. Exit status 0 done, 1 the work failed, 2 the command or file is wrong.

Contract: a command is a few lines; what it needs is imported when it is called, so that `linkage --help` is quick. No
traceback reaches a user without --debug, and no register value reaches an error message.
"""

from __future__ import annotations

import atexit
import gc
import sys

from linkage.cli import action as action
from linkage.cli import after as after
from linkage.cli import bench as bench
from linkage.cli import linking as linking
from linkage.cli import reviewing as reviewing
from linkage.cli import sources as sources
from linkage.cli.output import app, errors
from linkage.errors import LinkageError


def main() -> None:
    """Run the command line; no traceback reaches a user without --debug."""
    # Imports make lasting objects by the thousand: looking for cycles among them took 0.4 s of a run, and 0.2 s of its end.
    gc.set_threshold(50_000)
    atexit.register(gc.disable)
    debug = "--debug" in sys.argv
    sys.argv = [argument for argument in sys.argv if argument != "--debug"]
    try:
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
