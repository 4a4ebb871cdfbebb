"""The geometric back-end: tracking, landmarks, keyframes, bundle adjustment.

It knows neither ROS nor the network: depth comes in as an argument.
"""

from __future__ import annotations

from mem4d_ros.mapping.adjustment import Aside, AtOnce, Worker
from mem4d_ros.mapping.correction import Correction, moved_pose, of_all, scale_of
from mem4d_ros.mapping.descriptors import Corners
from mem4d_ros.mapping.drift import ScaleDrift
from mem4d_ros.mapping.external_pose import ExternalPose
from mem4d_ros.mapping.hanging_poses import HangingPoses
from mem4d_ros.mapping.keyframes import DenseView, Keyframe, Map
from mem4d_ros.mapping.landmark_cloud import landmark_cloud
from mem4d_ros.mapping.landmarks import Landmarks
from mem4d_ros.mapping.links import Link
from mem4d_ros.mapping.localisation import Localiser
from mem4d_ros.mapping.loops import Closed, Loops
from mem4d_ros.mapping.motion import CameraMotion
from mem4d_ros.mapping.odometry import Estimate, Odometry
from mem4d_ros.mapping.pieces import Pieces
from mem4d_ros.mapping.settled import Settled
from mem4d_ros.mapping.store import (
    MapCamera,
    MapError,
    StoredMap,
    check_target,
    load_map,
    save_map,
)
from mem4d_ros.mapping.tracks import Tracks

STATE = (
    Odometry,
    CameraMotion,
    ExternalPose,
    Pieces,
    AtOnce,
    Localiser,
    Map,
    MapCamera,
    StoredMap,
    Keyframe,
    Corners,
    DenseView,
    Landmarks,
    Tracks,
    Estimate,
    Loops,
    Link,
    Closed,
    Correction,
    ScaleDrift,
)
"""All that an odometry is made of while no adjustment is in work, besides arrays and numbers."""

__all__ = [
    "STATE",
    "Aside",
    "AtOnce",
    "Correction",
    "DenseView",
    "Estimate",
    "ExternalPose",
    "HangingPoses",
    "Localiser",
    "Map",
    "MapCamera",
    "MapError",
    "Odometry",
    "ScaleDrift",
    "Settled",
    "StoredMap",
    "Worker",
    "check_target",
    "landmark_cloud",
    "load_map",
    "moved_pose",
    "of_all",
    "save_map",
    "scale_of",
]
