"""What ends a command early: one line that says why, and the exit status; never a bare traceback.

`--verbose` shows the traceback, too. Exit statuses are 1 for an error, 2 for a wrong command line,
and the shell's own for a signal: 130 for Ctrl-C, 141 where nobody reads the output any more.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from mem4d_ros.extras import EXTRAS, missing

FAILED, INTERRUPTED, BROKEN_PIPE = 1, 130, 141


class UserError(Exception):
    """Something the user can mend; the message names it and the remedy."""


def exit_status(command: str, run: Callable[[], int], verbose: bool) -> int:
    """Run a command to its end, whatever that is; `command` begins the line of an error."""
    try:
        try:
            return run()
        finally:
            _flush()
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        print(f"{command}: interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if verbose:
            traceback.print_exc()
        print(f"{command}: {' '.join(describe(error).split())}", file=sys.stderr)
        return FAILED


def describe(error: Exception) -> str:
    """What is wrong, and what to do."""
    if isinstance(error, UserError):
        return str(error)
    if isinstance(error, ModuleNotFoundError):
        module = (error.name or "").partition(".")[0]
        if module in EXTRAS:
            return missing(module, "this")
    if isinstance(error, OSError) and error.strerror:
        return ": ".join(str(part) for part in (error.filename, error.strerror) if part)
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":  # torch's
        return f"out of memory: take a smaller network, image or memory ({error})"
    return (
        f"a fault of mem4d, please report it: {type(error).__name__}: {error}"
        " (--verbose shows where)"
    )


def _flush() -> None:
    """Find out here, not while Python ends, that a pipe is broken or a disk full."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the last flush
        raise
