"""Poses as people write them."""

from __future__ import annotations

import numpy as np

POSE_FORMAT = "'x y z roll pitch yaw' in metres and radians"


def parse_pose(text: str) -> np.ndarray:
    """The pose (4, 4) of 'x y z roll pitch yaw' (fixed axes, as in URDF); empty: identity.

    Raises ValueError for anything but six finite numbers.
    """
    if not text.strip():
        return np.eye(4)
    try:
        numbers = [float(word) for word in text.split()]
    except ValueError:
        numbers = []
    if len(numbers) != 6 or not np.isfinite(numbers).all():
        raise ValueError(f"{text!r} is not a pose: six finite numbers {POSE_FORMAT} are needed")
    pose = np.eye(4)
    pose[:3, :3] = _yaw_pitch_roll(*numbers[3:])
    pose[:3, 3] = numbers[:3]
    return pose


def _yaw_pitch_roll(roll: float, pitch: float, yaw: float) -> np.ndarray:
    """The rotation (3, 3) about x, then about the fixed y, then about the fixed z."""
    (cr, cp, cy), (sr, sp, sy) = np.cos((roll, pitch, yaw)), np.sin((roll, pitch, yaw))
    about_x = np.array(((1, 0, 0), (0, cr, -sr), (0, sr, cr)))
    about_y = np.array(((cp, 0, sp), (0, 1, 0), (-sp, 0, cp)))
    about_z = np.array(((cy, -sy, 0), (sy, cy, 0), (0, 0, 1)))
    rotation: np.ndarray = about_z @ about_y @ about_x
    return rotation
