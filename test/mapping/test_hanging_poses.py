"""A path as loops have moved it: each pose under all corrections since it was added."""

from __future__ import annotations

import numpy as np

from mem4d_ros.mapping import Correction, HangingPoses, moved_pose


def shifted(x: float) -> np.ndarray:
    motion = np.eye(4)
    motion[0, 3] = x
    return motion


def test_each_pose_moves_under_the_corrections_since_it_was_added() -> None:
    path = HangingPoses()
    doubling = np.diag([2.0, 2.0, 2.0, 1.0])
    first = Correction(np.array([0, 3]), np.stack([np.eye(4), shifted(-1.0)]))
    second = Correction(np.array([0]), doubling[None])
    path.move(first)  # nothing is there yet
    path.add(shifted(5.0), 0)
    path.add(shifted(7.0), 3)
    path.move(first)
    path.add(shifted(8.0), 4)
    path.move(second)
    expected = [
        moved_pose(doubling, shifted(5.0)),
        moved_pose(doubling, shifted(6.0)),
        moved_pose(doubling, shifted(8.0)),
    ]
    np.testing.assert_array_equal(path.poses, expected)


def test_an_empty_path_has_no_poses() -> None:
    assert HangingPoses().poses.shape == (0, 4, 4)
