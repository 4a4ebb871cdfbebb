"""Parameters of the maps that many frames make."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.ros.interface.constraints import parameter
from mem4d_ros.runtime.occupancy import OccupancySettings
from mem4d_ros.runtime.static_map import StaticMapSettings

BUILD, EXTEND, LOCALISE = "build", "extend", "localise"


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
        "Maximum number of voxels in the static map; then those are replaced that hardly any frame"
        " has measured, and after them the least recently measured",
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
    full_confidence: float = parameter(
        StaticMapSettings.full_confidence,
        "Confidence from which a frame counts as a whole one for the voxels that it measures, of"
        " which a voxel needs three; less sure ones count less, down to nothing at 1; 1: all count",
        minimum=1.0,
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
            full_confidence=self.full_confidence,
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
