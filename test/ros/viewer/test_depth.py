"""Depth as the node publishes it is read; what is malformed is named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from mem4d_ros.ros.conversions.depth import to_depth_image
from mem4d_ros.ros.viewer.depth import from_depth_image

DEPTH = np.array([[1.0, 2.5, np.nan], [0.25, 4.0, 8.0]], np.float32)


def message(**given: Any) -> Image:
    """A sound one of 4x4 pixels, but for what is given."""
    sound: dict[str, Any] = {"width": 4, "height": 4, "encoding": "32FC1", "step": 16}
    return Image(**{**sound, "data": [0] * 64, **given})


def test_the_nodes_depth_comes_back() -> None:
    np.testing.assert_array_equal(from_depth_image(to_depth_image(DEPTH, Header())), DEPTH)


def test_padded_rows_and_big_endian_values_are_read() -> None:
    rows = np.zeros((2, 4), ">f4")
    rows[:, :3] = DEPTH
    sent = message(width=3, height=2, is_bigendian=1, data=list(rows.tobytes()))
    found = from_depth_image(sent)
    np.testing.assert_array_equal(found, DEPTH)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"data": [0] * 60}, "60 bytes, but 4 rows of 16 bytes have 64"),
        ({"encoding": "16UC1"}, "encoding is '16UC1', not 32FC1"),
        ({"step": 12}, "rows of 12 bytes cannot hold 4 values"),
        ({"width": 0, "step": 0, "data": []}, "size is 0x4 pixels"),
    ],
)
def test_what_is_malformed_is_named(given: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        from_depth_image(message(**given))
