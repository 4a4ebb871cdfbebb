"""The TUM format, against SciPy's rotations."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from mem4d_ros.runtime.export.tum import from_tum_row, to_tum_row

numbers = st.floats(-1, 1)


@given(
    stamp_ns=st.integers(0, 2**62),
    rotation_vector=st.tuples(numbers, numbers, numbers),
    position=st.tuples(numbers, numbers, numbers),
)
def test_a_row_is_the_pose_and_comes_back(
    stamp_ns: int,
    rotation_vector: tuple[float, float, float],
    position: tuple[float, float, float],
) -> None:
    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(rotation_vector).as_matrix()
    pose[:3, 3] = position
    row = to_tum_row(stamp_ns, pose)
    stamp, *values = row.split()
    assert int(stamp.replace(".", "")) == stamp_ns
    assert stamp[-10] == "."
    np.testing.assert_allclose(np.array(values[:3], float), position, atol=1e-9)
    found = Rotation.from_quat(np.array(values[3:], float)).as_matrix()
    np.testing.assert_allclose(found, pose[:3, :3], atol=1e-8)
    stamp_again, pose_again = from_tum_row(row)
    assert stamp_again == stamp_ns
    np.testing.assert_allclose(pose_again, pose, atol=1e-8)
