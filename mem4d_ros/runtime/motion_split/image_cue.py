"""Moving is what the image shows elsewhere than a still point could be seen.

The depth's error only moves a still point along its epipolar line, so that a depth that is wrong by
a known factor does no harm: distances count from the piece of the line that it leaves open.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from mem4d_ros.runtime.motion_split.camera_motion import correct_motion
from mem4d_ros.runtime.motion_split.evidence import Evidence
from mem4d_ros.runtime.motion_split.remembered_frame import RememberedFrame
from mem4d_ros.runtime.motion_split.reprojection import Reprojection, distance, inside

MOVED = 1.0
"""Pixels of own motion from frame to frame that count."""
DOUBT = 2.5
"""Minimum ratio of motion to the image's median: an error of the camera's motion or of the depth
looks like a small motion everywhere."""
AGREEMENT = 0.7
"""Pixels within which flow and camera motion agree, when motions are compared."""
WINDOW = (5, 5)
PLAIN_WEIGHT = 0.002
"""Of a surface without texture, where the flow says little."""


@dataclass(frozen=True)
class ImageCue:
    """Evidence of motion from two images."""

    evidence: Evidence
    seen_at: np.ndarray  # (2, H, W) float32, where each pixel was found in the view before


class FlowMeter:
    """Dense optical flow (DIS; Kroeger et al., ECCV 2016) beyond what the camera's motion does."""

    def __init__(self, depth_error: float) -> None:
        """`depth_error`: depths may be wrong by a factor of 1 + this."""
        self._depth_error = depth_error
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def compare(
        self,
        now: RememberedFrame,
        before: RememberedFrame,
        rays: np.ndarray,
        intrinsics: np.ndarray,
        motion: np.ndarray,
    ) -> ImageCue:
        """The cue for view `now`, whose camera moved by `motion` (4, 4), before_from_now.

        The motion is corrected by the flow if more pixels agree with it then.
        """
        given = Reprojection.under(rays, intrinsics, motion)
        seen_at = self._seen_at(now, before, given.pixels(now.inverse_depth))
        visible = inside(seen_at)
        corrected = Reprojection.under(
            rays,
            intrinsics,
            correct_motion(seen_at, rays, now.inverse_depth, visible, intrinsics, motion),
        )
        still_at = max(
            (r.nearest_pixels(seen_at, now.inverse_depth, self._depth_error)
             for r in (given, corrected)),
            key=lambda pixels: np.count_nonzero(distance(seen_at, pixels) < AGREEMENT),
        )  # fmt: skip
        # Flow that leaks over the edge of a moving thing explains the image worse than no motion.
        better = _mismatch(now, before, seen_at) < _mismatch(now, before, still_at)
        apart = distance(seen_at, still_at)
        typical = float(np.median(apart[visible])) if visible.any() else 0.0
        moves = (apart > max(MOVED, DOUBT * typical)) & better
        weight = np.where(visible & now.known, _texture(now.grey) + np.float32(PLAIN_WEIGHT), 0)
        verdict = np.where(moves, np.float32(1), np.float32(-1))
        return ImageCue(Evidence(verdict, weight.astype(np.float32)), seen_at)

    def _seen_at(
        self, now: RememberedFrame, before: RememberedFrame, expected: np.ndarray
    ) -> np.ndarray:
        """(2, H, W) float32: flow from the image before, moved as a still scene would have moved.

        What is left to measure is small wherever nothing moves, however fast the camera turns.
        """
        moved = _look_up(before.grey, expected)
        nothing = np.zeros((*now.grey.shape, 2), np.float32)
        flow = self._flow.calc(now.grey, moved, nothing)  # (H, W, 2)
        there = _grid(*now.grey.shape) + flow.transpose(2, 0, 1)
        return np.stack([_look_up(coordinate, there) for coordinate in expected])


def _mismatch(now: RememberedFrame, before: RememberedFrame, pixels: np.ndarray) -> np.ndarray:
    """Mean difference (H, W) between a pixel's neighbourhood and what is seen at `pixels`."""
    return cv2.blur(cv2.absdiff(now.grey, _look_up(before.grey, pixels)).astype(np.float32), WINDOW)


def _texture(grey: np.ndarray) -> np.ndarray:
    """Mean gradient (H, W) of an image (H, W) uint8, relative to its range."""
    across = np.abs(cv2.Scharr(grey, cv2.CV_32F, 1, 0))
    along = np.abs(cv2.Scharr(grey, cv2.CV_32F, 0, 1))
    return cv2.blur(across + along, WINDOW) / np.float32(16 * 255)


def _look_up(values: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Values (H, W) at pixels (2, H, W), linear between pixels; outside, the border's."""
    x, y = pixels
    return cv2.remap(values, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


@lru_cache(maxsize=1)
def _grid(height: int, width: int) -> np.ndarray:
    """The pixels themselves, (2, H, W) float32 (x, y)."""
    return np.stack(np.meshgrid(np.arange(width), np.arange(height))).astype(np.float32)
