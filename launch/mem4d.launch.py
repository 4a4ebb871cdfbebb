"""Start mem4d_node, and RViz if asked to. `ros2 launch mem4d_ros mem4d.launch.py --show-args`."""

from __future__ import annotations

import os
from pathlib import Path

from ament_index_python.packages import get_package_share_directory
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from mem4d_ros.ros.transport import profile_settings

SHARE = Path(get_package_share_directory("mem4d_ros"))

ARGUMENTS = {
    "image": ("image", "image topic; its compressed transport is <image>/compressed"),
    "camera_info": ("camera_info", "CameraInfo topic; may stay silent"),
    "odometry": ("odometry", "external odometry's topic, where tf_mode or scale.source ask for it"),
    "compressed": ("false", "true: listen to <image>/compressed"),
    "params_file": (str(SHARE / "config" / "mem4d.yaml"), "parameters; the arguments below win"),
    "namespace": ("", "namespace of the node and its topics"),
    "checkpoint": ("", "weights, a .safetensors file; empty: what the parameters say"),
    "device": ("", "auto, cpu, cuda or cuda:N; empty: what the parameters say"),
    "map_frame": ("", "fixed frame; empty: what the parameters say"),
    "base_frame": ("", "robot's base frame; empty: what the parameters say"),
    "odom_frame": ("", "external odometry's frame; empty: what the parameters say"),
    "tf_mode": ("", "camera, base, map_to_odom or off; empty: what the parameters say"),
    "autostart": ("", "false: wait for a lifecycle manager; empty: what the parameters say"),
    "rviz": ("false", "true: start RViz with the node's topics"),
    "viewer": ("false", "true: start the viewer, at http://localhost:<viewer_port>"),
    "viewer_host": ("127.0.0.1", "address of the viewer; 0.0.0.0: for the whole network"),
    "viewer_port": ("8080", "port of the viewer"),
    "use_sim_time": ("", "true: time comes from /clock; empty: what the parameters say"),
}
"""Name, default and meaning."""

PARAMETERS = {
    "checkpoint": "model.checkpoint",
    "device": "model.device",
    "map_frame": "frames.map",
    "base_frame": "frames.base",
    "odom_frame": "frames.odom",
    "tf_mode": "tf.mode",
}
"""Arguments that set a parameter if they are not empty."""


def generate_launch_description() -> LaunchDescription:
    """Arguments, the DDS profile, the node, and RViz where asked for."""
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=meaning)
        for name, (default, meaning) in ARGUMENTS.items()
    ]
    profile = [SetEnvironmentVariable(*item) for item in profile_settings(os.environ).items()]
    node = OpaqueFunction(function=mem4d_node)
    rviz = OpaqueFunction(function=rviz2, condition=IfCondition(LaunchConfiguration("rviz")))
    viewer = OpaqueFunction(
        function=mem4d_viewer, condition=IfCondition(LaunchConfiguration("viewer"))
    )
    return LaunchDescription([*arguments, *profile, node, rviz, viewer])


def mem4d_node(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The node, with those arguments that the user has given as parameters."""
    given = _given(context)
    if not Path(given["params_file"]).is_file():
        raise FileNotFoundError(f"params_file {given['params_file']!r} is not a file")
    parameters = {PARAMETERS[name]: given[name] for name in PARAMETERS if given[name]}
    parameters |= _time(given)
    if given["autostart"]:
        parameters["lifecycle.autostart"] = _is_true("autostart", given)
    if _is_true("compressed", given):
        parameters["input.image_transport"] = "compressed"
    node = Node(
        package="mem4d_ros",
        executable="mem4d_node",
        name="mem4d",
        namespace=given["namespace"],
        parameters=[given["params_file"], parameters],
        remappings=[(name, given[name]) for name in ("image", "camera_info", "odometry")],
        output="screen",
        emulate_tty=True,
    )
    return [node]


def rviz2(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """RViz with the node's topics."""
    given = _given(context)
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", str(SHARE / "config" / "mem4d.rviz")],
        namespace=given["namespace"],
        remappings=[("image", given["image"])],
        parameters=[_time(given)],
    )
    return [rviz]


def mem4d_viewer(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """The viewer of the node, in the browser."""
    given = _given(context)
    viewer = Node(
        package="mem4d_ros",
        executable="mem4d_viewer",
        name="mem4d_viewer",
        namespace=given["namespace"],
        parameters=[
            {
                "host": given["viewer_host"],
                "port": int(given["viewer_port"]),
                "image_transport": "compressed" if _is_true("compressed", given) else "raw",
            }
        ],
        remappings=[("image", given["image"])],
        output="screen",
        emulate_tty=True,
    )
    return [viewer]


def _given(context: LaunchContext) -> dict[str, str]:
    return {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}


def _time(given: dict[str, str]) -> dict[str, bool]:
    """The parameter use_sim_time, unless a bringup or the parameters' file may say it."""
    if not given["use_sim_time"]:
        return {}
    return {"use_sim_time": _is_true("use_sim_time", given)}


def _is_true(name: str, given: dict[str, str]) -> bool:
    """Whether an argument is true. Raises ValueError: it is neither that nor false."""
    text = given[name].lower()
    if text not in ("true", "1", "false", "0"):
        raise ValueError(f"{name}:={given[name]} is neither true nor false")
    return text in ("true", "1")
