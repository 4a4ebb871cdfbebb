from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.synthetic.meshes.mesh import prepare
from mem4d_ros.synthetic.meshes.packed import PackedMesh
from mem4d_ros.synthetic.meshes.terrain import LEVELS, terrain


@pytest.fixture(scope="module")
def hills() -> PackedMesh:
    return terrain(3, 600.0, 40.0)


def test_it_covers_a_square_about_the_origin(hills: PackedMesh) -> None:
    np.testing.assert_allclose(hills.vertices[:, :2].min(0), -300)
    np.testing.assert_allclose(hills.vertices[:, :2].max(0), 300)
    assert 20 < np.ptp(hills.vertices[:, 2]) < 200


def test_every_triangle_faces_up(hills: PackedMesh) -> None:
    assert (prepare(hills).face_normals[:, 2] > 0).all()


def test_the_middle_is_flatter(hills: PackedMesh) -> None:
    """Where a building or a car can stand."""
    mesh = prepare(hills)
    centre = mesh.vertices[mesh.faces].mean(1)
    near = np.hypot(centre[:, 0], centre[:, 1]) < 60
    assert mesh.face_normals[near, 2].mean() > mesh.face_normals[~near, 2].mean()


def test_grass_is_flat_and_rock_steep(hills: PackedMesh) -> None:
    upright = prepare(hills).face_normals[:, 2]
    means = [upright[hills.face_material == level].mean() for level in range(LEVELS)]
    assert means == sorted(means, reverse=True)


def test_a_seed_is_a_terrain() -> None:
    once, again = terrain(1, 100.0, 5.0), terrain(1, 100.0, 5.0)
    np.testing.assert_array_equal(once.vertices, again.vertices)
    assert not np.array_equal(once.vertices, terrain(2, 100.0, 5.0).vertices)
