"""A sequence through a textured place: images with exact truth, from a seed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.geometry import pixel_rays, rigid_inverse
from mem4d_ros.synthetic.meshes.catalogue import Place
from mem4d_ros.synthetic.meshes.film import Frame, View, take
from mem4d_ros.synthetic.meshes.plan import Plan, plan_sequence
from mem4d_ros.synthetic.meshes.shading import Stage
from mem4d_ros.synthetic.rendering.camera_effects import photograph


@dataclass(frozen=True)
class MeshSequence:
    """T frames with their truth. World = the first camera's optical frame, metres."""

    images: np.ndarray  # (T, 3, H, W) uint8 RGB
    depth: np.ndarray  # (T, H, W) float16, m along z, inf for the sky and beyond 200 m
    camera_to_world: np.ndarray  # (T, 4, 4) float32, OpenCV axes; the first is the identity
    intrinsics: np.ndarray  # (3, 3) float32 in px, pixel centres at integers
    moving: np.ndarray  # (T, H, W) bool: the surface moves until the next frame


def render_mesh_sequence(
    seed: int,
    scenes_folder: Path,
    frames: int,
    height: int,
    width: int,
    places: tuple[Place, ...] | None = None,
) -> MeshSequence:
    """The sequence of this seed in one of the places, those for training by default.

    Raises:
        CorruptMesh: a file of the folder is missing or broken.
        ModuleNotFoundError: the ray engine is not installed.
    """
    plan = plan_sequence(seed, Path(scenes_folder), frames, (height, width), places)
    return film_plan(plan, (height, width), seed)


def film_plan(plan: Plan, size: tuple[int, int], seed: int) -> MeshSequence:
    """Render a plan and photograph it."""
    count = len(plan.camera_to_world)
    frames = [_frame(plan, index, size) for index in range(count)]
    flow = np.stack([_image_flow(plan, index, frame) for index, frame in enumerate(frames)])
    radiance = np.stack([frame.radiance for frame in frames]).astype(np.float32)
    images = photograph(
        torch.from_numpy(radiance),
        torch.from_numpy(flow.astype(np.float32)),
        np.arange(count) / 15.0,
        plan.effects,
        seed,
    )
    poses = rigid_inverse(plan.camera_to_world[0]) @ plan.camera_to_world
    poses[0] = np.eye(4)
    return MeshSequence(
        images=(images * 255).round().to(torch.uint8).numpy(),
        depth=np.stack([frame.depth for frame in frames]).astype(np.float16),
        camera_to_world=poses.astype(np.float32),
        intrinsics=plan.intrinsics.astype(np.float32),
        moving=np.stack([_moving(plan, index, frame) for index, frame in enumerate(frames)]),
    )


def _frame(plan: Plan, index: int, size: tuple[int, int]) -> Frame:
    layers, looks = list(plan.still), list(plan.still_looks)
    if plan.movers is not None:
        layers.append(plan.movers.bodies.layer(plan.movers.poses[index]))
        looks.append(plan.movers.look)
    stage = Stage(tuple(layers), tuple(looks), plan.lights)
    return take(stage, View(plan.camera_to_world[index], plan.intrinsics, size))


def _moving(plan: Plan, index: int, frame: Frame) -> np.ndarray:
    moving = np.zeros(frame.layer.shape, bool)
    if plan.movers is not None:
        on_mover = frame.layer == len(plan.still)
        body = plan.movers.bodies.face_body[frame.face[on_mover]]
        moving[on_mover] = plan.movers.moves[index][body]
    return moving


def _image_flow(plan: Plan, index: int, frame: Frame) -> np.ndarray:
    """How many pixels (H, W, 2) each surface moves until the next frame; the last as before it."""
    height, width = frame.depth.shape
    last = len(plan.camera_to_world) - 1
    now = plan.camera_to_world[index]
    before = plan.camera_to_world[max(index - 1, 0)]
    after = plan.camera_to_world[index + 1] if index < last else now @ rigid_inverse(before) @ now
    rays = pixel_rays(plan.intrinsics.astype(np.float64), height, width)
    depth = np.nan_to_num(frame.depth, posinf=1e4)
    points = (rays * depth[..., None]) @ now[:3, :3].T + now[:3, 3]
    if plan.movers is not None:
        on_mover = frame.layer == len(plan.still)
        body = plan.movers.bodies.face_body[frame.face[on_mover]]
        steps = plan.movers.poses[index + 1] @ np.linalg.inv(plan.movers.poses[index])
        chosen = steps[body]
        points[on_mover] = (
            np.einsum("nij,nj->ni", chosen[:, :3, :3], points[on_mover]) + chosen[:, :3, 3]
        )
    seen = (points - after[:3, 3]) @ after[:3, :3]
    k = plan.intrinsics
    z = np.maximum(seen[..., 2], 0.05)
    columns = k[0, 0] * seen[..., 0] / z + k[0, 2] - np.arange(width)
    rows = k[1, 1] * seen[..., 1] / z + k[1, 2] - np.arange(height)[:, None]
    return np.clip(np.stack((columns, rows), -1), -60, 60)
