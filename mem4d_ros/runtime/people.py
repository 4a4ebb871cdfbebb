"""Which pixels of a frame show people."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch

from mem4d_ros.model import MemoryState
from mem4d_ros.model.people import PeopleHead

POSSIBLE, LIKELY = 0.12, 0.5
"""Least probabilities."""


@dataclass(frozen=True)
class People:
    """Pixels of an image (H, W) that show people."""

    possible: np.ndarray  # (H, W) bool; a landmark that moves costs more than one that is missing
    likely: np.ndarray  # (H, W) bool


def people_in(state: MemoryState, head: PeopleHead, height: int, width: int) -> People | None:
    """Those of the image (height, width) that a step has just seen.

    None where the state keeps no features of it, since the TCA is turned off.
    """
    if not state.window:
        return None
    with torch.inference_mode():
        features = state.window[0].features[:1].float()
        probability = head(features).sigmoid()[0].cpu().numpy()  # (h, w)
    large: np.ndarray = cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR)
    return People(large > POSSIBLE, large > LIKELY)
