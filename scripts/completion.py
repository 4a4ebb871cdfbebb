"""Print the completion of `mem4d` for a shell: python scripts/completion.py bash, zsh or fish."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, _SubParsersAction
from pathlib import Path

import shtab

from mem4d_ros.cli.main import build_parser

FOLDERS = ("FOLDER", "DIR")
"""How options call them."""


def complete_paths(parser: ArgumentParser) -> None:
    """Let every path of a parser, and of those below it, be completed as one."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for below in action.choices.values():
                complete_paths(below)
        elif action.type is Path:
            action.complete = shtab.DIRECTORY if action.metavar in FOLDERS else shtab.FILE


def main() -> None:
    """Print it."""
    parser = build_parser()
    complete_paths(parser)
    print(shtab.complete(parser, sys.argv[1]))


if __name__ == "__main__":
    main()
