"""Parameters of coordinate frames and transforms."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.geometry.pose_text import POSE_FORMAT
from mem4d_ros.ros.interface.constraints import parameter


@dataclass(frozen=True)
class FrameSettings:
    """Names of TF frames."""

    map: str = parameter("map", "Fixed frame of the reconstruction, z up")
    base: str = parameter(
        "base_link", "Base frame of the robot, for tf.mode base and map_to_odom, and for odometry"
    )
    odom: str = parameter("odom", "Fixed frame of the external odometry")
    camera: str = parameter(
        "",
        "Optical frame of images whose header.frame_id is empty; empty: such images are rejected",
    )


@dataclass(frozen=True)
class TfSettings:
    """Parameters of TF."""

    mode: str = parameter(
        "camera",
        "Transform to publish: camera: map to the camera's optical frame; base: map to frames.base;"
        " map_to_odom: map to frames.odom, below which an external odometry publishes frames.base;"
        " off: none",
        choices=("camera", "base", "map_to_odom", "off"),
    )
    initial_pose: str = parameter(
        "",
        "Initial pose of the camera (tf.mode base and map_to_odom: of the base) in the map, x"
        f" forward and z up, as {POSE_FORMAT}; empty: the origin",
    )
    base_to_camera: str = parameter(
        "",
        f"Pose of the camera's optical frame in frames.base, as {POSE_FORMAT}; empty: looked up in"
        " TF if tf.mode or scale.source need it",
    )
    correction_s: float = parameter(
        0.0,
        "Time over which tf.mode camera and base take in that a loop was closed, seconds; 0: at"
        " once, so that TF and clouds agree; map_to_odom takes it in at once, into map to odometry",
        minimum=0.0,
        maximum=60.0,
        changeable=True,
    )
    transform_tolerance_s: float = parameter(
        1.0,
        "How long map to odometry is good for, seconds, with tf.mode map_to_odom: it is sent again"
        " as the odometry goes on, post-dated by that, as AMCL does, since Nav2 asks for the newest"
        " pose; more than the time between two poses of the odometry",
        minimum=0.0,
        maximum=60.0,
        changeable=True,
    )
