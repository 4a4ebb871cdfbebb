"""From an image message to a reconstruction: everything that happens on the worker's thread."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from mem4d_ros.ros.conversions.camera_info import CameraInfoError, intrinsics_of_image
from mem4d_ros.ros.conversions.compressed import compressed_to_rgb
from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.ros.conversions.stamps import stamp_to_ns
from mem4d_ros.ros.outputs import ReconstructedFrame
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.settings import Settings
from mem4d_ros.runtime import FrameRejected, NonFiniteOutput, OnlineReconstructor

JUMP_NS = 500_000_000
"""Stamps that go back by less than this are frames out of order; by more, the clock was set."""


@dataclass(frozen=True)
class IncomingFrame:
    """An image as it came, with the newest CameraInfo at that time."""

    image: Image | CompressedImage
    camera_info: CameraInfo | None
    received_at_s: float  # monotonic


class FrameProcessor:
    """Decodes images and feeds the reconstructor, whose memory it resets when the stream breaks.

    `process` runs on one thread; `request_reset` may be called from any.
    """

    def __init__(
        self,
        reconstructor: OnlineReconstructor,
        settings: Callable[[], Settings],
        reporter: Reporter,
    ) -> None:
        self._reconstructor = reconstructor
        self._settings = settings
        self._reporter = reporter
        self._reset_requested = threading.Event()
        self._resets = 0
        self._newest_stamp_ns = 0
        self._shape: tuple[int, ...] | None = None

    @property
    def resets(self) -> int:
        """How often the memory was emptied."""
        return self._resets

    def request_reset(self) -> None:
        """Empty the memory before the next frame; one that is in work is rejected."""
        self._reset_requested.set()

    def process(self, incoming: IncomingFrame) -> ReconstructedFrame:
        """The reconstruction of a frame. Raises FrameRejected."""
        self._follow_requests()
        header = incoming.image.header
        camera_frame = header.frame_id or self._settings().frames.camera
        if not camera_frame:
            raise FrameRejected(
                "images have an empty header.frame_id: set the frame in the camera's driver,"
                " or name it in frames.camera"
            )
        stamp_ns = stamp_to_ns(header.stamp)
        self._follow_clock(stamp_ns)
        image = _decode(incoming.image)
        self._follow_size(image)
        camera_info, intrinsics = self._calibration(incoming.camera_info, image)
        try:
            reconstruction = self._reconstructor.process(image, stamp_ns, intrinsics)
        except NonFiniteOutput:
            self._resets += 1
            raise
        if self._reset_requested.is_set():
            raise FrameRejected("a reset was asked for while this frame was in work")
        return ReconstructedFrame(reconstruction, header.stamp, camera_frame, camera_info)

    def _follow_requests(self) -> None:
        if self._reset_requested.is_set():
            self._reset_requested.clear()
            self._reset()
        sizes = self._settings().memory.sizes()
        if sizes != self._reconstructor.memory:
            self._reconstructor.resize_memory(sizes)

    def _follow_clock(self, stamp_ns: int) -> None:
        behind_ns = self._newest_stamp_ns - stamp_ns
        if stamp_ns and 0 <= behind_ns < JUMP_NS:
            raise FrameRejected(
                f"an image is {behind_ns * 1e-9:.3f} s older than the one before it, or as old:"
                " images arrive twice or out of order"
            )
        if behind_ns >= JUMP_NS:
            self._reset()
            self._reporter.warning(
                "clock",
                f"stamps jumped back by {behind_ns * 1e-9:.3f} s (a looped recording?):"
                " a new world starts",
            )
        self._newest_stamp_ns = stamp_ns

    def _follow_size(self, image: np.ndarray) -> None:
        if self._shape not in (None, image.shape):
            self._resets += 1  # by the reconstructor, whose memory has the old size
            self._reporter.warning(
                "size",
                f"images changed from {_size(self._shape)} to {_size(image.shape)} pixels:"
                " a new world starts",
            )
        self._shape = image.shape

    def _calibration(
        self, info: CameraInfo | None, image: np.ndarray
    ) -> tuple[CameraInfo | None, np.ndarray | None]:
        """The CameraInfo and the intrinsics (3, 3) it gives the image; None where it gives none."""
        if info is None:
            return None, None
        height, width = image.shape[:2]
        try:
            intrinsics = intrinsics_of_image(info, width, height)
        except CameraInfoError as error:
            self._reporter.warning(
                "camera_info", f"CameraInfo is not used, intrinsics are predicted: {error}"
            )
            return None, None
        return (info, intrinsics) if intrinsics is not None else (None, None)

    def _reset(self) -> None:
        self._reconstructor.reset()
        self._resets += 1


def _decode(message: Image | CompressedImage) -> np.ndarray:
    if isinstance(message, CompressedImage):
        return compressed_to_rgb(message)
    return image_to_rgb(message)


def _size(shape: tuple[int, ...] | None) -> str:
    return f"{shape[1]}x{shape[0]}" if shape else "none"
