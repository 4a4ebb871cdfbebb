"""Poses, intrinsics, unprojection and alignment: small pure functions."""

from __future__ import annotations

from mem4d_ros.geometry.alignment import Similarity, align_rigid, align_similarity
from mem4d_ros.geometry.axes import BODY_FROM_OPTICAL
from mem4d_ros.geometry.half_precision import half_depth
from mem4d_ros.geometry.intrinsics import (
    ImageTransform,
    fov_to_intrinsics,
    intrinsics_to_fov,
    long_side_of_area,
    with_square_pixels,
)
from mem4d_ros.geometry.poses import (
    matrix_to_quaternion,
    pose_from,
    pose_from_rotation,
    quaternion_to_matrix,
    rigid_inverse,
    rotate_vectors,
    transform_points,
)
from mem4d_ros.geometry.spread import robust_deviation
from mem4d_ros.geometry.unprojection import pixel_rays, project, unproject

__all__ = [
    "BODY_FROM_OPTICAL",
    "ImageTransform",
    "Similarity",
    "align_rigid",
    "align_similarity",
    "fov_to_intrinsics",
    "half_depth",
    "intrinsics_to_fov",
    "long_side_of_area",
    "matrix_to_quaternion",
    "pixel_rays",
    "pose_from",
    "pose_from_rotation",
    "project",
    "quaternion_to_matrix",
    "rigid_inverse",
    "robust_deviation",
    "rotate_vectors",
    "transform_points",
    "unproject",
    "with_square_pixels",
]
