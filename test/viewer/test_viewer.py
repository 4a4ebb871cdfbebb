"""The viewer as one sees it who looks on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Changes, MapCloud, Scene, ViewedCamera
from mem4d_ros.viewer.tile_maker import TileMaker

pytest.importorskip("viser", reason="serves the scene")

PATIENCE_S = 60.0
INTRINSICS = np.array([[60.0, 0, 39.5], [0, 60, 29.5], [0, 0, 1]])


@contextmanager
def running(scene: Scene) -> Iterator[str]:
    """A viewer's address."""
    from mem4d_ros.viewer.viewer import Viewer

    viewer = Viewer(scene, ViewerOptions(port=0))
    stop = threading.Event()
    thread = threading.Thread(target=viewer.run, args=(stop.is_set,))
    thread.start()
    try:
        yield viewer.window.url
    finally:
        stop.set()
        thread.join()


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about in {PATIENCE_S:.0f} s"
        time.sleep(0.02)


def camera_at(x: float) -> Changes:
    pose = BODY_FROM_OPTICAL.copy()
    pose[0, 3] = x
    return Changes(camera=ViewedCamera(pose, INTRINSICS, 80, 60))


def test_the_camera_moves_while_a_map_is_taken_in(monkeypatch: pytest.MonkeyPatch) -> None:
    from onlooker import Onlooker

    begun, may_end = threading.Event(), threading.Event()
    make = TileMaker.make

    def slow(*given: object) -> object:
        begun.set()
        assert may_end.wait(PATIENCE_S)
        return make(*given)

    monkeypatch.setattr(TileMaker, "make", slow)
    scene, ones = Scene(), np.ones((4, 3), np.float32)
    with running(scene) as url, Onlooker(url) as onlooker:
        scene.put(
            Changes(static_map=MapCloud(ColouredPoints(ones, np.uint8(9) * ones, ones[:, 0])))
        )
        assert begun.wait(PATIENCE_S)
        for moves in range(1, 4):
            scene.put(camera_at(0.1 * moves))
            wait_for(lambda moves=moves: len(onlooker.camera_at) >= moves, "a move of the camera")
        assert not any(name.startswith("/static_map/") for name in onlooker.names)
        may_end.set()
        wait_for(lambda: "/static_map/0_0_0" in onlooker.names, "the map")
