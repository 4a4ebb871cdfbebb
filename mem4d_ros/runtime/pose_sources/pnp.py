"""Visual odometry: the pose from which known points are seen where they are seen."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from mem4d_ros.geometry import pose_from_rotation, rigid_inverse
from mem4d_ros.runtime.pose_sources.keyframe import Keyframe, Tracks, make_keyframe, reprojection
from mem4d_ros.runtime.pose_sources.source import (
    NOTHING_FORESEEN,
    CameraFrame,
    Foreseen,
    PoseEstimate,
    PoseFrame,
)
from mem4d_ros.runtime.pose_sources.tracking import track
from mem4d_ros.runtime.pose_sources.two_views import refine

MIN_INLIERS = 12
MIN_INLIER_RATIO = 0.5
"""Of tracked points: one whose depth may give way fits a wrong pose by chance, too."""
REPROJECTION_RATIO = 2 / 256
"""Largest error of an inlier, of the image's long side."""
ROUGH = 4.0
"""So many times that error may have a point whose depth is not refined yet."""
LARGEST_CHANGE = 0.7
"""Of log depth: a factor of two, which no still point's depth is off by."""
STILL = 0.1
"""Pixels: the pose stays as it was if it fits half of the points so well, within tracking noise."""
KEPT_RATIO = 0.6
"""A new keyframe is made when fewer of the keyframe's points are seen."""
MAX_SHIFT_RATIO = 0.12
"""A new keyframe is made when its points have moved so far, of the image's long side."""
PATIENCE = 5
"""Frames without a pose until the keyframe is given up."""


class PnpPose:
    """Locates each frame against the points of a keyframe, which moving points cannot outvote.

    Points are tracked from the keyframe's image, not from frame to frame, so that neither standing
    still nor looking back and forth adds up errors. A frame that cannot be located continues the
    last motion, halved each time, so that it comes to rest within one more step.
    """

    keeps_global_pointmap = False

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all frames."""
        self._keyframe: Keyframe | None = None
        self._pose = np.eye(4)
        self._motion = np.eye(4)  # from the newest camera to the one before
        self._lost = 0

    def foresee(self, frame: CameraFrame) -> Foreseen:
        """Nothing: the pose follows from what the network says."""
        return NOTHING_FORESEEN

    def estimate(self, frame: PoseFrame) -> PoseEstimate:
        """The pose of the next frame; the first is the identity."""
        image = cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY)
        depth = frame.points_camera[..., 2]
        intrinsics = frame.intrinsics
        if self._keyframe is None:
            self._keyframe = make_keyframe(image, depth, self._pose, Tracks.none(), 1.0)
            return PoseEstimate(self._pose)
        located = locate(self._keyframe, image, intrinsics, self._pose @ self._motion)
        if located is None:
            return self._lose(image, depth)
        pose, tracks = located
        if np.median(tracks.errors(self._pose, intrinsics)) < STILL:
            pose = self._pose
        self._motion = rigid_inverse(self._pose) @ pose
        self._pose, self._lost = pose, 0
        if self._is_worn(tracks, intrinsics):
            self._renew(image, depth, tracks)
        return PoseEstimate(pose)

    def _lose(self, image: np.ndarray, depth: np.ndarray) -> PoseEstimate:
        self._lost += 1
        self._motion = half_motion(self._motion)
        self._pose = self._pose @ self._motion
        assert self._keyframe is not None
        if self._lost >= PATIENCE or len(self._keyframe.pixels) < MIN_INLIERS:
            self._renew(image, depth, Tracks.none())
        return PoseEstimate(self._pose, measured=False)

    def _renew(self, image: np.ndarray, depth: np.ndarray, tracks: Tracks) -> None:
        assert self._keyframe is not None
        self._keyframe = make_keyframe(image, depth, self._pose, tracks, self._keyframe.scale)

    def _is_worn(self, tracks: Tracks, intrinsics: np.ndarray) -> bool:
        """Whether the view has left the keyframe so far that another one serves better."""
        keyframe = self._keyframe
        assert keyframe is not None
        if len(tracks.pixels) < KEPT_RATIO * len(keyframe.pixels):
            return True
        before = reprojection(tracks.points_world, keyframe.camera_to_world, intrinsics)
        shift = np.median(np.linalg.norm(tracks.pixels - before, axis=-1))
        return bool(shift > MAX_SHIFT_RATIO * max(keyframe.image.shape))


def locate(
    keyframe: Keyframe, image: np.ndarray, intrinsics: np.ndarray, expected: np.ndarray
) -> tuple[np.ndarray, Tracks] | None:
    """Camera-to-world (4, 4) of an image (H, W) and the points that agree; None if too few do.

    `expected` is a pose (4, 4) near which the tracking begins.
    """
    points = keyframe.points_world(intrinsics)
    guess = reprojection(points, expected, intrinsics)
    size = max(image.shape)
    usable = ((guess > -size) & (guess < 2 * size)).all(-1, keepdims=True)
    guess = np.where(usable, guess, keyframe.pixels)
    pixels, found = track(keyframe.image, image, keyframe.pixels, guess)
    points, pixels = points[found], pixels[found]
    threshold = REPROJECTION_RATIO * size
    rough = solve_pose(points, pixels, intrinsics, ROUGH * threshold)
    if rough is None:
        return None
    second_from_first, depth = refine(
        keyframe.rays(intrinsics)[found],
        keyframe.depth[found],
        pixels,
        intrinsics,
        rigid_inverse(rough) @ keyframe.camera_to_world,
    )
    pose = keyframe.camera_to_world @ rigid_inverse(second_from_first)
    refined = replace(keyframe, pixels=keyframe.pixels[found], depth=depth)
    tracks = Tracks(pixels, refined.points_world(intrinsics))
    change = np.abs(np.log(depth / keyframe.depth[found]))
    agree = (tracks.errors(pose, intrinsics) < threshold) & (change < LARGEST_CHANGE)
    if agree.sum() < max(MIN_INLIERS, MIN_INLIER_RATIO * len(points)):
        return None
    return pose, Tracks(pixels[agree], tracks.points_world[agree])


def solve_pose(
    points: np.ndarray, pixels: np.ndarray, intrinsics: np.ndarray, threshold: float
) -> np.ndarray | None:
    """Camera-to-world (4, 4) from points (N, 3) seen at pixels (N, 2); None if none fits enough."""
    if len(points) < MIN_INLIERS:
        return None
    success, rotation, translation, inliers = cv2.solvePnPRansac(
        points,
        pixels,
        intrinsics,
        None,
        iterationsCount=200,
        reprojectionError=threshold,
        confidence=0.999,
        flags=cv2.SOLVEPNP_AP3P,
    )
    if not success or len(inliers) < MIN_INLIERS:
        return None
    return rigid_inverse(_pose_of(rotation, translation))


def _pose_of(rotation_vector: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """World-to-camera (4, 4) in OpenCV's terms."""
    return pose_from_rotation(cv2.Rodrigues(rotation_vector)[0], translation[:, 0])


def half_motion(motion: np.ndarray) -> np.ndarray:
    """Half the turn and half the way of a rigid motion (4, 4)."""
    half = np.eye(4)
    half[:3, :3] = cv2.Rodrigues(cv2.Rodrigues(motion[:3, :3])[0] / 2)[0]
    half[:3, 3] = motion[:3, 3] / 2
    return half
