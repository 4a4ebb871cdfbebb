"""Parameters of what comes in besides the network: images, odometry, points, the scale."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime.scale import SOURCES
from mem4d_ros.runtime.scans import ScanSettings


@dataclass(frozen=True)
class InputSettings:
    """Parameters of the image input."""

    image_transport: str = parameter(
        "raw",
        "Image transport: raw subscribes to image, compressed to image/compressed",
        choices=("raw", "compressed"),
    )
    reliability: str = parameter(
        "auto",
        "Reliability of the image subscription; auto: reliable where all publishers of the topic"
        " offer it, else best effort, and followed as they come and go; reliable does not match a"
        " best-effort camera, and best_effort may lose large images",
        choices=("auto", "best_effort", "reliable"),
    )
    history_depth: int = parameter(
        5,
        "History depth of the image subscription: as many images are not lost while the node is"
        " busy; the newest is reconstructed, those before it count as dropped",
        minimum=1,
        maximum=100,
    )
    rectified: str = parameter(
        "auto",
        "Whether images are rectified already, so that CameraInfo's P is their camera, not its K"
        " and D; auto: if the topic's name says so, as image_rect does",
        choices=("auto", "yes", "no"),
    )
    undistort: bool = parameter(
        True,
        "Undistort images that are not rectified, as CameraInfo says (plumb_bob,"
        " rational_polynomial or equidistant), since the network knows pinhole cameras; false: take"
        " K for their camera, as if the lens did not distort",
    )
    watchdog_s: float = parameter(
        5.0,
        "Time without an image until a warning names the topic, seconds; 0: never",
        minimum=0.0,
        maximum=3600.0,
        changeable=True,
    )


@dataclass(frozen=True)
class ExternalOdometrySettings:
    """Parameters of the odometry of others."""

    source: str = parameter(
        "topic",
        "Source of the pose of frames.base in frames.odom for tf.mode map_to_odom and scale.source"
        " odometry: topic subscribes to odometry, tf looks it up in TF",
        choices=("topic", "tf"),
    )


@dataclass(frozen=True)
class EvidenceSettings:
    """Parameters of evidence/points."""

    enabled: bool = parameter(
        False,
        "Listen to evidence/points, points of a lidar, radar or time-of-flight sensor in any frame"
        " that TF knows: the network is told their depth",
    )
    max_age_s: float = parameter(
        0.15,
        "Maximum time between a scan and the image that it is used for, seconds",
        minimum=0.0,
        maximum=10.0,
    )
    deviation_ratio: float = parameter(
        ScanSettings.deviation_ratio,
        "Standard deviation of a point's depth, ratio of the depth, but at least"
        " evidence.least_deviation",
        minimum=0.001,
        maximum=1.0,
    )
    least_deviation: float = parameter(
        ScanSettings.least_deviation_m,
        "Least standard deviation of a point's depth, metres",
        minimum=0.001,
        maximum=10.0,
    )
    max_points: int = parameter(
        ScanSettings.max_points,
        "Maximum number of points of a scan that are used, spread over all of it",
        minimum=10,
        maximum=100_000,
    )

    def settings(self) -> ScanSettings:
        """The same as the runtime takes it."""
        return ScanSettings(self.deviation_ratio, self.least_deviation, self.max_points)


@dataclass(frozen=True)
class ScaleSettings:
    """Parameters of the metric scale."""

    source: str = parameter(
        "model",
        "Source of the metric scale: model takes the network's metres as they are, fixed multiplies"
        " them by scale.value, odometry compares the camera's distance travelled with that of the"
        " external odometry, points the depth with that of evidence/points",
        choices=SOURCES,
    )
    value: float = parameter(
        1.0,
        "Metres per metre of the network, for scale.source fixed",
        minimum=0.001,
        maximum=1000.0,
    )
