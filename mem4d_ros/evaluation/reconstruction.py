"""Reconstruction (the paper's table 3): the global pointmaps against those of the true depth.

As CUT3R does (eval/mv_recon/launch.py, criterion.py): both sides in the first camera's frame; the
prediction's median depth and its size about the median point are made the truth's; then the centre
of each image counts, and an ICP sets the rest right before the clouds are compared. A data set's
figure is the mean of its sequences'. Two things differ: the crop is the same part of the view
where the network's image is not 512 pixels wide, and a point that is not predicted counts against
completeness, not against accuracy.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from mem4d_ros.datasets import Sample
from mem4d_ros.evaluation.clouds import CloudErrors, cloud_errors, nearest, registered
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.online import Step
from mem4d_ros.evaluation.protocols import ReconstructionProtocol
from mem4d_ros.geometry import ImageTransform, rigid_inverse, transform_points, unproject


@dataclass(frozen=True)
class ReconstructionResult:
    """One sequence's errors.

    Attributes:
        frames: that count.
        scale: true metres of one predicted metre.
        uncounted: frames that were run but lack depth, pose or intrinsics.
    """

    name: str
    frames: int
    errors: CloudErrors
    scale: float
    uncounted: int = 0


@dataclass(frozen=True)
class ErrorCloud:
    """For a picture, in the true first camera's frame.

    Attributes:
        points: (N, 3) predicted and aligned; distances: (N,) from each to the nearest true one.
    """

    points: np.ndarray
    distances: np.ndarray


def measure_reconstruction(
    name: str, steps: Iterable[Step], protocol: ReconstructionProtocol
) -> tuple[ReconstructionResult, ErrorCloud]:
    """Errors over the frames of a sequence, and where they lie.

    Frames that lack depth, pose or intrinsics are run and do not count.

    Raises:
        NotMeasurable: no frame has all three, or too few points are left.
    """
    found, truth = [], []
    poses: list[np.ndarray] = []
    uncounted = 0
    to_first = np.eye(4)
    for step in steps:
        if not has_truth(step.sample):
            uncounted += 1
            continue
        points, pose = true_pointmap(step.sample, step.found.input_transform, protocol.max_depth_m)
        if not poses and uncounted:  # the prediction's world began earlier than the truth's
            to_first = rigid_inverse(step.found.camera_to_world)
        poses.append(pose)
        truth.append(transform_points(rigid_inverse(poses[0]) @ pose, points))
        found.append(transform_points(to_first, step.found.points_world.astype(np.float64)))
    if not truth:
        raise NotMeasurable("no frame of the selection has depth, pose and intrinsics")
    predicted, true = np.stack(found), np.stack(truth)  # (T, H, W, 3)
    predicted[np.isnan(true).any(-1)] = np.nan
    matched, scale = match_scale(predicted, true)
    rows, columns = centre(true.shape[1:3], protocol.crop_ratio)
    cloud = _finite(matched[:, rows, columns])
    true_cloud = _finite(true[:, rows, columns])
    cloud = registered(cloud, true_cloud, protocol.icp_distance_m)
    result = ReconstructionResult(
        name, len(true), cloud_errors(cloud, true_cloud), scale, uncounted
    )
    return result, ErrorCloud(cloud, nearest(cloud, true_cloud)[1])


def has_truth(sample: Sample) -> bool:
    """Whether a frame has all that its true points take."""
    return not any(x is None for x in (sample.depth, sample.camera_to_world, sample.intrinsics))


def true_pointmap(
    sample: Sample, transform: ImageTransform, max_depth_m: float
) -> tuple[np.ndarray, np.ndarray]:
    """True points (h, w, 3) in the camera's frame at the network's pixels, and its pose (4, 4).

    Depth is that of the nearest pixel of the camera's image; where it does not count, it is NaN.
    """
    if sample.depth is None or sample.camera_to_world is None or sample.intrinsics is None:
        raise NotMeasurable(f"{sample.name} has no depth, pose or intrinsics to measure against")
    rows, columns = transform.nearest_input_pixels()
    depth = sample.depth[np.ix_(rows, columns)].astype(np.float64)
    with np.errstate(invalid="ignore"):  # NaN is not positive
        counts = (depth > 0) & (depth <= max_depth_m)
    intrinsics = transform.intrinsics_to_model(sample.intrinsics)
    return unproject(np.where(counts, depth, np.nan), intrinsics), sample.camera_to_world


def match_scale(predicted: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, float]:
    """Predicted points (..., 3), scaled and moved along z to fit true ones, and the scale.

    The depths' medians are made one, then the median distances from the median point. Points that
    are NaN on either side have no say.

    Raises:
        NotMeasurable: there is nothing on which both have a say, or all is at one point.
    """
    both = np.isfinite(predicted).all(-1) & np.isfinite(true).all(-1)
    if not both.any():
        raise NotMeasurable("there is no point with both a prediction and a truth")
    p, g = predicted[both], true[both]
    depth, true_depth = np.median(p[:, 2]), np.median(g[:, 2])
    size, true_size = _size(p), _size(g)
    if size == 0 or true_size == 0:
        raise NotMeasurable("all points coincide: their scale is unknown")
    scale = true_size / size
    shifted = predicted - np.array([0.0, 0.0, depth])
    return scale * shifted + np.array([0.0, 0.0, true_depth]), float(scale)


def centre(shape: tuple[int, ...], share: float) -> tuple[slice, slice]:
    """Rows and columns of the central square, `share` times an image's (H, W) long side wide."""
    half = round(share * max(shape)) // 2
    rows, columns = (slice(max(n // 2 - half, 0), min(n // 2 + half, n)) for n in shape)
    return rows, columns


def _size(points: np.ndarray) -> float:
    """Median distance of points (N, 3) from their median point."""
    return float(np.median(np.linalg.norm(points - np.median(points, axis=0), axis=-1)))


def _finite(points: np.ndarray) -> np.ndarray:
    """Those of points (..., 3) that are no NaN, (N, 3)."""
    return points[np.isfinite(points).all(-1)]
