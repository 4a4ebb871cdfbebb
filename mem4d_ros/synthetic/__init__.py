"""Procedural dynamic scenes with exact ground truth, rendered in torch on any device."""

from __future__ import annotations

from mem4d_ros.synthetic.export import write_sequence
from mem4d_ros.synthetic.rendering.camera_effects import CameraEffects
from mem4d_ros.synthetic.sequence import (
    SyntheticSequence,
    render_sequence,
)
from mem4d_ros.synthetic.settings import DEMONSTRATION, SequenceSettings

__all__ = [
    "DEMONSTRATION",
    "CameraEffects",
    "SequenceSettings",
    "SyntheticSequence",
    "render_sequence",
    "write_sequence",
]
