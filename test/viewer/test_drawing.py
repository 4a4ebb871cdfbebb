"""What is drawn has the values that were put in, where viser holds them for the browsers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("viser", reason="serves the scene")

from mem4d_ros.geometry import BODY_FROM_OPTICAL, transform_points
from mem4d_ros.viewer import look as layers
from mem4d_ros.viewer.drawing import Drawing, pyramid
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import ViewedCamera
from mem4d_ros.viewer.window import Window

LOOK = replace(Look(), shown=frozenset(layers.LAYERS))
CAMERA = ViewedCamera(
    BODY_FROM_OPTICAL, np.array([[60.0, 0, 39.5], [0, 60, 29.5], [0, 0, 1]]), 80, 60
)


@pytest.fixture(scope="module")
def window() -> Iterator[Window]:
    window = Window("127.0.0.1", 0, follows=False)
    yield window
    window.close()


@pytest.fixture
def drawing(window: Window) -> Iterator[Drawing]:
    drawing = Drawing(window.scene, LOOK)
    yield drawing
    drawing.clear()


def drawn(window: Window, name: str) -> np.ndarray:
    """Where a layer's points or ends of lines are in the map, (N, 3)."""
    handle = next(
        handle
        for path, handle in window.scene._handle_from_node_name.items()
        if path.startswith(f"/{name}/")
    )
    return np.asarray(handle.points, np.float64).reshape(-1, 3) + handle.position


def test_landmarks_are_where_they_are(window: Window, drawing: Drawing) -> None:
    places = np.array([(1.25, -0.5, 2.0), (4.0, 3.0, -1.0)], np.float32)
    drawing.cloud(layers.LANDMARKS, places, np.full((2, 3), 255, np.uint8), LOOK)
    np.testing.assert_allclose(drawn(window, "landmarks"), places, atol=2e-3)  # half floats


def test_links_of_loops_are_where_they_are_and_go(window: Window, drawing: Drawing) -> None:
    links = np.array([[(1.0, 2.0, 0.0), (1.5, 2.0, 0.5)], [(0.0, 0.0, 0.0), (0.0, 1.0, 0.0)]])
    drawing.loops(links)
    np.testing.assert_allclose(drawn(window, "loops"), links.reshape(-1, 3))
    drawing.loops(links[:0])
    assert "/loops/lines" not in window.scene._handle_from_node_name


def test_a_path_joins_its_positions(window: Window, drawing: Drawing) -> None:
    path = np.array([(0, 0, 0), (1, 0, 0), (1, 2, 0)], float)
    drawing.path(path)
    np.testing.assert_allclose(drawn(window, "path"), path[[0, 1, 1, 2]])


def test_after_a_loop_the_path_is_the_new_one(window: Window, drawing: Drawing) -> None:
    drawing.path(np.zeros((5, 3)) + np.arange(5)[:, None])
    bent = np.array([(0, 0, 0), (1, 0, 0), (0.5, 1, 0), (0, 0.1, 0)], float)
    drawing.path(bent)
    np.testing.assert_allclose(drawn(window, "path")[::2], bent[:-1])


def test_a_keyframe_is_a_pyramid_of_what_it_saw() -> None:
    edges = pyramid(CAMERA, 0.5)
    assert edges.shape == (8, 2, 3)
    np.testing.assert_allclose(edges[:4, 0], 0)  # tips
    base = transform_points(np.linalg.inv(BODY_FROM_OPTICAL), edges[:4, 1])
    np.testing.assert_allclose(base[:, 2], 0.5)
    corners = base @ CAMERA.intrinsics.T / base[:, 2:]
    expected = [(-0.5, -0.5), (79.5, -0.5), (79.5, 59.5), (-0.5, 59.5)]
    np.testing.assert_allclose(corners[:, :2], expected, atol=1e-9)
    np.testing.assert_allclose(edges[4:, 1], np.roll(edges[4:, 0], -1, axis=0))


def test_keyframes_come_and_go(window: Window, drawing: Drawing) -> None:
    drawing.keyframes([CAMERA, CAMERA])
    assert len(drawn(window, "keyframes")) == 2 * 16
    drawing.keyframes([])
    with pytest.raises(StopIteration):
        drawn(window, "keyframes")
