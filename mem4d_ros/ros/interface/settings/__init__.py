"""Every parameter of the node: name, type, default, range and meaning, in one table.

The fields of the groups are the table. A group's name and a field's name joined by a dot are the
ROS parameter's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mem4d_ros.ros.interface.settings.frames import FrameSettings, TfSettings
from mem4d_ros.ros.interface.settings.inputs import (
    EvidenceSettings,
    ExternalOdometrySettings,
    InputSettings,
    ScaleSettings,
)
from mem4d_ros.ros.interface.settings.maps import (
    BUILD,
    EXTEND,
    LOCALISE,
    MapSettings,
    OccupancyGroup,
    StaticMapGroup,
)
from mem4d_ros.ros.interface.settings.network import (
    LifecycleSettings,
    MemorySettings,
    ModelSettings,
    PoseSettings,
)
from mem4d_ros.ros.interface.settings.outputs import (
    DepthSettings,
    OdometrySettings,
    PathSettings,
    PointSettings,
    StatusSettings,
)


@dataclass(frozen=True)
class Settings:
    """All parameters' values."""

    lifecycle: LifecycleSettings = field(default=LifecycleSettings())
    model: ModelSettings = field(default=ModelSettings())
    memory: MemorySettings = field(default=MemorySettings())
    pose: PoseSettings = field(default=PoseSettings())
    input: InputSettings = field(default=InputSettings())
    frames: FrameSettings = field(default=FrameSettings())
    tf: TfSettings = field(default=TfSettings())
    points: PointSettings = field(default=PointSettings())
    depth: DepthSettings = field(default=DepthSettings())
    path: PathSettings = field(default=PathSettings())
    odometry: OdometrySettings = field(default=OdometrySettings())
    external_odometry: ExternalOdometrySettings = field(default=ExternalOdometrySettings())
    evidence: EvidenceSettings = field(default=EvidenceSettings())
    scale: ScaleSettings = field(default=ScaleSettings())
    static_map: StaticMapGroup = field(default=StaticMapGroup())
    occupancy: OccupancyGroup = field(default=OccupancyGroup())
    map: MapSettings = field(default=MapSettings())
    status: StatusSettings = field(default=StatusSettings())

    @property
    def asks_for_odometry(self) -> bool:
        """Whether something needs the pose of the base in an external odometry."""
        return self.tf.mode == "map_to_odom" or self.scale.source == "odometry"


__all__ = [
    "BUILD",
    "EXTEND",
    "LOCALISE",
    "DepthSettings",
    "EvidenceSettings",
    "ExternalOdometrySettings",
    "FrameSettings",
    "InputSettings",
    "LifecycleSettings",
    "MapSettings",
    "MemorySettings",
    "ModelSettings",
    "OccupancyGroup",
    "OdometrySettings",
    "PathSettings",
    "PointSettings",
    "PoseSettings",
    "ScaleSettings",
    "Settings",
    "StaticMapGroup",
    "StatusSettings",
    "TfSettings",
]
