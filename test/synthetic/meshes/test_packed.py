from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mesh_scenes import WHITE, room

from mem4d_ros.synthetic.meshes.packed import CorruptMesh, PackedMesh, read_mesh, write_mesh


def corners(mesh: PackedMesh) -> np.ndarray:
    return mesh.vertices[mesh.faces]


@given(
    vertices=hnp.arrays(np.float32, (9, 3), elements=st.floats(-1000, 1000, width=32)),
    uv=hnp.arrays(np.float32, (5, 2), elements=st.floats(-50, 50, width=32)),
    faces=hnp.arrays(np.int32, (7, 3), elements=st.integers(0, 8)),
    face_uv=hnp.arrays(np.int32, (7, 3), elements=st.integers(0, 4)),
)
def test_each_corner_comes_back_to_half_a_unit(
    tmp_path_factory: pytest.TempPathFactory,
    vertices: np.ndarray,
    uv: np.ndarray,
    faces: np.ndarray,
    face_uv: np.ndarray,
) -> None:
    mesh = PackedMesh(vertices, faces, uv, face_uv, np.zeros(7, np.int16), (WHITE,), ())
    path = tmp_path_factory.mktemp("packed") / "mesh"
    write_mesh(path, mesh)
    again = read_mesh(path)
    np.testing.assert_allclose(corners(again), corners(mesh), atol=0.00051, rtol=2e-7)
    np.testing.assert_allclose(again.uv[again.face_uv], uv[face_uv], atol=0.5 / 2048 + 1e-5)


def test_materials_and_textures_come_back(tmp_path: Path) -> None:
    write_mesh(tmp_path / "room", room())
    again = read_mesh(tmp_path / "room")
    assert again.materials == room().materials
    np.testing.assert_array_equal(again.face_material, room().face_material)
    np.testing.assert_array_equal(again.textures[0], room().textures[0])


def test_a_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CorruptMesh, match=r"nowhere.mesh is missing: make it with .*pack"):
        read_mesh(tmp_path / "nowhere.mesh")


@pytest.mark.parametrize("share", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, share: float) -> None:
    path = tmp_path / "room.mesh"
    write_mesh(path, room())
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(CorruptMesh, match=r"room.mesh is not a whole packed mesh"):
        read_mesh(path)


def test_another_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "room.mesh"
    path.write_bytes(b"solid a mesh of another kind")
    with pytest.raises(CorruptMesh, match=r"room.mesh is not a whole packed mesh"):
        read_mesh(path)


def test_a_triangle_without_its_vertex_is_not_read(tmp_path: Path) -> None:
    mesh = room()
    path = tmp_path / "room.mesh"
    unknown = np.full_like(mesh.face_material, 7)
    write_mesh(path, PackedMesh(**{**vars(mesh), "face_material": unknown}))
    with pytest.raises(CorruptMesh, match="names something that is not there"):
        read_mesh(path)
