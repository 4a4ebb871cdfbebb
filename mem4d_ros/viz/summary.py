"""A whole reconstruction on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import FrameRecord
from mem4d_ros.viz.cloud import render_cloud
from mem4d_ros.viz.colour_maps import depth_picture
from mem4d_ros.viz.sheet import contact_sheet

CELL_WIDTH = 320  # px
CLOUD_ASPECT = 0.6


def summary_picture(
    frames: Sequence[FrameRecord], cloud: ColouredPoints, camera_to_world: np.ndarray
) -> np.ndarray:
    """Some frames' images over their depths, and below them the cloud with the poses (T, 4, 4).

    Raises ValueError where there is no frame.
    """
    images = [(frame.name, frame.image) for frame in frames]
    depths = [("depth", depth_picture(frame.depth)) for frame in frames]
    sheet = contact_sheet([*images, *depths], columns=len(frames) or 1, width=CELL_WIDTH)
    width = sheet.shape[1]
    height, image_width = frames[0].depth.shape
    scene = render_cloud(
        cloud.positions,
        cloud.colours,
        camera_to_world,
        frames[0].intrinsics,
        (image_width, height),
        size=(width, round(CLOUD_ASPECT * width)),
    )
    return np.concatenate((sheet, scene))
