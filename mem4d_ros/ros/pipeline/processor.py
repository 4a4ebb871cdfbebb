"""From an image message to a reconstruction: everything that happens on the worker's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import torch
from sensor_msgs.msg import CompressedImage, Image

from mem4d_ros.mapping import MapCamera, MapError
from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.ros.frame import IncomingFrame, ReconstructedFrame
from mem4d_ros.ros.interface.settings import FrameSettings, Settings
from mem4d_ros.ros.known_map import KnownMap
from mem4d_ros.ros.pipeline.calibration import Calibration
from mem4d_ros.ros.pipeline.continuity import Continuity, Kind
from mem4d_ros.ros.pipeline.scans import Scans
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import CameraInOdometry
from mem4d_ros.runtime import (
    FrameRejected,
    MeasuredPoints,
    NonFiniteOutput,
    OnlineReconstructor,
    Reconstruction,
)
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.sensor_messages.deep_image import SensorBits
from mem4d_ros.sensor_messages.frames import tf_frame
from mem4d_ros.sensor_messages.lens import StraightImage
from mem4d_ros.sensor_messages.stamps import stamp_to_ns


class FrameOutdated(FrameRejected):
    """A frame of a world that somebody has asked to be left; nothing is wrong."""


class FrameProcessor:
    """Decodes images and feeds the reconstructor, whose memory it resets when the stream breaks.

    `network_memory` is what the network was made for; the settings may ask for other sizes.
    `process` runs on one thread; requests may be made from any.
    """

    def __init__(
        self,
        reconstructor: OnlineReconstructor,
        network_memory: MemorySizes,
        settings: Callable[[], Settings],
        reporter: Reporter,
        wants_landmarks: Callable[[], bool] = lambda: False,
        scans: Scans | None = None,
        camera_in_odometry: CameraInOdometry = lambda camera_frame, stamp_ns: None,
    ) -> None:
        self._wants_landmarks = wants_landmarks
        self._reconstructor = reconstructor
        self._scans = scans
        self._camera_in_odometry = camera_in_odometry
        self._settings = settings
        self._reporter = reporter
        self._reset_requested = threading.Event()
        self._known_map: KnownMap | None = None  # that is asked for
        self._used_map: KnownMap | None = None
        self._resets = 0
        self._continuity = Continuity(lambda remark: reporter.warning("stamp", remark))
        self._calibration = Calibration(reporter)
        self._network_memory = network_memory
        self._wanted_memory = reconstructor.memory
        self._sensor_bits = SensorBits()

    @property
    def resets(self) -> int:
        """Number of resets of the memory."""
        return self._resets

    @property
    def is_shrunk(self) -> bool:
        """Whether the device has no room for the memory that the settings ask for."""
        return self._reconstructor.memory != self._wanted_memory

    def request_reset(self) -> None:
        """Empty the memory before the next frame; one that is in work is rejected."""
        self._reset_requested.set()

    @property
    def known_map(self) -> KnownMap | None:
        """The map in which frames are looked for."""
        return self._used_map

    def request_map(self, known: KnownMap | None) -> None:
        """Look for the frames that come in a map, or begin a new one, after a reset."""
        self._known_map = known
        self._reset_requested.set()

    def process(self, incoming: IncomingFrame) -> ReconstructedFrame:
        """The reconstruction of a frame. Raises FrameRejected."""
        self._follow_requests()
        settings = self._settings()
        header = incoming.image.header
        camera_frame = self._camera_frame(header.frame_id, settings.frames)
        stamp_ns = stamp_to_ns(header.stamp)
        if stamp_ns == 0:
            self._reporter.warning(
                "no stamp",
                "images have no stamp (0), and so has nothing that is published of them: set it in"
                " the camera's driver",
            )
        if stamp_ns < 0:
            raise FrameRejected(
                f"an image's stamp is before the epoch ({stamp_ns * 1e-9:.3f} s): set it in the"
                " camera's driver"
            )
        self._start_new_world(
            "stamps", self._continuity.break_by_stamp(stamp_ns, incoming.received_at_s)
        )
        image = image_to_rgb(incoming.image, self._reporter.once, self._sensor_bits)
        kind = _kind(incoming.image, image, camera_frame)
        self._start_new_world("kind", self._continuity.break_by_kind(kind))
        calibrated = self._calibration.apply(
            image, incoming.camera_info, incoming.topic, settings.input
        )
        self._start_new_world("camera", self._break_by_camera(calibrated))
        points = None
        if self._scans is not None:
            points = self._scans.points_in(
                camera_frame,
                stamp_ns,
                calibrated.intrinsics,
                calibrated.image.shape[:2],
            )
        reconstruction = self._reconstruct(
            calibrated.image,
            stamp_ns,
            calibrated.intrinsics,
            points,
            self._camera_in_odometry(camera_frame, stamp_ns),
        )
        if calibrated.seen is not None:
            shown = 255 * calibrated.seen.astype(np.uint8)
            valid = resize_and_crop(shown, reconstruction.input_transform) == 255
            reconstruction = reconstruction.of_pixels(valid)
        if self._scans is not None:
            self._scans.learn(reconstruction, points)
        if self._reset_requested.is_set():
            raise FrameOutdated("a reset was asked for while this frame was in work")
        known = self._used_map
        return ReconstructedFrame(
            reconstruction,
            header.stamp,
            camera_frame,
            calibrated.intrinsics is not None,
            landmarks=self._reconstructor.poses.landmarks() if self._wants_landmarks() else None,
            map_from_world=None if known is None else known.stored.frame_from_world,
        )

    def _camera_frame(self, named: str, frames: FrameSettings) -> str:
        """The frame that an image names, as TF can carry it. Raises FrameRejected."""
        frame = tf_frame(named) or frames.camera
        if not frame:
            raise FrameRejected(
                "images have an empty header.frame_id: set the frame in the camera's driver,"
                " or name it in frames.camera"
            )
        if frame == frames.map:
            raise FrameRejected(
                f"images have the header.frame_id {named!r}, which is that of the map: set the"
                " camera's optical frame in its driver, or another frames.map"
            )
        if named and frame != named:
            self._reporter.once(f"TF knows no frame {named!r}: images are of {frame!r}")
        return frame

    def _follow_requests(self) -> None:
        if self._reset_requested.is_set():
            self._reset_requested.clear()
            self._use_map(self._known_map)
            self._reset()
        wanted = self._settings().memory.sizes(self._network_memory)
        if wanted != self._wanted_memory:
            self._wanted_memory = wanted
            self._reconstructor.resize_memory(wanted)

    def _use_map(self, known: KnownMap | None) -> None:
        if known is self._used_map:
            return
        try:
            if known is None:
                self._reconstructor.use_map(None)
            else:
                self._reconstructor.use_map(known.stored, known.extends)
        except MapError as error:  # another camera's images have come since it was asked for
            self._known_map = self._used_map
            self._reporter.failure(str(error))
        else:
            self._used_map = known

    def _break_by_camera(self, calibrated: StraightImage) -> str:
        """A map that was loaded has a camera of its own, and refuses others."""
        camera = None
        if calibrated.intrinsics is not None:
            height, width = calibrated.image.shape[:2]
            camera = MapCamera(calibrated.intrinsics, width, height)
        cause = self._continuity.break_by_camera(camera)
        return cause if self._used_map is None else ""

    def _start_new_world(self, key: str, cause: str) -> None:
        if cause:
            self._reset()
            self._reporter.warning(key, f"{cause}: a new world starts")

    def _reconstruct(
        self,
        image: np.ndarray,
        stamp_ns: int,
        intrinsics: np.ndarray | None,
        points: MeasuredPoints | None,
        odom_from_camera: np.ndarray | None,
    ) -> Reconstruction:
        """With ever smaller memories where the device has no room. Raises FrameRejected."""
        told = points if self._reconstructor.takes_evidence else None
        metres = self._scans.metres if self._scans else 1.0
        while True:
            try:
                return self._reconstructor.process(
                    image,
                    stamp_ns,
                    intrinsics,
                    points=told,
                    metres=metres,
                    odom_from_camera=odom_from_camera,
                )
            except NonFiniteOutput:
                self._resets += 1
                raise
            except torch.cuda.OutOfMemoryError as error:
                smaller = _halved(self._reconstructor.memory)
                if smaller == self._reconstructor.memory:
                    raise FrameRejected(
                        "the device has no memory for a single frame: end what else runs on it, or"
                        " set a smaller model.image_size"
                    ) from error
            # Behind the except clause, whose error still holds the tensors of the failed step.
            self._shrink_memory(smaller)

    def _shrink_memory(self, smaller: MemorySizes) -> None:
        self._reconstructor.resize_memory(smaller)
        torch.cuda.empty_cache()
        self._reporter.warning(
            f"out of memory {smaller}",
            "the device is out of memory: the network now remembers fewer frames"
            f" ({smaller}), until other sizes are set",
        )

    def _reset(self) -> None:
        self._reconstructor.reset()
        self._sensor_bits = SensorBits()
        self._resets += 1


def _kind(message: Image | CompressedImage, image: np.ndarray, camera_frame: str) -> Kind:
    height, width = image.shape[:2]
    encoding = message.encoding if isinstance(message, Image) else message.format
    return Kind(width, height, encoding, camera_frame)


def _halved(memory: MemorySizes) -> MemorySizes:
    return MemorySizes(memory.tca_window // 2, memory.tdm_size // 2, max(1, memory.psm_size // 2))
