"""What a large map costs in the viewer: processor, memory, bytes, and pictures in a browser.

    OMP_NUM_THREADS=1 python bench/viewer.py [--points 1000000] [--seconds 30] [--browser]

A map of so many points, of the floors and walls of rooms side by side, comes once a second, of
which each time some have moved and some are new, and a frame ten times a second, as from a node. A
program that only counts bytes stands for the browser; with `--browser` it is headless Chromium,
whose pictures the processor draws (SwiftShader): far fewer than any graphics card does.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path

import msgspec
import numpy as np
import viser
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene, ViewedCamera
from mem4d_ros.viewer.static_layer import StaticLayer
from mem4d_ros.viewer.viewer import Viewer

ROOM_M, HEIGHT_M, SPACING_M = 6.0, 3.0, 0.05
KNOWN_RATIO, NEW_RATIO, MOVED_RATIO, MOVED_M = 0.9, 0.002, 0.02, 0.03
MAP_PERIOD_S, FRAME_PERIOD_S = 1.0, 0.1
SETTLING_S = 20.0
"""Until the whole map has been sent."""
IMAGE, FRAME_POINTS = (240, 320), 16_000
MIB = 2**20
CAMERA_MESSAGE = {
    "type": "ViewerCameraMessage",
    "wxyz": (1.0, 0.0, 0.0, 0.0),
    "position": (0.0, 0.0, 0.0),
    "look_at": (1.0, 0.0, 0.0),
    "up_direction": (0.0, 0.0, 1.0),
    "image_height": 720,
    "image_width": 1280,
    "fov": 0.9,
    "near": 0.01,
    "far": 1000.0,
}
COUNT_PICTURES = """
window.drawn = 0;
const draw = () => { window.drawn += 1; requestAnimationFrame(draw); };
requestAnimationFrame(draw);
"""


def building(count: int, rng: np.random.Generator) -> ColouredPoints:
    """Points of the floor and two walls of each of as many rooms as they cover."""
    rooms = count * SPACING_M**2 / (ROOM_M * (ROOM_M + 2 * HEIGHT_M))
    side = int(np.ceil(np.sqrt(rooms)))
    corners = ROOM_M * rng.integers(side, size=(count, 2))
    within = rng.uniform(0, ROOM_M, (count, 2))
    heights = np.zeros(count)
    parts = np.array((ROOM_M, HEIGHT_M, HEIGHT_M)) / (ROOM_M + 2 * HEIGHT_M)
    surface = rng.choice(3, count, p=parts)
    for axis in (0, 1):
        wall = surface == axis + 1
        within[wall, axis] = 0
        heights[wall] = rng.uniform(0, HEIGHT_M, np.count_nonzero(wall))
    positions = np.concatenate((corners + within, heights[:, None]), 1)
    colours = np.array(((150, 120, 90), (200, 90, 70), (90, 140, 190)), np.uint8)[surface]
    confidences = rng.uniform(1, 9, count)
    return ColouredPoints(positions.astype(np.float32), colours, confidences.astype(np.float32))


class Node:
    """Puts maps and frames into a scene as a node's come, on a thread of its own."""

    def __init__(self, scene: Scene, points: int) -> None:
        self._scene = scene
        self._rng = np.random.default_rng(0)
        self._all = building(points, self._rng)
        self._known = int(KNOWN_RATIO * points)
        self._image = self._rng.integers(0, 255, (*IMAGE, 3)).astype(np.uint8)
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        count = 0
        while not self.stop.wait(FRAME_PERIOD_S):
            if count % round(MAP_PERIOD_S / FRAME_PERIOD_S) == 0:
                self._scene.put(Changes(static_map=MapCloud(self._next_map())))
            self._scene.put(self._frame(count))
            count += 1

    def _next_map(self) -> ColouredPoints:
        self._known = min(
            self._known + int(NEW_RATIO * len(self._all.positions)), len(self._all.positions)
        )
        moved = self._rng.integers(self._known, size=int(MOVED_RATIO * self._known))
        positions = self._all.positions[: self._known].copy()
        positions[moved] += self._rng.normal(0, MOVED_M, (len(moved), 3)).astype(np.float32)
        known = slice(self._known)
        return ColouredPoints(positions, self._all.colours[known], self._all.confidences[known])

    def _frame(self, count: int) -> Changes:
        chosen = self._rng.integers(self._known, size=FRAME_POINTS)
        frame = ColouredPoints(
            self._all.positions[chosen], self._all.colours[chosen], self._all.confidences[chosen]
        )
        height, width = IMAGE
        intrinsics = np.array([[260.0, 0, width / 2], [0, 260.0, height / 2], [0, 0, 1]])
        pose = BODY_FROM_OPTICAL.copy()
        pose[:3, 3] = (0.01 * count, 3.0, 1.5)
        return Changes(
            frame=frame,
            camera=ViewedCamera(pose, intrinsics, width, height),
            image=self._image,
            depth=self._rng.uniform(1, 5, IMAGE).astype(np.float32),
            path=np.linspace((0, 3.0, 1.5), pose[:3, 3], max(count, 2)),
            facts=Facts("running", processed=count),
        )


class Counter:
    """Looks on as a browser does, and counts what it is sent."""

    def __init__(self, url: str) -> None:
        self.received = 0
        version = viser.__version__
        self._connection = connect(
            url.replace("http", "ws"), subprotocols=[f"viser-v{version}"], max_size=None
        )
        self._connection.send(msgspec.msgpack.encode(CAMERA_MESSAGE))
        self._thread = threading.Thread(target=self._count)
        self._thread.start()

    def _count(self) -> None:
        try:
            for message in self._connection:
                self.received += len(message)
        except ConnectionClosed:
            return

    def close(self) -> None:
        """Look away."""
        self._connection.close()
        self._thread.join()


def resident() -> float:
    """Memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / MIB


def time_of_a_map(points: int, most: int) -> None:
    """What a map takes until its changed tiles are known, alone."""
    node, layer = Node(Scene(), points), StaticLayer(most, time.monotonic)
    look = Look()
    taken = []
    for _ in range(6):
        cloud = MapCloud(node._next_map())
        begun = time.thread_time()
        layer.put(cloud)
        layer.draw(look)
        taken.append(time.thread_time() - begun)
        sent = sum(0 if tile is None else tile.size for _, tile in layer.changes())
        print(f"  map of {len(cloud.points.positions)}: {taken[-1]:.3f} s, {sent / 1e6:.2f} MB")
    print(f"a later map takes {np.median(taken[1:]):.2f} s of a core")


def looked_on(points: int, seconds: float, browser: bool) -> None:
    """The whole viewer, with somebody who looks on."""
    scene = Scene()
    node = Node(scene, points)
    before = resident()
    viewer = Viewer(scene, ViewerOptions(port=0, follows=False))
    server = threading.Thread(target=viewer.run, args=(node.stop.is_set,))
    server.start()
    node.thread.start()
    try:
        (measure_browser if browser else measure_counter)(viewer, seconds)
        print(f"memory: {resident() - before:.0f} MiB more than without the viewer")
    finally:
        node.stop.set()
        node.thread.join()
        server.join()


def measure_counter(viewer: Viewer, seconds: float) -> None:
    """Bytes and processor time, once the whole map has been sent."""
    counter = Counter(viewer.window.url)
    time.sleep(SETTLING_S)
    print(f"the first {SETTLING_S:.0f} s: {counter.received / SETTLING_S / 1e6:.2f} MB/s")
    received, used, begun = counter.received, time.process_time(), time.monotonic()
    time.sleep(seconds)
    elapsed = time.monotonic() - begun
    print(f"then {(counter.received - received) / elapsed / 1e6:.2f} MB/s")
    print(
        f"processor: {(time.process_time() - used) / elapsed:.2f} cores, those of the made-up node"
        " included"
    )
    counter.close()


def measure_browser(viewer: Viewer, seconds: float) -> None:
    """Pictures a second."""
    from chromium import opened

    with opened(viewer.window.url) as browser:
        browser.wait_for(lambda: "running" in browser.text(), "the page")
        time.sleep(SETTLING_S)
        browser.driver.execute_script(COUNT_PICTURES)
        begun = time.monotonic()
        time.sleep(seconds)
        drawn = browser.driver.execute_script("return window.drawn")
        print(f"{drawn / (time.monotonic() - begun):.1f} pictures a second")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--shown", type=int, default=ViewerOptions.most_points)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--browser", action="store_true", help="count pictures in Chromium")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "support"))
    if not options.browser:
        time_of_a_map(options.points, options.shown)
    looked_on(options.points, options.seconds, options.browser)


if __name__ == "__main__":
    main()
