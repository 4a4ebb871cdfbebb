"""Where a frame was taken that is far from the one before: what looks alike, and dense depth.

A camera that moves by a tenth of the distance from frame to frame outruns the tracker. ORB's
corners of many scales (Rublee et al., ICCV 2011) are matched instead. How far away those of the
keyframe are says the depth that the network gave it, so that none of them needs to be a landmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.mapping.camera_pose import Points, refine, sampled_pose
from mem4d_ros.mapping.descriptors import Corners, corners_of, distinct_matches
from mem4d_ros.mapping.growth import depth_at
from mem4d_ros.mapping.keyframes import Keyframe, to_rays
from mem4d_ros.mapping.landmarks import UNSEEN_VARIANCE
from mem4d_ros.mapping.relocalisation import CORNER_DEVIATION

LEAST_AGREEING, LEAST_RATIO = 20, 0.2
"""Matches that must agree on a pose, and by all of them."""
LARGEST_ERROR_RATIO = 0.015
"""Of a match that agrees, by the image's long side: the depth is the network's."""


@dataclass(frozen=True)
class Recognised:
    """What an image shows of a keyframe: from which pose (4, 4), and matches that agree on it.

    Attributes:
        own: (N, 2) pixels of the keyframe; seen: (N, 2), of the image.
    """

    camera_to_world: np.ndarray
    own: np.ndarray
    seen: np.ndarray


def recognise(keyframe: Keyframe, image: np.ndarray, intrinsics: np.ndarray) -> Recognised | None:
    """What an image (H, W) uint8 shows of a keyframe; None if too little."""
    own, seen = _matches(keyframe.corners, corners_of(image))
    depth = depth_at(keyframe.dense, own) * np.exp(keyframe.log_scale)
    known = np.isfinite(depth)
    own, seen, depth = own[known], seen[known], depth[known]
    if len(own) < LEAST_AGREEING:
        return None
    points, on_plane = to_rays(own, intrinsics) * depth[:, None], to_rays(seen, intrinsics)[:, :2]
    largest_error = LARGEST_ERROR_RATIO * max(image.shape) / intrinsics[0, 0]
    sampled = sampled_pose(points, on_plane, largest_error, iterations=500)
    if sampled is None or len(sampled.agree) < max(LEAST_AGREEING, LEAST_RATIO * len(own)):
        return None
    agree = sampled.agree
    guessed = np.full(len(agree), UNSEEN_VARIANCE)
    motion = refine(
        Points(
            points[agree],
            points[agree],
            guessed,
            np.ones(len(agree)),
            np.broadcast_to(np.eye(2, 3), (len(agree), 2, 3)),
        ),
        on_plane[agree],
        CORNER_DEVIATION / intrinsics[0, 0],
        sampled.camera_to_world,
    ).camera_to_world
    return Recognised(keyframe.camera_to_world @ motion, own[agree], seen[agree])


def _matches(first: Corners, second: Corners) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 2) of corners of two images that look alike."""
    if min(len(first.pixels), len(second.pixels)) < 2:
        return np.empty((0, 2)), np.empty((0, 2))
    good = distinct_matches(first.descriptors, second.descriptors)
    own = np.array([match.queryIdx for match in good], np.int64)
    theirs = np.array([match.trainIdx for match in good], np.int64)
    return first.pixels[own], second.pixels[theirs]
