"""The topics that the node publishes and `mem4d reconstruct` writes into its bag, without ROS."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OutputTopic:
    """A topic of the reconstruction.

    Attributes:
        name: `~` is the node, which is called mem4d.
        type: such as sensor_msgs/msg/Image.
        depth: messages that a publisher keeps for subscribers that are slow.
        lasting: whether who subscribes later gets the newest message (transient local).
        description: in the tables of the documentation.
    """

    name: str
    type: str
    depth: int
    description: str
    lasting: bool = False

    @property
    def absolute_name(self) -> str:
        """The name that the node's has when it is started as it is."""
        return self.name.replace("~", "/mem4d")


# RViz and Nav2 ask for reliable clouds by default. Five frames bridge a resend, as in sensor QoS.
POINTS = OutputTopic(
    "~/points",
    "sensor_msgs/msg/PointCloud2",
    5,
    "global pointmap of the newest frame, in the map",
)
DYNAMIC_POINTS = OutputTopic(
    "~/dynamic_points",
    "sensor_msgs/msg/PointCloud2",
    5,
    "what moves in the newest frame, and people, in the map",
)
# Latched, as REP-2003 asks of maps: who joins late has it at once.
STATIC_MAP = OutputTopic(
    "~/static_map",
    "sensor_msgs/msg/PointCloud2",
    1,
    "static points, accumulated over all frames, in the map",
    lasting=True,
)
OCCUPANCY = OutputTopic(
    "~/occupancy",
    "nav_msgs/msg/OccupancyGrid",
    1,
    "free, occupied and unknown cells of the floor, in the map, for Nav2's static layer",
    lasting=True,
)
DEPTH = OutputTopic(
    "~/depth/image",
    "sensor_msgs/msg/Image",
    5,
    "32FC1, metres along the optical axis, NaN where invalid",
)
DEPTH_CAMERA_INFO = OutputTopic(
    "~/depth/camera_info", "sensor_msgs/msg/CameraInfo", 5, "intrinsics of the depth image"
)
ODOMETRY = OutputTopic("~/odometry", "nav_msgs/msg/Odometry", 10, "pose in the map, and twist")
PATH = OutputTopic("~/path", "nav_msgs/msg/Path", 1, "past poses in the map")
TF = OutputTopic(
    "/tf", "tf2_msgs/msg/TFMessage", 100, "map to camera, base or odometry, as tf.mode says"
)
