"""docs/interface.md says what the code says."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import messages  # noqa: E402

PAGE = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    """What stands between `<!-- name: … -->` and `<!-- end -->`."""
    match = re.search(rf"<!-- {name}: .*? -->\n(.*?)<!-- end -->", PAGE, re.DOTALL)
    assert match, f"docs/interface.md has no section {name}"
    return match[1]


def test_tables_are_generated() -> None:
    parameters = pytest.importorskip("mem4d_ros.ros.interface.parameters", reason="needs ROS")
    topics = pytest.importorskip("mem4d_ros.ros.interface.topics", reason="needs ROS")
    assert section("topics") == topics.markdown()
    assert section("parameters") == parameters.markdown()


def test_every_message_and_service_is_there_with_its_comments() -> None:
    assert section("messages") == messages.markdown()
    for path in (*ROOT.glob("msg/*.msg"), *ROOT.glob("srv/*.srv")):
        assert path.read_text(encoding="utf-8").strip() in PAGE
