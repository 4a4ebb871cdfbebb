"""A whole reconstruction on one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.runtime.export import FrameRecord
from mem4d_ros.viz.cloud import render_cloud, render_from_above
from mem4d_ros.viz.colour_maps import confidence_picture, depth_picture
from mem4d_ros.viz.sheet import GAP, contact_sheet

CELL_WIDTH = 320  # px
VIEW_ASPECT = 0.85


def summary_picture(
    frames: Sequence[FrameRecord], cloud: ColouredPoints, camera_to_world: np.ndarray
) -> np.ndarray:
    """Images, depths and confidences of some frames over the cloud with the poses (T, 4, 4).

    Raises ValueError where there is no frame.
    """
    images = [(frame.name, frame.image) for frame in frames]
    depths = [("depth", depth_picture(frame.depth)) for frame in frames]
    confidences = [("confidence", confidence_picture(frame.confidence)) for frame in frames]
    columns = len(frames) if len(frames) > 1 else 3  # of one frame all side by side, as wide
    sheet = contact_sheet([*images, *depths, *confidences], columns, CELL_WIDTH)
    height, width = frames[0].depth.shape
    views = scene_views(
        cloud.positions,
        cloud.colours,
        camera_to_world,
        frames[0].intrinsics,
        (width, height),
        sheet.shape[1],
    )
    return np.concatenate((sheet, views))


def scene_views(
    points_world: np.ndarray,
    colours: np.ndarray,
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    image_size: tuple[int, int],
    width: int,
) -> np.ndarray:
    """Points and trajectory from behind and from above, side by side, `width` px together.

    Arguments are those of :func:`render_cloud`.
    """
    side = (width - GAP) // 2 - GAP
    given = (points_world, colours, camera_to_world, intrinsics, image_size)
    size = (side, round(VIEW_ASPECT * side))
    sheet = contact_sheet(
        [
            ("from behind the camera's path", render_cloud(*given, size)),
            ("from above, cut open over the camera", render_from_above(*given, size)),
        ],
        columns=2,
        width=side,
    )
    missing = width - sheet.shape[1]
    return np.pad(sheet, ((0, 0), (0, missing), (0, 0)), constant_values=255)
