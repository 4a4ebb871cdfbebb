"""Where a frame was taken that is far from the one before: what looks alike, and dense depth.

A camera that moves by a tenth of the distance from frame to frame outruns the tracker. ORB's
corners of many scales (Rublee et al., ICCV 2011) are matched instead. How far away those of the
keyframe are says the depth that the network gave it, so that none of them needs to be a landmark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse
from mem4d_ros.mapping.camera_pose import Points, refine
from mem4d_ros.mapping.growth import depth_at
from mem4d_ros.mapping.keyframes import Keyframe, to_rays
from mem4d_ros.mapping.landmarks import UNSEEN_VARIANCE

FEATURES, LEAST_CONTRAST = 1000, 5
DISTINCT = 0.8
"""The second best match is farther by this ratio."""
LEAST_AGREEING, LEAST_RATIO = 20, 0.2
"""Matches that must agree on a pose, and by all of them."""
CORNER_DEVIATION = 2.0
"""Of a matched corner, pixels."""
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
    own, seen = _matches(keyframe.image, image)
    depth = depth_at(keyframe.dense, own) * np.exp(keyframe.log_scale)
    known = np.isfinite(depth)
    own, seen, depth = own[known], seen[known], depth[known]
    if len(own) < LEAST_AGREEING:
        return None
    points = to_rays(own, intrinsics) * depth[:, None]
    success, rotation, translation, inliers = cv2.solvePnPRansac(
        points,
        seen,
        intrinsics,
        None,
        iterationsCount=500,
        reprojectionError=LARGEST_ERROR_RATIO * max(image.shape),
        confidence=0.999,
        flags=cv2.SOLVEPNP_AP3P,
    )
    if not success or len(inliers) < max(LEAST_AGREEING, LEAST_RATIO * len(own)):
        return None
    agree = inliers[:, 0]
    start = rigid_inverse(pose_from_rotation(cv2.Rodrigues(rotation)[0], translation[:, 0]))
    guessed = np.full(len(agree), UNSEEN_VARIANCE)
    motion = refine(
        Points(points[agree], points[agree], guessed, np.ones(len(agree))),
        to_rays(seen[agree], intrinsics)[:, :2],
        CORNER_DEVIATION / intrinsics[0, 0],
        start,
    ).camera_to_world
    return Recognised(keyframe.camera_to_world @ motion, own[agree], seen[agree])


def _matches(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels (N, 2) of two images that look alike, each other's best."""
    detector = cv2.ORB.create(FEATURES, fastThreshold=LEAST_CONTRAST)
    (points, own), (others, theirs) = (
        detector.detectAndCompute(image, None) for image in (first, second)
    )
    nothing = np.empty((0, 2))
    if min(len(points), len(others)) < 2:
        return nothing, nothing
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(own, theirs, k=2)
    good = [a for a, b in pairs if a.distance < DISTINCT * b.distance]
    if not good:
        return nothing, nothing
    return (
        np.array([points[match.queryIdx].pt for match in good]),
        np.array([others[match.trainIdx].pt for match in good]),
    )
