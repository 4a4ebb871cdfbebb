"""Which tests of a parallel run share a process."""

from __future__ import annotations

from pathlib import Path

import pytest

OVER_ROS = ("ros", "launch", "bench")
"""Folders whose tests wait for DDS: one after the other, since each loads a core."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group those over ROS, and the others by file."""
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here)
        group = "ros" if file.parts[0] in OVER_ROS else str(file)
        item.add_marker(pytest.mark.xdist_group(group))
