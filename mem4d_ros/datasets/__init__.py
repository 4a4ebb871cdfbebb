"""Readers of real sequences: one small file for each kind of source."""

from mem4d_ros.datasets.frames import Frame, FrameError, FrameSource
from mem4d_ros.datasets.procedural import ProceduralScene
from mem4d_ros.datasets.sample import Recording, Sample
from mem4d_ros.datasets.seven_scenes import SevenScenes
from mem4d_ros.datasets.sources import open_frames

__all__ = [
    "Frame",
    "FrameError",
    "FrameSource",
    "ProceduralScene",
    "Recording",
    "Sample",
    "SevenScenes",
    "open_frames",
]
