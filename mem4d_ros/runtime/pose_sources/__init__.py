"""Sources of camera poses: the network's head, Procrustes of its pointmaps, visual odometry."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from mem4d_ros.runtime.pose_sources.head import HeadPose
from mem4d_ros.runtime.pose_sources.pnp import PnpPose
from mem4d_ros.runtime.pose_sources.procrustes import ProcrustesPose
from mem4d_ros.runtime.pose_sources.source import PoseEstimate, PoseFrame, PoseSource

MAKERS: Mapping[str, Callable[[], PoseSource]] = MappingProxyType(
    {"head": HeadPose, "procrustes": ProcrustesPose, "pnp": PnpPose}
)

AUTO = "auto"
"""Asks for the network's own source."""

CHOICES = (AUTO, *MAKERS)


def make_pose_source(name: str, default: str) -> PoseSource:
    """A new source of this name; `auto` is the one named `default`.

    Raises ValueError for an unknown name.
    """
    wanted = default if name == AUTO else name
    if wanted not in MAKERS:
        raise ValueError(f"pose source {wanted!r} is unknown: use one of {', '.join(CHOICES)}")
    return MAKERS[wanted]()


__all__ = [
    "AUTO",
    "CHOICES",
    "HeadPose",
    "PnpPose",
    "PoseEstimate",
    "PoseFrame",
    "PoseSource",
    "ProcrustesPose",
    "make_pose_source",
]
