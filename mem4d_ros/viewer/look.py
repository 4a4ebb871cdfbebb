"""How things are drawn, as everybody who looks on has chosen it together."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.viewer.colours import IMAGE

STATIC_MAP, NEWEST_FRAME, MOVING, LANDMARKS, CAMERA, KEYFRAMES, PATH, LOOPS = LAYERS = (
    "static map",
    "newest frame",
    "moving points",
    "landmarks",
    "camera",
    "keyframes",
    "path",
    "loops",
)
HIDDEN_AT_FIRST = frozenset({LANDMARKS})


@dataclass(frozen=True)
class Look:
    """Choices of the panel."""

    colour_by: str = IMAGE
    point_scale: float = 1.0  # 1: points of a surface just close up
    min_confidence: float = 1.0
    shown: frozenset[str] = frozenset(LAYERS) - HIDDEN_AT_FIRST
    moving_in_own_colour: bool = True
