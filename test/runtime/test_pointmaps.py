"""What is no number leaves a reconstruction as invalid, and nothing else does."""

from __future__ import annotations

import numpy as np
import pytest
from scripted_model import IMAGE, ScriptedModel, reconstructor

from mem4d_ros.model import FrameOutput
from mem4d_ros.runtime import NonFiniteOutput


@pytest.mark.parametrize("part", ["points_world", "confidence_world"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_bad_world_point_is_marked_invalid_and_the_rest_kept(part: str, value: float) -> None:
    def edit(output: FrameOutput) -> None:
        getattr(output, part)[0, 5, 7] = value

    result = reconstructor(ScriptedModel(edit)).process(IMAGE, 0)
    assert np.isnan(result.points_world[5, 7]).all()
    assert result.confidence_world[5, 7] == 0
    assert np.isfinite(result.points_world).all(-1).sum() == 192 * 256 - 1
    assert np.isfinite(result.points_camera).all()


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("points_camera", float("nan")),
        ("points_camera", float("inf")),
        ("confidence_camera", float("inf")),
        ("points_camera", -1.0),
        ("points_camera", 0.0),
    ],
)
def test_a_bad_camera_point_has_no_depth(part: str, value: float) -> None:
    def edit(output: FrameOutput) -> None:
        getattr(output, part)[0, 5, 7] = value

    result = reconstructor(ScriptedModel(edit)).process(IMAGE, 0)
    assert np.isnan(result.depth[5, 7])
    assert np.isnan(result.points_camera[5, 7]).all()
    assert result.confidence_camera[5, 7] == 0
    assert np.isfinite(result.depth).sum() == 192 * 256 - 1


@pytest.mark.parametrize("part", ["quaternion", "translation"])
def test_a_bad_pose_resets_the_memory_and_gives_no_result(part: str) -> None:
    broken = [False, True, False]

    def edit(output: FrameOutput) -> None:
        if broken[len(model.images) - 1]:
            getattr(output, part)[0, 1] = float("nan")

    model = ScriptedModel(edit)
    online = reconstructor(model)
    online.process(IMAGE, 0)
    with pytest.raises(NonFiniteOutput, match="memory was reset"):
        online.process(IMAGE, 1)
    assert online.process(IMAGE, 2).frame_index == 0
    assert model.frame_indices == [0, 1, 0]


def test_a_null_quaternion_is_no_pose() -> None:
    model = ScriptedModel(lambda output: output.quaternion.zero_())
    with pytest.raises(NonFiniteOutput):
        reconstructor(model).process(IMAGE, 0)
