"""Every topic and service of the node: name, type, quality of service and meaning, in one table.

`python -m mem4d_ros.ros.interface.topics` prints the README's table.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from std_srvs.srv import SetBool, Trigger
from visualization_msgs.msg import Marker

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.interface.settings import InputSettings
from mem4d_ros.runtime import topics as outputs
from mem4d_ros.srv import LoadMap, SaveMap


@dataclass(frozen=True)
class Topic:
    """A name relative to the node's namespace (`~` is the node), and what goes over it."""

    name: str
    type: Any
    qos: QoSProfile
    description: str
    follows_publishers: bool = False  # in reliability and durability, from that of `qos` on

    def publisher(self, node: Node) -> Publisher:
        """A new publisher of this topic."""
        return node.create_publisher(self.type, self.name, self.qos)


def _qos(reliability: str, depth: int, durability: str = "volatile") -> QoSProfile:
    return QoSProfile(
        reliability=ReliabilityPolicy[reliability.upper()],
        durability=DurabilityPolicy[durability.upper()],
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
    )


def _output(topic: outputs.OutputTopic) -> Topic:
    package, _, name = topic.type.rpartition("/")
    message_type = getattr(import_module(package.replace("/", ".")), name)
    durability = "transient_local" if topic.lasting else "volatile"
    return Topic(
        topic.name, message_type, _qos("reliable", topic.depth, durability), topic.description
    )


IMAGE = "image"
COMPRESSED_SUFFIX = "/compressed"
"""As image_transport names it: appended to the image topic after remapping."""

CAMERA_INFO = Topic(
    "camera_info",
    CameraInfo,
    _qos("reliable", 1),
    "optional intrinsics",
    follows_publishers=True,
)

# As much as a fast one sends while the node is busy.
EXTERNAL_ODOMETRY = Topic(
    "odometry",
    Odometry,
    _qos("best_effort", 100),
    "pose of the base in the odometry frame, if tf.mode or scale.source need it",
)

EVIDENCE_POINTS = Topic(
    "evidence/points",
    PointCloud2,
    _qos("reliable", 1),
    "points of a lidar, radar or time-of-flight sensor in any frame that TF knows, if"
    " evidence.enabled",
    follows_publishers=True,
)

POINTS = _output(outputs.POINTS)
POINTS_CAMERA = Topic(
    "~/points_camera",
    PointCloud2,
    POINTS.qos,
    "self-view pointmap of the newest frame, in the optical frame, for obstacle layers",
)
DYNAMIC_POINTS = _output(outputs.DYNAMIC_POINTS)
STATIC_MAP = _output(outputs.STATIC_MAP)
OCCUPANCY = _output(outputs.OCCUPANCY)
DEPTH = _output(outputs.DEPTH)
DEPTH_CAMERA_INFO = _output(outputs.DEPTH_CAMERA_INFO)
ODOMETRY = _output(outputs.ODOMETRY)
PATH = _output(outputs.PATH)
LANDMARKS = Topic(
    "~/landmarks",
    PointCloud2,
    _qos("reliable", 1),
    "landmarks that pose.source geometry is sure of, in the map, once a second; their confidence is"
    " the number of frames in which they were where they should be",
)
LOOPS = Topic(
    "~/loops",
    Marker,
    _qos("reliable", 1, "transient_local"),
    "lines in the map between keyframes that pose.source geometry found to see the same, anew when"
    " a loop closes",
)
STATUS = Topic("~/status", Mem4DStatus, _qos("reliable", 1), "rates, counters, memories, device")
DIAGNOSTICS = Topic("/diagnostics", DiagnosticArray, _qos("reliable", 1), "health, once a second")

TF = _output(outputs.TF)
"""Published by tf2_ros, with its quality of service."""

OUTPUTS = (
    POINTS,
    POINTS_CAMERA,
    DYNAMIC_POINTS,
    STATIC_MAP,
    OCCUPANCY,
    DEPTH,
    DEPTH_CAMERA_INFO,
    ODOMETRY,
    PATH,
    LANDMARKS,
    LOOPS,
    STATUS,
    DIAGNOSTICS,
)


@dataclass(frozen=True)
class ServiceName:
    """A service of the node."""

    name: str
    type: Any
    description: str


RESET = ServiceName(
    "~/reset",
    Trigger,
    "clear the memories; the next frame starts a new world, or is looked for in the map loaded",
)
PAUSE = ServiceName(
    "~/pause", SetBool, "drop all images and keep the memories, until called with false"
)

SAVE_MAP = ServiceName(
    "~/save_map",
    SaveMap,
    "write the map as a folder, or its points as PLY or PCD, in map.directory",
)

LOAD_MAP = ServiceName(
    "~/load_map",
    LoadMap,
    "find the camera in a map that was saved, and leave that as it is or add to it",
)

SERVICES = (RESET, PAUSE, SAVE_MAP, LOAD_MAP)


def image_topic(settings: InputSettings) -> Topic:
    """The image input that the settings ask for."""
    follows = settings.reliability == "auto"
    qos = _qos("reliable" if follows else settings.reliability, settings.history_depth)
    if settings.image_transport == "compressed":
        name = IMAGE + COMPRESSED_SUFFIX
        return Topic(name, CompressedImage, qos, "JPEG, PNG, TIFF or WebP images", follows)
    return Topic(IMAGE, Image, qos, "raw images", follows)


def inputs() -> tuple[Topic, ...]:
    """Every input that some settings ask for, besides TF."""
    images = (image_topic(InputSettings(image_transport=t)) for t in ("raw", "compressed"))
    return (*images, CAMERA_INFO, EVIDENCE_POINTS, EXTERNAL_ODOMETRY)


def with_policies(
    qos: QoSProfile, reliability: ReliabilityPolicy, durability: DurabilityPolicy
) -> QoSProfile:
    """The same but for those."""
    return _qos(reliability.name, qos.depth, durability.name)


def describe_qos(topic: Topic) -> str:
    """In a few words, for logs and tables."""
    qos = topic.qos
    reliability = "reliable if offered" if topic.follows_publishers else qos.reliability.name
    words = [reliability, f"depth {qos.depth}"]
    if qos.durability == DurabilityPolicy.TRANSIENT_LOCAL:
        words.append(qos.durability.name)
    return ", ".join(word.lower().replace("_", " ") for word in words)


def markdown() -> str:
    """The table for the README."""
    rows = [("in", topic) for topic in inputs()]
    rows += [("out", topic) for topic in (*OUTPUTS, TF)]
    lines = ["| | topic | type | QoS | meaning |", "|---|---|---|---|---|"]
    lines += [
        f"| {direction} | `{topic.name}` | {type_name(topic.type)} | {describe_qos(topic)}"
        f" | {topic.description} |"
        for direction, topic in rows
    ]
    lines += [
        f"| service | `{service.name}` | {type_name(service.type)} | | {service.description} |"
        for service in SERVICES
    ]
    return "\n".join(lines) + "\n"


def type_name(message_type: Any) -> str:
    """For example sensor_msgs/Image."""
    return f"{message_type.__module__.split('.')[0]}/{message_type.__name__}"


if __name__ == "__main__":
    print(markdown(), end="")
