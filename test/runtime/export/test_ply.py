"""PLY files, read by the format's description."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import read_ply, write_ply


def points(count: int) -> ColouredPoints:
    rng = np.random.default_rng(count)
    return ColouredPoints(
        rng.normal(size=(count, 3)).astype(np.float32),
        rng.integers(0, 256, (count, 3), np.uint8),
        rng.uniform(1, 50, count).astype(np.float32),
    )


def parsed(path: Path) -> list[dict[str, float]]:
    """The vertices of a binary PLY file, whatever their properties."""
    header, body = path.read_bytes().split(b"end_header\n", 1)
    first, form, *lines = header.decode().splitlines()
    assert (first, form) == ("ply", "format binary_little_endian 1.0")
    words = [line.split() for line in lines if not line.startswith("comment")]
    assert words[0][:2] == ["element", "vertex"]
    codes = {"float": "f", "uchar": "B"}
    layout = struct.Struct("<" + "".join(codes[kind] for _, kind, _ in words[1:]))
    assert len(body) == int(words[0][2]) * layout.size
    names = [name for _, _, name in words[1:]]
    return [dict(zip(names, row, strict=True)) for row in layout.iter_unpack(body)]


def test_a_file_holds_each_point(tmp_path: Path) -> None:
    cloud = points(5)
    write_ply(tmp_path / "a.ply", cloud)
    for row, vertex in enumerate(parsed(tmp_path / "a.ply")):
        assert [vertex[axis] for axis in "xyz"] == cloud.positions[row].tolist()
        assert [vertex[c] for c in ("red", "green", "blue")] == cloud.colours[row].tolist()
        assert vertex["confidence"] == cloud.confidences[row]


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_reading_is_the_inverse_of_writing(count: int, tmp_path: Path) -> None:
    cloud = points(count)
    write_ply(tmp_path / "a.ply", cloud)
    found = read_ply(tmp_path / "a.ply")
    for name, values in vars(cloud).items():
        np.testing.assert_array_equal(getattr(found, name), values)
        assert getattr(found, name).dtype == values.dtype


@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b[:-19], lambda b: b"ply\n"])
def test_a_damaged_file_is_named(damage: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path = tmp_path / "a.ply"
    write_ply(path, points(4))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match=r"a\.ply is not a whole point cloud"):
        read_ply(path)
