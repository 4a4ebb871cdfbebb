"""The network. torch only; nothing here knows of ROS, files of frames or clocks."""

from __future__ import annotations

from mem4d_ros.model.config import PRESETS, Mem4DConfig, MemorySizes
from mem4d_ros.model.mem4d import Mem4D
from mem4d_ros.model.output import FrameOutput
from mem4d_ros.model.state import MemoryState

__all__ = ["PRESETS", "FrameOutput", "Mem4D", "Mem4DConfig", "MemorySizes", "MemoryState"]
