from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.synthetic.scene.motion import Shuttle
from mem4d_ros.synthetic.scene.obstacles import Obstacles
from mem4d_ros.synthetic.scene.primitives import Shape
from mem4d_ros.synthetic.scene.scene import Material, Part, box

PLAIN = Material(texture=0)
NOW = np.zeros(1)


def test_the_distance_is_that_to_the_nearest_box() -> None:
    parts = (box((2, 2, 2), (0, 0, 0), PLAIN), box((1, 1, 1), (9, 0, 0), PLAIN))
    positions = np.array([[[4.0, 5.0, 0.0], [0.5, 0.5, 0.5], [8.0, 0.0, 0.0]]])
    np.testing.assert_allclose(Obstacles.of(parts, NOW).distance(positions), [[5.0, 0.0, 0.5]])


def test_turned_boxes_agree_with_many_points_on_them() -> None:
    rng = np.random.default_rng(0)
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec([0.5, -0.8, 1.2]).as_matrix()
    pose[:3, 3] = 1.0, 2.0, 3.0
    part = Part(Shape.BOX, (0.5, 1.0, 0.2), pose, PLAIN)
    inside = rng.uniform(-1, 1, (40_000, 3)).round(1) * part.half_size  # also edges and corners
    cloud = inside @ pose[:3, :3].T + pose[:3, 3]
    positions = rng.uniform(-2, 6, (20, 3))
    expected = np.linalg.norm(positions[:, None] - cloud, axis=-1).min(1)
    found = Obstacles.of([part], NOW).distance(positions[None])[0]
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_boxes_are_where_their_motion_takes_them() -> None:
    body = box((0.2, 0.2, 0.2), (0, 0, 0), PLAIN)
    motion = Shuttle((0.0, 0.0, 0.0), (4.0, 0.0, 0.0), period=2.0)
    moving = Part(body.shape, body.half_size, body.pose, PLAIN, motion=motion)
    distance = Obstacles.of([moving], np.array([0.0, 0.5, 1.0])).distance(np.zeros((3, 1, 3)))
    np.testing.assert_allclose(distance[:, 0], [0.0, 1.9, 3.9], atol=1e-12)


def test_without_obstacles_everything_is_far() -> None:
    assert Obstacles.of([], NOW).distance(np.zeros((1, 2, 3))) == pytest.approx(np.inf)
