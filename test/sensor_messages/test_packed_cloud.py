"""Records of a cloud are in bytes what a structured array of the same fields would be."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.sensor_messages.packed_cloud import POINT, packed_cloud, unpacked_cloud


@pytest.mark.parametrize("count", [0, 1, 500])
def test_bytes_are_those_of_a_structured_array(count: int) -> None:
    rng = np.random.default_rng(count)
    positions = rng.normal(size=(count, 3)).astype(np.float32)
    colours = rng.integers(0, 256, (count, 3), np.uint8)
    confidences = rng.uniform(1, 5, count).astype(np.float32)
    expected = np.zeros(count, POINT)
    for axis, name in enumerate("xyz"):
        expected[name] = positions[:, axis]
    red, green, blue = colours.T.astype(np.uint32)
    expected["rgb"] = (red << 16 | green << 8 | blue).view(np.float32)
    expected["confidence"] = confidences
    data = packed_cloud(positions, colours, confidences)
    assert data.tobytes() == expected.tobytes()
    for given, again in zip(
        (positions, colours, confidences),
        unpacked_cloud(np.frombuffer(data, POINT)),
        strict=True,
    ):
        assert np.array_equal(given, again)
