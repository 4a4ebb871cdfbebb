"""Sources of camera poses: the network's head, Procrustes of its pointmaps, visual odometry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mem4d_ros.mapping import Aside
from mem4d_ros.model import Mem4DConfig
from mem4d_ros.runtime.pose_sources.geometry import GeometryPose
from mem4d_ros.runtime.pose_sources.head import HeadPose
from mem4d_ros.runtime.pose_sources.procrustes import ProcrustesPose
from mem4d_ros.runtime.pose_sources.shared import MapSize, SharedPoseSource
from mem4d_ros.runtime.pose_sources.source import (
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
    PoseSource,
)

MAKERS: Mapping[str, Callable[[], PoseSource]] = MappingProxyType(
    {"head": HeadPose, "procrustes": ProcrustesPose, "geometry": GeometryPose}
)

LIVE_MAKERS: Mapping[str, Callable[[], PoseSource]] = MappingProxyType(
    {**MAKERS, "geometry": lambda: GeometryPose(Aside)}
)
"""For frames that do not wait; what else is to be done is done beside them."""

AUTO = "auto"
"""Asks for the source that suits the network."""

CHOICES = (AUTO, *MAKERS)

REPLACED = MappingProxyType({"pnp": "geometry"})
"""Names of sources that are no more, and what to use instead."""


def make_pose_source(name: str, live: bool = False) -> PoseSource:
    """A new source of this name, for frames that do not wait if `live`.

    Raises ValueError for an unknown one.
    """
    if name in REPLACED:
        raise ValueError(f"pose source {name!r} is no more: use {REPLACED[name]}")
    if name not in MAKERS:
        raise ValueError(f"pose source {name!r} is unknown: use one of {', '.join(CHOICES)}")
    return (LIVE_MAKERS if live else MAKERS)[name]()


def suitable_source(config: Mem4DConfig) -> str:
    """The name of the source that suits a network best: the camera head of the paper's encoder.

    The head of a small network needs far more training than its depth, with which geometry
    makes do.
    """
    return {"vit": "head", "efficientnet_lite": "geometry"}[config.encoder.kind]


__all__ = [
    "AUTO",
    "CHOICES",
    "REPLACED",
    "CameraFrame",
    "Foreseen",
    "GeometryPose",
    "HeadPose",
    "MapSize",
    "PoseEstimate",
    "PoseFrame",
    "PoseSource",
    "ProcrustesPose",
    "SharedPoseSource",
    "make_pose_source",
    "suitable_source",
]
