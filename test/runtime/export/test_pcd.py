"""PCD files, read by the format's description."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import write_pcd


def parsed(path: Path) -> tuple[dict[str, str], list[dict[str, float]]]:
    """The header's entries and the points of a binary PCD file, whatever its fields."""
    header, body = path.read_bytes().split(b"DATA binary\n", 1)
    entries = dict(line.split(" ", 1) for line in header.decode().splitlines())
    codes = {("F", "4"): "f", ("U", "4"): "I"}
    kinds = zip(entries["TYPE"].split(), entries["SIZE"].split(), strict=True)
    layout = struct.Struct("<" + "".join(codes[kind] for kind in kinds))
    names = entries["FIELDS"].split()
    return entries, [dict(zip(names, row, strict=True)) for row in layout.iter_unpack(body)]


@pytest.mark.parametrize("count", [0, 1, 7])
def test_a_file_holds_each_point(count: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(count)
    cloud = ColouredPoints(
        rng.normal(size=(count, 3)).astype(np.float32),
        rng.integers(0, 256, (count, 3), np.uint8),
        rng.uniform(1, 50, count).astype(np.float32),
    )
    write_pcd(tmp_path / "a.pcd", cloud)
    entries, found = parsed(tmp_path / "a.pcd")
    assert entries["VERSION"] == "0.7"
    assert entries["WIDTH"] == entries["POINTS"] == str(count) == str(len(found))
    assert entries["HEIGHT"] == "1"
    for row, point in enumerate(found):
        assert [point[axis] for axis in "xyz"] == cloud.positions[row].tolist()
        colour = [int(point["rgb"]) >> shift & 255 for shift in (16, 8, 0)]
        assert colour == cloud.colours[row].tolist()
        assert point["confidence"] == cloud.confidences[row]
