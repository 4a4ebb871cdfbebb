"""A map that was saved, as a recording whose frames are its keyframes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.geometry import transform_points, unproject
from mem4d_ros.mapping import Keyframe, landmark_cloud, load_map
from mem4d_ros.runtime import ColouredPoints, move_points
from mem4d_ros.viewer.scene import Changes, Facts, MapCloud, Scene, ViewedCamera

RATE_HZ = 4.0
"""Keyframes have no stamps."""
MOST_POINTS = 3_000_000
"""That are made of their depth images; of larger ones every n-th pixel and row."""
FARTHEST_M = 8.0
"""As of the points that enter the node's own static map."""


class SavedMap:
    """Shows a map's keyframes, loops, landmarks, and the points of what the network saw in them.

    It is in the frame in which its user gave poses: of the node's, the map.
    """

    rate_hz = RATE_HZ

    def __init__(self, folder: Path, scene: Scene) -> None:
        """Raises MapError for a folder that holds no map, or a damaged one."""
        stored = load_map(folder)
        self._keyframes = list(stored.world.keyframes.values())
        self._intrinsics = stored.camera.intrinsics
        self._map_from_world = stored.frame_from_world
        self._scene = scene
        self._poses = self._map_from_world @ np.array([k.camera_to_world for k in self._keyframes])
        landmarks = landmark_cloud(stored.world, self._intrinsics)
        scene.put(
            Changes(
                static_map=self._points(),
                landmarks=ColouredPoints(
                    move_points(self._map_from_world, landmarks.positions).astype(np.float32),
                    np.repeat(landmarks.brightness[:, None], 3, axis=1),
                    landmarks.hits.astype(np.float32),
                ),
                keyframes=tuple(self._camera(index) for index in range(self.length)),
                loops=transform_points(self._map_from_world, stored.world.links()),
                facts=Facts(
                    "saved map",
                    processed=self.length,
                    model=f"{len(landmarks.positions)} landmarks; each frame is a keyframe",
                ),
            )
        )

    @property
    def length(self) -> int:
        """Keyframes."""
        return len(self._keyframes)

    def show(self, index: int, grows: bool) -> None:
        """Put a keyframe into the scene, and the points of those up to it, or of all."""
        keyframe = self._keyframes[index]
        self._scene.put(
            Changes(
                frame=self._points_of(index, stride=1),
                camera=self._camera(index),
                path=self._poses[: index + 1, :3, 3],
                image=keyframe.dense.image,
                depth=_depth(keyframe),
                until=float(index) if grows else np.inf,
            )
        )

    def _camera(self, index: int) -> ViewedCamera:
        dense = self._keyframes[index].dense
        height, width = dense.depth.shape
        return ViewedCamera(self._poses[index], self._dense_intrinsics(index), width, height)

    def _dense_intrinsics(self, index: int) -> np.ndarray:
        intrinsics: np.ndarray = self._keyframes[index].dense.transform.matrix @ self._intrinsics
        return intrinsics

    def _points(self) -> MapCloud:
        """Of all keyframes; the times are the numbers of the frames that saw them."""
        pixels = sum(keyframe.dense.depth.size for keyframe in self._keyframes)
        stride = int(np.ceil(np.sqrt(max(1.0, pixels / MOST_POINTS))))
        clouds = [self._points_of(index, stride) for index in range(self.length)]
        times = [np.full(len(cloud.positions), index) for index, cloud in enumerate(clouds)]
        together = ColouredPoints(
            np.concatenate([cloud.positions for cloud in clouds]),
            np.concatenate([cloud.colours for cloud in clouds]),
            np.concatenate([cloud.confidences for cloud in clouds]),
        )
        return MapCloud(together, np.concatenate(times).astype(np.float64))

    def _points_of(self, index: int, stride: int) -> ColouredPoints:
        """Points of a keyframe in the map, which does not keep how sure the network was: 1."""
        keyframe = self._keyframes[index]
        depth = _depth(keyframe)
        on_grid = np.zeros(depth.shape, bool)
        on_grid[::stride, ::stride] = True
        with np.errstate(invalid="ignore"):
            chosen = on_grid & (depth < FARTHEST_M)
        points = unproject(depth, self._dense_intrinsics(index))[chosen]
        return ColouredPoints(
            move_points(self._poses[index], points).astype(np.float32),
            keyframe.dense.image[chosen],
            np.ones(len(points), np.float32),
        )


def _depth(keyframe: Keyframe) -> np.ndarray:
    """(h, w), metres of the map, NaN where unknown."""
    depth: np.ndarray = keyframe.dense.depth.astype(np.float64) * np.exp(keyframe.log_scale)
    return depth
