"""Parameters of what is seen: its points, depth and size, and the map of what stands still."""

from dataclasses import dataclass

from mem4d_ros.ros.constraints import parameter
from mem4d_ros.runtime import PointFilter
from mem4d_ros.runtime.scale import SOURCES
from mem4d_ros.runtime.static_map import StaticMapSettings

ANY_HEIGHT_M = 1e4
"""Beyond it there is nothing to leave out."""


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
