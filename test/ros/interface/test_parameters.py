"""Parameters are what the table says, in the file, in the documentation's table and in the node."""

from __future__ import annotations

import math
from pathlib import Path as FilePath

import pytest
import yaml
from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue, SetParametersResult
from rcl_interfaces.srv import DescribeParameters, SetParametersAtomically
from ros_probe import Ros, Start, make_image
from sensor_msgs.msg import Image, PointCloud2

from mem4d_ros.ros.interface import parameters
from mem4d_ros.ros.interface.settings import Settings

CONFIG = FilePath(__file__).parents[3] / "config" / "mem4d.yaml"


def set_parameter(ros: Ros, name: str, value: bool | float | str) -> SetParametersResult:
    """What `ros2 param set /mem4d NAME VALUE` does."""
    kinds = {
        bool: (ParameterType.PARAMETER_BOOL, "bool_value"),
        int: (ParameterType.PARAMETER_INTEGER, "integer_value"),
        float: (ParameterType.PARAMETER_DOUBLE, "double_value"),
        str: (ParameterType.PARAMETER_STRING, "string_value"),
    }
    kind, field = kinds[type(value)]
    change = Parameter(name=name, value=ParameterValue(type=kind, **{field: value}))
    request = SetParametersAtomically.Request(parameters=[change])
    return ros.call(SetParametersAtomically, "/mem4d/set_parameters_atomically", request).result


def test_the_file_in_config_is_what_the_table_generates() -> None:
    assert CONFIG.read_text() == parameters.yaml()


def test_the_file_in_config_holds_every_default() -> None:
    groups = yaml.safe_load(CONFIG.read_text())["/**"]["ros__parameters"]
    values = {f"{group}.{name}": groups[group][name] for group in groups for name in groups[group]}
    assert values == {row.name: row.default for row in parameters.parameters()}
    assert all(type(values[row.name]) is type(row.default) for row in parameters.parameters())


def test_the_markdown_table_has_a_line_for_every_parameter() -> None:
    lines = parameters.markdown().splitlines()
    for row in parameters.parameters():
        (line,) = (line for line in lines if line.startswith(f"| `{row.name}` |"))
        assert row.constraint.description in line
        assert line.count(" | ") == 5


def test_the_defaults_are_valid() -> None:
    assert parameters.with_values(Settings(), {}) == Settings()


def test_every_parameter_is_declared_with_its_description_and_range(
    start: Start,
) -> None:
    ros = start()
    rows = list(parameters.parameters())
    request = DescribeParameters.Request(names=[row.name for row in rows])
    answer = ros.call(DescribeParameters, "/mem4d/describe_parameters", request)
    for row, descriptor in zip(rows, answer.descriptors, strict=True):
        assert descriptor.description == row.constraint.description
        assert descriptor.read_only == row.constraint.read_only
        ranges = [*descriptor.integer_range, *descriptor.floating_point_range]
        if row.constraint.minimum is None:
            assert not ranges
        else:
            (limits,) = ranges
            assert limits.from_value == row.constraint.minimum
            assert limits.to_value == row.constraint.maximum
        for choice in row.constraint.choices:
            assert choice in descriptor.additional_constraints


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("points.stride", 0, "range"),
        ("points.max_range", -1.0, "range"),
        ("points.max_range", math.nan, "points.max_range"),
        ("depth.resolution", "huge", "use one of model, input"),
        ("memory.psm_size", -2, "range"),
        ("memory.psm_size", 0, "the first frame is always remembered"),
        ("model.device", "cuda", "cannot change while the node is configured"),
        ("lifecycle.autostart", False, "read-only"),
        ("points.stride", 2.5, "type"),
    ],
)
def test_a_bad_change_is_refused_with_the_reason(
    start: Start, name: str, value: bool | float | str, reason: str
) -> None:
    ros = start()
    before = ros.node.get_parameter(name).value
    result = set_parameter(ros, name, value)
    assert not result.successful
    assert reason in result.reason
    assert ros.node.get_parameter(name).value == before


def test_a_misspelt_name_is_told_and_what_may_be_meant(
    start: Start, capfd: pytest.CaptureFixture[str]
) -> None:
    """But no name that is like none here: it may be of another node that reads the same file."""
    ros = start(memory={"tdm_sizes": 3, "tdm_size": 1}, controller={"frequency": 20.0})
    rows = list(parameters.parameters())
    assert parameters.misspelt(ros.node, rows) == {"memory.tdm_sizes": "memory.tdm_size"}
    told = [line for line in capfd.readouterr().err.splitlines() if "there is no parameter" in line]
    assert len(told) == 1
    assert "memory.tdm_sizes" in told[0]
    assert "is memory.tdm_size meant?" in told[0]


def test_a_value_that_stays_is_accepted_though_it_cannot_change(start: Start) -> None:
    """As `ros2 param load` sends a whole file."""
    assert set_parameter(start(), "model.device", "auto").successful


def test_memory_sizes_change_at_the_next_frame_without_a_new_world(
    start: Start,
) -> None:
    ros = start()
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1))
    assert set_parameter(ros, "memory.psm_size", 7).successful
    ros.play(images, make_image(2))
    ros.wait_for(lambda: ros.status().psm_size_capacity == 7)
    assert ros.status().resets == 0


def test_the_points_filter_changes_at_the_next_frame(start: Start) -> None:
    ros = start()
    clouds = ros.listen(PointCloud2, "/mem4d/points")
    images = ros.talker(Image, "/image")
    ros.play(images, make_image(1))
    assert set_parameter(ros, "points.stride", 2).successful
    ros.play(images, make_image(2))
    assert set_parameter(ros, "points.min_confidence", 3.5).successful
    ros.play(images, make_image(3))
    ros.wait_for(lambda: len(clouds) == 3)
    assert [cloud.width for cloud in clouds] == [64 * 48, 32 * 24, 0]


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("model.image_size", 250, "multiples of 16"),
        ("model.preset", "huge", "large, lite"),
        ("frames.map", "", "without a leading slash"),
        ("frames.base", "/base_link", "without a leading slash"),
        ("frames.base", "map", "another frame"),
        ("points.max_height", -2e4, "-10000 to 10000"),
        ("scale.source", "guess", "use one of model, fixed, odometry"),
        ("pose.source", "pnp", "pose.source pnp is no more: use geometry"),
        ("scale.value", 0.0, "0.001 to 1000"),
        ("tf.initial_pose", "1 2 3", "six finite numbers"),
        ("tf.base_to_camera", "0 0 0 0 0 nan", "six finite numbers"),
        ("points.max_range", math.inf, "0.01 to 1000000"),
    ],
)
def test_a_bad_value_is_refused_with_the_reason(name: str, value: float | str, reason: str) -> None:
    with pytest.raises(parameters.ParameterError, match=reason):
        parameters.with_values(Settings(), {name: value})


@pytest.mark.parametrize("frame", ["map", "base"])
def test_an_odometry_frame_of_its_own_is_needed_only_where_it_is_published(frame: str) -> None:
    """Who has no other odometry may call the map odom."""
    named = {f"frames.{frame}": "odom"}
    parameters.with_values(Settings(), named)
    with pytest.raises(parameters.ParameterError, match="is 'odom', but so is another"):
        parameters.with_values(Settings(), {**named, "tf.mode": "map_to_odom"})


def test_heights_that_leave_no_point_are_refused() -> None:
    with pytest.raises(parameters.ParameterError, match="no point would be left"):
        parameters.with_values(Settings(), {"points.min_height": 2.0, "points.max_height": 1.0})
