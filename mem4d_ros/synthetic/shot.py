"""All that is decided about a sequence before it is rendered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.synthetic.cameras.paths import camera_path
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects
from mem4d_ros.synthetic.scene.scene import Scene
from mem4d_ros.synthetic.settings import Range, SequenceSettings
from mem4d_ros.synthetic.textures.library import TextureLibrary


@dataclass(frozen=True)
class Shot:
    """A scene, a camera's way through it, and what the camera does to the images."""

    seed: int
    scene: Scene
    times: np.ndarray  # (T,) s
    camera_to_scene: np.ndarray  # (T, 4, 4)
    intrinsics: np.ndarray  # (3, 3) in pixels
    size: tuple[int, int]  # height, width
    effects: CameraEffects
    frame_rate: float  # Hz


def plan_shot(
    seed: int,
    frames: int,
    size: tuple[int, int],
    settings: SequenceSettings,
    library: TextureLibrary,
) -> Shot:
    """The shot of this seed: a place, bodies that move in it, a camera on its way.

    Raises ValueError for sizes (height, width) below 2 pixels or less than 1 frame.
    """
    height, width = size
    if frames < 1 or min(size) < 2:
        raise ValueError(
            f"cannot render {frames} frames of {width}x{height}:"
            " give at least 1 frame and 2 pixels a side"
        )
    rng = np.random.default_rng(seed)
    frame_rate = float(rng.uniform(*settings.frame_rate))
    times = np.arange(frames) / frame_rate
    shares = np.array([place.share for place in settings.places])
    place = settings.places[rng.choice(len(shares), p=shares / shares.sum())]
    bodies = int(rng.integers(settings.bodies[0], settings.bodies[1] + 1))
    stage = place.make(rng, library, bodies)
    return Shot(
        seed=seed,
        scene=stage.scene,
        times=times,
        camera_to_scene=camera_path(rng, stage, times, place.cameras),
        intrinsics=_draw_intrinsics(rng, settings.field_of_view, height, width),
        size=size,
        effects=settings.effects(rng),
        frame_rate=frame_rate,
    )


def _draw_intrinsics(
    rng: np.random.Generator, field_of_view: Range, height: int, width: int
) -> np.ndarray:
    """(3, 3) with square pixels."""
    half_tangent = np.tan(np.deg2rad(rng.uniform(*field_of_view)) / 2)
    sides = np.array([width, height])
    return fov_to_intrinsics(2 * np.arctan(half_tangent * sides / sides.max()), height, width)
