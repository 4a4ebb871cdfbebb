"""Between the optical frame (x right, y down, z forward) and ROS' body axes (REP-103)."""

from __future__ import annotations

import numpy as np

BODY_FROM_OPTICAL = np.array(
    [
        [0.0, 0.0, 1.0, 0.0],  # forward is the optical z
        [-1.0, 0.0, 0.0, 0.0],  # left is against the optical x
        [0.0, -1.0, 0.0, 0.0],  # up is against the optical y
        [0.0, 0.0, 0.0, 1.0],
    ]
)
"""Pose (4, 4) of a level camera in a z-up frame whose x axis it looks along."""
