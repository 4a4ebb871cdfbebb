"""Every parameter of the node: name, type, default, range and meaning, in one table.

The fields of the groups are the table. A group's name and a field's name joined by a dot are the
ROS parameter's name.
"""

import math
from dataclasses import dataclass, field, replace

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.ros.conversions.pose import POSE_FORMAT
from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime import PointFilter
from mem4d_ros.runtime.device import PRECISIONS
from mem4d_ros.runtime.keyframes import EVERY_FRAME, KEYFRAME, KeyframeThresholds
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES
from mem4d_ros.runtime.scale import SOURCES
from mem4d_ros.runtime.static_map import StaticMapSettings

AS_MADE = -1
"""Of a memory's size: what the network was made for."""
ANY_HEIGHT_M = 1e4
"""Beyond it there is nothing to leave out."""


@dataclass(frozen=True)
class LifecycleSettings:
    autostart: bool = parameter(
        True,
        "Configure and activate the node when it starts, and end it where that fails; false: wait"
        " for a lifecycle manager",
        read_only=True,
    )


@dataclass(frozen=True)
class ModelSettings:
    checkpoint: str = parameter(
        "",
        "Weights to load, a .safetensors file; empty: those that come with the package for"
        " model.preset; random: none, which reconstructs nothing",
    )
    preset: str = parameter(
        "lite", "Network to build when no checkpoint is named", choices=tuple(sorted(PRESETS))
    )
    seed: int = parameter(0, "Seed of random weights", minimum=0, maximum=2**31 - 1)
    device: str = parameter("auto", "auto, cpu, cuda or cuda:N; auto falls back to the CPU")
    precision: str = parameter(
        "auto",
        "Number format of the network; auto: bf16 where the device multiplies matrices in it, else"
        " fp16 on CUDA and fp32 on a CPU",
        choices=PRECISIONS,
    )
    compile: bool = parameter(
        False,
        "Compile parts of the network for the machine, which takes minutes at the first image of a"
        " size and needs a C++ compiler; what cannot be compiled runs as it is",
    )
    image_size: int = parameter(
        0,
        "Long side of the network's image in pixels; 0: the size the network was made for",
        minimum=0,
        maximum=2048,
        step=16,
    )
    threads: int = parameter(
        0, "CPU threads of the network; 0: as many as torch chooses", minimum=0, maximum=1024
    )


@dataclass(frozen=True)
class MemorySettings:
    tca_window: int = parameter(
        AS_MADE,
        "Past frames in the temporal context (TCA); 0: none; -1: as many as the network was made"
        " for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    tdm_size: int = parameter(
        AS_MADE,
        "Past frames in the transient dynamics memory (TDM); 0: none; -1: as many as the network"
        " was made for",
        minimum=AS_MADE,
        maximum=64,
        changeable=True,
    )
    psm_size: int = parameter(
        AS_MADE,
        "Frames in the persistent structure memory (PSM), the first frame included, at least 1; -1:"
        " as many as the network was made for",
        minimum=AS_MADE,
        maximum=10000,
        changeable=True,
    )
    psm_update: str = parameter(
        EVERY_FRAME,
        "Frames that enter the PSM: every_frame, as in the paper, or keyframe, those that show"
        " something new: at 30 frames/s the first remembers seconds, the second a building",
        choices=(EVERY_FRAME, KEYFRAME),
    )
    keyframe_min_translation_m: float = parameter(
        0.3,
        "Keyframes: a frame enters if the camera is this far from where it was in each frame"
        " stored, metres",
        minimum=0.0,
        maximum=1000.0,
    )
    keyframe_min_rotation_deg: float = parameter(
        20.0,
        "Keyframes: a frame enters if the camera is turned by this much against each frame stored"
        " that is nearer, degrees",
        minimum=0.0,
        maximum=180.0,
    )
    keyframe_min_overlap: float = parameter(
        0.6,
        "Keyframes: a frame enters if less than this share of its points lies in the views of the"
        " frames stored",
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
    source: str = parameter(
        AUTO,
        "Where poses come from: the network's head, procrustes of its pointmaps, or pnp of tracked"
        " image points; auto: the network's own",
        choices=CHOICES,
    )


@dataclass(frozen=True)
class InputSettings:
    image_transport: str = parameter(
        "raw",
        "raw subscribes to image, compressed to image/compressed",
        choices=("raw", "compressed"),
    )
    reliability: str = parameter(
        "best_effort",
        "QoS of the image subscription; reliable does not match a best-effort camera",
        choices=("best_effort", "reliable"),
    )
    history_depth: int = parameter(
        1,
        "QoS history of the image subscription; more than 1 only adds latency",
        minimum=1,
        maximum=100,
    )
    undistort: bool = parameter(
        False,
        "Straighten images by CameraInfo (plumb_bob, rational_polynomial or equidistant) first;"
        " those that cannot be straightened are rejected",
    )
    watchdog_s: float = parameter(
        5.0,
        "Seconds without an image before a warning names the topic; 0: never",
        minimum=0.0,
        maximum=3600.0,
        changeable=True,
    )


@dataclass(frozen=True)
class FrameSettings:
    map: str = parameter("map", "Fixed frame, z up, of the reconstruction")
    base: str = parameter(
        "base_link", "Robot's base frame, used by tf.mode base and map_to_odom, and by odometry"
    )
    odom: str = parameter("odom", "Fixed frame of the external odometry")
    camera: str = parameter(
        "", "Optical frame of images whose header.frame_id is empty; if empty, they are refused"
    )


@dataclass(frozen=True)
class TfSettings:
    mode: str = parameter(
        "camera",
        "camera: map to the camera's optical frame; base: map to frames.base; map_to_odom: map to"
        " frames.odom, under which an external odometry publishes frames.base; off: no TF",
        choices=("camera", "base", "map_to_odom", "off"),
    )
    initial_pose: str = parameter(
        "",
        "Where the camera (tf.mode base and map_to_odom: the base) starts in the map, x forward and"
        f" z up, as {POSE_FORMAT}; empty: at the origin",
    )
    base_to_camera: str = parameter(
        "",
        f"Pose of the camera's optical frame in frames.base, as {POSE_FORMAT}; empty: looked up"
        " in TF, where tf.mode or scale.source need it",
    )


@dataclass(frozen=True)
class ExternalOdometrySettings:
    source: str = parameter(
        "topic",
        "Where tf.mode map_to_odom and scale.source odometry find the pose of frames.base in"
        " frames.odom: topic subscribes to odometry, tf looks it up in TF",
        choices=("topic", "tf"),
    )


@dataclass(frozen=True)
class PathSettings:
    max_length: int = parameter(
        1000,
        "Poses in the path; older ones are left out",
        minimum=1,
        maximum=10000,
        changeable=True,
    )


@dataclass(frozen=True)
class OdometrySettings:
    position_drift: float = parameter(
        0.25,
        "Standard deviation of ~/odometry's position, metres per metre travelled; with lite the"
        " depth's scale alone is off by so much",
        minimum=0.0,
        maximum=100.0,
        changeable=True,
    )
    rotation_drift: float = parameter(
        0.05,
        "Standard deviation of ~/odometry's rotation, radians per metre travelled",
        minimum=0.0,
        maximum=100.0,
        changeable=True,
    )


@dataclass(frozen=True)
class StatusSettings:
    period_s: float = parameter(
        1.0, "Seconds between two ~/status", minimum=0.05, maximum=60.0, changeable=True
    )
    min_confidence: float = parameter(
        1.0,
        "A mean confidence below this is a warning in /diagnostics",
        minimum=0.0,
        maximum=1e6,
        changeable=True,
    )


@dataclass(frozen=True)
class PointSettings:
    stride: int = parameter(
        1, "Clouds hold every n-th pixel of every n-th row", minimum=1, maximum=64, changeable=True
    )
    min_confidence: float = parameter(
        1.0,
        "Clouds hold points at least this sure; the network's confidence starts at 1",
        minimum=0.0,
        maximum=1e6,
        changeable=True,
    )
    max_range: float = parameter(
        100.0,
        "Clouds hold points at most this far from the camera, metres",
        minimum=0.01,
        maximum=1e6,
        changeable=True,
    )

    min_height: float = parameter(
        -ANY_HEIGHT_M,
        "Clouds hold points at least this high, metres along z of the map, whose zero is the height"
        " of what tf.initial_pose places there",
        minimum=-ANY_HEIGHT_M,
        maximum=ANY_HEIGHT_M,
        changeable=True,
    )
    max_height: float = parameter(
        ANY_HEIGHT_M,
        "Clouds hold points at most this high, as points.min_height",
        minimum=-ANY_HEIGHT_M,
        maximum=ANY_HEIGHT_M,
        changeable=True,
    )
    voxel_size: float = parameter(
        0.0,
        "Clouds hold only the surest point of each voxel with sides of so many metres; 0: all",
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
    resolution: str = parameter(
        "model",
        "Size of the depth image: the network's, or upsampled to the input image's",
        choices=("model", "input"),
        changeable=True,
    )


@dataclass(frozen=True)
class ScaleSettings:
    source: str = parameter(
        "model",
        "How metres are found: model takes the network's for true, fixed multiplies them by"
        " scale.value, odometry compares the camera's way with the external odometry's",
        choices=SOURCES,
    )
    value: float = parameter(
        1.0,
        "True metres of one of the network's, for scale.source fixed",
        minimum=0.001,
        maximum=1000.0,
    )


@dataclass(frozen=True)
class StaticMapGroup:
    enabled: bool = parameter(
        True,
        "Tell what moves from what stands still, for ~/dynamic_points, and gather the latter for"
        " ~/static_map, heard or not; costs about 30 ms of one CPU core a frame of 256x192",
    )
    voxel_size: float = parameter(
        StaticMapSettings.voxel_size_m,
        "Side of the static map's voxels, metres; each holds one point",
        minimum=0.01,
        maximum=10.0,
    )
    max_voxels: int = parameter(
        StaticMapSettings.max_voxels,
        "Voxels in the static map at most; new ones then replace those measured longest ago",
        minimum=1000,
        maximum=5_000_000,
    )
    max_range: float = parameter(
        StaticMapSettings.max_range_m,
        "The static map takes points at most this far from the camera, metres",
        minimum=0.1,
        maximum=1000.0,
    )
    min_confidence: float = parameter(
        StaticMapSettings.min_confidence,
        "The static map takes points at least this sure",
        minimum=0.0,
        maximum=1e6,
    )
    period_s: float = parameter(
        1.0,
        "Seconds between two ~/static_map, at least",
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
class MapSettings:
    directory: str = parameter(
        "~/.ros/mem4d",
        "Folder that ~/save_map writes to, and never out of; it is made when needed",
        read_only=True,
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
    scale: ScaleSettings = field(default=ScaleSettings())
    static_map: StaticMapGroup = field(default=StaticMapGroup())
    map: MapSettings = field(default=MapSettings())
    status: StatusSettings = StatusSettings()
