"""Point clouds as binary PLY files, which CloudCompare, MeshLab, Open3D and Blender open."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.runtime.points import ColouredPoints

VERTEX = np.dtype(
    [(axis, "<f4") for axis in "xyz"]
    + [(colour, "u1") for colour in ("red", "green", "blue")]
    + [("confidence", "<f4")]
)
_TYPES = {"<f4": "float", "|u1": "uchar"}
_END = b"end_header\n"
WORLD = "the first camera's optical frame: x right, y down, z forward"


def write_ply(path: Path, points: ColouredPoints, frame: str = WORLD) -> None:
    """Write x, y, z in metres, red, green, blue and confidence of each point.

    `frame` is one line that says where the points are; the file tells it as a comment.
    """
    vertices = np.empty(len(points.positions), VERTEX)
    for index, axis in enumerate("xyz"):
        vertices[axis] = points.positions[:, index]
    for index, colour in enumerate(("red", "green", "blue")):
        vertices[colour] = points.colours[:, index]
    vertices["confidence"] = points.confidences
    path.write_bytes(_header(len(vertices), frame) + vertices.tobytes())


def read_ply(path: Path) -> ColouredPoints:
    """The points, in the world, of a file of :func:`write_ply`.

    Raises ValueError for any other file, named.
    """
    content = path.read_bytes()
    end = content.find(_END) + len(_END)
    vertices = content[end:]
    if (
        content[:end] != _header(len(vertices) // VERTEX.itemsize, WORLD)
        or len(vertices) % VERTEX.itemsize
    ):
        raise ValueError(f"{path} is not a whole point cloud of this project")
    found = np.frombuffer(vertices, VERTEX)
    return ColouredPoints(
        np.stack([found[axis] for axis in "xyz"], -1),
        np.stack([found[colour] for colour in ("red", "green", "blue")], -1),
        found["confidence"].copy(),
    )


def _header(count: int, frame: str) -> bytes:
    properties = "".join(
        f"property {_TYPES[VERTEX[name].str]} {name}\n" for name in VERTEX.names or ()
    )
    return (
        "ply\nformat binary_little_endian 1.0\n"
        f"comment metres, in {frame}\n"
        f"element vertex {count}\n{properties}"
    ).encode("ascii") + _END
