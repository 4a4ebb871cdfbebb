from __future__ import annotations

import pytest
from layout_parts import Scene, scene_of

from mem4d_ros.synthetic import render_sequence


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Four frames of a procedural room, some of it out of reach of the depth camera."""
    return scene_of(render_sequence(3, 4, 24, 32))
