"""A hash table of voxels in arrays, for many keys at once, of a size that never grows."""

from __future__ import annotations

import numpy as np

WAYS = 16
"""Slots of a bucket."""
EMPTY = -1
GRACE = 10
"""Calls for which a voxel that is not settled may wait to be claimed again."""
AXIS_BITS = 21
REACH = 1 << (AXIS_BITS - 1)
"""Voxels from the origin along each axis that have a key."""


def voxel_keys(cells: np.ndarray) -> np.ndarray:
    """Keys (N,) int64 >= 0 of cells (N, 3) int64, each within -REACH to REACH - 1."""
    x, y, z = cells.T + REACH
    return (x << 2 * AXIS_BITS) + (y << AXIS_BITS) + z


class VoxelTable:
    """Which voxel is in which slot; what is known of a voxel lies in the caller's arrays.

    Like a processor's cache, a key may only lie in the 16 slots of its own bucket. A new voxel that
    finds its bucket full replaces the one there that was used longest ago: of those that are not
    settled and have waited for long, and of all where there are none. So the table keeps what was
    seen last, and does not give up what is known for what may be an error. Half full, it loses less
    than 1 % of its voxels to full buckets.
    """

    def __init__(self, max_voxels: int) -> None:
        """At most `max_voxels`, rounded up to a multiple of 16."""
        self._buckets = -(-max_voxels // WAYS)
        self.clear()

    @property
    def capacity(self) -> int:
        """Number of slots, from 0."""
        return self._keys.size

    def clear(self) -> None:
        """Empty all slots."""
        self._keys = np.full((self._buckets, WAYS), EMPTY, np.int64)
        self._used_at = np.full((self._buckets, WAYS), EMPTY, np.int64)
        self._settled = np.zeros((self._buckets, WAYS), bool)
        self._time = 0

    def occupied(self) -> np.ndarray:
        """The slots (N,) that hold a voxel, in order."""
        return np.flatnonzero(self._keys.reshape(-1) != EMPTY)

    def remove(self, slots: np.ndarray) -> None:
        """Empty slots (N,)."""
        self._keys.reshape(-1)[slots] = EMPTY
        self._used_at.reshape(-1)[slots] = EMPTY
        self._settled.reshape(-1)[slots] = False

    def settle(self, slots: np.ndarray, settled: np.ndarray) -> None:
        """Say of voxels in slots (N,) whether they are known, (N,) bool; new ones are not."""
        self._settled.reshape(-1)[slots] = settled

    def claim(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The slots (N,) of different keys (N,), and which of them (N,) bool are new there.

        A slot of -1 is for a key that found no place: all 16 of its bucket are used by other keys
        of this call.
        """
        self._time += 1
        buckets = self._buckets_of(keys)
        hits = self._keys[buckets] == keys[:, None]  # (N, WAYS)
        known = hits.any(-1)
        slots = np.where(known, buckets * WAYS + hits.argmax(-1), EMPTY)
        self._used_at.reshape(-1)[slots[known]] = self._time
        missing = np.flatnonzero(~known)
        slots[missing] = self._place(keys[missing], buckets[missing])
        return slots, ~known & (slots != EMPTY)

    def _place(self, keys: np.ndarray, buckets: np.ndarray) -> np.ndarray:
        """Slots (N,) that now hold new keys (N,), which belong into buckets (N,)."""
        order = np.argsort(buckets, kind="stable")
        sorted_buckets = buckets[order]
        first = np.searchsorted(sorted_buckets, sorted_buckets)
        rank = np.empty_like(order)  # among the new keys of the same bucket
        rank[order] = np.arange(len(order)) - first
        used_at = self._used_at[buckets]
        waits = ~self._settled[buckets] & (used_at < self._time - GRACE)  # empty slots do, too
        first_to_go = np.where(waits, used_at - self._time, used_at).argsort(-1, kind="stable")
        way = first_to_go[np.arange(len(keys)), np.minimum(rank, WAYS - 1)]
        free = (rank < WAYS) & (used_at[np.arange(len(keys)), way] < self._time)
        slots = np.where(free, buckets * WAYS + way, EMPTY)
        self._keys.reshape(-1)[slots[free]] = keys[free]
        self._used_at.reshape(-1)[slots[free]] = self._time
        self._settled.reshape(-1)[slots[free]] = False
        return slots

    def _buckets_of(self, keys: np.ndarray) -> np.ndarray:
        """(N,) int64: Fibonacci hashing, which spreads neighbouring cells."""
        mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        return ((mixed >> np.uint64(32)) % np.uint64(self._buckets)).astype(np.int64)
