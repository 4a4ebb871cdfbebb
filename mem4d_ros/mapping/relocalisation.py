"""Finding one's way back: a frame recognised from keyframes, without an idea where it was taken.

Binary descriptors (ORB: Rublee et al., ICCV 2011) of landmarks as keyframes saw them are matched
with corners of the frame; the pose on which enough matches agree is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse
from mem4d_ros.mapping.keyframes import Keyframe, Map, to_rays

CORNERS = 800
DISTINCT = 0.8
"""The second best match is farther by this ratio."""
LEAST_MATCHES = 12
LARGEST_ERROR_RATIO = 0.008
"""Of a match that agrees, by the image's long side."""
THUMBNAIL = (40, 30)
CANDIDATES = 5
"""Keyframes that are tried for one frame."""


def relocalise(
    world: Map, candidates: Sequence[Keyframe], image: np.ndarray, intrinsics: np.ndarray
) -> np.ndarray | None:
    """A pose (4, 4) from which the image (H, W) uint8 may have been taken; None if none fits.

    Args:
        candidates: the keyframes that it is compared with.
    """
    features = cv2.ORB.create(CORNERS)
    corners, descriptors = features.detectAndCompute(image, None)
    if descriptors is None or len(corners) < LEAST_MATCHES:
        return None
    seen = np.array([corner.pt for corner in corners])
    best, most = None, LEAST_MATCHES - 1
    for keyframe in candidates:
        numbers, matched = _match(world, keyframe, descriptors)
        if len(numbers) <= most:
            continue
        pose, agree = _pose(world, numbers, seen[matched], intrinsics, max(image.shape))
        if agree > most:
            best, most = pose, agree
    return best


def similar(keyframes: Sequence[Keyframe], image: np.ndarray) -> list[Keyframe]:
    """The newest keyframe, and those whose small blurred images are most like this one's."""
    here = thumbnail(image)
    scores = [float((thumbnail(keyframe.image) * here).mean()) for keyframe in keyframes]
    order = np.argsort(scores)[::-1][:CANDIDATES]
    chosen = dict.fromkeys([len(keyframes) - 1, *order.tolist()])
    return [keyframes[index] for index in chosen]


def thumbnail(image: np.ndarray) -> np.ndarray:
    """A small blurred image (h, w) of mean 0 and deviation 1."""
    resized = cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(resized.astype(np.float32), (0, 0), 1.5)
    return (small - small.mean()) / (small.std() + 1e-6)


def _match(
    world: Map, keyframe: Keyframe, descriptors: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (n,) of landmarks of the keyframe, and indices (n,) of descriptors like theirs."""
    alive = world.landmarks.is_alive[keyframe.landmarks]
    numbers, own = keyframe.landmarks[alive], keyframe.descriptors[alive]
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(own, descriptors, k=2)
    good = [a for a, b in (p for p in pairs if len(p) == 2) if a.distance < DISTINCT * b.distance]
    return (
        numbers[np.array([match.queryIdx for match in good], np.int64)],
        np.array([match.trainIdx for match in good], np.int64),
    )


def _pose(
    world: Map, numbers: np.ndarray, seen: np.ndarray, intrinsics: np.ndarray, size: int
) -> tuple[np.ndarray | None, int]:
    """The pose (4, 4) on which most matches agree, and how many do."""
    success, rotation, translation, inliers = cv2.solvePnPRansac(
        world.points(numbers, intrinsics).position,
        to_rays(seen, intrinsics)[:, :2],
        np.eye(3),
        None,
        iterationsCount=300,
        reprojectionError=LARGEST_ERROR_RATIO * size / intrinsics[0, 0],
        confidence=0.999,
        flags=cv2.SOLVEPNP_AP3P,
    )
    if not success or inliers is None:
        return None, 0
    pose = rigid_inverse(pose_from_rotation(cv2.Rodrigues(rotation)[0], translation[:, 0]))
    return pose, len(inliers)
