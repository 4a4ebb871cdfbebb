"""The parser of a command: examples at the end of its help, and `--verbose` everywhere."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn


def summary(documentation: str | None) -> str:
    """What a command does, as its module begins; empty where Python leaves that out (-OO)."""
    return (documentation or "").partition("\n")[0].partition(": ")[2].rstrip(".")


def positive(text: str) -> int:
    """A whole number of at least 1, as the type of an option."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return number


class CommandParser(argparse.ArgumentParser):
    """A parser of `mem4d`, or of a command below it."""

    def __init__(
        self, *arguments: Any, examples: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        """`examples` are command lines, each with its meaning."""
        super().__init__(*arguments, **options)
        self.examples = dict(examples or {})
        self.add_argument(
            "--verbose",
            action="store_true",
            default=argparse.SUPPRESS,  # a command below must not take back what was said before it
            help="show where in the code an error came from",
        )

    def format_help(self) -> str:
        """With the examples."""
        shown = [f"  # {meaning}\n  {line}\n" for line, meaning in self.examples.items()]
        return super().format_help() + ("\nexamples:\n" + "\n".join(shown) if shown else "")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Refuse what is unknown here, where it is known which command it was meant for."""
        options, unknown = super().parse_known_args(args, namespace)
        if unknown:
            known = difflib.get_close_matches(unknown[0], self._option_string_actions, 1)
            meant = f"; {known[0]} is meant?" if known else ""
            self.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return options, unknown

    def error(self, message: str) -> NoReturn:
        """End with one line, not with all of the usage before it."""
        self.exit(2, f"{self.prog}: error: {message} ({self.prog} --help says more)\n")
