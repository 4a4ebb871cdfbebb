"""Distances between two point clouds: nearest neighbours, normals and ICP, by small_gicp.

The figures are those of Spann3R and CUT3R (eval/mv_recon), which take the ICP and the normals from
Open3D: point-to-point ICP from the given poses of the clouds, normals of the 30 nearest points.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import small_gicp

from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.geometry import transform_points

NORMAL_NEIGHBOURS = 30
_ICP_ROUNDS = 100
_ICP_STEP = 1e-6
"""An ICP ends where a round moves less than this, in metres and radians."""


@dataclass(frozen=True)
class CloudErrors:
    """Of a predicted cloud against the true one, metres.

    Attributes:
        accuracy, accuracy_median: from each predicted point to the nearest true one.
        completeness, completeness_median: from each true point to the nearest predicted one.
        normal_consistency, normal_consistency_median: |cosine| between the normals of those pairs,
            half in each direction.
    """

    accuracy: float
    accuracy_median: float
    completeness: float
    completeness_median: float
    normal_consistency: float
    normal_consistency_median: float


def registered(predicted: np.ndarray, true: np.ndarray, distance_m: float) -> np.ndarray:
    """The predicted points (N, 3) moved onto the true ones (M, 3) by a rigid point-to-point ICP.

    Only pairs closer than `distance_m` pull; the clouds start where they are.

    Raises:
        NotMeasurable: a cloud has fewer points than a normal needs.
    """
    _require_points(predicted, true)
    target, source = small_gicp.PointCloud(true), small_gicp.PointCloud(predicted)
    result = small_gicp.align(
        target,
        source,
        small_gicp.KdTree(target),
        registration_type="ICP",
        max_correspondence_distance=distance_m,
        max_iterations=_ICP_ROUNDS,
        rotation_epsilon=_ICP_STEP,
        translation_epsilon=_ICP_STEP,
    )
    return transform_points(result.T_target_source, predicted)


def cloud_errors(predicted: np.ndarray, true: np.ndarray) -> CloudErrors:
    """Errors of predicted points (N, 3) against true ones (M, 3), without alignment.

    Raises:
        NotMeasurable: a cloud has fewer points than a normal needs.
    """
    _require_points(predicted, true)
    predicted_normals, true_normals = normals(predicted), normals(true)
    to_true, accuracy = nearest(predicted, true)
    to_predicted, completeness = nearest(true, predicted)
    there = _agreement(predicted_normals, true_normals[to_true])
    back = _agreement(true_normals, predicted_normals[to_predicted])
    return CloudErrors(
        accuracy=float(accuracy.mean()),
        accuracy_median=float(np.median(accuracy)),
        completeness=float(completeness.mean()),
        completeness_median=float(np.median(completeness)),
        normal_consistency=float((there.mean() + back.mean()) / 2),
        normal_consistency_median=float((np.median(there) + np.median(back)) / 2),
    )


def mean_cloud_errors(errors: Sequence[CloudErrors]) -> CloudErrors:
    """The mean of each figure over several sequences."""
    return CloudErrors(
        **{
            field.name: float(np.mean([getattr(e, field.name) for e in errors]))
            for field in fields(CloudErrors)
        }
    )


def nearest(points: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Index of and distance to the nearest of `others` (M, 3) for each of `points` (N, 3)."""
    indices, squared = small_gicp.KdTree(others).batch_nearest_neighbor_search(points)
    return np.asarray(indices), np.sqrt(np.asarray(squared))


def normals(points: np.ndarray) -> np.ndarray:
    """Unit normals (N, 3), of either sign, of the plane through each point's neighbours."""
    cloud = small_gicp.PointCloud(points)
    small_gicp.estimate_normals(cloud, num_neighbors=NORMAL_NEIGHBOURS)
    return np.asarray(cloud.normals())[:, :3]


def _require_points(predicted: np.ndarray, true: np.ndarray) -> None:
    for name, points in (("predicted", predicted), ("true", true)):
        if len(points) < NORMAL_NEIGHBOURS:
            raise NotMeasurable(
                f"the {name} cloud has {len(points)} points, {NORMAL_NEIGHBOURS} are needed"
            )


def _agreement(normals: np.ndarray, others: np.ndarray) -> np.ndarray:
    """|cosine| (N,) between unit normals (N, 3)."""
    return np.abs((normals * others).sum(axis=-1))
