"""What a large map costs in the viewer: processor, memory, bytes, and pictures in a browser.

    OMP_NUM_THREADS=1 python bench/viewer.py [--points 1000000] [--seconds 30] [--browser]
    python bench/viewer.py --still

A map of so many points, of the floors and walls of rooms side by side, comes once a second, of
which each time some have moved and some are new, and a frame ten times a second, as from a node. A
program that only counts bytes stands for the browser; with `--browser` it is headless Chromium,
whose pictures the processor draws (SwiftShader): far fewer than any graphics card does. With
`--still` maps of several sizes do not change, and somebody turns the view. What a picture takes is
told apart by Chromium's processes: what the page itself takes, and what the processor takes in
place of a graphics card.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene, ViewedCamera
from mem4d_ros.viewer.tile_maker import Choice, TileMaker
from mem4d_ros.viewer.tiles import TileStream
from mem4d_ros.viewer.viewer import Viewer

ROOM_M, HEIGHT_M, SPACING_M = 6.0, 3.0, 0.05
KNOWN_RATIO, NEW_RATIO, MOVED_RATIO, MOVED_M = 0.9, 0.002, 0.02, 0.03
MAP_PERIOD_S, FRAME_PERIOD_S = 1.0, 0.1
SETTLING_S = 20.0
"""Until the whole map has been sent."""
IMAGE, FRAME_POINTS = (240, 320), 16_000
MIB = 2**20
STILL_COUNTS = (0, 10_000, 30_000, 100_000, 300_000, 1_000_000)
COUNT_PICTURES = """
const counted = window.counted = {pictures: 0, calls: 0, points: 0};
let draws = false;
const request = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => request((now) => {
    const before = counted.calls;
    draws = true;
    draw(now);
    draws = false;
    counted.pictures += counted.calls > before;
});
const count = (name, which) => {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...given) {
        counted.calls += draws;
        if (draws && given[0] === this.POINTS) counted.points += given[which];
        return draw.apply(this, given);
    };
};
count('drawArrays', 2); count('drawElements', 1);
count('drawArraysInstanced', 2); count('drawElementsInstanced', 1);
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


def resident() -> float:
    """Memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / MIB


def time_of_a_map(points: int, most: int) -> None:
    """What a map takes until its changed tiles are known, alone."""
    node, maker, stream = Node(Scene(), points), TileMaker(most, time.monotonic), TileStream()
    taken = []
    for _ in range(6):
        cloud = MapCloud(node._next_map())
        begun = time.thread_time()
        tiles = maker.make(cloud, Choice()).tiles
        stream.want(tiles)
        taken.append(time.thread_time() - begun)
        sent = sum(0 if tile is None else tile.size for _, tile in stream.next())
        shown = sum(len(tile.positions) for tile in tiles.values())
        print(
            f"  map of {len(cloud.points.positions)}: {taken[-1]:.3f} s, {shown} points shown in"
            f" {len(tiles)} tiles, {sent / 1e6:.2f} MB"
        )
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
        (measure_browser if browser else measure_onlooker)(viewer, seconds)
        print(f"memory: {resident() - before:.0f} MiB more than without the viewer")
    finally:
        node.stop.set()
        node.thread.join()
        server.join()


def measure_onlooker(viewer: Viewer, seconds: float) -> None:
    """Bytes, processor time and the camera's rate, once the whole map has been sent."""
    from onlooker import Onlooker

    with Onlooker(viewer.window.url) as onlooker:
        time.sleep(SETTLING_S)
        print(f"the first {SETTLING_S:.0f} s: {onlooker.received / SETTLING_S / 1e6:.2f} MB/s")
        received, used, begun = onlooker.received, time.process_time(), time.monotonic()
        onlooker.camera_at.clear()
        time.sleep(seconds)
        elapsed, used = time.monotonic() - begun, time.process_time() - used
        print(f"then {(onlooker.received - received) / elapsed / 1e6:.2f} MB/s")
        print(f"processor: {used / elapsed:.2f} cores, those of the made-up node included")
        gaps = 1e3 * np.diff(onlooker.camera_at)
        print(
            f"camera: {len(gaps) / elapsed:.1f} updates a second; between two of them"
            f" {np.median(gaps):.0f} ms in the median, {gaps.max():.0f} ms at the longest"
        )


def measure_browser(viewer: Viewer, seconds: float) -> None:
    """Pictures a second, while maps and frames come."""
    from chromium import opened

    with opened(viewer.window.url) as browser:
        browser.wait_for(lambda: "running" in browser.text(), "the page")
        time.sleep(SETTLING_S)
        print(pictures(browser, seconds))


def pictures(browser: Any, seconds: float) -> str:
    """How the browser draws what is there."""
    browser.driver.execute_script(COUNT_PICTURES)
    begun, used = time.monotonic(), browser.processor_times()
    time.sleep(seconds)
    drawn, calls, points = browser.driver.execute_script(
        "return [counted.pictures, counted.calls, counted.points]"
    )
    elapsed = time.monotonic() - begun
    page, graphics = (
        now - before for now, before in zip(browser.processor_times(), used, strict=True)
    )
    return (
        f"{drawn / elapsed:.1f} pictures a second, each of {calls / drawn:.0f} draw calls,"
        f" {points / drawn:.0f} points and {1e3 * page / drawn:.0f} ms of a core in the page,"
        f" {1e3 * graphics / drawn:.0f} ms in OpenGL"
    )


def still_scenes(seconds: float) -> None:
    """Pictures a second of maps of several sizes that do not change, while the view is turned."""
    from chromium import LEFT_KEY, opened

    for count in STILL_COUNTS:
        scene, stop = Scene(), threading.Event()
        scene.put(Changes(facts=Facts("running")))
        if count:
            scene.put(Changes(static_map=MapCloud(building(count, np.random.default_rng(0)))))
        told = ViewerOptions(
            port=0, follows=False, bytes_per_second=1e9, most_points=max(STILL_COUNTS)
        )
        viewer = Viewer(scene, told)
        server = threading.Thread(target=viewer.run, args=(stop.is_set,))
        server.start()
        try:
            with opened(viewer.window.url) as browser:
                browser.wait_for(lambda: "running" in browser.text(), "the page")
                browser.wait_for(lambda viewer=viewer: viewer.is_settled, "the map")
                time.sleep(SETTLING_S / 4)
                with browser.held(LEFT_KEY):
                    print(f"map of {count}: {pictures(browser, seconds)}", flush=True)
        finally:
            stop.set()
            server.join()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--shown", type=int, default=ViewerOptions.most_points)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--browser", action="store_true", help="count pictures in Chromium")
    parser.add_argument("--still", action="store_true", help="count them while nothing comes")
    options = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "test" / "support"))
    if options.still:
        still_scenes(options.seconds)
        return
    if not options.browser:
        time_of_a_map(options.points, options.shown)
    looked_on(options.points, options.seconds, options.browser)


if __name__ == "__main__":
    main()
