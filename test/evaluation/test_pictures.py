"""Pictures are dark where there is no error and bright where there is."""

from __future__ import annotations

import numpy as np
import pytest
from oracle import room

from mem4d_ros.evaluation.boundaries import BoundaryScore
from mem4d_ros.evaluation.clouds import CloudErrors
from mem4d_ros.evaluation.depth import Alignment, DepthErrors
from mem4d_ros.evaluation.pictures import (
    cloud_error_picture,
    depth_error_picture,
    trajectory_picture,
)
from mem4d_ros.evaluation.pose import Paths, PoseResult, pose_errors
from mem4d_ros.evaluation.reconstruction import ErrorCloud, ReconstructionResult
from mem4d_ros.evaluation.video_depth import DepthExample, DepthResult

DEPTH = DepthResult("room", 1, {"scale": Alignment(2.0)}, {"scale": DepthErrors()}, BoundaryScore())
OVER_TIME = np.array([0.1, 0.3, 0.2])
CURVE_PX = 240  # height of the error over time, below the maps
CLOUD = ReconstructionResult("room", 1, CloudErrors(0, 0, 0, 0, 1, 1), 1.0)


def test_the_error_of_depth_is_that_of_the_aligned_one() -> None:
    truth = room(frames=1)
    depth = truth.depth[0]
    true = depth.copy()
    true[:8] = np.nan
    right = depth_error_picture(DEPTH, DepthExample(truth.images[0], depth / 2, true, OVER_TIME))
    wrong = depth_error_picture(DEPTH, DepthExample(truth.images[0], depth, true, OVER_TIME))
    assert right.shape == wrong.shape
    assert right.dtype == np.uint8
    height, width = (right.shape[0] - CURVE_PX) // 2, right.shape[1] // 2
    right, wrong = (picture[:-CURVE_PX] for picture in (right, wrong))
    errors = [picture[height + 100 : -60, width + 20 : -20] for picture in (right, wrong)]
    assert np.median(errors[0]) < 20  # black
    assert np.median(errors[1]) > 150  # half of it is beyond the scale


def test_a_frame_of_which_nothing_is_known_is_drawn_black() -> None:
    truth = room(frames=1)
    unknown = np.full_like(truth.depth[0], np.nan)
    picture = depth_error_picture(
        DEPTH, DepthExample(truth.images[0], truth.depth[0], unknown, OVER_TIME)
    )
    height, width = (picture.shape[0] - CURVE_PX) // 2, picture.shape[1] // 2
    assert np.median(picture[100 : height - 60, width + 20 : -20]) == 0


def test_the_error_over_time_is_drawn_below() -> None:
    truth = room(frames=1)
    given = (truth.images[0], truth.depth[0] / 2, truth.depth[0])
    flat, rising = (
        depth_error_picture(DEPTH, DepthExample(*given, errors))
        for errors in (np.full(3, 0.2), np.array([0.1, 0.2, 0.3]))
    )
    different = (flat != rising).any(-1)
    assert different[-CURVE_PX:].any()
    assert not different[:-CURVE_PX].any()


def test_both_paths_are_drawn() -> None:
    poses = room(frames=4).camera_to_world
    result = PoseResult("room", 4, pose_errors(poses, poses))
    found = poses[:, :3, 3]
    together = trajectory_picture(result, Paths(found, found))
    apart = trajectory_picture(result, Paths(found + [0.1, 0, 0.3], found))
    assert together.shape == apart.shape == (500, 1500, 3)
    assert (together != apart).any()


@pytest.mark.parametrize(("distance", "bright"), [(0.0, False), (1.0, True)])
def test_points_are_coloured_by_their_distance(distance: float, bright: bool) -> None:
    points = np.random.default_rng(0).normal(size=(60_000, 3))
    picture = cloud_error_picture(CLOUD, ErrorCloud(points, np.full(60_000, distance)))
    middle = picture[200:300, 200:300].reshape(-1, 3)  # of the left view
    assert (np.median(middle.sum(-1)) > 400) == bright
