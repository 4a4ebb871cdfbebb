"""A sequence through a textured place: images with exact truth, from a seed."""

from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import cv2
import numpy as np
import torch

from mem4d_ros.geometry import pixel_rays, rigid_inverse
from mem4d_ros.synthetic.camera_effects import CameraEffects, photograph
from mem4d_ros.synthetic.meshes.bodies import Bodies, join
from mem4d_ros.synthetic.meshes.cameras import NoPathFound, draw_path
from mem4d_ros.synthetic.meshes.catalogue import Place, training_places
from mem4d_ros.synthetic.meshes.film import Frame, View, depth_only, take
from mem4d_ros.synthetic.meshes.lighting import draw_lights
from mem4d_ros.synthetic.meshes.lights import Lights
from mem4d_ros.synthetic.meshes.looks import THINGS, Look, Variety, draw_look
from mem4d_ros.synthetic.meshes.mesh import Mesh, load_mesh
from mem4d_ros.synthetic.meshes.packed import SUFFIX, CorruptMesh
from mem4d_ros.synthetic.meshes.placement import Placed, Setting, draw_movers, draw_props
from mem4d_ros.synthetic.meshes.shading import Stage
from mem4d_ros.synthetic.meshes.textures import Textures, load_textures
from mem4d_ros.synthetic.meshes.tracing import Layer, make_layer

PREVIEW = (18, 24)  # px, of the images by which a path is judged
FIELDS_OF_VIEW = (40.0, 110.0)  # degrees across the width

PLAN_ATTEMPTS = 20
DULL_SHARE = 0.15  # of sequences that may look at a bare wall from near


@dataclass(frozen=True)
class MeshSequence:
    """T frames with their truth. World = the first camera's optical frame, metres."""

    images: np.ndarray  # (T, 3, H, W) uint8 RGB
    depth: np.ndarray  # (T, H, W) float16, m along z, NaN for the sky and beyond 200 m
    camera_to_world: np.ndarray  # (T, 4, 4) float32, OpenCV axes; the first is the identity
    intrinsics: np.ndarray  # (3, 3) float32 in px, pixel centres at integers
    moving: np.ndarray  # (T, H, W) bool: the surface moves until the next frame


@dataclass(frozen=True)
class Plan:
    """All that a sequence shows, before it is rendered."""

    place: Place
    camera_to_world: np.ndarray  # (T, 4, 4) in the frame of the place
    intrinsics: np.ndarray  # (3, 3)
    still: tuple[Layer, ...]
    still_looks: tuple[Look, ...]
    movers: Bodies | None
    mover_look: Look | None
    mover_poses: np.ndarray  # (T + 1, B, 4, 4)
    mover_moves: np.ndarray  # (T, B) bool
    lights: Lights
    effects: CameraEffects


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


def plan_sequence(
    seed: int,
    scenes_folder: Path,
    frames: int,
    size: tuple[int, int],
    places: tuple[Place, ...] | None = None,
) -> Plan:
    """Draw place, path, things, materials and lights of a seed.

    Raises:
        NoPathFound: the places have no room for so many frames.
    """
    for attempt in range(PLAN_ATTEMPTS):
        rng = np.random.default_rng((seed, attempt))
        try:
            return _draw_plan(rng, scenes_folder, frames, size, places or training_places())
        except NoPathFound as error:
            reason = error
    raise reason


def _draw_plan(
    rng: np.random.Generator,
    scenes_folder: Path,
    frames: int,
    size: tuple[int, int],
    choices: tuple[Place, ...],
) -> Plan:
    shares = np.array([choice.share for choice in choices])
    place = choices[rng.choice(len(choices), p=shares / shares.sum())]
    mesh = load_mesh(scenes_folder / "places" / (place.name + SUFFIX))
    base = _place_layer(scenes_folder, place)
    intrinsics = _draw_intrinsics(size, rng)
    bareness = rng.choice((0.0, 0.05, 0.3, 0.8), p=(0.4, 0.3, 0.2, 0.1))
    papered = rng.choice((0.0, 0.3, 0.7), p=(0.4, 0.4, 0.2))
    variety = Variety(bareness, 0.6, (papered, 0.3 * papered), 0.06)
    looks = [draw_look(mesh, variety, rng, _papers(scenes_folder))]
    dull = rng.random() < DULL_SHARE
    median = rng.uniform(2.5, 8.0) if place.outdoor else rng.uniform(0.8, 1.8)
    least = (0.45, 1.0) if dull else (median, 1.8)
    accept = partial(_worth_seeing, base, _at_size(intrinsics, size, PREVIEW), *least)
    poses = draw_path((base,), place, frames, accept, rng)
    half_angle = float(np.arctan(0.5 * size[1] / intrinsics[0, 0]))
    setting = Setting((base,), poses, half_angle, place.outdoor)
    library = partial(_object, scenes_folder)
    props = draw_props(setting, library, rng)
    movers = draw_movers(setting, props, library, rng)
    layers = [base]
    if props:
        bodies = join([prop.mesh for prop in props])
        layers.append(bodies.layer(np.stack([prop.poses[0] for prop in props])))
        looks.append(draw_look(bodies.mesh, THINGS, rng))
    lights = draw_lights(layers, place, poses, _sky(scenes_folder, rng), rng)
    moving_bodies = join([mover.mesh for mover in movers]) if movers else None
    return Plan(
        place=place,
        camera_to_world=poses,
        intrinsics=intrinsics,
        still=tuple(layers),
        still_looks=tuple(looks),
        movers=moving_bodies,
        mover_look=draw_look(moving_bodies.mesh, THINGS, rng) if moving_bodies else None,
        mover_poses=_stacked(movers, frames + 1),
        mover_moves=np.stack([mover.moving() for mover in movers], 1)
        if movers
        else np.zeros((frames, 0), bool),
        lights=lights,
        effects=CameraEffects.draw(rng),
    )


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
    if plan.movers is not None and plan.mover_look is not None:
        layers.append(plan.movers.layer(plan.mover_poses[index]))
        looks.append(plan.mover_look)
    stage = Stage(tuple(layers), tuple(looks), plan.lights)
    return take(stage, View(plan.camera_to_world[index], plan.intrinsics, size))


def _moving(plan: Plan, index: int, frame: Frame) -> np.ndarray:
    moving = np.zeros(frame.layer.shape, bool)
    if plan.movers is not None:
        on_mover = frame.layer == len(plan.still)
        body = plan.movers.face_body[frame.face[on_mover]]
        moving[on_mover] = plan.mover_moves[index][body]
    return moving


def _image_flow(plan: Plan, index: int, frame: Frame) -> np.ndarray:
    """How many pixels (H, W, 2) each surface moves until the next frame; the last as before it."""
    height, width = frame.depth.shape
    last = len(plan.camera_to_world) - 1
    now = plan.camera_to_world[index]
    before = plan.camera_to_world[max(index - 1, 0)]
    after = plan.camera_to_world[index + 1] if index < last else now @ rigid_inverse(before) @ now
    rays = pixel_rays(plan.intrinsics.astype(np.float64), height, width)
    depth = np.nan_to_num(frame.depth, nan=1e4)
    points = (rays * depth[..., None]) @ now[:3, :3].T + now[:3, 3]
    if plan.movers is not None:
        on_mover = frame.layer == len(plan.still)
        body = plan.movers.face_body[frame.face[on_mover]]
        steps = plan.mover_poses[index + 1] @ np.linalg.inv(plan.mover_poses[index])
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


def _draw_intrinsics(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    height, width = size
    low, high = FIELDS_OF_VIEW
    ordinary = float(np.clip(rng.normal(68, 12), low, high))
    angle = np.radians(ordinary if rng.random() < 0.6 else rng.uniform(low, high))
    focal = 0.5 * width / np.tan(0.5 * angle)
    shift = rng.normal(0, 0.01, 2) * width
    return np.array(
        [
            [focal, 0, 0.5 * (width - 1) + shift[0]],
            [0, focal * rng.uniform(0.995, 1.005), 0.5 * (height - 1) + shift[1]],
            [0, 0, 1],
        ]
    )


def _at_size(intrinsics: np.ndarray, size: tuple[int, int], other: tuple[int, int]) -> np.ndarray:
    """Intrinsics of the same camera with images of another size."""
    scale = np.array([other[1] / size[1], other[0] / size[0], 1.0])
    result = intrinsics * scale[:, None]
    result[:2, 2] = (intrinsics[:2, 2] + 0.5) * scale[:2] - 0.5
    return result


def _worth_seeing(
    base: Layer, intrinsics: np.ndarray, least_median: float, least_spread: float, poses: np.ndarray
) -> bool:
    """Whether no frame is too near a surface, shows sky only or has one depth only.

    The median depth must be at least `least_median` m, and the 90th percentile of depth
    `least_spread` times the tenth.
    """
    for camera_to_world in poses[:: max(1, len(poses) // 8)]:
        depth = depth_only((base,), View(camera_to_world, intrinsics, PREVIEW))
        seen = depth[np.isfinite(depth)]
        if len(seen) < 0.2 * depth.size or (depth < 0.3).mean() > 0.15:
            return False
        near, median, far = np.percentile(seen, (10, 50, 90))
        if median < least_median or far < least_spread * near:
            return False
    return True


def _stacked(movers: list[Placed], count: int) -> np.ndarray:
    if not movers:
        return np.zeros((count, 0, 4, 4))
    return np.stack([mover.poses for mover in movers], 1)


@lru_cache(64)
def _place_layer(scenes_folder: Path, place: Place) -> Layer:
    return make_layer(load_mesh(scenes_folder / "places" / (place.name + SUFFIX)))


def _object(scenes_folder: Path, name: str) -> Mesh:
    return load_mesh(scenes_folder / "objects" / (name + SUFFIX))


@lru_cache(1)
def _papers(scenes_folder: Path) -> Textures:
    """Textures that can cover any surface."""
    files = _images(scenes_folder / "papers")
    try:
        return load_textures(tuple(np.fromfile(file, np.uint8) for file in files))
    except ValueError as error:
        raise CorruptMesh(f"{scenes_folder / 'papers'}: {error}") from error


def _sky(scenes_folder: Path, rng: np.random.Generator) -> np.ndarray:
    """A linear panorama (H, W, 3)."""
    files = _images(scenes_folder / "skies")
    return _read_sky(files[rng.integers(len(files))])


def _images(folder: Path) -> list[Path]:
    files = sorted(folder.glob("*.webp"))
    if not files:
        raise CorruptMesh(f"{folder} holds no images")
    return files


@lru_cache(32)
def _read_sky(file: Path) -> np.ndarray:
    image = cv2.imread(str(file), cv2.IMREAD_COLOR)
    if image is None:
        raise CorruptMesh(f"{file} is not an image")
    return (image[..., ::-1].astype(np.float32) / 255) ** 2
