"""Clouds are read whatever their layout, and what cannot be read is refused with the reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mem4d_ros.sensor_messages.cloud_points import UnusableCloud, cloud_positions

FLOAT32, FLOAT64, UINT8 = 7, 8, 2
POINTS = np.array([[1.0, 2.0, 3.0], [-4.0, 5.5, 6.0], [0.25, 0.0, 7.0]])


def cloud(
    points: np.ndarray = POINTS, kind: str = "<f4", names: str = "xyz", padding: int = 4
) -> Any:
    """A PointCloud2 by its fields."""
    step = len(names) * np.dtype(kind).itemsize + padding
    layout = np.dtype(
        {
            "names": list(names),
            "formats": [kind] * len(names),
            "offsets": [i * np.dtype(kind).itemsize for i in range(len(names))],
            "itemsize": step,
        }
    )
    records = np.zeros(len(points), layout)
    for axis, values in zip("xyz", points.T, strict=True):
        if axis in names:
            records[axis] = values
    datatype = FLOAT64 if kind.endswith("8") else FLOAT32
    fields = [
        SimpleNamespace(name=n, offset=layout.fields[n][1], datatype=datatype, count=1)
        for n in names
    ]
    return SimpleNamespace(
        width=len(points),
        height=1,
        fields=fields,
        is_bigendian=kind.startswith(">"),
        point_step=step,
        row_step=step * len(points),
        data=records.tobytes(),
    )


@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", ">f8"])
@pytest.mark.parametrize("names", ["xyz", "ixyz", "zyx"])
def test_any_layout_is_read(kind: str, names: str) -> None:
    np.testing.assert_allclose(cloud_positions(cloud(kind=kind, names=names)), POINTS)


def test_rows_may_have_padding() -> None:
    message = cloud(np.repeat(POINTS[:2], 2, axis=0))
    message.height, message.width = 2, 2
    row = 2 * message.point_step
    message.data = message.data[:row] + b"paddings" + message.data[row:] + b"paddings"
    message.row_step = row + 8
    np.testing.assert_allclose(cloud_positions(message), np.repeat(POINTS[:2], 2, axis=0))


def test_points_that_are_not_finite_are_left_out() -> None:
    points = POINTS.copy()
    points[1, 2] = np.nan
    np.testing.assert_allclose(cloud_positions(cloud(points)), POINTS[[0, 2]])


def test_of_more_points_than_are_taken_some_of_each_part_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mem4d_ros.sensor_messages.cloud_points.MAX_POINTS", 4)
    points = np.arange(30.0).reshape(10, 3)
    np.testing.assert_allclose(cloud_positions(cloud(points)), points[::3])


def edited(**values: Any) -> Any:
    message = cloud()
    for name, value in values.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (cloud(np.empty((0, 3))), "no points"),
        (cloud(np.full((5, 3), np.nan)), "NaN"),
        (cloud(names="xy"), "no field 'z'"),
        (edited(data=cloud().data[:-1]), "shorter"),
        (edited(width=4_000_000_000), "shorter"),
        (edited(point_step=8), "beyond its point_step"),
        (edited(point_step=0), "beyond its point_step"),
    ],
)
def test_what_cannot_be_read_is_refused(message: Any, reason: str) -> None:
    with pytest.raises(UnusableCloud, match=reason):
        cloud_positions(message)


def test_numbers_of_another_type_are_refused() -> None:
    message = cloud()
    message.fields[1].datatype = UINT8
    with pytest.raises(UnusableCloud, match="FLOAT32"):
        cloud_positions(message)
