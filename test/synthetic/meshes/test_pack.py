from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.synthetic.meshes import pack
from mem4d_ros.synthetic.meshes.catalogue import PLACES, Place
from mem4d_ros.synthetic.meshes.pack import MOST_TRIANGLES, TEXTURE_SIZE, load_source


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three triangles of the simple form, y up: textured, of glass, plain."""
    vertices = np.array(
        ((0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 0, 3), (1, 0, 3), (0, 2, 3), (5, 5, 5)), np.float32
    )
    np.savez(
        tmp_path / "scene.npz",
        V=vertices,
        F=np.array(((0, 1, 2), (3, 4, 5), (0, 2, 3)), np.int32),
        UV=np.array(((0, 0), (1, 0), (0, 1)), np.float32),
        FT=np.array(((0, 1, 2),) * 3, np.int32),
        M=np.array((0, 1, 2), np.int16),
    )
    materials = [
        {"texture": "leaf.png", "rgb": [1, 2, 3], "tag": ""},
        {"texture": None, "rgb": [9, 9, 9], "tag": "glass"},
        {"texture": None, "rgb": [40, 50, 60], "tag": "metal"},
    ]
    (tmp_path / "materials.json").write_text(json.dumps({"up": "y", "materials": materials}))
    (tmp_path / "textures").mkdir()
    leaf = np.full((900, 600, 4), 255, np.uint8)
    leaf[:300, :, 3] = 0
    cv2.imwrite(str(tmp_path / "textures" / "leaf.png"), leaf)
    return tmp_path


def test_glass_is_dropped_and_z_points_up(source: Path) -> None:
    mesh = load_source(source)
    assert len(mesh.faces) == 2
    corners = mesh.vertices[mesh.faces[0]]
    expected = np.array(((0, 0, 0), (1, 0, 0), (0, 0, 2)))  # y became z
    np.testing.assert_allclose(corners, expected, atol=1e-3)
    winding = np.cross(corners[1] - corners[0], corners[2] - corners[0])
    np.testing.assert_allclose(winding, (0, -2, 0), atol=0.01)  # +z of the source is -y


def test_textures_are_small_and_keep_their_holes(source: Path) -> None:
    mesh = load_source(source)
    image = cv2.imdecode(mesh.textures[0], cv2.IMREAD_UNCHANGED)
    assert image.shape == (TEXTURE_SIZE, round(TEXTURE_SIZE * 600 / 900), 4)
    assert mesh.materials[0].cut_out
    np.testing.assert_allclose((image[..., 3] < 128).mean(), 1 / 3, atol=0.02)
    assert mesh.materials[2].rgb == (40, 50, 60)
    assert mesh.materials[2].texture is None


def test_many_small_triangles_become_few_in_the_same_place(source: Path) -> None:
    side = 500  # a bumpy square metre of half a million triangles
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, side)] * 2, indexing="ij"), -1).reshape(-1, 2)
    heights = 0.02 * np.sin(9 * grid[:, 0]) * np.cos(7 * grid[:, 1])
    vertices = np.stack((grid[:, 0], heights, grid[:, 1]), 1).astype(np.float32)
    corner = (np.arange(side - 1)[:, None] * side + np.arange(side - 1)).ravel()
    upper = np.stack((corner, corner + 1, corner + side), 1)
    faces = np.concatenate((upper, np.stack((corner + 1, corner + side + 1, corner + side), 1)))
    np.savez(
        source / "scene.npz",
        V=vertices,
        F=faces.astype(np.int32),
        UV=np.zeros((1, 2), np.float32),
        FT=np.zeros_like(faces, np.int32),
        M=np.full(len(faces), 2, np.int16),
    )
    mesh = load_source(source)
    assert 1000 < len(mesh.faces) <= MOST_TRIANGLES < len(faces)
    x, y, z = mesh.vertices.T
    np.testing.assert_allclose(z, 0.02 * np.sin(9 * x) * np.cos(7 * -y), atol=1e-3)
    a, b, c = (mesh.vertices[mesh.faces[:, k]] for k in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    assert area == pytest.approx(1.0, rel=0.03)  # no holes


def test_hills_come_from_their_seed_and_need_no_file(
    source: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    hills = next(place for place in PLACES if place.hills is not None)
    of_a_file = Place(source.name, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    monkeypatch.setattr(pack, "PLACES", (hills, of_a_file))
    monkeypatch.setattr(pack, "OBJECTS", ())
    out = tmp_path_factory.mktemp("packed")
    (line,) = pack.pack(source.parent, out)
    assert line.startswith(source.name)
    assert [path.stem for path in (out / "places").iterdir()] == [source.name]
