"""The viewer in a real Chromium: what is put into the scene is seen, and what is chosen acts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from chromium import Browser, needs_chromium, opened

from mem4d_ros.geometry import BODY_FROM_OPTICAL
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.controls import ControlFailed
from mem4d_ros.viewer.opening import open_viewer
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene, ViewedCamera
from mem4d_ros.viewer.viewer import Viewer
from mem4d_ros.writing import write_picture

pytestmark = [needs_chromium, pytest.mark.slow, pytest.mark.timeout(900)]
pytest.importorskip("selenium", reason="drives Chromium")
viser = pytest.importorskip("viser", reason="serves the scene")

SCREENSHOT = Path(__file__).parents[2] / "out" / "viewer" / "chromium.png"


@dataclass
class Recorder:
    """Controls that note what was asked."""

    asked: list[str] = field(default_factory=list)

    def pause(self, paused: bool) -> str:
        self.asked.append(f"pause {paused}")
        return "paused"

    def reset(self) -> str:
        self.asked.append("reset")
        return "a new world"

    def save(self) -> str:
        raise ControlFailed("the map has no points yet")


def green_wall(confidence: float) -> MapCloud:
    """2 m ahead of the camera, as wide as the view."""
    y, z = np.mgrid[-2.5:2.5:0.04, -1.5:1.5:0.04]
    positions = np.stack((np.full(y.shape, 2.0), y, z), -1).reshape(-1, 3).astype(np.float32)
    colours = np.broadcast_to(np.array((30, 220, 60), np.uint8), positions.shape)
    return MapCloud(
        ColouredPoints(positions, colours, np.full(len(positions), confidence, np.float32))
    )


def yellow_landmarks() -> ColouredPoints:
    """A row of them in front of the wall; their own colour is none."""
    y = np.arange(-0.5, 0.5, 0.02)
    positions = np.stack((np.full(y.shape, 1.5), y, np.zeros(y.shape)), -1).astype(np.float32)
    return ColouredPoints(
        positions, np.zeros(positions.shape, np.uint8), np.ones(len(y), np.float32)
    )


def yellowness(browser: Browser) -> float:
    """Share of the picture that is yellow."""
    red, green, blue = np.moveaxis(browser.picture().astype(int), -1, 0)
    return float(np.mean((red > 200) & (green > 170) & (blue < 120)))


def greenness(browser: Browser) -> float:
    """Share of the picture that is green."""
    red, green, blue = np.moveaxis(browser.picture().astype(int), -1, 0)
    return float(np.mean((green > red + 60) & (green > blue + 60)))


@dataclass
class Running:
    scene: Scene
    viewer: Viewer
    controls: Recorder


@pytest.fixture
def running() -> Iterator[Running]:
    scene, controls = Scene(), Recorder()
    viewer = open_viewer(scene, ViewerOptions(port=0, bytes_per_second=1e7), controls)
    stop = threading.Event()
    thread = threading.Thread(target=viewer.run, args=(stop.is_set,))
    thread.start()
    yield Running(scene, viewer, controls)
    stop.set()
    thread.join()


def test_points_appear_and_controls_act(running: Running) -> None:
    intrinsics = np.array([[60.0, 0, 39.5], [0, 60, 29.5], [0, 0, 1]])
    camera = ViewedCamera(BODY_FROM_OPTICAL, intrinsics, 80, 60)
    running.scene.put(Changes(camera=camera, facts=Facts("running", processed=7)))
    with opened(running.viewer.window.url) as browser:
        browser.wait_for(lambda: "7 frames" in browser.text(), "the facts")
        assert greenness(browser) < 0.01
        running.scene.put(Changes(static_map=green_wall(confidence=5.0)))
        browser.wait_for(lambda: greenness(browser) > 0.2, "the wall")
        running.scene.put(Changes(landmarks=yellow_landmarks()))
        browser.tick("Landmarks")
        browser.wait_for(lambda: yellowness(browser) > 0.002, "the landmarks")
        SCREENSHOT.parent.mkdir(parents=True, exist_ok=True)
        write_picture(SCREENSHOT, browser.whole_picture())

        browser.slide_to_end("Confidence")
        browser.wait_for(lambda: greenness(browser) < 0.01, "a scene without unsure points")

        browser.click("Pause")
        browser.wait_for(lambda: running.controls.asked == ["pause True"], "a pause")
        running.scene.put(Changes(facts=Facts("paused", processed=7)))
        browser.click("Go on")
        browser.wait_for(lambda: "pause False" in running.controls.asked, "the end of the pause")
        browser.click("Save map")
        browser.wait_for(lambda: "the map has no points yet" in browser.text(), "the refusal")
        assert browser.asked_hosts() == {"localhost"}


def test_pages_of_other_sites_cannot_press_buttons(running: Running) -> None:
    url = running.viewer.window.url
    with opened(url, flags=("--host-resolver-rules=MAP rebound.example 127.0.0.1",)) as browser:
        assert opens_websocket(browser, url), "the viewer's own page"
        browser.driver.get(url.replace("localhost", "rebound.example"))
        browser.wait_for(lambda: "is no name of this machine" in browser.text(), "the refusal")
        browser.driver.get("data:text/html,another site")
        assert not opens_websocket(browser, url)
        browser.driver.get(f"data:text/html,<iframe src='{url}'></iframe>")
        browser.driver.switch_to.frame(0)
        assert not browser.driver.find_elements("id", "root"), "the page in a frame"


def opens_websocket(browser: Browser, url: str) -> bool:
    """Whether the page that is shown gets a connection to the viewer, as viser's own would."""
    return browser.driver.execute_async_script(
        "const done = arguments[2], socket = new WebSocket(arguments[0], arguments[1]);"
        "socket.onopen = () => done(true); socket.onerror = () => done(false);",
        url.replace("http", "ws"),
        f"viser-v{viser.__version__}",
    )


def test_several_look_on_and_who_comes_late_sees_all(running: Running) -> None:
    url = running.viewer.window.url
    running.scene.put(Changes(static_map=green_wall(confidence=5.0), facts=Facts("running")))
    with opened(url) as first:
        first.wait_for(lambda: greenness(first) > 0.1, "the wall")
        first.stop_drawing()
        sent = running.viewer.sent_bytes
        with opened(url) as second:
            second.wait_for(lambda: greenness(second) > 0.1, "the wall in the second browser")
            first.wait_for(lambda: "2 browsers look on" in first.text(), "their number")
            assert running.viewer.sent_bytes == sent, "the first one was sent it again"
