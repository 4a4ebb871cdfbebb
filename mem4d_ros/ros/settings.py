"""Every parameter of the node: name, type, default, range and meaning, in one table.

The fields of the groups are the table. A group's name and a field's name joined by a dot are the
ROS parameter's name.
"""

from dataclasses import dataclass, field
from typing import Any

from mem4d_ros.model import PRESETS, MemorySizes
from mem4d_ros.ros.frames import POSE_FORMAT
from mem4d_ros.runtime import PointFilter
from mem4d_ros.runtime.device import PRECISIONS
from mem4d_ros.runtime.pose_sources import AUTO, CHOICES
from mem4d_ros.runtime.static_map import StaticMapSettings


@dataclass(frozen=True)
class Constraint:
    """What a value must fulfil besides its type, and when it may change."""

    description: str
    minimum: float | None = None
    maximum: float | None = None
    step: int = 0  # of integers; 0: any
    choices: tuple[str, ...] = ()
    changeable: bool = False  # while the node is configured
    read_only: bool = False  # not even before


def parameter(default: Any, description: str, **constraint: Any) -> Any:
    """A field of a group, declared as a ROS parameter."""
    return field(default=default, metadata={"constraint": Constraint(description, **constraint)})


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
        "Number format of the network; auto: fp32 on a CPU, bf16 or fp16 on CUDA",
        choices=PRECISIONS,
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
        5,
        "Past frames in the temporal context (TCA); 0: none",
        minimum=0,
        maximum=64,
        changeable=True,
    )
    tdm_size: int = parameter(
        2,
        "Past frames in the transient dynamics memory (TDM); 0: none",
        minimum=0,
        maximum=64,
        changeable=True,
    )
    psm_size: int = parameter(
        100,
        "Frames in the persistent structure memory (PSM), the first frame included",
        minimum=1,
        maximum=10000,
        changeable=True,
    )

    def sizes(self) -> MemorySizes:
        """The same as the model takes it."""
        return MemorySizes(self.tca_window, self.tdm_size, self.psm_size)


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
    base: str = parameter("base_link", "Robot's base frame, used by tf.mode base")
    camera: str = parameter(
        "", "Optical frame of images whose header.frame_id is empty; if empty, they are refused"
    )


@dataclass(frozen=True)
class TfSettings:
    mode: str = parameter(
        "camera",
        "camera: map to the camera's optical frame; base: map to frames.base; off: no TF",
        choices=("camera", "base", "off"),
    )
    initial_pose: str = parameter(
        "",
        f"Where the camera (tf.mode base: the base) starts in the map, x forward and z up, as"
        f" {POSE_FORMAT}; empty: at the origin",
    )
    base_to_camera: str = parameter(
        "",
        f"Pose of the camera's optical frame in frames.base, as {POSE_FORMAT}; empty: looked up"
        " in TF; only for tf.mode base",
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
class StaticMapGroup:
    enabled: bool = parameter(
        True, "Tell what moves from what stands still, and gather the latter in ~/static_map"
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
class Settings:
    """All parameters' values."""

    lifecycle: LifecycleSettings = LifecycleSettings()
    model: ModelSettings = ModelSettings()
    memory: MemorySettings = MemorySettings()
    pose: PoseSettings = PoseSettings()
    input: InputSettings = InputSettings()
    frames: FrameSettings = FrameSettings()
    tf: TfSettings = TfSettings()
    points: PointSettings = PointSettings()
    depth: DepthSettings = DepthSettings()
    path: PathSettings = PathSettings()
    odometry: OdometrySettings = OdometrySettings()
    static_map: StaticMapGroup = StaticMapGroup()
    map: MapSettings = MapSettings()
    status: StatusSettings = StatusSettings()
