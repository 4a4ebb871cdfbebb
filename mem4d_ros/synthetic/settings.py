"""What procedural sequences are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from mem4d_ros.synthetic.cameras.paths import SHARES, CameraMaker, hand_held
from mem4d_ros.synthetic.cameras.street_paths import STREET_SHARES
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.places.street import make_street
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects
from mem4d_ros.synthetic.scene.stage import Stage
from mem4d_ros.synthetic.textures.library import TextureLibrary

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
