"""The map: means of what was measured, voxel by voxel, less what was seen through."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.mapping import Correction
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.runtime.reconstruction import Reconstruction
from mem4d_ros.runtime.static_map.measurements import (
    VoxelMeasurements,
    group_by_voxel,
    measure_voxels,
)
from mem4d_ros.runtime.static_map.seen_through import seen_through
from mem4d_ros.runtime.static_map.settings import StaticMapSettings
from mem4d_ros.runtime.static_map.voxel_table import EMPTY, VoxelTable


class StaticMap:
    """Accumulates still points of one world. Not thread-safe.

    Memory is allocated once and does not grow; time per frame does not depend on how many came
    before. A frame adds 1, or less where it is unsure, to the count of each voxel that it measures
    and takes `carve_rate` from each that it sees through; a voxel goes when nothing is left of its
    count.
    """

    def __init__(self, settings: StaticMapSettings | None = None) -> None:
        self.settings = settings or StaticMapSettings()
        self._table = VoxelTable(self.settings.max_voxels)
        slots = self._table.capacity
        self._means = np.zeros((slots, 7), np.float32)  # x, y, z in m, r, g, b, confidence
        self._weights = np.zeros(slots, np.float32)  # sum of confidences behind the means
        self._frames = np.zeros(slots, np.float32)  # count of frames, unsure ones as less than one
        self._keyframes = np.zeros(slots, np.int64)  # that the voxel hangs on

    def __len__(self) -> int:
        """The number of voxels, those that are not shown yet included."""
        return len(self._table.occupied())

    def reset(self) -> None:
        """Forget everything."""
        self._table.clear()

    def integrate(self, reconstruction: Reconstruction, moving: np.ndarray) -> None:
        """Take a frame in, without the pixels `moving` (H, W) bool and those beside them.

        A frame with `frame_index` 0 starts a new world and empties the map.
        """
        if reconstruction.frame_index == 0:
            self.reset()
        self._carve(reconstruction)
        side = 2 * self.settings.margin_px + 1
        near_moving = cv2.dilate(moving.astype(np.uint8), np.ones((side, side), np.uint8))
        measured = measure_voxels(reconstruction, near_moving == 0, self.settings)
        self._add(measured, reconstruction.keyframe)

    def move(self, correction: Correction) -> None:
        """Move each voxel with the keyframe that it was last measured from.

        Those that come to lie in one place become their mean, and belong where most was seen.
        """
        slots = self._table.occupied()
        if not len(slots):
            return
        motions = correction.of(self._keyframes[slots]).astype(np.float32)
        means, weights = self._means[slots], self._weights[slots]
        means[:, :3] = np.einsum("nij,nj->ni", motions[:, :3, :3], means[:, :3]) + motions[:, :3, 3]
        frames, keyframes = self._frames[slots], self._keyframes[slots]
        keys, order, starts = group_by_voxel(means[:, :3], self.settings.voxel_size_m)
        sums = np.add.reduceat((means * weights[:, None])[order], starts, axis=0)
        total = np.add.reduceat(weights[order], starts)
        counts = np.maximum.reduceat(frames[order], starts)
        ends = np.append(starts[1:], len(order))
        voxel = np.repeat(np.arange(len(starts)), ends - starts)
        most = np.lexsort((keyframes[order], frames[order], voxel))[ends - 1]
        self._table.clear()
        by_count = np.argsort(-counts, kind="stable")  # what finds no place is what was seen least
        placed, _ = self._table.claim(keys[by_count])
        kept, placed = by_count[placed != EMPTY], placed[placed != EMPTY]
        self._means[placed] = (sums / total[:, None])[kept]
        self._weights[placed] = total[kept]
        self._frames[placed] = counts[kept]
        self._keyframes[placed] = keyframes[order][most][kept]
        self._table.settle(placed, self._is_shown(placed))

    def points(self) -> ColouredPoints:
        """The voxels that enough frames have measured, surely enough, in the world."""
        slots = self._table.occupied()
        means = self._means[slots[self._is_shown(slots)]]
        return ColouredPoints(
            positions=means[:, :3].copy(),
            colours=np.rint(means[:, 3:6]).astype(np.uint8),
            confidences=means[:, 6].copy(),
        )

    def _carve(self, reconstruction: Reconstruction) -> None:
        slots = self._table.occupied()
        world_to_camera = rigid_inverse(reconstruction.camera_to_world)
        positions = self._means.take(slots, axis=0)[:, :3]
        slots = slots[seen_through(positions, reconstruction, world_to_camera, self.settings)]
        self._frames[slots] -= self.settings.carve_rate
        self._table.settle(slots, self._is_shown(slots))
        self._table.remove(slots[self._frames[slots] <= 0])

    def _add(self, measured: VoxelMeasurements, keyframe: int) -> None:
        slots, new = self._table.claim(measured.keys)
        for state in (self._means, self._weights, self._frames):
            state[slots[new]] = 0
        placed = slots != EMPTY
        slots, weights, means = slots[placed], measured.weights[placed], measured.means[placed]
        limit = self.settings.max_frames
        # A capped weight lets the mean follow slow drift and lets old errors fade.
        total = self._weights[slots] * np.float32(1 - 1 / limit) + weights
        share = (weights / total)[:, None]
        self._means[slots] += share * (means - self._means[slots])
        self._weights[slots] = total
        counts = self._frames[slots] + self._count_of(means[:, 6])
        self._frames[slots] = np.minimum(counts, limit)
        self._keyframes[slots] = keyframe
        self._table.settle(slots, self._is_shown(slots))

    def _count_of(self, confidence: np.ndarray) -> np.ndarray:
        """As how much of a frame a measurement counts, (N,), by its confidence (N,)."""
        full = self.settings.full_confidence
        if full == 1:
            return np.ones_like(confidence)
        return ((confidence - 1) / (full - 1)).clip(0, 1)

    def _is_shown(self, slots: np.ndarray) -> np.ndarray:
        shown: np.ndarray = self._frames[slots] >= self.settings.min_frames
        return shown
