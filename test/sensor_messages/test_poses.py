"""Poses of messages, against scipy's rotations."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.sensor_messages.poses import pose_fault, rigid_matrix

PLACE = SimpleNamespace(x=1.0, y=-2.0, z=3.0)


def turn(x: float, y: float, z: float, w: float) -> SimpleNamespace:
    return SimpleNamespace(x=x, y=y, z=z, w=w)


def test_a_message_is_a_rigid_matrix() -> None:
    rotation = Rotation.from_euler("xyz", [0.4, -1.1, 2.5])
    found = rigid_matrix(turn(*rotation.as_quat()), PLACE)
    np.testing.assert_allclose(found[:3, :3], rotation.as_matrix(), atol=1e-12)
    assert found[:, 3].tolist() == [1, -2, 3, 1]
    assert pose_fault(turn(*rotation.as_quat()), PLACE) == ""


@pytest.mark.parametrize(
    ("rotation", "place", "fault"),
    [
        (turn(0, 0, 0, 0), PLACE, "orientation has the length 0 instead of 1"),
        (turn(0, 0, 0, float("nan")), PLACE, "orientation has the length nan"),
        (turn(0, 0, 0, 1), SimpleNamespace(x=0.0, y=float("inf"), z=0.0), "position is 0, inf, 0"),
    ],
)
def test_what_no_pose_can_be_is_named(
    rotation: SimpleNamespace, place: SimpleNamespace, fault: str
) -> None:
    assert fault in pose_fault(rotation, place)
