"""Poses in texts mean what they mean in a URDF."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry.pose_text import parse_pose


def test_a_pose_is_read_as_urdf_reads_it() -> None:
    pose = parse_pose("1 2 3 0.1 -0.2 0.3")
    np.testing.assert_allclose(pose[:3, 3], [1, 2, 3])
    expected = Rotation.from_euler("xyz", [0.1, -0.2, 0.3]).as_matrix()
    np.testing.assert_allclose(pose[:3, :3], expected, atol=1e-12)


def test_an_empty_pose_is_the_identity() -> None:
    assert np.array_equal(parse_pose(" "), np.eye(4))


@pytest.mark.parametrize("text", ["1", "1 2 3", "a b c d e f", "0 0 0 0 0 inf", "0 0 0 0 0 0 0"])
def test_anything_else_is_no_pose(text: str) -> None:
    with pytest.raises(ValueError, match="six finite numbers"):
        parse_pose(text)
