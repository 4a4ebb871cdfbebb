"""Every picture of README.md and docs/ comes from a command that is committed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from drawings import DRAWINGS  # noqa: E402
from pictures import PICTURES, Picture, make  # noqa: E402

MADE = {ROOT / picture.name for picture in PICTURES}
MADE |= {ROOT / "docs" / "drawings" / f"{name}.svg" for name in DRAWINGS}
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), ROOT / "bench/RESULTS.md"]


def shown() -> dict[Path, str]:
    """Pictures and the page on which each is."""
    return {
        (page.parent / link).resolve(): page.name
        for page in PAGES
        for link in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    }


def test_each_has_its_command_in_scripts_pictures_or_drawings() -> None:
    assert len(shown()) > 3
    assert {str(path): page for path, page in shown().items() if path not in MADE} == {}


def test_what_commands_make_is_there_and_shown() -> None:
    assert sorted(str(path) for path in MADE if not path.is_file()) == []
    assert sorted(str(path) for path in MADE - set(shown())) == []


def test_one_that_cannot_be_made_is_told_and_does_not_end_the_others(
    capfd: pytest.CaptureFixture[str],
) -> None:
    broken = Picture("docs/none.png", "{python} -c 'import sys; sys.exit(3)'", lambda out: out)
    assert make([broken], None) is False
    error = capfd.readouterr().err
    assert error == "docs/none.png: not made anew, the command ended with status 3\n"
