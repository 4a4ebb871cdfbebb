"""A record keeps what passes the filter, and is a reconstruction again."""

from __future__ import annotations

import numpy as np
from wall_model import WALL_M, WallModel, moving

from mem4d_ros.model import FrameOutput, MemorySizes
from mem4d_ros.runtime import OnlineReconstructor, PointFilter, Reconstruction, select_points
from mem4d_ros.runtime.export import FrameRecord


def uneven(output: FrameOutput) -> None:
    output.confidence_world[:, :, :20] = 1.5
    output.points_world[:, :10] = float("nan")


def found(frames: int) -> Reconstruction:
    online = OnlineReconstructor(WallModel(edit=uneven), 64, MemorySizes())
    return [online.process(np.full((48, 64, 3), i, np.uint8), i) for i in range(frames)][-1]


def test_points_are_those_that_the_node_would_publish() -> None:
    for keep in (PointFilter(), PointFilter(min_confidence=2), PointFilter(max_range=2.1)):
        one = found(3)
        expected = select_points(
            one.points_world, one.confidence_world, one.image, one.camera_to_world[:3, 3], keep
        )
        points = FrameRecord.of(one, "a", keep).points()
        assert 0 < len(points.positions) < 48 * 64
        for name, values in vars(expected).items():
            np.testing.assert_array_equal(getattr(points, name), values)


def test_points_at_some_pixels() -> None:
    record = FrameRecord.of(found(1), "a", PointFilter())
    where = np.zeros((48, 64), bool)
    where[5:15, 3] = True
    np.testing.assert_array_equal(record.points(where).positions, record.points_world[10:15, 3])


def test_it_is_a_reconstruction_again() -> None:
    one = found(4)
    again = FrameRecord.of(one, "a", PointFilter(min_confidence=2)).reconstruction(3)
    kept = one.confidence_world >= 2
    assert again.frame_index == 3
    for name in ("image", "depth", "camera_to_world", "intrinsics", "stamp_ns", "pose_measured"):
        np.testing.assert_array_equal(getattr(again, name), getattr(one, name))
    np.testing.assert_array_equal(again.points_world[kept], one.points_world[kept])
    np.testing.assert_allclose(again.points_camera[kept], one.points_camera[kept], atol=1e-5)
    assert (again.confidence_world[~kept] == 0).all()
    assert np.isnan(again.points_world[~kept]).all()
    np.testing.assert_allclose(again.points_world[kept][:, 2], WALL_M, atol=1e-5)
    np.testing.assert_allclose(again.camera_to_world, moving(3), atol=1e-6)
