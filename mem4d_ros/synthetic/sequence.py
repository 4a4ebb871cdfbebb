"""A procedural sequence: images of a dynamic scene with exact truth, from a seed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.geometry import fov_to_intrinsics, rigid_inverse
from mem4d_ros.synthetic.camera_effects import CameraEffects, photograph
from mem4d_ros.synthetic.cameras import SHARES, CameraMaker, camera_path, hand_held
from mem4d_ros.synthetic.render import render
from mem4d_ros.synthetic.room import make_room
from mem4d_ros.synthetic.stage import Stage
from mem4d_ros.synthetic.street import make_street
from mem4d_ros.synthetic.street_cameras import STREET_SHARES
from mem4d_ros.synthetic.texture_library import TextureLibrary, standard_library

Range = tuple[float, float]
StageMaker = Callable[[np.random.Generator, TextureLibrary, int], Stage]


@dataclass(frozen=True)
class Place:
    """A kind of scene, how it is filmed, and how often it is drawn."""

    make: StageMaker  # with so many bodies that move of their own
    cameras: Mapping[CameraMaker, float]
    share: float = 1.0


ROOM = Place(make_room, SHARES, share=0.85)
STREET = Place(make_street, STREET_SHARES, share=0.15)


@dataclass(frozen=True)
class SequenceSettings:
    """What sequences are drawn from."""

    frame_rate: Range = (10.0, 30.0)  # Hz
    field_of_view: Range = (45.0, 100.0)  # degrees, of the image's long side
    bodies: tuple[int, int] = (0, 3)  # that move of their own, both ends included
    places: tuple[Place, ...] = (ROOM, STREET)
    effects: Callable[[np.random.Generator], CameraEffects] = CameraEffects.draw


DEMONSTRATION = SequenceSettings(
    frame_rate=(10.0, 10.0),
    field_of_view=(65.0, 75.0),
    bodies=(2, 3),
    places=(Place(make_room, {hand_held: 1.0}),),
)
"""A camera in the hand, in a room where something moves."""


@dataclass(frozen=True)
class SyntheticSequence:
    """T frames with their truth. World = the first camera's optical frame, metres.

    Depth and points are NaN where there is nothing to see.
    """

    images: Tensor  # (T, 3, H, W) float RGB in [0, 1]
    depth: Tensor  # (T, H, W) along z
    points_world: Tensor  # (T, H, W, 3)
    points_camera: Tensor  # (T, H, W, 3)
    camera_to_world: Tensor  # (T, 4, 4), the first is the identity
    intrinsics: Tensor  # (T, 3, 3) in pixels
    moving: Tensor  # (T, H, W) bool: the surface moves until the next frame
    scene_flow_world: Tensor  # (T, H, W, 3) how the surface point moves from t to t + 1
    frame_rate: float  # Hz


def render_sequence(
    seed: int,
    frames: int,
    height: int,
    width: int,
    device: torch.device | str = "cpu",
    settings: SequenceSettings | None = None,
    library: TextureLibrary | None = None,
) -> SyntheticSequence:
    """The sequence of this seed: a place, bodies that move in it, a camera on its way.

    The same arguments give the same bytes. Raises ValueError for sizes below 2 pixels or 1 frame.
    """
    if frames < 1 or min(height, width) < 2:
        raise ValueError(
            f"cannot render {frames} frames of {width}x{height}:"
            " give at least 1 frame and 2 pixels a side"
        )
    settings = settings or SequenceSettings()
    library = library.to(device) if library else standard_library(str(device))
    rng = np.random.default_rng(seed)
    frame_rate = float(rng.uniform(*settings.frame_rate))
    times = np.arange(frames) / frame_rate
    shares = np.array([place.share for place in settings.places])
    place = settings.places[rng.choice(len(shares), p=shares / shares.sum())]
    bodies = int(rng.integers(settings.bodies[0], settings.bodies[1] + 1))
    stage = place.make(rng, library, bodies)
    camera_to_scene = camera_path(rng, stage, times, place.cameras)
    intrinsics = _draw_intrinsics(rng, settings.field_of_view, height, width)
    rendering = render(stage.scene, camera_to_scene, times, intrinsics, (height, width), library)

    poses = torch.as_tensor(rigid_inverse(camera_to_scene[0]) @ camera_to_scene)
    poses[0] = torch.eye(4)
    poses = poses.to(rendering.depth)
    all_intrinsics = torch.as_tensor(intrinsics).to(rendering.depth).expand(frames, 3, 3)
    return SyntheticSequence(
        images=photograph(
            rendering.radiance, rendering.image_flow, times, settings.effects(rng), seed
        ),
        depth=rendering.depth,
        points_world=rendering.points_world,
        points_camera=rendering.points_camera,
        camera_to_world=poses,
        intrinsics=all_intrinsics,
        moving=rendering.moving,
        scene_flow_world=rendering.scene_flow_world,
        frame_rate=frame_rate,
    )


def _draw_intrinsics(
    rng: np.random.Generator, field_of_view: Range, height: int, width: int
) -> np.ndarray:
    """(3, 3) with square pixels."""
    half_tangent = np.tan(np.deg2rad(rng.uniform(*field_of_view)) / 2)
    sides = np.array([width, height])
    return fov_to_intrinsics(2 * np.arctan(half_tangent * sides / sides.max()), height, width)
