"""docs/viewer.md says what the code says."""

from __future__ import annotations

from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "viewer.md").read_text(encoding="utf-8")


def test_the_table_of_parameters_is_generated() -> None:
    settings = pytest.importorskip("mem4d_ros.ros.viewer.settings", reason="needs ROS")
    parameters = pytest.importorskip("mem4d_ros.ros.interface.parameters", reason="needs ROS")
    assert parameters.table(settings.parameters()) in PAGE
