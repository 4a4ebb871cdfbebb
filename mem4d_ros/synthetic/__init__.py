"""Procedural dynamic scenes with exact ground truth, rendered in torch on any device."""

from mem4d_ros.synthetic.camera_effects import CameraEffects
from mem4d_ros.synthetic.export import write_sequence
from mem4d_ros.synthetic.sequence import (
    DEMONSTRATION,
    SequenceSettings,
    SyntheticSequence,
    render_sequence,
)

__all__ = [
    "DEMONSTRATION",
    "CameraEffects",
    "SequenceSettings",
    "SyntheticSequence",
    "render_sequence",
    "write_sequence",
]
