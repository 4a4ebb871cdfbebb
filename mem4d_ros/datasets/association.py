"""Entries of two lists that belong to the same moment."""

from __future__ import annotations

import numpy as np


def associate(
    stamps: np.ndarray, others: np.ndarray, tolerance: float, offset: float = 0.0
) -> dict[int, int]:
    """For entries of `stamps` (n,) the index of their partner in `others` (m,), one to one.

    The closest pairs are formed first; partners differ by less than `tolerance`, in the stamps'
    unit, after `offset` was added to `others`. This is how TUM's benchmark associates its lists.
    """
    moved = others + offset
    order = np.argsort(moved, kind="stable")
    first, last = (
        np.searchsorted(moved[order], stamps + side, "left") for side in (-tolerance, tolerance)
    )
    candidates = [
        (abs(stamps[i] - moved[j]), i, int(j))
        for i in range(len(stamps))
        for j in order[first[i] : last[i]]
    ]
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for difference, i, j in sorted(candidates):
        if difference < tolerance and i not in partners and j not in taken:
            partners[i] = j
            taken.add(j)
    return partners
