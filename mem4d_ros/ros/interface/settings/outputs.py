"""Parameters of what is published of each frame."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime import PointFilter

ANY_HEIGHT_M = 1e4
"""Beyond it there is nothing to leave out."""


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
