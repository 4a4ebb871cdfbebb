"""How far values are spread, whatever a few outliers do."""

from __future__ import annotations

import numpy as np

NORMAL_FROM_MAD = 1.4826
"""Standard deviation of a normal distribution by its median absolute deviation."""


def robust_deviation(differences: np.ndarray) -> float:
    """Standard deviation of normal differences (n,) from 0, by the median of their sizes."""
    return NORMAL_FROM_MAD * float(np.median(np.abs(differences)))
