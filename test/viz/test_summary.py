"""The picture of a whole reconstruction."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import FrameRecord
from mem4d_ros.viz import summary_picture

POINTS = ColouredPoints(
    np.random.default_rng(0).uniform((-1, -1, 2), (1, 1, 3), (500, 3)).astype(np.float32),
    np.full((500, 3), (255, 0, 0), np.uint8),
    np.ones(500, np.float32),
)
RED, GREEN = (255, 0, 0), (0, 255, 0)


def frame() -> FrameRecord:
    return FrameRecord(
        name="a",
        stamp_ns=0,
        image=np.full((48, 64, 3), GREEN, np.uint8),
        depth=np.full((48, 64), 2, np.float32),
        points_world=np.full((48, 64, 3), np.nan, np.float32),
        confidence=np.zeros((48, 64), np.float32),
        camera_to_world=np.eye(4),
        pose_measured=True,
        intrinsics=np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]),
    )


def test_images_stand_over_the_views_of_the_cloud() -> None:
    picture = summary_picture([frame(), frame()], POINTS, np.eye(4)[None])
    top, bottom = np.array_split(picture, [810])
    assert (top == GREEN).all(-1).mean() > 0.2
    reddish = (bottom[..., 0] > 100) & (bottom[..., 1:] < 20).all(-1)
    assert reddish.mean() > 0.02


def test_without_frames_there_is_no_picture() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        summary_picture([], POINTS, np.eye(4)[None])


def test_the_summary_of_one_frame_is_wide_enough_for_its_titles() -> None:
    one, many = (
        summary_picture([frame()] * count, POINTS, np.eye(4)[None]).shape[1] for count in (1, 3)
    )
    assert one == many
