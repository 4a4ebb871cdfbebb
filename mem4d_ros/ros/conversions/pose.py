"""Between 4x4 matrices and ROS's poses, whose quaternions are xyzw."""

from __future__ import annotations

import numpy as np
import tf_transformations
from geometry_msgs.msg import Point, Pose, Quaternion, Transform, Vector3


def matrix_to_pose(matrix: np.ndarray) -> Pose:
    """The pose of a rigid matrix (4, 4)."""
    return Pose(position=Point(**_xyz(matrix)), orientation=_quaternion(matrix))


def matrix_to_transform(matrix: np.ndarray) -> Transform:
    """The transform of a rigid matrix (4, 4)."""
    return Transform(translation=Vector3(**_xyz(matrix)), rotation=_quaternion(matrix))


def pose_to_matrix(pose: Pose) -> np.ndarray:
    """The rigid matrix (4, 4) of a pose."""
    return _matrix(pose.orientation, pose.position)


def transform_to_matrix(transform: Transform) -> np.ndarray:
    """The rigid matrix (4, 4) of a transform."""
    return _matrix(transform.rotation, transform.translation)


def _matrix(rotation: Quaternion, translation: Point | Vector3) -> np.ndarray:
    matrix = tf_transformations.quaternion_matrix((rotation.x, rotation.y, rotation.z, rotation.w))
    matrix[:3, 3] = translation.x, translation.y, translation.z
    return matrix


def _xyz(matrix: np.ndarray) -> dict[str, float]:
    return {axis: float(value) for axis, value in zip("xyz", matrix[:3, 3], strict=True)}


def _quaternion(matrix: np.ndarray) -> Quaternion:
    x, y, z, w = (float(value) for value in tf_transformations.quaternion_from_matrix(matrix))
    return Quaternion(x=x, y=y, z=z, w=w)
