"""A map that the node saves has the metres in which its poses were."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from made_up_maps import made_up_map

from mem4d_ros.mapping import load_map
from mem4d_ros.ros.engine import Engine
from mem4d_ros.ros.services import save_whole_map
from mem4d_ros.runtime.scale import SOURCES, ScaleEstimate


@pytest.mark.parametrize("source", SOURCES)
def test_a_scale_that_was_learned_is_in_the_map(source: str, tmp_path: Path) -> None:
    """One that is given is given again when it is loaded."""
    stored, scale = made_up_map(3), 2.5
    engine = Mock(Engine)
    engine.model = Mock(checkpoint="a.safetensors")
    engine.model.reconstructor.poses.stored_map.return_value = stored
    engine.outputs = Mock(map_from_world=np.eye(4))
    newest = SimpleNamespace(scale=ScaleEstimate(scale, 0.01))
    engine.pipeline = Mock(progress=lambda: SimpleNamespace(newest=newest))
    save_whole_map(tmp_path / "a.map", engine, source)
    factor = scale if source in ("odometry", "points") else 1.0
    for number, keyframe in load_map(tmp_path / "a.map").world.keyframes.items():
        before = stored.world.keyframes[number].camera_to_world
        np.testing.assert_allclose(keyframe.camera_to_world[:3, 3], factor * before[:3, 3])
        np.testing.assert_allclose(keyframe.camera_to_world[:3, :3], before[:3, :3], atol=1e-12)
