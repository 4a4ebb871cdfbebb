"""Readers of real sequences: one small file for each kind of source."""

from __future__ import annotations

from mem4d_ros.datasets.calibrated import CalibratedRecording, Calibration
from mem4d_ros.datasets.camera_file import Camera, read_camera
from mem4d_ros.datasets.order import InOrder
from mem4d_ros.datasets.procedural import ProceduralScene
from mem4d_ros.datasets.registry import DATASETS, open_dataset
from mem4d_ros.datasets.sample import (
    BadFrame,
    Frame,
    FrameError,
    FrameSource,
    Recording,
    Sample,
    SampleStream,
)
from mem4d_ros.datasets.seven_scenes import SevenScenes
from mem4d_ros.datasets.streams import open_frames, open_samples, usable_frames

__all__ = [
    "DATASETS",
    "BadFrame",
    "CalibratedRecording",
    "Calibration",
    "Camera",
    "Frame",
    "FrameError",
    "FrameSource",
    "InOrder",
    "ProceduralScene",
    "Recording",
    "Sample",
    "SampleStream",
    "SevenScenes",
    "open_dataset",
    "open_frames",
    "open_samples",
    "read_camera",
    "usable_frames",
]
