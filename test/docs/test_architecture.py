"""What docs/architecture.md and CONTRIBUTING.md name is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mem4d_ros"
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
STEPS = re.findall(r"\| `([\w/]+\.py)` \| `([\w.]+)` \|", ARCHITECTURE)


def defined_in(file: Path) -> set[str]:
    """Functions and classes, and methods as `Class.method`."""
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{m.name}" for m in node.body if isinstance(m, ast.FunctionDef)}
    return names


def test_each_step_of_an_image_is_where_the_table_says() -> None:
    assert len(STEPS) > 15
    missing = [step for step in STEPS if step[1] not in defined_in(PACKAGE / step[0])]
    assert missing == []


@pytest.mark.parametrize("text", [ARCHITECTURE, CONTRIBUTING], ids=["architecture", "contributing"])
def test_paths_lead_somewhere(text: str) -> None:
    paths = re.findall(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|yaml|toml|xml|txt)))`", text)
    assert len(paths) > 10
    roots = (ROOT, PACKAGE, *(path for path in PACKAGE.iterdir() if path.is_dir()))
    missing = [path for path in paths if not any((root / path).exists() for root in roots)]
    assert missing == []
