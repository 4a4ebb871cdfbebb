"""Errors that end a command with one line instead of a traceback."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend; the message names it and the remedy."""
