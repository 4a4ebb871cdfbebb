"""Which tests of a parallel run share a process; what killed processes leave behind."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem4d_ros.doctor.shared_memory import LOCK, left_behind

OVER_ROS = ("ros", "launch", "bench")
"""Folders whose tests wait for DDS: one after the other, since each loads a core."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group those over ROS, and the others by file."""
    here = Path(__file__).parent
    for item in items:
        file = item.path.relative_to(here)
        group = "ros" if file.parts[0] in OVER_ROS else str(file)
        item.add_marker(pytest.mark.xdist_group(group))


def pytest_sessionfinish() -> None:
    """Give back the shared memory of nodes that were killed, as `fastdds shm clean` does."""
    for segment, _ in left_behind():
        segment.unlink(missing_ok=True)
        segment.with_name(segment.name + LOCK).unlink(missing_ok=True)
