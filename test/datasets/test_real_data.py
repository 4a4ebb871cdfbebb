"""Published recordings, from $MEM4D_TEST_DATA or ../shared/data; skipped where there are none."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mem4d_ros.datasets import open_dataset, open_samples
from mem4d_ros.geometry import project, rigid_inverse, transform_points, unproject

DATA = Path(
    os.environ.get("MEM4D_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")
).resolve()


def folder(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{path} is absent")
    return path


def test_seven_scenes_surfaces_stay_where_they_are() -> None:
    """Depth, pose and intrinsics agree: points of one frame lie at the depth that another sees."""
    (kitchen,) = open_dataset("7scenes", folder("redkitchen"))
    assert len(kitchen) == 200
    first, second = kitchen[0], kitchen[3]
    assert first.image.shape == (480, 640, 3)
    points = transform_points(
        rigid_inverse(second.camera_to_world) @ first.camera_to_world,
        unproject(first.depth.astype(np.float64), first.intrinsics),
    )
    pixels = project(points, second.intrinsics)[0].round()
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= 0) & (pixels < (640, 480))).all(-1) & np.isfinite(points[..., 2])
    columns, rows = pixels[inside].astype(int).T
    seen = second.depth[rows, columns]
    relative = np.abs(seen / points[inside][:, 2] - 1)
    assert inside.mean() > 0.5
    assert np.nanmedian(relative) < 0.01


def test_kitti_odometry_has_the_published_path() -> None:
    (drive,) = open_dataset("kitti", folder("kitti01"))
    poses = np.stack([sample.camera_to_world for sample in drive])
    assert len(drive) == 51
    assert drive[0].image.shape == (376, 1241, 3)
    np.testing.assert_allclose(poses[0], np.eye(4), atol=1e-6)
    steps = np.linalg.norm(np.diff(poses[:, :3, 3], axis=0), axis=-1)
    assert steps.sum() == pytest.approx(51.8, abs=0.05)
    assert drive[0].intrinsics is not None
    assert drive[0].intrinsics[[0, 1, 0, 1], [0, 1, 2, 2]].tolist() == [
        *(718.856, 718.856, 607.1928, 185.2157)
    ]


@pytest.mark.parametrize(
    ("topic", "stamp_s"), [("/image", 1553145698.459), ("/image/compressed", 1553389871.648)]
)
def test_a_recorded_bag(topic: str, stamp_s: float) -> None:
    """Of ROS 2's first years: its types have no /msg/, and its stamps are zero."""
    stream = open_samples(folder("bag") / "sample.db3", topic=topic)
    (sample,) = stream
    assert stream.length == 1
    assert sample.image.shape == (480, 640, 3)
    assert sample.image.std() > 20
    assert sample.stamp_s == pytest.approx(stamp_s, abs=1e-2)
