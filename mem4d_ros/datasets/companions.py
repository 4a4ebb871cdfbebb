"""Images in a folder that accompany those of one camera: depth, and the right ones of a pair."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

COLOUR = ".color"
"""End of a name's stem in 7-Scenes."""
LEFT, RIGHT, DEPTH = "left", "right", "depth"


def of_one_camera(images: Sequence[Path]) -> list[Path]:
    """Those of one camera, as far as their names tell: colour rather than depth, left of a pair."""
    colour = [path for path in images if path.stem.lower().endswith(COLOUR)]
    if colour:
        return colour
    words = {path: set(re.findall(r"[a-z]+", path.stem.lower())) for path in images}
    unwanted = {DEPTH}
    if any(LEFT in found for found in words.values()):
        unwanted.add(RIGHT)
    kept = [path for path in images if not words[path] & unwanted]
    return kept or list(images)
