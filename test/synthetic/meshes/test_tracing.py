from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from mesh_scenes import WHITE, box, box_distance, image_file

from mem4d_ros.synthetic.meshes import tracing
from mem4d_ros.synthetic.meshes.mesh import prepare
from mem4d_ros.synthetic.meshes.packed import Material, PackedMesh
from mem4d_ros.synthetic.meshes.tracing import Layer, blocked, make_layer, trace

pytest.importorskip("embreex")

BOXES = [
    (np.array((1.0, -1.0, -1.0)), np.array((2.0, 1.0, 0.5))),
    (np.array((-3.0, -0.5, 0.5)), np.array((-1.5, 2.0, 1.5))),
    (np.array((3.0, 0.2, -0.4)), np.array((4.0, 1.0, 2.0))),
]


@pytest.fixture
def rays() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(4000, 3)).astype(np.float32)
    return 0.2 * rng.normal(size=(4000, 3)).astype(np.float32), directions


@pytest.fixture
def layers() -> list[Layer]:
    return [make_layer(prepare(box(low, high))) for low, high in BOXES]


def test_the_nearest_of_all_layers_is_hit(
    layers: list[Layer], rays: tuple[np.ndarray, np.ndarray]
) -> None:
    hits = trace(layers, *rays)
    every = np.stack([box_distance(*rays, low, high) for low, high in BOXES])
    np.testing.assert_allclose(hits.distance, every.min(0), rtol=1e-4)
    np.testing.assert_array_equal(hits.found, np.isfinite(every.min(0)))
    found = hits.found
    np.testing.assert_array_equal(hits.layer[found], every.argmin(0)[found])


def test_a_ray_is_blocked_by_what_is_nearer_than_its_end(
    layers: list[Layer], rays: tuple[np.ndarray, np.ndarray]
) -> None:
    reach = np.random.default_rng(1).uniform(0, 3, 4000).astype(np.float32)
    every = np.stack([box_distance(*rays, low, high) for low, high in BOXES]).min(0)
    clear_cut = np.abs(every - reach) > 1e-3
    found = blocked(layers, *rays, reach)
    np.testing.assert_array_equal(found[clear_cut], (every < reach)[clear_cut])


def wall_with_a_hole() -> PackedMesh:
    """A unit square at x = 1 whose upper half is transparent."""
    image = np.full((8, 8, 4), 255, np.uint8)
    image[:4, :, 3] = 0
    return PackedMesh(
        vertices=np.array(((1, -1, -1), (1, 1, -1), (1, 1, 1), (1, -1, 1)), np.float32),
        faces=np.array(((0, 1, 2), (0, 2, 3)), np.int32),
        uv=np.array(((0, 0), (1, 0), (1, 1), (0, 1)), np.float32),
        face_uv=np.array(((0, 1, 2), (0, 2, 3)), np.int32),
        face_material=np.zeros(2, np.int16),
        materials=(Material((0, 0, 0), "mask", 0, True),),
        textures=(image_file(image),),
    )


def test_rays_and_light_pass_holes_only() -> None:
    behind = make_layer(prepare(box(np.array((2.0, -2, -2)), np.array((3.0, 2, 2)), WHITE)))
    layers = [make_layer(prepare(wall_with_a_hole())), behind]
    origins = np.zeros((2, 3), np.float32)
    directions = np.array(((1, 0, 0.5), (1, 0, -0.5)), np.float32)  # the hole, the wall
    hits = trace(layers, origins, directions)
    np.testing.assert_allclose(hits.distance, (2, 1), rtol=1e-5)
    np.testing.assert_array_equal(hits.layer, (1, 0))
    reach = np.full(2, 1.5, np.float32)
    np.testing.assert_array_equal(blocked(layers, origins, directions, reach), (False, True))


def test_a_layer_may_stand_elsewhere_than_its_mesh() -> None:
    mesh = prepare(box(*BOXES[0]))
    moved = make_layer(mesh, mesh.vertices + np.array((0, 0, 5), np.float32))
    hits = trace([moved], np.array([[1.5, 0, 0]], np.float32), np.array([[0, 0, 1]], np.float32))
    np.testing.assert_allclose(hits.distance, 4, rtol=1e-5)


def test_the_missing_engine_is_named_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tracing._engine.cache_clear()
    monkeypatch.setitem(sys.modules, "embreex.rtcore_scene", None)
    monkeypatch.setitem(sys.modules, "embreex.mesh_construction", None)
    with pytest.raises(ModuleNotFoundError, match="embreex: pip install"):
        make_layer(prepare(box(*BOXES[0])))


@pytest.mark.skipif(sys.platform != "linux", reason="counts threads in /proc")
@pytest.mark.long
def test_one_process_uses_one_core_and_gives_the_others_back() -> None:
    program = """
import os
import numpy as np
from mem4d_ros.synthetic.meshes.tracing import _tree
threads, cores = len(os.listdir("/proc/self/task")), os.sched_getaffinity(0)
vertices = np.random.default_rng(0).random((3000, 3), np.float32)
faces = np.arange(3000, dtype=np.int32).reshape(-1, 3)
_tree(vertices, faces).run(vertices[:9], vertices[:9])
assert os.sched_getaffinity(0) == cores
print(len(os.listdir("/proc/self/task")) - threads)
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "0"
