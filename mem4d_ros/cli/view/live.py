"""A source that is reconstructed while somebody looks on."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from mem4d_ros.datasets import BadFrame, FrameError, Sample
from mem4d_ros.geometry import transform_points
from mem4d_ros.mapping import Correction
from mem4d_ros.runtime import (
    ColouredPoints,
    FrameRejected,
    OnlineReconstructor,
    PointFilter,
    Reconstruction,
    TimingWindow,
    select_points,
)
from mem4d_ros.runtime.errors import first_line
from mem4d_ros.runtime.export import write_ply
from mem4d_ros.runtime.scene import Scene as StaticScene
from mem4d_ros.runtime.static_map import StaticMapSettings
from mem4d_ros.sensor_messages.remarks import Say
from mem4d_ros.viewer.controls import ControlFailed
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene
from mem4d_ros.viewer.showing import MAP_FROM_WORLD, in_map, shown
from mem4d_ros.viewer.trail import Trail
from mem4d_ros.writing import whole_file

MAP_PERIOD_S = 1.0
KEEP = PointFilter()


class LiveRun:
    """Reconstructs on a thread of its own, frame after frame, as fast as that goes.

    It is the `Controls` of a viewer.
    """

    def __init__(
        self,
        reconstructor: OnlineReconstructor,
        samples: Iterator[tuple[int, Sample | BadFrame]],
        rate_hz: float,
        scene: Scene,
        say: Say,
    ) -> None:
        """`samples` with their numbers in the source; `rate_hz` is that of those without stamps."""
        self._reconstructor = reconstructor
        self._samples = samples
        self._rate_hz = rate_hz
        self._scene = scene
        self._say = say
        self._timing = TimingWindow()
        self._static = StaticScene(StaticMapSettings())
        self._trail = Trail()  # in the world
        self._processed = self._rejected = 0
        self._map_due_s = 0.0
        self._may_run = threading.Event()
        self._may_run.set()
        self._must_reset = threading.Event()
        self._stop = threading.Event()
        self._is_over = threading.Event()
        self._has_failed = threading.Event()
        self._save_lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="reconstruction", daemon=True)

    @property
    def has_failed(self) -> bool:
        """Whether it ended before its source did, for another reason than `stop`."""
        return self._has_failed.is_set()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the frame in work."""
        self._stop.set()
        self._may_run.set()
        self._thread.join()

    def pause(self, paused: bool) -> str:
        self._check_goes_on()
        (self._may_run.clear if paused else self._may_run.set)()
        return "paused after the frame in work" if paused else "frames are processed"

    def reset(self) -> str:
        self._check_goes_on()
        self._must_reset.set()
        return "the next frame starts a new world"

    def save(self) -> str:
        points = self._static.static_points()
        if not len(points.positions):
            raise ControlFailed("the map has no points yet")
        with self._save_lock:  # one after the other, and so each with a time of its own
            path = Path(f"mem4d-map-{datetime.now():%Y%m%d-%H%M%S-%f}.ply").resolve()
            try:
                with whole_file(path) as partial:
                    write_ply(partial, points)
            except OSError as error:
                raise ControlFailed(f"{path} cannot be written: {error.strerror}") from error
        return f"{len(points.positions)} points were written to {path}"

    def _check_goes_on(self) -> None:
        if self._is_over.is_set():
            raise ControlFailed("the reconstruction has ended: run mem4d view anew for another")

    def _run(self) -> None:
        try:
            self._take_all()
            self._put_map()
            self._tell("finished")
        except FrameError as error:
            self._say(str(error))
            self._fail(error)
        except Exception as error:
            traceback.print_exc()
            self._fail(error)
        finally:
            self._is_over.set()

    def _take_all(self) -> None:
        for index, sample in self._samples:
            if not self._may_go_on():
                return
            self._take(index, sample)

    def _fail(self, error: Exception) -> None:
        """Tell why before all else, which may fail for the same reason."""
        self._has_failed.set()
        self._tell("stopped", first_line(error))
        self._put_map()

    def _may_go_on(self) -> bool:
        """Wait while it is paused; False at the end."""
        if not self._may_run.is_set():
            self._tell("paused")
            self._may_run.wait()
        return not self._stop.is_set()

    def _take(self, index: int, sample: Sample | BadFrame) -> None:
        if self._must_reset.is_set():
            self._must_reset.clear()
            self._reconstructor.reset()
        try:
            if isinstance(sample, BadFrame):
                raise FrameRejected(sample.reason)
            stamp_s = index / self._rate_hz if sample.stamp_s is None else sample.stamp_s
            found = self._reconstructor.process(
                sample.image, round(stamp_s * 1e9), sample.intrinsics
            )
        except FrameRejected as error:
            self._rejected += 1
            self._say(f"{sample.name} is left out: {error}")
            return
        self._processed += 1
        self._timing.add(found.latency_s)
        self._show(found)
        self._tell("running")

    def _show(self, found: Reconstruction) -> None:
        if found.frame_index == 0:
            self._trail = Trail()
            self._map_due_s = 0.0
            self._scene.put(Changes(restarted=True))
        moving = self._static.add(found)
        if found.correction is not None:
            self._move(found.correction)
        self._trail.add(found.camera_to_world[:3, 3], found.keyframe)
        frame = shown(
            found.image,
            found.depth,
            found.camera_to_world,
            found.intrinsics,
            lambda where: points_of(found, where),
            moving,
        )
        self._scene.put(frame)
        self._scene.put(Changes(path=transform_points(MAP_FROM_WORLD, self._trail.positions)))
        if time.monotonic() >= self._map_due_s:
            self._put_map()

    def _move(self, correction: Correction) -> None:
        """A loop was closed: the path goes with its keyframes, as the map has done."""
        links = transform_points(MAP_FROM_WORLD, correction.links)
        self._scene.put(Changes(loops=links))
        self._trail.move(correction)

    def _put_map(self) -> None:
        self._scene.put(Changes(static_map=MapCloud(in_map(self._static.static_points()))))
        self._map_due_s = time.monotonic() + MAP_PERIOD_S

    def _tell(self, state: str, remark: str = "") -> None:
        timing = self._timing.summary()
        self._scene.put(
            Changes(
                facts=Facts(
                    state=state,
                    processed=self._processed,
                    rejected=self._rejected,
                    rate_hz=timing.rate_hz if state == "running" else 0.0,
                    latency_s=timing.latency_p50_s,
                    remark=remark,
                )
            )
        )


def points_of(found: Reconstruction, where: np.ndarray) -> ColouredPoints:
    """Points in the world of the pixels `where` (H, W) bool."""
    confidence = np.where(where, found.confidence_world, np.float32(0))
    return select_points(
        found.points_world, confidence, found.image, found.camera_to_world[:3, 3], KEEP
    )
