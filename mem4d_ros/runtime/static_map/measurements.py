"""Measurements of each voxel by one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.runtime.reconstruction import Reconstruction
from mem4d_ros.runtime.static_map.settings import StaticMapSettings
from mem4d_ros.runtime.static_map.voxel_table import REACH, voxel_keys


@dataclass(frozen=True)
class VoxelMeasurements:
    """Confidence-weighted means of the points in each voxel that has any."""

    keys: np.ndarray  # (N,) int64, different
    means: np.ndarray  # (N, 7) float32: x, y, z in m, r, g, b, confidence
    weights: np.ndarray  # (N,) float32, sums of confidences

    @classmethod
    def none(cls) -> VoxelMeasurements:
        """No voxels."""
        return cls(np.empty(0, np.int64), np.empty((0, 7), np.float32), np.empty(0, np.float32))


def measure_voxels(
    reconstruction: Reconstruction, usable: np.ndarray, settings: StaticMapSettings
) -> VoxelMeasurements:
    """The voxels that the pixels `usable` (H, W) bool fall into, in the world.

    None if the camera has left the space that voxels have keys for, 52 km about the origin for
    voxels of 5 cm.
    """
    centre = reconstruction.camera_to_world[:3, 3]
    points = reconstruction.points_world.reshape(-1, 3)
    confidence = reconstruction.confidence_world.reshape(-1)
    offsets = points - centre.astype(np.float32)
    squared_range = np.einsum("ni,ni->n", offsets, offsets)
    # NaN compares false, so that invalid points never pass.
    passing = usable.reshape(-1) & (squared_range <= settings.max_range_m**2)
    passing &= (confidence >= settings.min_confidence) & (confidence > 0)
    chosen = np.flatnonzero(passing)
    reach_m = np.abs(centre).max() + settings.max_range_m + settings.voxel_size_m
    if not len(chosen) or reach_m >= REACH * settings.voxel_size_m:
        return VoxelMeasurements.none()
    keys, order, starts = group_by_voxel(points.take(chosen, axis=0), settings.voxel_size_m)
    values = np.empty((len(points), 8), np.float32)
    values[:, :3] = points
    values[:, 3:6] = reconstruction.image.reshape(-1, 3)
    values[:, 6] = confidence
    values[:, 7] = 1
    values *= confidence[:, None]
    sums = np.add.reduceat(values.take(chosen[order], axis=0), starts, axis=0)
    weights = sums[:, 7]
    return VoxelMeasurements(keys, sums[:, :7] / weights[:, None], weights)


def group_by_voxel(
    points: np.ndarray, voxel_size_m: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different keys (M,) of the voxels of points (N, 3), and where those of each are.

    The second is an order (N,) of the points, the third (M,) says where in it each voxel begins.
    """
    cells = np.floor(points * np.float32(1 / voxel_size_m))
    keys = voxel_keys(cells.astype(np.int64))
    order = np.argsort(keys, kind="stable")  # fast where it is sorted in parts, as images are
    keys = keys[order]
    starts = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[starts], order, starts
