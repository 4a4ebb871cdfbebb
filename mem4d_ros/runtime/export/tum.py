"""Poses in the TUM format: `time x y z qx qy qz qw`, camera-to-world, seconds and metres."""

from __future__ import annotations

import numpy as np

from mem4d_ros.geometry import matrix_to_quaternion, pose_from

HEADER = "# time x y z qx qy qz qw"
NS_PER_S = 1_000_000_000


def to_tum_row(stamp_ns: int, camera_to_world: np.ndarray) -> str:
    """A line without its end. The stamp keeps every nanosecond, the pose (4, 4) nine decimals."""
    w, x, y, z = matrix_to_quaternion(camera_to_world[:3, :3])
    numbers = " ".join(f"{value:.9f}" for value in (*camera_to_world[:3, 3], x, y, z, w))
    return f"{seconds_text(stamp_ns)} {numbers}"


def from_tum_row(row: str) -> tuple[int, np.ndarray]:
    """Stamp in ns and camera-to-world (4, 4) of a line."""
    stamp, *numbers = row.split()
    x, y, z, qx, qy, qz, qw = map(float, numbers)
    return nanoseconds(stamp), pose_from(np.array([qw, qx, qy, qz]), np.array([x, y, z]))


def seconds_text(stamp_ns: int) -> str:
    """A stamp >= 0 in seconds with nine decimals, exactly."""
    seconds, rest = divmod(stamp_ns, NS_PER_S)
    return f"{seconds}.{rest:09d}"


def nanoseconds(text: str) -> int:
    """The inverse of :func:`seconds_text`."""
    seconds, _, rest = text.partition(".")
    return int(seconds) * NS_PER_S + int(rest)
