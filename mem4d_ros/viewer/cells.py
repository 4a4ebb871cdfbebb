"""Cubes of space, by number."""

from __future__ import annotations

import numpy as np

from mem4d_ros.runtime.static_map.voxel_table import REACH, voxel_keys


def cell_keys(positions: np.ndarray, side_m: float) -> np.ndarray:
    """The number (N,) of the cube that each point (N, 3) is in; very far ones share the last."""
    cells = np.floor(positions / side_m).clip(-REACH, REACH - 1)
    return voxel_keys(cells.astype(np.int64))
