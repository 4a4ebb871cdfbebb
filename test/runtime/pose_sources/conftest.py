"""Sequences that pose sources see: a hand-held camera alone and among bodies, one that stands."""

from __future__ import annotations

import pytest
from pose_frames import FRAMES, HEIGHT, WIDTH

from mem4d_ros.synthetic import SequenceSettings, SyntheticSequence, render_sequence
from mem4d_ros.synthetic.cameras.paths import CameraMaker, hand_held, standing
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.settings import Place


def render(seed: int, camera: CameraMaker, bodies: int) -> SyntheticSequence:
    settings = SequenceSettings(
        frame_rate=(15.0, 15.0),
        field_of_view=(60.0, 75.0),
        bodies=(bodies, bodies),
        places=(Place(make_room, {camera: 1.0}),),
    )
    return render_sequence(seed, FRAMES, HEIGHT, WIDTH, settings=settings)


@pytest.fixture(scope="package")
def still_room() -> SyntheticSequence:
    return render(0, hand_held, bodies=0)


@pytest.fixture(scope="package")
def busy_room() -> SyntheticSequence:
    return render(1, hand_held, bodies=3)


@pytest.fixture(scope="package")
def watched_room() -> SyntheticSequence:
    """Bodies move before a camera that stands."""
    return render(3, standing, bodies=3)
