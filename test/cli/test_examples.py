"""The examples of every command's help, and the commands of the documents, are understood."""

from __future__ import annotations

import re
import shlex
from argparse import _SubParsersAction
from collections.abc import Iterator
from pathlib import Path

import pytest

from mem4d_ros.cli.main import build_parser
from mem4d_ros.cli.parser import CommandParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "training/README.md", "bench/RESULTS.md", "MODEL_CARD.md", "docs/*.md")


def parsers(parser: CommandParser) -> Iterator[CommandParser]:
    """Those of all commands, however deep."""
    yield parser
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


PARSERS = {each.prog: each for each in parsers(build_parser())}
EXAMPLES = [line for each in PARSERS.values() for line in each.examples]


def documented() -> list[str]:
    """Lines of code blocks that begin with the command, without their comments."""
    lines: set[str] = set()
    for pattern in DOCUMENTS:
        for document in ROOT.glob(pattern):
            for block in re.findall(r"^```\w*\n(.*?)^```", document.read_text(), re.M | re.S):
                whole = block.replace("\\\n", " ").splitlines()
                lines |= {line.strip() for line in whole if line.startswith("mem4d ")}
    return sorted(lines)


def understood(line: str) -> bool:
    line = re.sub(r"<[^>]+>", "PLACE", line).partition(" > ")[0]
    words = shlex.split(line, comments=True)
    assert words[0] == "mem4d"
    return callable(build_parser().parse_args(words[1:]).run)


@pytest.mark.parametrize("prog", [name for name in PARSERS if name != "mem4d"])
def test_every_command_has_examples_in_its_help(prog: str) -> None:
    parser = PARSERS[prog]
    assert parser.examples
    for line, meaning in parser.examples.items():
        assert line.startswith(prog)
        assert f"  # {meaning}\n  {line}\n" in parser.format_help()


@pytest.mark.parametrize("line", EXAMPLES)
def test_an_example_is_understood(line: str) -> None:
    assert understood(line)


@pytest.mark.parametrize("line", documented())
def test_a_documented_command_is_understood(line: str) -> None:
    if "…" in line:
        pytest.skip("it leaves something out")
    assert understood(line)


@pytest.mark.parametrize("prog", PARSERS)
def test_every_command_and_option_says_what_it_is(prog: str) -> None:
    for action in PARSERS[prog]._actions:
        assert action.help or isinstance(action, _SubParsersAction), action.dest
