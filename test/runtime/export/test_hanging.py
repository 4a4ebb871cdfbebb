"""What loops do to frames that were written before."""

from __future__ import annotations

import numpy as np

from mem4d_ros.mapping import Correction
from mem4d_ros.runtime.export.hanging import Hanging


def shift(metres: float) -> np.ndarray:
    motion = np.eye(4)
    motion[0, 3] = metres
    return motion


def test_frames_move_with_their_keyframes_one_loop_after_the_other() -> None:
    frames = Hanging().followed_by(0).followed_by(3).followed_by(4)
    once = frames.moved(Correction(np.array([0, 3]), np.array([np.eye(4), shift(1.0)])))
    twice = once.followed_by(4).moved(Correction(np.array([4]), shift(0.5)[None]))
    np.testing.assert_array_equal(twice.motions[:, 0, 3], [0, 1, 1.5, 0.5])
    np.testing.assert_array_equal(twice.have_moved, [False, True, True, True])


def test_without_a_loop_nothing_moves() -> None:
    frames = Hanging().followed_by(0).moved(None)
    assert not frames.have_moved.any()


def test_what_was_written_anew_has_not_moved_since() -> None:
    frames = Hanging().followed_by(0).moved(Correction(np.array([0]), shift(1.0)[None]))
    assert frames.have_moved.all()
    assert not frames.written().have_moved.any()
