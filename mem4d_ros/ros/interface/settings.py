"""Every parameter of the node: name, type, default, range and meaning, in one table.

The fields of the groups are the table. A group's name and a field's name joined by a dot are the
ROS parameter's name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.ros.conversions.pose import POSE_FORMAT
from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime import PointFilter
from mem4d_ros.runtime.device import PRECISIONS
from mem4d_ros.runtime.engines import ENGINES, TORCH
from mem4d_ros.runtime.keyframes import EVERY_FRAME, KEYFRAME, KeyframeThresholds
from mem4d_ros.runtime.occupancy import OccupancySettings
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES, REPLACED
from mem4d_ros.runtime.scale import SOURCES
from mem4d_ros.runtime.scans import ScanSettings
from mem4d_ros.runtime.static_map import StaticMapSettings

BUILD, EXTEND, LOCALISE = "build", "extend", "localise"
AS_MADE = -1
"""Of a memory's size: what the network was made for."""
ANY_HEIGHT_M = 1e4
"""Beyond it there is nothing to leave out."""


@dataclass(frozen=True)
class LifecycleSettings:
    """Parameters of the lifecycle."""

    autostart: bool = parameter(
        True,
        "Configure and activate the node when it starts, and exit if that fails; false: wait for"
        " a lifecycle manager",
        read_only=True,
    )


@dataclass(frozen=True)
class ModelSettings:
    """Parameters of the network."""

    checkpoint: str = parameter(
        "",
        "Checkpoint to load, a .safetensors file; empty: the one that comes with the package for"
        " model.preset; random: untrained weights, which reconstruct nothing",
    )
    preset: str = parameter(
        "lite",
        "Network to build if model.checkpoint is empty or random",
        choices=tuple(sorted(PRESETS)),
    )
    seed: int = parameter(0, "Seed of random weights", minimum=0, maximum=2**31 - 1)
    device: str = parameter(
        "auto",
        "Device of the network: auto, cpu, cuda or cuda:N; auto: CUDA, or the CPU without it",
    )
    precision: str = parameter(
        "auto",
        "Number format of the network; auto: bf16 if the device supports it in hardware, otherwise"
        " fp16 on CUDA and fp32 on a CPU",
        choices=PRECISIONS,
    )
    compile: bool = parameter(
        False,
        "Compile parts of the network with torch.compile: takes minutes at the first image of each"
        " size and needs a C++ compiler; parts that cannot be compiled run uncompiled",
    )
    engine: str = parameter(
        TORCH,
        "What computes the network's parts: torch; onnxruntime, if it is installed, in fp32; auto:"
        " of the parts those by onnxruntime that are faster so, measured once. Parts are converted"
        " at the first images of a size, which takes about a minute, once",
        choices=ENGINES,
    )
    engine_folder: str = parameter(
        "",
        "Folder of parts converted for model.engine, as mem4d export writes it; empty:"
        " mem4d_ros/engines in the user's cache",
    )
    image_size: int = parameter(
        0,
        "Long side of the network's input image, pixels; 0: the size that the network was made for,"
        " for lite as many pixels as 256x192 have, whatever the image's shape",
        minimum=0,
        maximum=2048,
        step=16,
    )
    threads: int = parameter(
        0, "CPU threads of the network; 0: torch's default", minimum=0, maximum=1024
    )


@dataclass(frozen=True)
class MemorySettings:
    """Parameters of the network's memories."""

    tca_window: int = parameter(
        AS_MADE,
        "Number of past frames in the temporal context (TCA); 0: none; -1: as many as the network"
        " was made for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    tdm_size: int = parameter(
        AS_MADE,
        "Number of past frames in the transient dynamics memory (TDM); 0: none; -1: as many as the"
        " network was made for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    psm_size: int = parameter(
        AS_MADE,
        "Number of frames in the persistent structure memory (PSM), including the first frame, at"
        " least 1; -1: as many as the network was made for",
        minimum=AS_MADE,
        maximum=10000,
        changeable=True,
    )
    psm_update: str = parameter(
        EVERY_FRAME,
        "Frames that are written to the PSM: every_frame, as in the paper, or keyframe, only those"
        " that show something new: at 30 frames/s the first spans seconds, the second a building",
        choices=(EVERY_FRAME, KEYFRAME),
    )
    keyframe_min_translation_m: float = parameter(
        0.3,
        "Minimum distance from every keyframe, metres, for a frame to become a keyframe",
        minimum=0.0,
        maximum=1000.0,
    )
    keyframe_min_rotation_deg: float = parameter(
        20.0,
        "Minimum rotation from every nearby keyframe, degrees, for a frame to become a keyframe",
        minimum=0.0,
        maximum=180.0,
    )
    keyframe_min_overlap: float = parameter(
        0.6,
        "Overlap with the stored keyframes, ratio of the frame's points that they see, below which"
        " a frame becomes a keyframe",
        minimum=0.0,
        maximum=1.0,
    )

    def sizes(self, network: MemorySizes) -> MemorySizes:
        """The same as the model takes it, given the sizes that the network was made for."""
        asked = {name: getattr(self, name) for name in ("tca_window", "tdm_size", "psm_size")}
        return replace(network, **{name: n for name, n in asked.items() if n != AS_MADE})

    def keyframes(self) -> KeyframeThresholds | None:
        """Which frames enter the PSM; None: all."""
        if self.psm_update == EVERY_FRAME:
            return None
        return KeyframeThresholds(
            self.keyframe_min_translation_m,
            math.radians(self.keyframe_min_rotation_deg),
            self.keyframe_min_overlap,
        )


@dataclass(frozen=True)
class PoseSettings:
    """Parameters of camera poses."""

    source: str = parameter(
        AUTO,
        "Source of camera poses: head of the network, procrustes alignment of its pointmaps, or"
        " geometry, a map of landmarks whose depth the network is told; auto: the one that suits"
        " the network",
        choices=CHOICES,
        replaced=REPLACED,
    )


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
class PathSettings:
    """Parameters of ~/path."""

    max_length: int = parameter(
        1000,
        "Maximum number of poses in the path; older ones are removed",
        minimum=1,
        maximum=10000,
        changeable=True,
    )


@dataclass(frozen=True)
class OdometrySettings:
    """Parameters of ~/odometry."""

    position_drift: float = parameter(
        0.25,
        "Standard deviation of the position in ~/odometry, metres per metre travelled; with lite"
        " the scale of the depth alone has this error",
        minimum=0.0,
        maximum=100.0,
        changeable=True,
    )
    rotation_drift: float = parameter(
        0.05,
        "Standard deviation of the rotation in ~/odometry, radians per metre travelled",
        minimum=0.0,
        maximum=100.0,
        changeable=True,
    )


@dataclass(frozen=True)
class StatusSettings:
    """Parameters of ~/status and /diagnostics."""

    period_s: float = parameter(
        1.0, "Period of ~/status, seconds", minimum=0.05, maximum=60.0, changeable=True
    )
    min_confidence: float = parameter(
        1.0,
        "Mean confidence below which /diagnostics warns",
        minimum=0.0,
        maximum=1e6,
        changeable=True,
    )


@dataclass(frozen=True)
class PointSettings:
    """Parameters of point clouds."""

    stride: int = parameter(
        1,
        "Stride of pixels and rows in point clouds: every n-th of each",
        minimum=1,
        maximum=64,
        changeable=True,
    )
    min_confidence: float = parameter(
        1.0,
        "Minimum confidence of points in clouds; the network's confidence starts at 1",
        minimum=0.0,
        maximum=1e6,
        changeable=True,
    )
    max_range: float = parameter(
        100.0,
        "Maximum distance of points in clouds from the camera, metres",
        minimum=0.01,
        maximum=1e6,
        changeable=True,
    )

    min_height: float = parameter(
        -ANY_HEIGHT_M,
        "Minimum height of points in clouds, metres along z of the map; tf.initial_pose says at"
        " which height the camera, or the base, starts",
        minimum=-ANY_HEIGHT_M,
        maximum=ANY_HEIGHT_M,
        changeable=True,
    )
    max_height: float = parameter(
        ANY_HEIGHT_M,
        "Maximum height of points in clouds, metres along z of the map",
        minimum=-ANY_HEIGHT_M,
        maximum=ANY_HEIGHT_M,
        changeable=True,
    )
    voxel_size: float = parameter(
        0.0,
        "Voxel size of clouds, metres: only the most confident point of each voxel is kept; 0: all",
        minimum=0.0,
        maximum=10.0,
        changeable=True,
    )

    @property
    def limits_height(self) -> bool:
        """Whether points are left out for their height."""
        return self.min_height > -ANY_HEIGHT_M or self.max_height < ANY_HEIGHT_M

    def filter(self) -> PointFilter:
        """The same as the runtime takes it."""
        return PointFilter(self.stride, self.min_confidence, self.max_range)


@dataclass(frozen=True)
class DepthSettings:
    """Parameters of depth images."""

    resolution: str = parameter(
        "model",
        "Resolution of the depth image: model (the network's) or input (upsampled to the input's)",
        choices=("model", "input"),
        changeable=True,
    )
    prior: str = parameter(
        "",
        "Depth network of your own that the network is told of: an ONNX file, with a YAML file of"
        " the same name beside it that says what it takes and says; empty: none",
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


@dataclass(frozen=True)
class StaticMapGroup:
    """Parameters of the static map."""

    enabled: bool = parameter(
        True,
        "Separate dynamic from static pixels, for ~/dynamic_points, and accumulate the static ones"
        " in ~/static_map, with or without subscribers; takes about 30 ms of one CPU core per frame"
        " of 256x192",
    )
    voxel_size: float = parameter(
        StaticMapSettings.voxel_size_m,
        "Voxel size of the static map, metres; each voxel holds one point",
        minimum=0.01,
        maximum=10.0,
    )
    max_voxels: int = parameter(
        StaticMapSettings.max_voxels,
        "Maximum number of voxels in the static map; then the least recently measured are replaced",
        minimum=1000,
        maximum=5_000_000,
    )
    max_range: float = parameter(
        StaticMapSettings.max_range_m,
        "Maximum distance from the camera of points that enter the static map, metres",
        minimum=0.1,
        maximum=1000.0,
    )
    min_confidence: float = parameter(
        StaticMapSettings.min_confidence,
        "Minimum confidence of points that enter the static map",
        minimum=0.0,
        maximum=1e6,
    )
    period_s: float = parameter(
        1.0,
        "Minimum period of ~/static_map, seconds",
        minimum=0.1,
        maximum=3600.0,
        changeable=True,
    )

    def settings(self) -> StaticMapSettings:
        """The same as the runtime takes it."""
        return StaticMapSettings(
            voxel_size_m=self.voxel_size,
            max_voxels=self.max_voxels,
            max_range_m=self.max_range,
            min_confidence=self.min_confidence,
        )


@dataclass(frozen=True)
class OccupancyGroup:
    """Parameters of ~/occupancy, which comes with the static map."""

    up: str = parameter(
        "auto",
        "Direction that is up: map takes z of the map for it, floor the largest plane below the"
        " camera; auto: map where tf.mode is base or map_to_odom or tf.initial_pose is given, else"
        " floor",
        choices=("auto", "map", "floor"),
    )
    resolution: float = parameter(
        OccupancySettings.resolution_m,
        "Resolution of ~/occupancy: side of a cell, metres",
        minimum=0.01,
        maximum=10.0,
    )
    min_height: float = parameter(
        OccupancySettings.min_height_m,
        "Minimum height of obstacles above the floor, metres; what is lower is the floor",
        minimum=0.01,
        maximum=100.0,
    )
    max_height: float = parameter(
        OccupancySettings.max_height_m,
        "Maximum height of obstacles above the floor, metres; the robot fits under what is higher",
        minimum=0.01,
        maximum=100.0,
    )
    max_range: float = parameter(
        OccupancySettings.max_range_m,
        "Maximum distance from the camera at which space counts as seen through, metres",
        minimum=0.1,
        maximum=1000.0,
    )
    max_cells: int = parameter(
        OccupancySettings.max_cells,
        "Maximum number of cells; a larger world is cut about the camera",
        minimum=100,
        maximum=100_000_000,
    )
    min_points: int = parameter(
        OccupancySettings.min_points,
        "Minimum number of points of the static map in a cell and the 8 around it, for an obstacle",
        minimum=1,
        maximum=1000,
    )
    min_views: int = parameter(
        OccupancySettings.min_views,
        "Minimum number of views, from places 25 cm or 14 degrees apart, that saw through a cell,"
        " for it to be free",
        minimum=1,
        maximum=100,
    )
    period_s: float = parameter(
        2.0,
        "Minimum period of ~/occupancy, seconds",
        minimum=0.1,
        maximum=3600.0,
        changeable=True,
    )

    def settings(self) -> OccupancySettings:
        """The same as the runtime takes it."""
        return OccupancySettings(
            resolution_m=self.resolution,
            min_height_m=self.min_height,
            max_height_m=self.max_height,
            max_range_m=self.max_range,
            max_cells=self.max_cells,
            min_points=self.min_points,
            min_views=self.min_views,
        )


@dataclass(frozen=True)
class MapSettings:
    """Parameters of maps that are saved and loaded."""

    directory: str = parameter(
        "~/.ros/mem4d",
        "Folder of what ~/save_map writes and ~/load_map reads; created when needed",
        read_only=True,
    )
    load: str = parameter(
        "",
        "Map to load at start, a folder in map.directory that ~/save_map has written; the camera"
        " looks for its place in it, and nothing is published in the map before; empty: none",
    )
    mode: str = parameter(
        BUILD,
        "Use of the map: build begins a new one, extend adds what is seen to the one of map.load,"
        " localise leaves that as it is",
        choices=(BUILD, EXTEND, LOCALISE),
    )


@dataclass(frozen=True)
class Settings:
    """All parameters' values."""

    lifecycle: LifecycleSettings = LifecycleSettings()
    model: ModelSettings = ModelSettings()
    memory: MemorySettings = MemorySettings()
    pose: PoseSettings = PoseSettings()
    input: InputSettings = InputSettings()
    frames: FrameSettings = FrameSettings()
    tf: TfSettings = TfSettings()
    points: PointSettings = field(default=PointSettings())
    depth: DepthSettings = field(default=DepthSettings())
    path: PathSettings = PathSettings()
    odometry: OdometrySettings = OdometrySettings()
    external_odometry: ExternalOdometrySettings = ExternalOdometrySettings()
    evidence: EvidenceSettings = field(default=EvidenceSettings())
    scale: ScaleSettings = field(default=ScaleSettings())
    static_map: StaticMapGroup = field(default=StaticMapGroup())
    occupancy: OccupancyGroup = field(default=OccupancyGroup())
    map: MapSettings = field(default=MapSettings())
    status: StatusSettings = StatusSettings()
