"""Depth cue: a surface moves if an earlier view has seen through its position."""

from __future__ import annotations

import cv2
import numpy as np

from mem4d_ros.geometry import rigid_inverse
from mem4d_ros.runtime.motion_split.evidence import Evidence
from mem4d_ros.runtime.motion_split.remembered_frame import RememberedFrame
from mem4d_ros.runtime.motion_split.reprojection import Reprojection

SMALLEST_GAP = 0.03
"""Of the depth; a smaller one may be the surface itself."""
PRECISE = 0.05
"""A gap that depths must have to count, up to which they are trusted fully."""
STANDING = 0.05
"""Weight of a point that was there before, relative to one that was not: it may move slowly."""
SAMPLED = 4
"""Every so many pixels tell how well the depths agree."""
MIN_RATIO = 0.05
"""Of the pixels that an earlier view must have seen, to judge how well the depths agree."""


def seen_through(
    now: RememberedFrame, earlier: RememberedFrame, rays: np.ndarray, intrinsics: np.ndarray
) -> Evidence:
    """Evidence of an earlier view about the points of view `now`, for rays (H, W, 3).

    A point in front of the surface that the earlier view saw there was not there then; a point
    behind it was hidden, which says nothing. How far in front depends on how well the depths of the
    two views agree on the whole, so that rough depths ask for wide gaps and count for little.
    """
    motion = rigid_inverse(earlier.camera_to_world) @ now.camera_to_world
    reprojection = Reprojection.under(rays, intrinsics, motion)
    x, y = reprojection.pixels(now.inverse_depth)
    surface = cv2.remap(earlier.nearest_depth, x, y, cv2.INTER_NEAREST, borderValue=0)
    # Depth of the surface by that of the point, seen from the earlier view.
    ratio = surface * now.inverse_depth / reprojection.depth_ratio(now.inverse_depth)
    compared = ratio > 0
    if compared.mean() < MIN_RATIO:
        return Evidence(np.ones_like(ratio), np.zeros_like(ratio))
    gap = np.log(np.where(compared, ratio, 1))
    sample = np.abs(gap[compared][::SAMPLED])
    least = SMALLEST_GAP + float(np.percentile(sample, 75))
    trust = min(1.0, (PRECISE / least) ** 2)
    stands = compared & (np.abs(gap) <= least)
    weight = np.where(gap > least, np.float32(trust), np.float32(STANDING * trust) * stands)
    return Evidence(np.where(stands, np.float32(-1), np.float32(1)), now.certainty * weight)
