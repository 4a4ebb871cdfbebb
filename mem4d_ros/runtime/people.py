"""Which pixels of a frame show people."""

from __future__ import annotations

import cv2
import numpy as np
import torch

from mem4d_ros.model import MemoryState
from mem4d_ros.model.people import PeopleHead

LIKELY = 0.12
"""Least probability. A landmark that moves costs more than one that is missing."""


def people_pixels(
    state: MemoryState, head: PeopleHead, height: int, width: int
) -> np.ndarray | None:
    """(height, width) bool, of the image that a step has just seen.

    None where the state keeps no features of it, since the TCA is turned off.
    """
    if not state.window:
        return None
    with torch.inference_mode():
        features = state.window[0].features[:1].float()
        probability = head(features).sigmoid()[0].cpu().numpy()  # (h, w)
    large: np.ndarray = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)
    return large > LIKELY
