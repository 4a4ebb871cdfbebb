"""When each place of a map was first seen."""

from __future__ import annotations

import numpy as np

from mem4d_ros.viewer.cells import cell_keys

CELL_M = 0.1
"""Wider than points of a map move while they are measured again and again."""


class FirstSeen:
    """Times by cell. Of those that are kept no more is known than the map has points."""

    def __init__(self, cell_m: float = CELL_M) -> None:
        self._cell_m = cell_m
        self._keys = np.empty(0, np.int64)  # sorted
        self._times = np.empty(0)

    def see(self, positions: np.ndarray, time: float) -> None:
        """Points (N, 3) are seen: cells that were not known are from `time` on."""
        keys = np.unique(self._cells(positions))
        new = keys[~self._known(keys)[1]]
        where = np.searchsorted(self._keys, new)
        self._keys = np.insert(self._keys, where, new)
        self._times = np.insert(self._times, where, time)

    def times(self, positions: np.ndarray) -> np.ndarray:
        """When the cells of points (N, 3) were first seen, (N,); inf: not yet."""
        index, known = self._known(self._cells(positions))
        times = np.full(len(positions), np.inf)
        times[known] = self._times[index[known]]
        return times

    def forget_all_but(self, positions: np.ndarray) -> None:
        """Forget the cells in which none of the points (N, 3) is."""
        kept = np.isin(self._keys, self._cells(positions))
        self._keys, self._times = self._keys[kept], self._times[kept]

    def _known(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Indices (N,) into the table, and which of them hold the key, (N,) bool."""
        if not len(self._keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        index = np.searchsorted(self._keys, keys).clip(max=len(self._keys) - 1)
        return index, self._keys[index] == keys

    def _cells(self, positions: np.ndarray) -> np.ndarray:
        return cell_keys(positions, self._cell_m)
