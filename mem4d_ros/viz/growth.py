"""How a scene came together: its static points from above at a few moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viz.cloud import below_ceiling, render_cloud
from mem4d_ros.viz.sheet import contact_sheet
from mem4d_ros.viz.virtual_camera import view_from_above

STAGES = 4
MAX_POINTS = 300_000
"""Of a stage that is kept."""
SIZE = (480, 400)


@dataclass(frozen=True)
class Stage:
    """The static scene after so many frames, its points evenly thinned."""

    frames: int
    voxels: int
    cloud: ColouredPoints


class SceneGrowth:
    """Takes the scene after each of `frames` frames and keeps the last of each quarter."""

    def __init__(self, frames: int) -> None:
        self.stages: list[Stage] = []
        self._taken, self._moments = 0, {-(-frames * k // STAGES) for k in range(1, STAGES + 1)}

    def wants_next(self) -> bool:
        """Whether the next frame is one to keep; to be asked once a frame."""
        self._taken += 1
        return self._taken in self._moments

    def keep(self, cloud: ColouredPoints) -> None:
        """The scene after as many frames as were asked for."""
        every = slice(None, None, len(cloud.positions) // MAX_POINTS + 1)
        thinned = ColouredPoints(
            cloud.positions[every], cloud.colours[every], cloud.confidences[every]
        )
        self.stages.append(Stage(self._taken, len(cloud.positions), thinned))


def growth_picture(
    stages: list[Stage],
    camera_to_world: np.ndarray,
    intrinsics: np.ndarray,
    image_size: tuple[int, int],
) -> np.ndarray:
    """Each stage from above, all from one viewpoint, with the path (T, 4, 4) so far.

    Raises ValueError where there is no stage.
    """
    if not stages:
        raise ValueError("a picture of growth needs at least one stage")
    shown = [
        below_ceiling(stage.cloud.positions, stage.cloud.colours, camera_to_world)
        for stage in stages
    ]
    view = view_from_above(shown[-1][0], camera_to_world, *SIZE)
    pictures = []
    for stage, (points, colours) in zip(stages, shown, strict=True):
        so_far = camera_to_world[: max(1, len(camera_to_world) * stage.frames // stages[-1].frames)]
        picture = render_cloud(points, colours, so_far, intrinsics, image_size, SIZE, view)
        pictures.append((f"{stage.frames} frames, {stage.voxels} voxels", picture))
    return contact_sheet(pictures, columns=2, width=SIZE[0])
