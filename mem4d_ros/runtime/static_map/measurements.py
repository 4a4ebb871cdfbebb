"""What one frame says about each voxel."""

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


def measure_voxels(
    reconstruction: Reconstruction, usable: np.ndarray, settings: StaticMapSettings
) -> VoxelMeasurements:
    """The voxels that the pixels `usable` (H, W) bool fall into, in the world."""
    points, confidence = reconstruction.points_world, reconstruction.confidence_world
    offsets = points - reconstruction.camera_to_world[:3, 3].astype(np.float32)
    squared_range = np.einsum("hwi,hwi->hw", offsets, offsets)
    # NaN compares false, so that invalid points never pass.
    passing = usable & (squared_range <= settings.max_range_m**2)
    passing &= (confidence >= settings.min_confidence) & (confidence > 0)
    points, confidence = points[passing], confidence[passing]
    cells = np.floor(points / np.float32(settings.voxel_size_m)).astype(np.int64)
    reachable = ((cells >= -REACH) & (cells < REACH)).all(-1)
    keys = voxel_keys(cells[reachable])
    points, confidence = points[reachable], confidence[reachable]
    colours = reconstruction.image[passing][reachable]
    values = np.column_stack((points, colours, confidence, np.ones_like(confidence)))
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]]) if len(keys) else keys
    weighted = (values * confidence[:, None])[order]
    sums = np.add.reduceat(weighted, starts, axis=0) if len(keys) else weighted
    weights = sums[:, 7]
    return VoxelMeasurements(keys[starts], sums[:, :7] / weights[:, None], weights)
