"""A stream's pose source, into whose map other threads look."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from mem4d_ros.mapping import Correction, MapError, StoredMap
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.pose_sources.geometry import GeometryPose
from mem4d_ros.runtime.pose_sources.source import (
    CameraFrame,
    Foreseen,
    LandmarkSource,
    PoseEstimate,
    PoseFrame,
    PoseSource,
)


@dataclass(frozen=True)
class MapSize:
    """Keyframes and landmarks of a map, and how many pieces it is in; all 0: there is none."""

    keyframes: int = 0
    landmarks: int = 0
    pieces: int = 0


class SharedPoseSource:
    """Asks a pose source for one frame after the other, and lets its map be read between them.

    Frames are of one thread, which also resets it and says which map is used.
    """

    def __init__(self, source: PoseSource) -> None:
        self.source = source
        self._lock = threading.Lock()

    @property
    def keeps_global_pointmap(self) -> bool:
        """Whether the network's global pointmap belongs to the pose."""
        return self.source.keeps_global_pointmap

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """What is known of the next frame already; `estimate` follows."""
        with self._lock:
            return self.source.foresee(frame)

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose of the next frame."""
        with self._lock:
            return self.source.estimate(frame)

    def reset(self) -> None:
        """Forget all frames: the next one defines a new world, or is looked for in the map."""
        with self._lock:
            self.source.reset()

    def landmarks(self) -> ColouredPoints | None:
        """Landmarks that the poses go by, in the world; None where they go by none."""
        return self.source.landmarks() if isinstance(self.source, LandmarkSource) else None

    @property
    def keeps_map(self) -> bool:
        """Whether the poses are those of a map, which another odometry is heard for, too."""
        return isinstance(self.source, GeometryPose)

    @property
    def knows_odometry_metres(self) -> bool:
        """Whether it is known by now how long another odometry's metres are by the world's."""
        return isinstance(self.source, GeometryPose) and self.source.knows_odometry_metres

    def take_odometry_metres(self) -> Correction | None:
        """Bring the world to the other odometry's metres; None: it stays as it is."""
        if not isinstance(self.source, GeometryPose):
            return None
        with self._lock:
            return self.source.take_odometry_metres()

    @property
    def given_map(self) -> StoredMap | None:
        """The map in which frames are looked for, as it was given."""
        return self.source.given if isinstance(self.source, GeometryPose) else None

    def use_map(self, given: StoredMap | None, extends: bool) -> None:
        """Find the next frames in a map; None: begin a new world.

        Args:
            extends: whether they are added to it, or it stays as it is.

        Raises:
            MapError: the source keeps no map, or the camera is another one than the map's.
        """
        source = self._map_keeper()
        if given is not None:
            self.check_map(given)
        with self._lock:
            source.use_map(given, extends)

    def check_map(self, given: StoredMap) -> None:
        """Raises MapError for a map that `use_map` would refuse. From any thread."""
        seen = self._map_keeper().told_camera
        if seen is not None and not given.camera.is_like(seen):
            raise MapError(
                f"the map is of a camera with {given.camera}, this one has {seen}: give a map that"
                " was made with this camera"
            )

    def stored_map(self) -> StoredMap:
        """The map as it is now, of several pieces the main one. From any thread.

        Raises:
            MapError: there is none.
        """
        source = self._map_keeper()
        with self._lock:
            camera = source.camera if source.given is None else source.given.camera
            if camera is None or not source.map.keyframes:
                raise MapError("there is no map yet: it begins with the first image")
            return StoredMap(source.main_piece.copy(), camera)

    def map_size(self) -> MapSize:
        """How large the map is, with all its pieces. From any thread."""
        pieces = self.source.pieces if isinstance(self.source, GeometryPose) else ()
        return MapSize(
            sum(len(piece.keyframes) for piece in pieces),
            sum(len(piece.landmarks) for piece in pieces),
            sum(len(piece.keyframes) > 0 for piece in pieces),
        )

    def _map_keeper(self) -> GeometryPose:
        if not isinstance(self.source, GeometryPose):
            raise MapError(
                "only the pose source geometry has a map that can be saved and loaded: choose that"
                " (the node's parameter pose.source, or --pose-source)"
            )
        return self.source
