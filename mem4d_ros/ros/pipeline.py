"""From incoming frames to published ones, on a thread of its own, with accounts."""

import math
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.frame_processor import FrameProcessor, IncomingFrame
from mem4d_ros.ros.outputs import Outputs
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import Settings
from mem4d_ros.runtime import (
    Counters,
    FrameRejected,
    LatestFrameWorker,
    OnlineReconstructor,
    Timing,
    TimingWindow,
)


@dataclass(frozen=True)
class Progress:
    """What became of the frames, at one moment."""

    counters: Counters
    timing: Timing
    latency_last_s: float  # 0 before the first frame
    confidence_mean: float  # of the newest global pointmap; NaN before the first frame
    last_frame_failed: bool
    resets: int
    capacity: MemorySizes
    occupancy: MemorySizes
    structure_tokens: int


class Pipeline:
    """Takes the newest frame, reconstructs it and publishes it; the latency covers all of that."""

    def __init__(
        self,
        reconstructor: OnlineReconstructor,
        outputs: Outputs,
        settings: Callable[[], Settings],
        reporter: Reporter,
    ) -> None:
        self._reconstructor = reconstructor
        self._outputs = outputs
        self._settings = settings
        self._reporter = reporter
        self._processor = FrameProcessor(reconstructor, settings, reporter)
        self._timing = TimingWindow()
        self._latency_last_s = 0.0
        self._confidence_mean = math.nan
        self._last_frame_failed = False
        self._worker = LatestFrameWorker(self._process, self._on_failure, name="mem4d-worker")

    def submit(self, incoming: IncomingFrame) -> None:
        """Offer a frame and return at once."""
        self._worker.submit(incoming)

    def request_reset(self) -> None:
        """Empty the network's memory before the next frame."""
        self._processor.request_reset()

    def progress(self) -> Progress:
        """For reports, from any thread."""
        return Progress(
            counters=self._worker.counters,
            timing=self._timing.summary(),
            latency_last_s=self._latency_last_s,
            confidence_mean=self._confidence_mean,
            last_frame_failed=self._last_frame_failed,
            resets=self._processor.resets,
            capacity=self._reconstructor.memory,
            occupancy=self._reconstructor.occupancy(),
            structure_tokens=self._reconstructor.structure_tokens(),
        )

    def close(self) -> None:
        """Finish the frame in work, and stop."""
        self._worker.close()

    def _process(self, incoming: IncomingFrame) -> None:
        frame = self._processor.process(incoming)
        self._outputs.publish(frame, self._settings())
        if not frame.reconstruction.pose_measured:
            self._reporter.warning(
                "pose",
                "the camera's pose could not be measured and continues the motion before: too"
                " little of the scene is recognised (no texture, blur, or a covered lens)",
            )
        self._latency_last_s = time.monotonic() - incoming.received_at_s
        self._timing.add(self._latency_last_s)
        confidence = frame.reconstruction.confidence_world
        valid = confidence > 0
        self._confidence_mean = float(np.mean(confidence, where=valid)) if valid.any() else math.nan
        self._last_frame_failed = False

    def _on_failure(self, failure: Exception) -> None:
        self._last_frame_failed = True
        if isinstance(failure, FrameRejected):
            self._reporter.error("rejected", f"image rejected: {failure}")
        else:
            self._reporter.error(
                "failed",
                f"image lost to a fault of this node: {failure!r}",
                details="".join(traceback.format_exception(failure)),
            )
