"""Lines as a marker, and back."""

from __future__ import annotations

import numpy as np
import pytest
from std_msgs.msg import Header
from visualization_msgs.msg import Marker

from mem4d_ros.ros.conversions.lines import from_lines, to_lines

COLOUR = (255, 60, 220)


def test_lines_come_back_where_they_were() -> None:
    ends = np.random.default_rng(0).normal(0, 5, (4, 2, 3))
    marker = to_lines(ends, "lines", COLOUR, 0.02, Header(frame_id="map"))
    np.testing.assert_array_equal(from_lines(marker), ends)


def test_a_marker_of_lines_is_one_that_rviz_draws() -> None:
    marker = to_lines(np.zeros((1, 2, 3)), "lines", COLOUR, 0.02, Header(frame_id="map"))
    assert (marker.action, marker.type, len(marker.points)) == (Marker.ADD, Marker.LINE_LIST, 2)
    assert marker.pose.orientation.w == 1
    assert (marker.scale.x, marker.color.a, marker.color.r) == (0.02, 1, 1)


def test_no_lines_remove_those_before() -> None:
    marker = to_lines(np.empty((0, 2, 3)), "lines", COLOUR, 0.02, Header(frame_id="map"))
    assert marker.action == Marker.DELETE
    assert from_lines(marker).shape == (0, 2, 3)


def test_another_kind_of_marker_is_refused() -> None:
    with pytest.raises(ValueError, match="type 2"):
        from_lines(Marker(type=Marker.SPHERE))
