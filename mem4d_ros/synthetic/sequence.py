"""A procedural sequence: images of a dynamic scene with exact truth, from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.synthetic.rendering.camera_effects import photograph
from mem4d_ros.synthetic.rendering.render import render
from mem4d_ros.synthetic.settings import SequenceSettings
from mem4d_ros.synthetic.shot import Shot, plan_shot
from mem4d_ros.synthetic.textures.library import TextureLibrary, standard_library


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
    """The sequence of this seed.

    The same arguments give the same bytes. Raises ValueError for sizes below 2 pixels or 1 frame.
    """
    library = library.to(device) if library else standard_library(str(device))
    shot = plan_shot(seed, frames, (height, width), settings or SequenceSettings(), library)
    return film(shot, library)


def film(shot: Shot, library: TextureLibrary) -> SyntheticSequence:
    """Render a shot on the device of the library, which is the one that it was planned with."""
    rendering = render(
        shot.scene, shot.camera_to_scene, shot.times, shot.intrinsics, shot.size, library
    )
    poses = torch.as_tensor(rigid_inverse(shot.camera_to_scene[0]) @ shot.camera_to_scene)
    poses[0] = torch.eye(4)
    intrinsics = torch.as_tensor(shot.intrinsics).to(rendering.depth)
    return SyntheticSequence(
        images=photograph(
            rendering.radiance, rendering.image_flow, shot.times, shot.effects, shot.seed
        ),
        depth=rendering.depth,
        points_world=rendering.points_world,
        points_camera=rendering.points_camera,
        camera_to_world=poses.to(rendering.depth),
        intrinsics=intrinsics.expand(len(shot.times), 3, 3),
        moving=rendering.moving,
        scene_flow_world=rendering.scene_flow_world,
        frame_rate=shot.frame_rate,
    )
