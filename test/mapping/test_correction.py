"""What hangs on keyframes goes along with them."""

from __future__ import annotations

import numpy as np

from mem4d_ros.mapping import Correction, moved_pose, scale_of
from mem4d_ros.mapping.rotations import exponential

TURN = exponential(np.array([0.1, -0.2, 0.3]))


def similarity(scale: float, shift: float) -> np.ndarray:
    motion = np.eye(4)
    motion[:3, :3] = scale * TURN
    motion[:3, 3] = shift
    return motion


def test_a_keyframe_that_was_given_up_moves_as_the_one_before_it() -> None:
    motions = np.array([similarity(1.0, 0.1), similarity(1.1, 0.2), similarity(1.2, 0.3)])
    correction = Correction(np.array([4, 7, 9]), motions)
    np.testing.assert_array_equal(
        correction.of(np.array([2, 4, 6, 7, 8, 9, 12])),
        np.array([np.eye(4), *motions[[0, 0, 1, 1, 2, 2]]]),
    )


def test_a_camera_moves_and_turns_but_does_not_grow() -> None:
    pose = np.eye(4)
    pose[:3, 3] = 1, 2, 3
    moved = moved_pose(similarity(2.0, 0.5), pose)
    np.testing.assert_allclose(moved[:3, :3], TURN, atol=1e-12)
    np.testing.assert_allclose(moved[:3, 3], 2 * TURN @ [1, 2, 3] + 0.5)


def test_seen_from_another_frame_the_same_points_go_to_the_same_places() -> None:
    ends = np.array([[(0.1, 0.2, 0.3), (-1.0, 0.0, 2.0)]])
    correction = Correction(np.array([0]), similarity(1.3, -0.4)[None], ends)
    other = similarity(0.5, 2.0)
    point = np.array([0.3, -1.0, 2.0, 1.0])
    there = correction.seen_from(other).motions[0] @ other @ point
    np.testing.assert_allclose(there, other @ correction.motions[0] @ point)
    assert np.isclose(scale_of(correction.motions[0]), 1.3)
    np.testing.assert_allclose(
        correction.seen_from(other).links[0, 1], (other @ [-1.0, 0.0, 2.0, 1.0])[:3]
    )
