"""The files say of each cell what the grid says, by map_server's rule."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mem4d_ros.runtime.export.map_server import write_map
from mem4d_ros.runtime.occupancy import FREE, OCCUPIED, UNKNOWN, Grid

yaml = pytest.importorskip("yaml", reason="reads the file with PyYAML")


def test_map_server_reads_the_grid(tmp_path: Path) -> None:
    """Its rule, written down once more from Nav2's documentation of map_server."""
    cells = np.array([[FREE, OCCUPIED, UNKNOWN], [UNKNOWN, FREE, FREE]], np.int8)
    floor = np.arange(16.0).reshape(4, 4)
    write_map(tmp_path / "floor.yaml", Grid(cells, np.array([-1.5, 2.0]), 0.05, floor))
    told = yaml.safe_load((tmp_path / "floor.yaml").read_text())
    assert (told["mode"], told["negate"]) == ("trinary", 0)
    assert (told["resolution"], told["origin"]) == (0.05, [-1.5, 2.0, 0.0])
    np.testing.assert_array_equal(np.reshape(told["map_from_floor"], (4, 4)), floor)
    image = cv2.imread(str(tmp_path / told["image"]), cv2.IMREAD_GRAYSCALE)
    darkness = (255 - image[::-1].astype(float)) / 255
    read = np.full(cells.shape, -1)
    read[darkness > told["occupied_thresh"]] = 100
    read[darkness < told["free_thresh"]] = 0
    np.testing.assert_array_equal(read, cells)
