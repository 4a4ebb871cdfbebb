"""Everything that a sequence shows, drawn from its seed before anything is rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from mem4d_ros.synthetic.meshes.bodies import Bodies, join
from mem4d_ros.synthetic.meshes.cameras import Accept, NoPathFound, draw_path
from mem4d_ros.synthetic.meshes.catalogue import Place, training_places
from mem4d_ros.synthetic.meshes.film import View, depth_only
from mem4d_ros.synthetic.meshes.folder import draw_sky, load_object, load_papers, place_layer
from mem4d_ros.synthetic.meshes.lighting import draw_lights
from mem4d_ros.synthetic.meshes.lights import Lights
from mem4d_ros.synthetic.meshes.looks import THINGS, Look, Variety, draw_look
from mem4d_ros.synthetic.meshes.placement import Placed, Setting, draw_movers, draw_props
from mem4d_ros.synthetic.meshes.tracing import Layer
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects

PREVIEW = (18, 24)  # px, of the images by which a path is judged
FIELDS_OF_VIEW = (40.0, 110.0)  # degrees across the width
PLAN_ATTEMPTS = 20
DULL_SHARE = 0.15  # of sequences that may look at a bare wall from near


@dataclass(frozen=True)
class Movers:
    """B bodies that go their ways."""

    bodies: Bodies
    look: Look
    poses: np.ndarray  # (T + 1, B, 4, 4) object to world
    moves: np.ndarray  # (T, B) bool: moves until the next frame

    @staticmethod
    def of(movers: Sequence[Placed], rng: np.random.Generator) -> Movers:
        """Those that are placed, at least one, with a look that is drawn."""
        bodies = join([mover.mesh for mover in movers])
        return Movers(
            bodies,
            draw_look(bodies.mesh, THINGS, rng),
            np.stack([mover.poses for mover in movers], 1),
            np.stack([mover.moving() for mover in movers], 1),
        )


@dataclass(frozen=True)
class Plan:
    """All that a sequence shows, before it is rendered."""

    place: Place
    camera_to_world: np.ndarray  # (T, 4, 4) in the frame of the place
    intrinsics: np.ndarray  # (3, 3)
    still: tuple[Layer, ...]
    still_looks: tuple[Look, ...]
    movers: Movers | None
    lights: Lights
    effects: CameraEffects


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
    base = place_layer(scenes_folder, place)
    library = partial(load_object, scenes_folder)
    intrinsics = _draw_intrinsics(size, rng)
    accept = _standard(base, _at_size(intrinsics, size, PREVIEW), place.outdoor, rng)
    poses = draw_path((base,), place, frames, accept, rng)
    half_angle = float(np.arctan(0.5 * size[1] / intrinsics[0, 0]))
    setting = Setting((base,), poses, half_angle, place.outdoor)
    props = draw_props(setting, library, rng)
    movers = draw_movers(setting, props, library, rng)
    layers = [base]
    looks = [draw_look(base.mesh, _draw_variety(rng), rng, load_papers(scenes_folder))]
    if props:
        bodies = join([prop.mesh for prop in props])
        layers.append(bodies.layer(np.stack([prop.poses[0] for prop in props])))
        looks.append(draw_look(bodies.mesh, THINGS, rng))
    return Plan(
        place=place,
        camera_to_world=poses,
        intrinsics=intrinsics,
        still=tuple(layers),
        still_looks=tuple(looks),
        movers=Movers.of(movers, rng) if movers else None,
        lights=draw_lights(layers, place, poses, draw_sky(scenes_folder, rng), rng),
        effects=CameraEffects.draw(rng),
    )


def _draw_variety(rng: np.random.Generator) -> Variety:
    """How a place differs from its mesh: often bare, often papered anew."""
    papered = rng.choice((0.0, 0.3, 0.7), p=(0.4, 0.4, 0.2))
    return Variety(
        bareness=rng.choice((0.0, 0.05, 0.3, 0.8), p=(0.4, 0.3, 0.2, 0.1)),
        painted=0.6,
        papered=(papered, 0.3 * papered),
        tint=0.06,
    )


def _standard(base: Layer, preview: np.ndarray, outdoor: bool, rng: np.random.Generator) -> Accept:
    """What a path must show; `preview` are the intrinsics of images of that size."""
    if rng.random() < DULL_SHARE:
        return partial(_worth_seeing, base, preview, 0.45, 1.0)
    median = rng.uniform(2.5, 8.0) if outdoor else rng.uniform(0.8, 1.8)
    return partial(_worth_seeing, base, preview, median, 1.8)


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
