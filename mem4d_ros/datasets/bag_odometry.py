"""Where a robot's odometry has the camera, from the bag that the images are in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.datasets.bag import choose_topic, first_messages, is_bag
from mem4d_ros.datasets.bag_storage import Storage, open_storage
from mem4d_ros.datasets.sample import FrameError
from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.sensor_messages.frames import tf_frame
from mem4d_ros.sensor_messages.poses import pose_fault, rigid_matrix
from mem4d_ros.sensor_messages.remarks import Say, silent
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

ODOMETRY = "nav_msgs/msg/Odometry"
TF, TF_STATIC = "tf2_msgs/msg/TFMessage", "/tf_static"
MAX_ANCESTORS = 1000
"""Of a frame; more are a circle."""


@dataclass(frozen=True)
class Mounting:
    """A frame's place in its parent, (4, 4)."""

    parent: str
    parent_from_frame: np.ndarray


class BagOdometry:
    """The poses of a topic with odometry, each that of the camera, in the order of recording.

    The camera's place on the robot is that which /tf_static has in the bag, from the frame that the
    odometry moves (its child_frame_id) to that of the first image, unless it is given.
    """

    def __init__(
        self,
        path: Path,
        topic: str,
        image_topic: str | None = None,
        base_from_camera: np.ndarray | None = None,
        say: Say = silent,
    ) -> None:
        """`image_topic` may be left out where there is one with images; `say` takes remarks.

        Raises FrameError for what is no bag, for a topic without odometry, and where it is not
        known where on the robot the camera is.
        """
        if not is_bag(path):
            raise FrameError(f"{path} is not a ROS bag, so it has no odometry {topic}")
        self._path, self._topic, self._say = path, topic, say
        with open_storage(path, silent) as storage:
            self._check_topic(storage.types)
            if base_from_camera is None:
                images = choose_topic(path, storage.types, image_topic)
                camera = tf_frame(self._first(storage, images).header.frame_id)
                base = tf_frame(self._first(storage, topic).child_frame_id)
                base_from_camera = _place(path, _mountings(storage), base, camera)
        self._base_from_camera = base_from_camera

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        """Each stamp in ns, and odom_from_camera (4, 4). Poses that can be none are left out."""
        with open_storage(self._path, silent) as storage:
            for message in storage.messages(self._topic):
                try:
                    fields = storage.decoded(message)
                except FrameError as error:
                    self._say(f"{self._topic}: a pose is left out: {error}")
                    continue
                pose = fields.pose.pose
                if fault := pose_fault(pose.orientation, pose.position):
                    self._say(f"{self._topic}: a pose is left out: {fault}")
                    continue
                odom_from_base = rigid_matrix(pose.orientation, pose.position)
                yield stamp_to_ns(fields.header.stamp), odom_from_base @ self._base_from_camera

    def _check_topic(self, types: Mapping[str, str]) -> None:
        if types.get(self._topic) == ODOMETRY:
            return
        found = sorted(topic for topic, kind in types.items() if kind == ODOMETRY)
        listed = f"those with it: {', '.join(found)}" if found else "nor has any other topic"
        raise FrameError(f"{self._path} has no odometry ({ODOMETRY}) on {self._topic}; {listed}")

    def _first(self, storage: Storage, topic: str) -> Any:
        """The fields of the first message that is whole."""
        first = next(first_messages(storage, topic), None)
        if first is None:
            raise FrameError(f"{self._path} has no message on {topic} that can be read")
        return first


def _mountings(storage: Storage) -> dict[str, Mounting]:
    """All that /tf_static says, by frame."""
    found: dict[str, Mounting] = {}
    if storage.types.get(TF_STATIC) != TF:
        return found
    for message in storage.messages(TF_STATIC):
        for each in storage.decoded(message).transforms:
            place = each.transform.rotation, each.transform.translation
            if not pose_fault(*place):  # TF takes no notice of it, either
                mounting = Mounting(tf_frame(each.header.frame_id), rigid_matrix(*place))
                found[tf_frame(each.child_frame_id)] = mounting
    return found


def _place(path: Path, mountings: Mapping[str, Mounting], base: str, camera: str) -> np.ndarray:
    """base_from_camera (4, 4), through the nearest frame that carries both."""
    above_base, above_camera = (_ancestors(mountings, frame) for frame in (base, camera))
    for frame, from_camera in above_camera.items():
        if frame in above_base:
            place: np.ndarray = rigid_inverse(above_base[frame]) @ from_camera
            return place
    raise FrameError(
        f"{path}: nothing on {TF_STATIC} leads from '{base}', which the odometry moves, to the"
        f" images' '{camera}': give --base-to-camera"
    )


def _ancestors(mountings: Mapping[str, Mounting], frame: str) -> dict[str, np.ndarray]:
    """The frame and all that carry it, with the place (4, 4) of the frame in each."""
    found = {frame: np.eye(4)}
    while frame in mountings and len(found) < MAX_ANCESTORS:
        mounting = mountings[frame]
        above: np.ndarray = mounting.parent_from_frame @ found[frame]
        frame = mounting.parent
        if frame in found:
            break
        found[frame] = above
    return found
