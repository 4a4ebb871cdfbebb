"""What a network without any error says of a sequence, and how wrong poses of it are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import ImageTransform, align_rigid, rigid_inverse
from mem4d_ros.runtime.pose_sources import CameraFrame, PoseEstimate, PoseFrame, PoseSource
from mem4d_ros.synthetic import SyntheticSequence

FRAMES, HEIGHT, WIDTH = 24, 192, 256


def exact_frames(sequence: SyntheticSequence) -> list[PoseFrame]:
    """What a network without any error would say; the head knows the pose, too."""
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    confidence = np.where(np.isfinite(sequence.depth.numpy()), 2.0, 0.0).astype(np.float32)
    return [
        PoseFrame(
            image=np.ascontiguousarray(images[t]),
            points_camera=sequence.points_camera[t].numpy(),
            confidence_camera=confidence[t],
            points_world=sequence.points_world[t].numpy(),
            confidence_world=confidence[t],
            intrinsics=sequence.intrinsics[t].double().numpy(),
            head_pose=sequence.camera_to_world[t].double().numpy(),
        )
        for t in range(len(images))
    ]


def blank(frame: PoseFrame) -> PoseFrame:
    return replace(frame, image=np.full_like(frame.image, 90))


def estimate(
    source: PoseSource, frame: PoseFrame, odom_from_camera: np.ndarray | None = None
) -> PoseEstimate:
    """The camera's image is the network's."""
    height, width = frame.image.shape[:2]
    transform = ImageTransform.fit(width, height, max(width, height))
    source.foresee(CameraFrame(frame.image, transform, frame.intrinsics, odom_from_camera))
    return source.estimate(frame)


def run(source: PoseSource, frames: list[PoseFrame]) -> np.ndarray:
    return np.stack([estimate(source, frame).camera_to_world for frame in frames])


def truth(frames: list[PoseFrame]) -> np.ndarray:
    return np.stack([frame.head_pose for frame in frames])


def error_share(poses: np.ndarray, true: np.ndarray) -> float:
    """ATE after a rigid alignment, without a change of scale, by the path's length."""
    found, expected = poses[:, :3, 3], true[:, :3, 3]
    off = align_rigid(found, expected).apply(found) - expected
    length = np.linalg.norm(np.diff(expected, axis=0), axis=-1).sum()
    return float(np.sqrt((off**2).sum(-1).mean()) / length)


def largest_turn_deg(poses: np.ndarray, true: np.ndarray) -> float:
    turns = Rotation.from_matrix((rigid_inverse(true) @ poses)[:, :3, :3])
    return float(np.rad2deg(turns.magnitude()).max())
