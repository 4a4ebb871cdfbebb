"""From incoming frames to published ones, on threads of its own, with accounts."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from sensor_msgs.msg import PointCloud2

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.frame import IncomingFrame, ReconstructedFrame
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.known_map import KnownMap
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.output.outputs import Outputs
from mem4d_ros.ros.pipeline.processor import FrameOutdated, FrameProcessor
from mem4d_ros.ros.pipeline.scaler import Scaler
from mem4d_ros.ros.pipeline.scans import ScanReport, Scans
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import CameraInOdometry
from mem4d_ros.runtime import (
    Counters,
    FrameRejected,
    LatestFrameWorker,
    Timing,
    TimingWindow,
)
from mem4d_ros.runtime.pose_sources import MapSize
from mem4d_ros.runtime.scale import ScaleEstimate


@dataclass(frozen=True)
class NewestFrame:
    """Facts about the frame published last; the defaults before the first."""

    latency_last_s: float = 0.0
    confidence_mean: float = math.nan  # of the global pointmap; NaN if no pixel is valid
    pose_measured: bool = False
    is_placed: bool = True
    camera_info_used: bool = False
    fault: str = ""  # why others cannot know its place in the map
    scale: ScaleEstimate = field(default=ScaleEstimate(math.nan, 0.0))


@dataclass(frozen=True)
class Progress:
    """Progress of the pipeline at one moment."""

    counters: Counters
    timing: Timing
    newest: NewestFrame
    last_frame_failed: bool
    is_paused: bool
    resets: int
    capacity: MemorySizes
    is_shrunk: bool  # the device has no memory for the capacity that was asked for
    occupancy: MemorySizes
    structure_tokens: int
    scans: ScanReport | None = None  # None: evidence/points is not listened to
    known_map: KnownMap | None = None
    map_size: MapSize = field(default_factory=MapSize)


class Pipeline:
    """Takes the newest frame, reconstructs it and publishes it; the latency covers all of that.

    A frame is published while the next one is reconstructed, each on a thread.
    """

    def __init__(
        self,
        model: LoadedModel,
        camera_in_odometry: CameraInOdometry,
        scans: Scans | None,
        scaler: Scaler,
        outputs: Outputs,
        settings: Callable[[], Settings],
        reporter: Reporter,
    ) -> None:
        self._reconstructor = model.reconstructor
        self._scans = scans
        self._scaler = scaler
        self._outputs = outputs
        self._settings = settings
        self._reporter = reporter
        self._processor = FrameProcessor(
            model.reconstructor,
            model.memory,
            settings,
            reporter,
            outputs.wants_landmarks,
            scans,
            camera_in_odometry,
        )
        self._is_paused = False  # by who may
        self._timing = TimingWindow()
        self._newest = NewestFrame()
        self._last_frame_failed = False
        self._worker = LatestFrameWorker(
            self._process, self._publish, self._on_failure, name="mem4d-worker"
        )

    def submit(self, incoming: IncomingFrame) -> None:
        """Offer a frame and return at once."""
        self._worker.submit(incoming)

    def note_scan(self, cloud: PointCloud2) -> None:
        """Know the points of another sensor from now on, and return at once."""
        if self._scans is not None:
            self._scans.note(cloud)

    def request_reset(self) -> None:
        """Empty the network's memory before the next frame."""
        self._processor.request_reset()

    def request_map(self, known: KnownMap | None) -> None:
        """Look for the camera in a map from the next frame on; None: begin a new one."""
        self._processor.request_map(known)

    def progress(self) -> Progress:
        """For reports, from any thread."""
        return Progress(
            counters=self._worker.counters,
            timing=self._timing.summary(),
            newest=self._newest,
            last_frame_failed=self._last_frame_failed,
            is_paused=self._worker.is_paused,
            resets=self._processor.resets,
            capacity=self._reconstructor.memory,
            is_shrunk=self._processor.is_shrunk,
            occupancy=self._reconstructor.occupancy(),
            structure_tokens=self._reconstructor.structure_tokens(),
            scans=self._scans.report if self._scans else None,
            known_map=self._processor.known_map,
            map_size=self._reconstructor.poses.map_size(),
        )

    def pause(self) -> None:
        """Let all frames go, but the one in work, until `resume`."""
        self._is_paused = True
        self._worker.pause()

    def resume(self) -> None:
        """Take frames again; the network's memory is as it was."""
        self._is_paused = False
        self._worker.resume()

    def wake(self) -> None:
        """Take frames again after `silence`, unless it was paused before."""
        if not self._is_paused:
            self._worker.resume()

    def silence(self) -> None:
        """Take no frames; return when the one in work is published and nothing more will be."""
        self._worker.pause()
        self._worker.wait_idle()
        self._outputs.silence()

    def close(self, timeout_s: float | None = None) -> bool:
        """Finish the frame in work, and stop; False if that takes longer than `timeout_s`."""
        return self._worker.close(timeout_s)

    def _process(self, incoming: IncomingFrame) -> tuple[ReconstructedFrame, float]:
        """The frame in true metres, and when its image was received."""
        frame = self._scaler.scaled(self._processor.process(incoming))
        self._last_frame_failed = False
        return frame, incoming.received_at_s

    def _publish(self, processed: tuple[ReconstructedFrame, float]) -> None:
        frame, received_at_s = processed
        self._outputs.publish(frame, self._settings())
        if not frame.reconstruction.placed:
            self._reporter.warning(
                "place",
                "the camera has not been recognised in the map that was loaded, and nothing is"
                " published in the map: show it what was seen when that was made",
            )
        elif not frame.reconstruction.pose_measured:
            self._reporter.warning(
                "pose",
                "the camera's pose could not be measured and continues the motion before, or the"
                " odometry's: too little of the scene is recognised (no texture, blur, or a covered"
                " lens)",
            )
        latency_s = time.monotonic() - received_at_s
        self._timing.add(latency_s)
        self._newest = NewestFrame(
            latency_s,
            _mean_confidence(frame.reconstruction.confidence_world),
            frame.reconstruction.pose_measured,
            self._outputs.map_from_world is not None,
            camera_info_used=frame.intrinsics_given,
            fault=self._outputs.fault,
            scale=frame.scale,
        )

    def _on_failure(self, failure: Exception) -> None:
        if isinstance(failure, FrameOutdated):
            return
        self._last_frame_failed = True
        if isinstance(failure, FrameRejected):
            self._reporter.error("rejected", f"image rejected: {failure}")
        else:
            self._reporter.error(
                "failed",
                f"image lost to a fault of this node: {failure!r}",
                details="".join(traceback.format_exception(failure)),
            )


def _mean_confidence(confidence: np.ndarray) -> float:
    """Of the valid pixels of (H, W), whose confidence is not 0; NaN if there are none."""
    valid = cv2.countNonZero(confidence)
    return cv2.sumElems(confidence)[0] / valid if valid else math.nan
