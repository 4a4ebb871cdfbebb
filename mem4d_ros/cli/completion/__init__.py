"""`mem4d completion`: the shell's completion of this command, for bash, zsh or fish."""

from __future__ import annotations

import argparse
from importlib.resources import files
from typing import TYPE_CHECKING

from mem4d_ros.cli.parser import summary

if TYPE_CHECKING:
    from argparse import _SubParsersAction

    from mem4d_ros.cli.parser import CommandParser

SHELLS = ("bash", "zsh", "fish")
EXAMPLES = {
    "mem4d completion bash > ~/.local/share/bash-completion/completions/mem4d": "bash, with the"
    " package bash-completion",
    "mem4d completion zsh > ~/.zfunc/_mem4d": "zsh, with `fpath+=~/.zfunc` before compinit",
    "mem4d completion fish > ~/.config/fish/completions/mem4d.fish": "fish",
}


def add_parser(commands: _SubParsersAction[CommandParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser(
        "completion",
        help=summary(__doc__),
        description="Print a script that makes the shell complete commands, options and names.",
        examples=EXAMPLES,
    )
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to read the script")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print the script, which `make generate` has made from the parser."""
    script = files(__name__) / f"mem4d.{options.shell}"
    print(script.read_text(encoding="utf-8"), end="")
    return 0
