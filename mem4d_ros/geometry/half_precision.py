"""Depth that is kept in half the memory."""

from __future__ import annotations

import numpy as np


def half_depth(depth: np.ndarray) -> np.ndarray:
    """Depth in metres as float16, of any shape; NaN where unknown, and beyond its 65 km."""
    with np.errstate(over="ignore"):
        half = depth.astype(np.float16)
    half[np.isinf(half)] = np.nan
    return half
