"""A grid as the image and the YAML file that Nav2's map_server loads."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mem4d_ros.runtime.occupancy import FREE, OCCUPIED, UNKNOWN, Grid
from mem4d_ros.writing import write_image, write_text

GREYS = {OCCUPIED: 0, FREE: 254, UNKNOWN: 205}
"""As map_server's own maps have them."""
OCCUPIED_ABOVE, FREE_BELOW = 0.65, 0.19
"""Of darkness: unknown cells, at 0.196, lie between."""


def write_map(path: Path, grid: Grid) -> None:
    """Write `path`, a .yaml file, and the .pgm beside it.

    The map's frame is the floor's own: it is level, and its x is that of the first camera's view.
    `map_from_floor` in the file, of which map_server makes no use, leads from there to the frame in
    which the grid was made (4x4, row by row). Raises OSError.
    """
    image = path.with_suffix(".pgm")
    pixels = np.zeros(grid.cells.shape, np.uint8)
    for value, grey in GREYS.items():
        pixels[grid.cells == value] = grey
    write_image(image, pixels[::-1].copy())  # the image's first row is that of the largest y
    x, y = grid.origin.tolist()
    floor = ", ".join(f"{value:.6g}" for value in grid.map_from_floor.ravel())
    write_text(
        path,
        f"image: {image.name}\nmode: trinary\nresolution: {grid.resolution_m}\n"
        f"origin: [{x:.4f}, {y:.4f}, 0.0]\nnegate: 0\n"
        f"occupied_thresh: {OCCUPIED_ABOVE}\nfree_thresh: {FREE_BELOW}\n"
        f"map_from_floor: [{floor}]\n",
    )
