from __future__ import annotations

import numpy as np
import pytest
from mesh_scenes import box, box_distance, checkers

from mem4d_ros.synthetic.meshes.bodies import join
from mem4d_ros.synthetic.meshes.looks import plain_look
from mem4d_ros.synthetic.meshes.mesh import prepare
from mem4d_ros.synthetic.meshes.packed import Material
from mem4d_ros.synthetic.meshes.surface import look_up
from mem4d_ros.synthetic.meshes.tracing import make_layer, trace

pytest.importorskip("embreex")

LOW, HIGH = np.array((-0.5, -0.5, -0.5)), np.array((0.5, 0.5, 0.5))
RED = Material((255, 0, 0), "", None, False)
CHECKERED = Material((0, 0, 0), "", 0, False)


def turned(angle: float, place: tuple[float, float, float], scale: float = 1.0) -> np.ndarray:
    pose = np.eye(4)
    c, s = np.cos(angle), np.sin(angle)
    pose[:3, :3] = scale * np.array(((c, -s, 0), (s, c, 0), (0, 0, 1)))
    pose[:3, 3] = place
    return pose


def test_each_body_stands_at_its_pose_with_its_own_colours() -> None:
    parts = [prepare(box(LOW, HIGH, RED)), prepare(box(LOW, HIGH, CHECKERED, checkers()))]
    bodies = join(parts)
    poses = np.stack((turned(0.4, (3, 0, 0)), turned(-1.0, (-4, 1, 0), 2.0)))
    layer = bodies.layer(poses)
    rng = np.random.default_rng(0)
    for number, pose in enumerate(poses):
        aim = pose[:3, 3] + 0.1 * rng.normal(size=(200, 3))
        directions = (aim / np.linalg.norm(aim, axis=1, keepdims=True)).astype(np.float32)
        origins = np.zeros_like(directions)
        hits = trace([layer], origins, directions)
        inverse = np.linalg.inv(pose)
        expected = box_distance(
            np.broadcast_to(inverse[:3, 3], (200, 3)), directions @ inverse[:3, :3].T, LOW, HIGH
        )
        np.testing.assert_allclose(hits.distance, expected, rtol=1e-4)
        assert (bodies.face_body[hits.face] == number).all()
        surface = look_up([layer], [plain_look(bodies.mesh)], hits, origins, directions, 1e-3)
        alone = make_layer(parts[number])
        local = np.ascontiguousarray(directions @ inverse[:3, :3].T, np.float32)
        start = np.ascontiguousarray(np.broadcast_to(inverse[:3, 3], (200, 3)), np.float32)
        own = trace([alone], start, local)
        reference = look_up([alone], [plain_look(parts[number])], own, start, local, 1e-3)
        scale = np.cbrt(np.linalg.det(pose[:3, :3]))
        np.testing.assert_allclose(
            surface.normal, reference.normal @ (pose[:3, :3] / scale).T, atol=1e-4
        )
        np.testing.assert_allclose(surface.albedo, reference.albedo, atol=0.02)
