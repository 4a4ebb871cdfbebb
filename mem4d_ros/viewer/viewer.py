"""The viewer: takes what is new from the scene and shows it, within a budget of bytes."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from mem4d_ros.mapping import Aside
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer import colours
from mem4d_ros.viewer import look as layers
from mem4d_ros.viewer.budget import ByteBudget
from mem4d_ros.viewer.buttons import Buttons
from mem4d_ros.viewer.colours import colours_of
from mem4d_ros.viewer.controls import Controls, Recording
from mem4d_ros.viewer.detail import evenly
from mem4d_ros.viewer.drawing import Drawing
from mem4d_ros.viewer.following import Viewpoint, behind, overview
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.options import ViewerOptions
from mem4d_ros.viewer.panel import Panel
from mem4d_ros.viewer.player import Player
from mem4d_ros.viewer.scene import Changes, Facts, Scene, ViewedCamera
from mem4d_ros.viewer.static_layer import StaticLayer
from mem4d_ros.viewer.window import Window

PERIOD_S = 0.05
MOST_FRAME_POINTS = 16_000
MOST_LANDMARKS = 5_000
MOST_PATH_POINTS = 2_000


class Viewer:
    """Shows a scene in browsers.

    Everything is on one thread but the browsers' callbacks and the work on large maps.
    """

    def __init__(
        self,
        scene: Scene,
        options: ViewerOptions,
        controls: Controls | None = None,
        recording: Recording | None = None,
    ) -> None:
        """With buttons if there are controls, with a timeline for a recording.

        Raises AddressUnavailable.
        """
        self._scene = scene
        self._recording = recording
        self._budget = ByteBudget(options.bytes_per_second)
        self._static = StaticLayer(options.most_points, time.monotonic, Aside("viewer-map"))
        self.window = Window(options.host, options.port, follows=options.follows)
        self._panel = Panel(self.window.gui, options.title)
        self._buttons = Buttons(self.window.gui, controls) if controls else None
        self._player = (
            Player(self.window.gui, recording, time.monotonic, options.plays) if recording else None
        )
        self._look = self._panel.look()
        self._drawing = Drawing(self.window.scene, self._look)
        self._clouds: dict[str, ColouredPoints] = {}  # those of the newest frame
        self._camera: ViewedCamera | None = None
        self._image: np.ndarray | None = None
        self._facts = Facts("waiting")
        self._shown_frame: tuple[int, bool] | None = None
        self.sent_bytes = 0

    @property
    def is_settled(self) -> bool:
        """Whether all of the map is sent."""
        return self._static.is_settled

    @property
    def look(self) -> Look:
        """How things are drawn now."""
        return self._look

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Show what comes until it should stop."""
        while not should_stop():
            self.step(time.monotonic())
            time.sleep(PERIOD_S)
        self.window.close()

    def step(self, now_s: float) -> None:
        """Send what is new and may be sent now. Without a browser nothing is computed."""
        clients = self.window.clients
        if not clients:
            return
        self._panel.tell(self._facts, clients)
        self._play()
        self._follow_look()
        if self._budget.left(now_s) > 0:
            self._show(self._scene.take())
        if self._static.go_on():
            self._drawing.size_tiles(self._static.made.points_m, self._look)
        changes = self._static.changes()
        while self._budget.left(now_s) > 0 and (change := next(changes, None)):
            self._spend(self._drawing.tile(*change, self._look))
        if self._camera is not None:
            self.window.follow(behind(self._camera.map_from_camera))

    def _play(self) -> None:
        if self._player is None or self._recording is None:
            return
        wanted = (self._player.position(), self._player.grows)
        if wanted != self._shown_frame:
            self._shown_frame = wanted
            self._recording.show(*wanted)

    def _follow_look(self) -> None:
        look = self._panel.look()
        if look == self._look:
            return
        self._look = look
        self._static.follow(look)
        for name in self._clouds:
            self._draw_cloud(name)
        self._drawing.follow(look)

    def _show(self, new: Changes) -> None:
        if new.restarted:
            self._restart()
        if new.static_map is not None:
            self._static.put(new.static_map)
        if new.until is not None:
            self._static.show_until(new.until)
        for name, points, most in (
            (layers.NEWEST_FRAME, new.frame, MOST_FRAME_POINTS),
            (layers.MOVING, new.moving, MOST_FRAME_POINTS),
            (layers.LANDMARKS, new.landmarks, MOST_LANDMARKS),
        ):
            if points is not None:
                self._clouds[name] = evenly(points, most)
                self._draw_cloud(name)
        self._show_camera(new)
        if new.path is not None:
            self._spend(self._drawing.path(thinned_path(new.path)))
        if new.loops is not None:
            self._spend(self._drawing.loops(new.loops))
        if new.keyframes is not None:
            self._spend(self._drawing.keyframes(new.keyframes))
        if new.facts is not None:
            self._facts = new.facts
            if self._buttons is not None:
                self._buttons.show_paused(new.facts.is_paused)

    def _show_camera(self, new: Changes) -> None:
        if new.image is not None:
            self._image = new.image
            self._spend(self._panel.image(new.image))
        if new.depth is not None:
            self._spend(self._panel.depth(new.depth))
        if new.camera is not None:
            if self._camera is None:
                self.window.start_from(self._first_viewpoint(new.camera.map_from_camera))
            self._camera = new.camera
            self._spend(self._drawing.camera(new.camera, self._image))

    def _first_viewpoint(self, map_from_camera: np.ndarray) -> Viewpoint:
        """Behind the camera; where all is there already, far enough off to see most of it."""
        if self._recording is None:
            return behind(map_from_camera)
        return overview(self._static.sample, map_from_camera)

    def _draw_cloud(self, name: str) -> None:
        if name not in self._look.shown:
            return
        points, spans = self._clouds[name], self._static.made.spans
        if name == layers.LANDMARKS:
            drawn = np.broadcast_to(colours.LANDMARK, points.colours.shape)
        elif name == layers.MOVING and self._look.moving_in_own_colour:
            drawn = np.broadcast_to(colours.MOVING, points.colours.shape)
        else:
            newest = np.full(len(points.positions), spans.time[1])
            drawn = colours_of(points, newest, self._look.colour_by, spans)
        self._spend(self._drawing.cloud(name, points.positions, drawn, self._look))

    def _restart(self) -> None:
        self._static.restart()
        self._clouds.clear()
        self._camera = self._image = None
        self._drawing.clear()
        self._panel.clear()

    def _spend(self, count: int) -> None:
        self._budget.spend(count)
        self.sent_bytes += count


def thinned_path(positions: np.ndarray) -> np.ndarray:
    """At most so many of the positions (N, 3) as are drawn, the newest among them."""
    step = -(-len(positions) // MOST_PATH_POINTS) or 1
    return positions[::-1][::step][::-1]
