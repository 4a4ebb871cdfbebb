"""Frames as ROS 2 messages, without ROS: made and serialised by the `rosbags` package.

They are what the node publishes (`mem4d_ros.runtime.topics`), so that the same RViz settings
show both.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_typestore

from mem4d_ros.geometry import BODY_FROM_OPTICAL, matrix_to_quaternion, transform_points
from mem4d_ros.runtime.export.tum import NS_PER_S
from mem4d_ros.runtime.points import ColouredPoints
from mem4d_ros.sensor_messages.packed_cloud import POINT, packed_cloud

TYPESTORE = get_typestore(Stores.ROS2_HUMBLE)
"""The oldest distribution in use; these messages are the same in the newer ones."""
MAP_FRAME, CAMERA_FRAME = "map", "camera_optical_frame"
FLOAT32 = 7
UNKNOWN_COVARIANCE = 1e6 * np.eye(6).flatten()


def make(type_name: str, **fields: Any) -> Any:
    """A message such as `sensor_msgs/msg/Image`."""
    return TYPESTORE.types[type_name](**fields)


def header(stamp_ns: int, frame_id: str) -> Any:
    """std_msgs/Header."""
    seconds, rest = divmod(stamp_ns, NS_PER_S)
    stamp = make("builtin_interfaces/msg/Time", sec=seconds, nanosec=rest)
    return make("std_msgs/msg/Header", stamp=stamp, frame_id=frame_id)


def cloud(points: ColouredPoints, stamp_ns: int) -> Any:
    """sensor_msgs/PointCloud2 in the map, of points in the world; rgb is packed as in PCL."""
    positions = transform_points(BODY_FROM_OPTICAL.astype(np.float32), points.positions)
    data = packed_cloud(positions, points.colours, points.confidences)
    return make(
        "sensor_msgs/msg/PointCloud2",
        header=header(stamp_ns, MAP_FRAME),
        height=1,
        width=len(positions),
        fields=[
            make(
                "sensor_msgs/msg/PointField",
                name=name,
                offset=4 * index,
                datatype=FLOAT32,
                count=1,
            )
            for index, name in enumerate(POINT.names or ())
        ],
        is_bigendian=sys.byteorder != "little",
        point_step=POINT.itemsize,
        row_step=len(data),
        data=np.frombuffer(data, np.uint8),
        is_dense=True,
    )


def colour_image(image: np.ndarray, stamp_ns: int) -> Any:
    """sensor_msgs/Image, rgb8, of (H, W, 3) uint8."""
    return _image(image.reshape(len(image), -1), "rgb8", image.shape[1], stamp_ns)


def depth_image(depth: np.ndarray, stamp_ns: int) -> Any:
    """sensor_msgs/Image, 32FC1: (H, W) in metres, NaN where there is none."""
    return _image(depth.astype("<f4").view(np.uint8), "32FC1", depth.shape[1], stamp_ns)


def _image(rows: np.ndarray, encoding: str, width: int, stamp_ns: int) -> Any:
    """An image of rows (H, bytes) uint8."""
    return make(
        "sensor_msgs/msg/Image",
        header=header(stamp_ns, CAMERA_FRAME),
        height=rows.shape[0],
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=rows.shape[1],
        data=rows.reshape(-1),
    )


def camera_info(intrinsics: np.ndarray, shape: tuple[int, ...], stamp_ns: int) -> Any:
    """sensor_msgs/CameraInfo of an image of `shape` (H, W) without distortion."""
    return make(
        "sensor_msgs/msg/CameraInfo",
        header=header(stamp_ns, CAMERA_FRAME),
        height=shape[0],
        width=shape[1],
        distortion_model="plumb_bob",
        d=np.zeros(5),
        k=intrinsics.flatten(),
        r=np.eye(3).flatten(),
        p=np.column_stack((intrinsics, np.zeros(3))).flatten(),
        binning_x=0,
        binning_y=0,
        roi=make(
            "sensor_msgs/msg/RegionOfInterest",
            x_offset=0,
            y_offset=0,
            height=0,
            width=0,
            do_rectify=False,
        ),
    )


def transforms(camera_to_world: np.ndarray, stamp_ns: int) -> Any:
    """tf2_msgs/TFMessage: from the map to the camera's optical frame."""
    translation, rotation = _placed(camera_to_world)
    return make(
        "tf2_msgs/msg/TFMessage",
        transforms=[
            make(
                "geometry_msgs/msg/TransformStamped",
                header=header(stamp_ns, MAP_FRAME),
                child_frame_id=CAMERA_FRAME,
                transform=make(
                    "geometry_msgs/msg/Transform",
                    translation=make("geometry_msgs/msg/Vector3", **translation),
                    rotation=rotation,
                ),
            )
        ],
    )


def odometry(camera_to_world: np.ndarray, stamp_ns: int) -> Any:
    """nav_msgs/Odometry: the camera's pose in the map; its covariance and twist are not known."""
    zero = make("geometry_msgs/msg/Vector3", x=0.0, y=0.0, z=0.0)
    return make(
        "nav_msgs/msg/Odometry",
        header=header(stamp_ns, MAP_FRAME),
        child_frame_id=CAMERA_FRAME,
        pose=make(
            "geometry_msgs/msg/PoseWithCovariance",
            pose=_pose(camera_to_world),
            covariance=UNKNOWN_COVARIANCE,
        ),
        twist=make(
            "geometry_msgs/msg/TwistWithCovariance",
            twist=make("geometry_msgs/msg/Twist", linear=zero, angular=zero),
            covariance=UNKNOWN_COVARIANCE,
        ),
    )


def path(stamps_ns: Sequence[int], camera_to_world: np.ndarray) -> Any:
    """nav_msgs/Path of poses (T, 4, 4), T > 0, stamped with the first."""
    poses = [
        make("geometry_msgs/msg/PoseStamped", header=header(stamp_ns, MAP_FRAME), pose=_pose(pose))
        for stamp_ns, pose in zip(stamps_ns, camera_to_world, strict=True)
    ]
    return make("nav_msgs/msg/Path", header=header(stamps_ns[0], MAP_FRAME), poses=poses)


def _pose(camera_to_world: np.ndarray) -> Any:
    position, orientation = _placed(camera_to_world)
    return make(
        "geometry_msgs/msg/Pose",
        position=make("geometry_msgs/msg/Point", **position),
        orientation=orientation,
    )


def _placed(camera_to_world: np.ndarray) -> tuple[dict[str, float], Any]:
    """Position and geometry_msgs/Quaternion of a camera in the map."""
    camera_to_map = BODY_FROM_OPTICAL @ camera_to_world
    w, x, y, z = matrix_to_quaternion(camera_to_map[:3, :3]).tolist()
    position = dict(zip("xyz", camera_to_map[:3, 3].tolist(), strict=True))
    return position, make("geometry_msgs/msg/Quaternion", x=x, y=y, z=z, w=w)
