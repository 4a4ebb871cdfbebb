"""A stream of images becomes consistent geometry, and nothing invalid leaves as a number."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scripted_model import IMAGE, MEMORY, SHIFT, TURN, ScriptedModel, reconstructor

from mem4d_ros.geometry import (
    project,
    quaternion_to_matrix,
    transform_points,
)
from mem4d_ros.model import PRESETS, FrameOutput, Mem4D, MemorySizes
from mem4d_ros.runtime import (
    FrameRejected,
    NonFiniteOutput,
    OnlineReconstructor,
    make_pose_source,
)
from mem4d_ros.runtime.pose_sources import HeadPose, PoseEstimate, PoseFrame


def test_reports_what_the_network_said() -> None:
    result = reconstructor(ScriptedModel()).process(IMAGE, stamp_ns=17)
    assert result.stamp_ns == 17
    assert result.frame_index == 0
    assert result.points_world.shape == result.image.shape == (192, 256, 3)
    assert np.all(result.depth == 2)
    assert np.array_equal(result.depth, result.points_camera[..., 2])
    np.testing.assert_allclose(
        result.points_world - result.points_camera,
        np.broadcast_to(SHIFT, (192, 256, 3)),
        atol=1e-6,
    )
    np.testing.assert_allclose(
        result.camera_to_world[:3, :3], quaternion_to_matrix(TURN.double())[0], atol=1e-7
    )
    np.testing.assert_allclose(result.camera_to_world[:, 3], [1, -2, 3, 1])
    assert result.latency_s > 0


def test_the_network_sees_the_resized_image() -> None:
    model = ScriptedModel()
    result = reconstructor(model).process(IMAGE, 0)
    assert model.images[0].shape == (1, 3, 192, 256)
    seen = (model.images[0][0].permute(1, 2, 0) * 255).round().byte().numpy()
    assert np.array_equal(seen, result.image)


def test_predicted_intrinsics_span_the_predicted_field_of_view() -> None:
    result = reconstructor(ScriptedModel()).process(IMAGE, 0)
    focal = 128 / np.tan(0.6)
    expected = [[focal, 0, 127.5], [0, focal, 95.5], [0, 0, 1]]
    np.testing.assert_allclose(result.intrinsics, expected, rtol=1e-6)


def test_of_two_focal_lengths_that_are_predicted_the_mean_is_taken() -> None:
    wide = ScriptedModel(lambda output: output.intrinsics[:, 0].mul_(1.21))
    result = reconstructor(wide).process(IMAGE, 0)
    focal = 1.1 * 128 / np.tan(0.6)
    np.testing.assert_allclose(np.diag(result.intrinsics), [focal, focal, 1], rtol=1e-6)


@pytest.mark.parametrize("shape", [(480, 270), (270, 480), (300, 301)])
def test_predicted_pixels_are_square_in_images_of_any_format(shape: tuple[int, int]) -> None:
    result = reconstructor(ScriptedModel()).process(np.zeros((*shape, 3), np.uint8), 0)
    of_input = result.input_transform.intrinsics_to_input(result.intrinsics)
    assert of_input[0, 0] == pytest.approx(of_input[1, 1])


def test_given_intrinsics_are_followed_to_the_networks_image() -> None:
    intrinsics = np.array([[585.0, 0, 320], [0, 585, 240], [0, 0, 1]])
    result = reconstructor(ScriptedModel()).process(IMAGE, 0, intrinsics)
    expected = [[234.0, 0, 127.7], [0, 234, 95.7], [0, 0, 1]]  # 0.4 (c + 0.5) - 0.5
    np.testing.assert_allclose(result.intrinsics, expected)


def test_predicted_intrinsics_are_held_until_a_reset() -> None:
    model = ScriptedModel()
    model.edit = lambda output: output.intrinsics[:, :2].mul_(1 + 0.1 * len(model.images))
    online = reconstructor(model)
    first, *later = (online.process(IMAGE, index) for index in range(3))
    for result in later:
        np.testing.assert_array_equal(result.intrinsics, first.intrinsics)
    online.reset()
    assert online.process(IMAGE, 3).intrinsics[0, 0] > 1.2 * first.intrinsics[0, 0]


def test_a_bad_first_prediction_is_not_held() -> None:
    model = ScriptedModel(lambda output: output.intrinsics.fill_(float("nan")))
    online = reconstructor(model)
    with pytest.raises(NonFiniteOutput, match="field of view"):
        online.process(IMAGE, 0)
    model.edit = lambda output: None
    assert online.process(IMAGE, 1).frame_index == 0


lengths = st.integers(60, 700)


@settings(deadline=None, max_examples=40)
@given(
    lengths,
    lengths,
    st.floats(0.3, 3.0),
    st.floats(0.8, 1.25),
    st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)),
    st.booleans(),
)
def test_every_point_projects_into_its_own_pixel(
    width: int,
    height: int,
    focal: float,
    aspect: float,
    offset: tuple[float, float],
    known: bool,
) -> None:
    """Whatever three coordinates the network says, in the camera's image and in the network's."""
    focal *= max(width, height)
    centre = (width * (0.5 + offset[0]), height * (0.5 + offset[1]))
    given_ones = np.array([[focal, 0, centre[0]], [0, aspect * focal, centre[1]], [0, 0, 1]])
    model = ScriptedModel(lambda output: output.points_camera.normal_())
    image = np.zeros((height, width, 3), np.uint8)
    try:
        result = reconstructor(model, 128).process(image, 0, given_ones if known else None)
    except FrameRejected:
        assume(False)
    transform = result.input_transform
    rows, columns = np.nonzero(np.isfinite(result.depth))
    assert len(rows) > 0.3 * result.depth.size
    own = np.column_stack((columns, rows))
    points = result.points_camera[rows, columns].astype(np.float64)
    pixels, depth = project(points, result.intrinsics)
    np.testing.assert_allclose(pixels, own, atol=0.01)
    np.testing.assert_allclose(depth, result.depth[rows, columns])
    camera = given_ones if known else transform.intrinsics_to_input(result.intrinsics)
    pixels, _ = project(points, camera)
    np.testing.assert_allclose(pixels, transform.to_input(own), atol=0.05)


def test_given_intrinsics_make_a_bad_field_of_view_harmless() -> None:
    model = ScriptedModel(lambda output: output.intrinsics.fill_(float("nan")))
    result = reconstructor(model).process(IMAGE, 0, np.eye(3))
    assert np.isfinite(result.intrinsics).all()


def test_frames_count_from_the_last_reset() -> None:
    online = reconstructor(ScriptedModel())
    assert [online.process(IMAGE, i).frame_index for i in range(3)] == [0, 1, 2]
    online.reset()
    assert online.process(IMAGE, 3).frame_index == 0


def test_another_image_size_starts_a_new_world() -> None:
    online = reconstructor(ScriptedModel())
    assert [online.process(IMAGE, i).frame_index for i in range(2)] == [0, 1]
    assert online.process(IMAGE[:240], 2).frame_index == 0
    assert online.process(IMAGE[:240], 3).frame_index == 1


def test_an_image_too_elongated_for_the_network_is_rejected_without_harm() -> None:
    online = reconstructor(ScriptedModel())
    online.process(IMAGE, 0)
    with pytest.raises(FrameRejected, match="640x10"):
        online.process(IMAGE[:10], 1)
    assert online.process(IMAGE, 2).frame_index == 1


@pytest.mark.parametrize("name", ["procrustes", "geometry"])
def test_pose_and_points_agree_where_the_pose_is_not_the_heads(name: str) -> None:
    source = make_pose_source(name)
    online = OnlineReconstructor(ScriptedModel(), 256, MEMORY, pose_source=source)
    online.process(IMAGE, 0)
    result = online.process(IMAGE[:, ::-1], 1)
    moved = transform_points(result.camera_to_world, result.points_camera)
    np.testing.assert_allclose(result.points_world, moved, atol=1e-5)
    assert result.points_world.dtype == np.float32
    assert np.array_equal(result.confidence_world, result.confidence_camera)


def test_depth_and_points_are_in_the_metres_of_the_pose() -> None:
    class Larger(HeadPose):
        def estimate(self, frame: PoseFrame) -> PoseEstimate:
            return PoseEstimate(frame.head_pose, depth_scale=1.7)

    def edit(output: FrameOutput) -> None:
        output.points_camera[0, 5, 7] = float("nan")

    online = OnlineReconstructor(ScriptedModel(edit), 256, MEMORY, pose_source=Larger())
    result = online.process(IMAGE, 0)
    expected = np.full((192, 256), np.float32(2) * np.float32(1.7))
    expected[5, 7] = np.nan
    np.testing.assert_array_equal(result.depth, expected)
    np.testing.assert_array_equal(result.points_camera[..., 2], expected)


def test_procrustes_finds_how_the_pointmaps_lie_to_each_other() -> None:
    source = make_pose_source("procrustes")
    online = OnlineReconstructor(ScriptedModel(), 256, MEMORY, pose_source=source)
    pose = online.process(IMAGE, 0).camera_to_world
    np.testing.assert_allclose(pose[:3, 3], SHIFT[0], atol=1e-5)
    np.testing.assert_allclose(pose[:3, :3], np.eye(3), atol=1e-5)


@pytest.mark.parametrize("restart", ["reset", "size", "failure"])
def test_a_new_world_restarts_the_pose_source(restart: str) -> None:
    class Counting(HeadPose):
        frames = 0

        def estimate(self, frame: PoseFrame) -> PoseEstimate:
            self.frames += 1
            return super().estimate(frame)

        def reset(self) -> None:
            self.frames = 0

    model, source = ScriptedModel(), Counting()
    online = OnlineReconstructor(model, 256, MEMORY, pose_source=source)
    online.process(IMAGE, 0)
    online.process(IMAGE, 1)
    assert source.frames == 2
    if restart == "reset":
        online.reset()
    elif restart == "size":
        online.process(IMAGE[:240], 2)
    else:
        model.edit = lambda output: output.translation.fill_(float("nan"))
        with pytest.raises(NonFiniteOutput):
            online.process(IMAGE, 2)
    assert source.frames == (1 if restart == "size" else 0)


def test_results_do_not_share_memory_with_the_network() -> None:
    kept: list[FrameOutput] = []
    result = reconstructor(ScriptedModel(kept.append)).process(IMAGE, 0)
    with torch.inference_mode():
        kept[0].points_world.zero_()
    assert result.points_world.any()


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_real_network_runs_and_resizes_its_memories(precision: torch.dtype) -> None:
    torch.manual_seed(0)
    online = OnlineReconstructor(Mem4D(PRESETS["lite"]).eval(), 128, MEMORY, precision=precision)
    for stamp in range(6):
        result = online.process(IMAGE, stamp)
    assert online.occupancy() == MEMORY
    assert result.points_world.dtype == np.float32
    assert np.isfinite(result.camera_to_world).all()
    tokens = online.structure_tokens()
    online.resize_memory(MemorySizes(1, 0, 2))
    assert online.process(IMAGE, 6).frame_index == 6
    assert online.occupancy() == MemorySizes(1, 0, 2)
    assert online.structure_tokens() < tokens
