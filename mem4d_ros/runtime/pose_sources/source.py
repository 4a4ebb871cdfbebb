"""Input and output of a source of camera poses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.mapping import Correction
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.points import ColouredPoints


@dataclass(frozen=True)
class CameraFrame:
    """One frame as the camera took it, before the network has seen it."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    transform: ImageTransform  # to the network's image
    intrinsics: np.ndarray | None  # (3, 3) pixels of `image`; None: unknown
    odom_from_camera: np.ndarray | None = None  # (4, 4) as another odometry says; None: nothing
    stamp_ns: int = 0


@dataclass(frozen=True)
class Foreseen:
    """What a source knows of a frame before the network has seen it; None: nothing.

    Attributes:
        camera_to_world: (4, 4), in the world of the first frame since the network's memory was
            empty.
        is_keyframe: whether the frame will be one; True where a source has none.
        starts_anew: the network's memory is of no place that is known, and no use any more.
        wants_own_depth: the source asks for the network's own depth, too: told neither points nor
            pose, without memory.
    """

    camera_to_world: np.ndarray | None = None
    points: MeasuredPoints | None = None
    is_keyframe: bool = True
    starts_anew: bool = False
    wants_own_depth: bool = False


NOTHING_FORESEEN = Foreseen()


@dataclass(frozen=True)
class PoseFrame:
    """One frame at the model's size (H, W). Invalid pixels have NaN points and confidence 0."""

    image: np.ndarray  # (H, W, 3) uint8 RGB
    points_camera: np.ndarray  # (H, W, 3) float32, metres, optical frame
    confidence_camera: np.ndarray  # (H, W) float32
    points_world: np.ndarray  # (H, W, 3) float32, metres
    confidence_world: np.ndarray  # (H, W) float32
    intrinsics: np.ndarray  # (3, 3) float64, pixels of `image`
    head_pose: np.ndarray  # (4, 4) float64, camera-to-world as the network says
    place: np.ndarray | None = None  # (C,) float32 of length 1, what tells the place from others
    own_depth: np.ndarray | None = None  # (H, W) in metres of what was told, where it was wanted
    people: np.ndarray | None = None  # (H, W) bool, that may show people; None: nobody looked


@dataclass(frozen=True)
class PoseEstimate:
    """A pose, and whether this frame determined it.

    What is not measured continues from the frames before and never jumps. When a loop closes, the
    world moves: what hangs on a keyframe goes where `correction` says.
    """

    camera_to_world: np.ndarray  # (4, 4) float64
    measured: bool = True
    depth_scale: float = 1.0  # metres of the pose by those of the frame's depth
    covariance: np.ndarray | None = None  # (6, 6): turn in the camera in rad, position in m
    keyframe: int = 0  # number of the one that the frame hangs on
    correction: Correction | None = None  # how the world has moved since the frame before
    placed: bool = True  # False: the camera has no place in the world yet, and the pose no meaning


class PoseSource(Protocol):
    """Poses of consecutive frames of one stream. The world is the first camera's optical frame."""

    @property
    def keeps_global_pointmap(self) -> bool:
        """Whether the network's global pointmap belongs to this pose.

        Where it does not, the self-view pointmap moved by the pose is the global one.
        """
        ...

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """What is known of the next frame already; `estimate` follows."""
        ...

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose of the next frame."""
        ...

    def reset(self) -> None:
        """Forget all frames: the next one defines a new world."""
        ...


@runtime_checkable
class LandmarkSource(Protocol):
    """A pose source that goes by landmarks."""

    def landmarks(self) -> ColouredPoints:
        """Those that it is sure of, in the world, with their brightness as colour.

        Their confidence is the number of frames in which they were where they should be.
        """
        ...
