"""Online use without ROS: an image in, a Reconstruction out."""

from __future__ import annotations

from mem4d_ros.runtime.compilation import compile_parts
from mem4d_ros.runtime.depth import upsample_depth
from mem4d_ros.runtime.device import DeviceUnavailable, select_device, select_precision
from mem4d_ros.runtime.errors import FrameRejected, NonFiniteOutput
from mem4d_ros.runtime.keyframes import KeyframeThresholds
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.network import FrameModel
from mem4d_ros.runtime.points import ColouredPoints, PointFilter, move_points, select_points
from mem4d_ros.runtime.pose_sources import PoseSource, make_pose_source
from mem4d_ros.runtime.preparation import prepare
from mem4d_ros.runtime.reconstruction import Reconstruction
from mem4d_ros.runtime.reconstructor import OnlineReconstructor, StreamState
from mem4d_ros.runtime.timing import Timing, TimingWindow
from mem4d_ros.runtime.worker import Counters, LatestFrameWorker

__all__ = [
    "ColouredPoints",
    "Counters",
    "DeviceUnavailable",
    "FrameModel",
    "FrameRejected",
    "KeyframeThresholds",
    "LatestFrameWorker",
    "MeasuredPoints",
    "NonFiniteOutput",
    "OnlineReconstructor",
    "PointFilter",
    "PoseSource",
    "Reconstruction",
    "StreamState",
    "Timing",
    "TimingWindow",
    "compile_parts",
    "make_pose_source",
    "move_points",
    "prepare",
    "select_device",
    "select_points",
    "select_precision",
    "upsample_depth",
]
