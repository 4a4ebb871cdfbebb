"""`ros2 launch mem4d_ros mem4d.launch.py`, where ROS 2's launch is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

# `launch` alone would find this repository's folder of that name.
pytest.importorskip("launch_ros", reason="ROS 2's launch is not installed")

from lifecycle_msgs.srv import GetState
from rcl_interfaces.srv import GetParameters
from ros_probe import PATIENCE_S, connected
from sensor_msgs.msg import CameraInfo, CompressedImage

LAUNCH_FILE = Path(__file__).parents[2] / "launch" / "mem4d.launch.py"


@pytest.fixture(scope="module")
def launch_file() -> ModuleType:
    spec = importlib.util.spec_from_file_location("mem4d_launch", LAUNCH_FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_argument_is_declared_with_its_meaning(launch_file: ModuleType) -> None:
    arguments = launch_file.generate_launch_description().get_launch_arguments()
    assert [argument.name for argument in arguments] == list(launch_file.ARGUMENTS)
    assert all(argument.description for argument in arguments)


def test_the_node_starts_with_the_arguments_and_ends_on_ctrl_c() -> None:
    command = [shutil.which("ros2"), "launch", "mem4d_ros", "mem4d.launch.py"]
    command += ["image:=/camera/image_raw", "camera_info:=/camera/camera_info", "compressed:=true"]
    command += ["namespace:=robot", "map_frame:=world", "tf_mode:=off", "device:=cpu"]
    command += ["odometry:=/wheel/odometry", "odom_frame:=odom_combined"]
    launched = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        with connected() as ros:
            names = ["frames.map", "tf.mode", "model.device", "frames.base", "frames.odom"]
            request = GetParameters.Request(names=names)
            answer = ros.call(GetParameters, "/robot/mem4d/get_parameters", request)
            values = [value.string_value for value in answer.values]
            assert values == ["world", "off", "cpu", "base_link", "odom_combined"]
            ros.talker(CompressedImage, "/camera/image_raw/compressed")
            ros.talker(CameraInfo, "/camera/camera_info")
        os.kill(launched.pid, signal.SIGINT)
        log, _ = launched.communicate(timeout=PATIENCE_S)
    finally:
        launched.kill()
    assert "process has finished cleanly" in log
    assert "Traceback" not in log
    assert "XMLPARSER" not in log


def test_without_autostart_the_node_waits_for_a_manager() -> None:
    command = [shutil.which("ros2"), "launch", "mem4d_ros", "mem4d.launch.py", "autostart:=false"]
    launched = subprocess.Popen(command, start_new_session=True)
    try:
        with connected() as ros:
            state = ros.call(GetState, "/mem4d/get_state", GetState.Request()).current_state
            assert state.label == "unconfigured"
        os.kill(launched.pid, signal.SIGINT)
        assert launched.wait(timeout=PATIENCE_S) == 0
    finally:
        launched.kill()


def test_the_parameters_file_may_say_which_time_counts(tmp_path: Path) -> None:
    simulated = tmp_path / "simulated.yaml"
    simulated.write_text("/**:\n  ros__parameters:\n    use_sim_time: true\n")
    command = [shutil.which("ros2"), "launch", "mem4d_ros", "mem4d.launch.py", "autostart:=false"]
    launched = subprocess.Popen([*command, f"params_file:={simulated}"], start_new_session=True)
    try:
        with connected() as ros:
            request = GetParameters.Request(names=["use_sim_time"])
            answer = ros.call(GetParameters, "/mem4d/get_parameters", request)
            assert answer.values[0].bool_value
        os.kill(launched.pid, signal.SIGINT)
        assert launched.wait(timeout=PATIENCE_S) == 0
    finally:
        launched.kill()


def test_a_word_that_is_neither_true_nor_false_is_an_error() -> None:
    command = [shutil.which("ros2"), "launch", "mem4d_ros", "mem4d.launch.py", "compressed:=yes"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode != 0
    assert "compressed:=yes is neither true nor false" in ended.stdout + ended.stderr


def test_a_missing_parameter_file_is_an_error() -> None:
    command = [shutil.which("ros2"), "launch", "mem4d_ros", "mem4d.launch.py"]
    command += ["params_file:=/none.yaml"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ended.returncode != 0
    assert "'/none.yaml' is not a file" in ended.stdout + ended.stderr
