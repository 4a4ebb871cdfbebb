"""Procedural dynamic scenes with exact ground truth, rendered in torch on any device."""

from mem4d_ros.synthetic.camera_effects import CameraEffects
from mem4d_ros.synthetic.sequence import SequenceSettings, SyntheticSequence, render_sequence

__all__ = ["CameraEffects", "SequenceSettings", "SyntheticSequence", "render_sequence"]
