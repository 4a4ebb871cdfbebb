"""Point clouds as binary PCD files (version 0.7), which PCL, CloudCompare and Open3D open."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.runtime.points import ColouredPoints

POINT = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("rgb", "<u4"), ("confidence", "<f4")])


def write_pcd(path: Path, points: ColouredPoints) -> None:
    """Write x, y, z in metres, rgb (packed as 0x00RRGGBB) and confidence of each point."""
    records = np.empty(len(points.positions), POINT)
    for index, axis in enumerate("xyz"):
        records[axis] = points.positions[:, index]
    red, green, blue = points.colours.astype(np.uint32).T
    records["rgb"] = red << 16 | green << 8 | blue
    records["confidence"] = points.confidences
    path.write_bytes(_header(len(records)) + records.tobytes())


def _header(count: int) -> bytes:
    names = POINT.names or ()
    kinds = " ".join(POINT[name].kind.upper() for name in names)
    return (
        "VERSION 0.7\n"
        f"FIELDS {' '.join(names)}\n"
        f"SIZE {' '.join(str(POINT[name].itemsize) for name in names)}\n"
        f"TYPE {kinds}\n"
        f"COUNT {' '.join('1' for _ in names)}\n"
        f"WIDTH {count}\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS {count}\nDATA binary\n"
    ).encode("ascii")
