"""Placement of the model's world, the camera and the robot in the map.

Matrices are named target_from_source: map_from_world moves coordinates in the world to coordinates
in the map. The model's world is optical (x right, y down, z forward); the map is z-up (REP-103).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from mem4d_ros.geometry import BODY_FROM_OPTICAL, rigid_inverse


class ExtrinsicsError(LookupError):
    """The camera's place on the robot is not known (yet); the message names what is missing."""


class SensorUnplaced(LookupError):  # noqa: N818
    """A scan has no place in the camera's image; the message says why and what to do."""


@dataclass(frozen=True)
class Placement:
    """One frame's place in the map."""

    map_from_world: np.ndarray  # (4, 4)
    map_from_camera: np.ndarray  # (4, 4)
    tracked_frame: str  # the frame whose pose is reported
    map_from_tracked: np.ndarray  # (4, 4)


class Placer(Protocol):
    """Places frames in the map. `base_from_camera` may be asked anew for each of them."""

    def place(self, camera_to_world: np.ndarray, camera_frame: str, stamp_ns: int) -> Placement:
        """The placement of a camera pose (4, 4). Raises ExtrinsicsError."""
        ...

    def restart(self, map_from_world: np.ndarray | None = None) -> None:
        """A new world begins with the next frame; (4, 4), where it is known in which map."""
        ...


class CameraPlacer:
    """Tracks the camera, which starts level in the map, looking along the initial pose's x axis."""

    def __init__(self, initial_pose: np.ndarray) -> None:
        self._of_a_new_map = self._map_from_world = initial_pose @ BODY_FROM_OPTICAL

    def place(self, camera_to_world: np.ndarray, camera_frame: str, stamp_ns: int) -> Placement:
        map_from_camera = self._map_from_world @ camera_to_world
        return Placement(self._map_from_world, map_from_camera, camera_frame, map_from_camera)

    def restart(self, map_from_world: np.ndarray | None = None) -> None:
        known = map_from_world is not None
        self._map_from_world = map_from_world if known else self._of_a_new_map


Extrinsics = Callable[[str, int], np.ndarray]
"""base_from_camera (4, 4) of a camera frame at a stamp in ns. Raises ExtrinsicsError."""


CameraInOdometry = Callable[[str, int], np.ndarray | None]
"""odom_from_camera (4, 4) of a camera's frame at a stamp in ns; None where it is not known."""

PlaceSensor = Callable[[str, int, str, int], np.ndarray]
"""camera_from_sensor (4, 4) of a camera's frame at a stamp in ns and a sensor's at another.

Raises SensorUnplaced.
"""


class BasePlacer:
    """Tracks the robot's base, which starts at the initial pose in the map."""

    def __init__(self, initial_pose: np.ndarray, base_frame: str, extrinsics: Extrinsics) -> None:
        self._initial_pose = initial_pose
        self._base_frame = base_frame
        self._extrinsics = extrinsics
        self._map_from_world: np.ndarray | None = None

    def place(self, camera_to_world: np.ndarray, camera_frame: str, stamp_ns: int) -> Placement:
        base_from_camera = self._extrinsics(camera_frame, stamp_ns)
        if self._map_from_world is None:
            self._map_from_world = self._initial_pose @ base_from_camera
        map_from_camera = self._map_from_world @ camera_to_world
        map_from_base = map_from_camera @ rigid_inverse(base_from_camera)
        return Placement(self._map_from_world, map_from_camera, self._base_frame, map_from_base)

    def restart(self, map_from_world: np.ndarray | None = None) -> None:
        self._map_from_world = map_from_world
