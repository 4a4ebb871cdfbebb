"""Single views of mesh scenes with people about, and which pixels show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.synthetic.meshes.cameras import NoPathFound
from mem4d_ros.synthetic.meshes.catalogue import CARS, FURNITURE, PEOPLE, Place
from mem4d_ros.synthetic.meshes.film import View, take
from mem4d_ros.synthetic.meshes.folder import load_object
from mem4d_ros.synthetic.meshes.placement import Library, Placed, Setting, on_ground
from mem4d_ros.synthetic.meshes.plan import Movers, Plan, plan_sequence
from mem4d_ros.synthetic.meshes.shading import Stage
from mem4d_ros.synthetic.rendering.camera_effects import photograph

PATH = 12
"""Frames of the path that views are taken from."""
VIEWS = (0, 6, 11)
NEAR, FAR, IN_ROOMS, ON_STREETS = (0.7, 2.5), (1.5, 9.0), (1.0, 5.0), (4.0, 25.0)
"""Metres from a camera of the path."""
STROLL = 0.02  # m a frame


@dataclass(frozen=True)
class Views:
    """Views of one place. Images (V, H, W, 3) uint8, people (V, H, W) bool, intrinsics (3, 3)."""

    images: np.ndarray
    people: np.ndarray
    intrinsics: np.ndarray


def take_views(
    seed: int, scenes: Path, size: tuple[int, int], places: tuple[Place, ...] | None = None
) -> Views | None:
    """Views of the seed, `size` is height and width; None where the place has no room for a path.

    Args:
        places: to choose from, those for training by default.
    """
    try:
        plan = plan_sequence(seed, scenes, PATH, size, places)
    except NoPathFound:
        return None
    rng = np.random.default_rng((seed, 1))
    half_angle = float(np.arctan(0.5 * size[1] / plan.intrinsics[0, 0]))
    setting = Setting(plan.still[:1], plan.camera_to_world, half_angle, plan.place.outdoor)
    library = partial(load_object, scenes)
    bystanders = _draw_people(setting, library, [], rng)
    things = _draw_things(setting, library, bystanders, rng)
    groups = [
        Movers.of(group, np.random.default_rng((seed, 2, number)))
        for number, group in enumerate((things, bystanders))
        if group
    ]
    frames = [
        take(_stage(plan, groups, frame), View(plan.camera_to_world[frame], plan.intrinsics, size))
        for frame in VIEWS
    ]
    radiance = torch.from_numpy(np.stack([frame.radiance for frame in frames]).astype(np.float32))
    still = torch.zeros(*radiance.shape[:3], 2)
    images = photograph(radiance, still, np.array(VIEWS) / 15.0, plan.effects, seed)
    number = 1 + bool(things)
    return Views(
        (images * 255).round().to(torch.uint8).numpy().transpose(0, 2, 3, 1),
        np.stack([frame.layer == number for frame in frames]),
        plan.intrinsics,
    )


def _stage(plan: Plan, groups: Sequence[Movers], frame: int) -> Stage:
    """The place, then the groups."""
    layers = [plan.still[0], *(group.bodies.layer(group.poses[frame]) for group in groups)]
    looks = [plan.still_looks[0], *(group.look for group in groups)]
    return Stage(tuple(layers), tuple(looks), plan.lights)


def _draw_people(
    setting: Setting, library: Library, others: Sequence[Placed], rng: np.random.Generator
) -> list[Placed]:
    placed: list[Placed] = []
    for _ in range(rng.integers(0, 5)):
        mesh = library(str(rng.choice(PEOPLE)))
        reach = NEAR if rng.random() < 0.5 else FAR
        person = on_ground(setting, mesh, reach, STROLL, [*others, *placed], rng)
        placed += [] if person is None else [person]
    return placed


def _draw_things(
    setting: Setting, library: Library, others: Sequence[Placed], rng: np.random.Generator
) -> list[Placed]:
    """Furniture, or vehicles on streets: what people must not be taken for."""
    placed: list[Placed] = []
    for _ in range(rng.integers(0, 4)):
        name, reach = str(rng.choice(FURNITURE)), IN_ROOMS
        if setting.outdoor:
            name, reach = str(rng.choice(CARS)), ON_STREETS
        thing = on_ground(setting, library(name), reach, 0.0, [*others, *placed], rng)
        placed += [] if thing is None else [thing]
    return placed


def mirrored(views: Views) -> Views:
    """The same, left and right exchanged."""
    intrinsics = views.intrinsics.copy()
    intrinsics[0, 2] = views.images.shape[2] - 1 - intrinsics[0, 2]
    return replace(
        views,
        images=views.images[:, :, ::-1].copy(),
        people=views.people[:, :, ::-1].copy(),
        intrinsics=intrinsics,
    )
