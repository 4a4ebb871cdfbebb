"""From a scene and a camera's path to images with exact truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mem4d_ros.geometry import pixel_rays, project, rigid_inverse, transform_points
from mem4d_ros.synthetic.rendering.lighting import gleam, lambert, openness
from mem4d_ros.synthetic.rendering.tracing import Instances, TileGrid, nearest, reached
from mem4d_ros.synthetic.scene.primitives import surface_coordinates, unit_normal
from mem4d_ros.synthetic.scene.scene import Scene
from mem4d_ros.synthetic.scene.sky import Sky
from mem4d_ros.synthetic.textures.library import TextureLibrary


@dataclass(frozen=True)
class Rendering:
    """Radiance and truth of T frames. World = the first camera's optical frame, metres.

    Where a ray meets nothing, depth and points are NaN and flow is zero.
    """

    radiance: Tensor  # (T, H, W, 3) linear, without a camera's effects
    depth: Tensor  # (T, H, W) along z
    points_camera: Tensor  # (T, H, W, 3)
    points_world: Tensor  # (T, H, W, 3)
    scene_flow_world: Tensor  # (T, H, W, 3), of the surface point from t to t + 1
    image_flow: Tensor  # (T, H, W, 2), pixels the point moves until t + 1; 0 where unknown

    @property
    def moving(self) -> Tensor:
        """(T, H, W) bool: the surface moves from this frame to the next."""
        return (self.scene_flow_world != 0).any(-1)


def render(
    scene: Scene,
    camera_to_scene: np.ndarray,
    times: np.ndarray,
    intrinsics: np.ndarray,
    size: tuple[int, int],
    textures: TextureLibrary,
) -> Rendering:
    """Render T frames of `size` (height, width) on the textures' device.

    camera_to_scene (T, 4, 4), times (T,) in s, evenly spaced; intrinsics (3, 3).
    """
    tensors = _SceneTensors.build(scene, camera_to_scene, times, textures)
    step = max(1, _pixels_at_once(textures.texels.device) // (size[0] * size[1]))
    whole = {}
    for start in range(0, len(times), step):
        chunk = _render_chunk(tensors, slice(start, start + step), intrinsics, size)
        for name, part in vars(chunk).items():
            if start == 0:
                whole[name] = part.new_empty(len(times), *part.shape[1:])
            whole[name][start : start + step] = part
    return Rendering(**whole)


@dataclass(frozen=True)
class _SceneTensors:
    """A scene as tensors: poses of all P parts in all T frames, and what does not change."""

    part_to_camera: Tensor  # (T, P, 4, 4)
    part_to_world: Tensor  # (T, P, 4, 4)
    part_change: Tensor  # (T, P, 4, 4), part_to_world of the next frame less that of this one
    camera_to_world: Tensor  # (T, 4, 4)
    world_to_next_camera: Tensor  # (T, 4, 4); the last camera goes on as it did before
    lamps: Tensor  # (L, T, 3) in the camera's frame
    lamp_colours: Tensor  # (L, 3)
    axes: Tensor  # (T, 3, 3), the scene's x, y and z (up) as columns in the camera's frame
    ambient: Tensor  # (2, 3), from below and from above
    shape: Tensor  # (P,)
    half_size: Tensor  # (P, 3)
    casts_shadow: Tensor  # (P,)
    surface: Tensor  # (P, 9): tint, tiles per metre, offset, gloss, emission
    texture: Tensor  # (P,)
    textures: TextureLibrary
    sky: Sky

    @classmethod
    def build(
        cls, scene: Scene, camera_to_scene: np.ndarray, times: np.ndarray, textures: TextureLibrary
    ) -> _SceneTensors:
        interval = times[1] - times[0] if len(times) > 1 else 1 / 30
        later = np.append(times, times[-1] + interval)
        part_to_scene = np.stack([part.poses(later) for part in scene.parts], 1)
        scene_to_world = rigid_inverse(camera_to_scene[0])
        scene_to_camera = rigid_inverse(camera_to_scene)
        part_to_world = scene_to_world @ part_to_scene
        lamps = np.array([light.position for light in scene.lights])
        last_step = rigid_inverse(camera_to_scene[-2:][0]) @ camera_to_scene[-1]
        following = np.append(camera_to_scene[1:], (camera_to_scene[-1] @ last_step)[None], 0)
        materials = [part.material for part in scene.parts]
        device = textures.texels.device

        def tensor(values: Any) -> Tensor:
            return torch.as_tensor(np.asarray(values), dtype=torch.float32, device=device)

        return cls(
            part_to_camera=tensor(scene_to_camera[:, None] @ part_to_scene[:-1]),
            part_to_world=tensor(part_to_world[:-1]),
            part_change=tensor(np.diff(part_to_world, axis=0)),
            camera_to_world=tensor(scene_to_world @ camera_to_scene),
            world_to_next_camera=tensor(rigid_inverse(following) @ camera_to_scene[0]),
            lamps=tensor(
                [transform_points(scene_to_camera, np.tile(p, (len(times), 1))) for p in lamps]
            ),
            lamp_colours=tensor([light.colour for light in scene.lights]),
            axes=tensor(scene_to_camera[:, :3, :3]),
            ambient=tensor([scene.ambient_below, scene.ambient_above]),
            shape=torch.tensor([int(part.shape) for part in scene.parts], device=device),
            half_size=tensor([part.half_size for part in scene.parts]),
            casts_shadow=torch.tensor([part.casts_shadow for part in scene.parts], device=device),
            surface=tensor(
                [(*m.tint, *m.tiles_per_metre, *m.offset, m.gloss, m.emission) for m in materials]
            ),
            texture=torch.tensor([m.texture for m in materials], device=device),
            textures=textures,
            sky=scene.sky,
        )

    def instances(self, frames: slice, chosen: Tensor) -> Instances:
        """The chosen parts (K,), in the camera's coordinates."""
        poses = self.part_to_camera[frames][:, chosen]
        count = poses.shape[0]
        return Instances(
            frame=torch.arange(count, device=chosen.device).repeat_interleave(len(chosen)),
            shape=self.shape[chosen].repeat(count),
            rotation=poses[..., :3, :3].flatten(0, 1),
            centre=poses[..., :3, 3].flatten(0, 1),
            half_size=self.half_size[chosen].repeat(count, 1),
        )


def _render_chunk(
    tensors: _SceneTensors, frames: slice, intrinsics: np.ndarray, size: tuple[int, int]
) -> Rendering:
    device = tensors.shape.device
    grid = TileGrid(*size)
    count = len(tensors.camera_to_world[frames])
    rays = pixel_rays(torch.as_tensor(intrinsics, dtype=torch.float32, device=device), *size)
    rays = rays.expand(count, -1, -1, -1)
    everything = tensors.instances(frames, torch.arange(len(tensors.shape), device=device))
    depth, instance = nearest(everything, rays, grid)
    seen = instance >= 0
    instance = instance.clamp_min(0)
    points = rays * torch.where(seen, depth, 1.0)[..., None]

    linear, offset = everything.unit_from_points()
    unit = (linear[instance] * points[..., None, :]).sum(-1) + offset[instance]
    shape, half_size = everything.shape[instance], everything.half_size[instance]
    normals = (linear[instance] * unit_normal(shape, unit)[..., None]).sum(-2)
    normals = torch.nn.functional.normalize(normals, dim=-1)

    part = instance % len(tensors.shape)
    change = tensors.part_change[frames].flatten(0, 1)[instance]
    flow = (change[..., :3, :3] * (unit * half_size)[..., None, :]).sum(-1) + change[..., :3, 3]
    radiance = _radiance(tensors, frames, part, unit, points, normals, seen, grid, intrinsics)
    points_world = transform_points(tensors.camera_to_world[frames], points)
    next_points = transform_points(tensors.world_to_next_camera[frames], points_world + flow)
    unseen = ~seen[..., None]
    if not seen.all():
        directions = (rays @ tensors.axes[frames, None])[~seen]
        radiance[~seen] = tensors.sky.radiance(directions, tensors.textures)
    return Rendering(
        radiance=radiance,
        depth=points[..., 2].masked_fill(~seen, torch.nan),
        points_camera=points.masked_fill(unseen, torch.nan),
        points_world=points_world.masked_fill(unseen, torch.nan),
        scene_flow_world=flow.masked_fill(unseen, 0.0),
        image_flow=_image_flow(points, next_points, intrinsics).masked_fill(unseen, 0.0),
    )


def _image_flow(points: Tensor, next_points: Tensor, intrinsics: np.ndarray) -> Tensor:
    """Pixels (F, H, W, 2) between points now and next, each in its camera's frame."""
    matrix = torch.as_tensor(intrinsics).to(points)
    here, _ = project(points, matrix)
    there, depth = project(next_points, matrix)
    return torch.where((depth > 0.05)[..., None], there - here, 0.0)


def _radiance(
    tensors: _SceneTensors,
    frames: slice,
    part: Tensor,
    unit: Tensor,
    points: Tensor,
    normals: Tensor,
    seen: Tensor,
    grid: TileGrid,
    intrinsics: np.ndarray,
) -> Tensor:
    """Linear radiance (F, H, W, 3) towards the camera."""
    tint, tiles, offset, gloss, emission = tensors.surface[part].split((3, 2, 2, 1, 1), -1)
    where = surface_coordinates(tensors.shape[part], unit, tensors.half_size[part]) * tiles + offset
    facing = (-normals * torch.nn.functional.normalize(points, dim=-1)).sum(-1).clamp_min(0.05)
    footprint = points[..., 2] / float(intrinsics[0, 0]) / facing.sqrt() * tiles.abs().mean(-1)
    colour = tensors.textures.sample(
        tensors.texture[part].flatten(), where.flatten(0, 2), footprint.flatten()
    )
    albedo = (colour.view(*part.shape, 3) * tint).clamp(0, 1) ** 2.2

    upward = _upward(normals, tensors.axes[frames, :, 2])
    ambient = torch.lerp(tensors.ambient[0], tensors.ambient[1], upward)
    light = ambient * openness(points, normals)[..., None]
    shine = torch.zeros_like(light)
    shadowing = tensors.instances(frames, tensors.casts_shadow.nonzero()[:, 0])
    for lamp, lamp_colour in zip(tensors.lamps[:, frames], tensors.lamp_colours, strict=True):
        # A little above the surface, so that it does not shade itself.
        lit = reached(shadowing, lamp, points + 0.004 * normals, seen, grid)[..., None]
        light = light + lit * lambert(points, normals, lamp)[..., None] * lamp_colour
        shine = shine + lit * gleam(points, normals, lamp)[..., None] * lamp_colour
    return albedo * (light + emission) + gloss * shine


def _upward(normals: Tensor, up: Tensor) -> Tensor:
    """How far normals (F, H, W, 3) point along up (F, 3): (F, H, W, 1) from 0 (down) to 1."""
    return (0.5 + 0.5 * (normals * up[:, None, None]).sum(-1, keepdim=True)).clamp(0, 1)


def _pixels_at_once(device: torch.device) -> int:
    """How many pixels fit the caches of a CPU, or occupy a GPU."""
    return 1 << (21 if device.type == "cuda" else 17)
