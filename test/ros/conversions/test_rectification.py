"""Straightened images are a pinhole camera's: lines are straight and colours sit on their rays."""

from __future__ import annotations

import numpy as np
import pytest
from sensor_msgs.msg import CameraInfo

from mem4d_ros.ros.conversions.rectification import Rectifier
from mem4d_ros.sensor_messages.camera_info import CameraInfoError

WIDTH, HEIGHT = 160, 120
K = np.array([[90.0, 0, 81.0], [0, 92.0, 58.0], [0, 0, 1]])
UNTURNED = np.eye(3)
PLUMB_BOB = [-0.25, 0.06, 0.004, -0.003, 0.01]
RATIONAL = [0.3, -0.1, 0.001, 0.002, 0.02, 0.6, -0.05, 0.03]
EQUIDISTANT = [0.05, -0.02, 0.006, -0.001]


def plumb_bob(x, y, d):
    """Where a ray (x, y, 1) falls on the plane of a distorting lens: Brown's formula."""
    k1, k2, p1, p2, k3, k4, k5, k6 = [*d, *[0.0] * (8 - len(d))]
    r2 = x * x + y * y
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def equidistant(x, y, d):
    """The same by Kannala's and Brandt's: the angle, not its tangent, grows with the radius."""
    r = np.hypot(x, y)
    angle = np.arctan(r)
    bent = angle * (1 + sum(c * angle ** (2 * i + 2) for i, c in enumerate(d)))
    scale = np.where(r > 0, bent / np.maximum(r, 1e-12), 1)
    return x * scale, y * scale


def ramp(u, v):
    """Colours that tell a place in the distorted image: red grows with u, green with v."""
    return np.stack([u + 40, v + 60, np.full_like(u, 90.0)], -1)


def distorted_image():
    v, u = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    return np.rint(ramp(u, v)).astype(np.uint8)


def info(model, d, **changes):
    return CameraInfo(
        width=WIDTH, height=HEIGHT, distortion_model=model, d=d, k=K.flatten().tolist(), **changes
    )


def expected(bend, d, straight=K, rotation=UNTURNED):
    """What each pixel of the straightened image has to show, by the lens' formula."""
    v, u = np.mgrid[:HEIGHT, :WIDTH]
    rays = np.stack([u, v, np.ones_like(u)], -1) @ np.linalg.inv(straight).T @ rotation
    x, y = bend(rays[..., 0] / rays[..., 2], rays[..., 1] / rays[..., 2], d)
    at_u, at_v = K[0, 0] * x + K[0, 2], K[1, 1] * y + K[1, 2]
    seen = (at_u > 1) & (at_u < WIDTH - 2) & (at_v > 1) & (at_v < HEIGHT - 2)
    return ramp(at_u, at_v), seen


@pytest.mark.parametrize(
    ("model", "bend", "d"),
    [
        ("plumb_bob", plumb_bob, PLUMB_BOB),
        ("plumb_bob", plumb_bob, PLUMB_BOB[:4]),
        ("rational_polynomial", plumb_bob, RATIONAL),
        ("equidistant", equidistant, EQUIDISTANT),
    ],
)
def test_pixels_show_what_a_pinhole_camera_sees(model, bend, d):
    image, intrinsics = Rectifier().rectify(distorted_image(), info(model, d))
    np.testing.assert_array_equal(intrinsics, K)
    colours, seen = expected(bend, d)
    assert seen.mean() > 0.7
    np.testing.assert_allclose(image[seen], colours[seen], atol=1)


def test_p_and_r_are_followed_as_image_proc_does():
    straight = np.array([[70.0, 0, 80], [0, 70, 60], [0, 0, 1]])
    a = 0.05
    rotation = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    projection = np.hstack([straight, np.zeros((3, 1))])
    message = info("plumb_bob", PLUMB_BOB, p=projection.flatten(), r=rotation.flatten())
    image, intrinsics = Rectifier().rectify(distorted_image(), message)
    np.testing.assert_array_equal(intrinsics, straight)
    colours, seen = expected(plumb_bob, PLUMB_BOB, straight, rotation)
    assert seen.mean() > 0.3
    np.testing.assert_allclose(image[seen], colours[seen], atol=1)


def test_an_image_of_half_the_size_has_half_the_intrinsics():
    half = distorted_image()[::2, ::2]
    _, intrinsics = Rectifier().rectify(half, info("plumb_bob", PLUMB_BOB))
    np.testing.assert_allclose(intrinsics[0, 0], K[0, 0] / 2)


def test_an_undistorted_image_is_left_as_it_is():
    image = distorted_image()
    straight, intrinsics = Rectifier().rectify(image, info("plumb_bob", [0.0] * 5))
    assert straight is image
    np.testing.assert_array_equal(intrinsics, K)


def test_the_newest_calibration_counts():
    rectifier = Rectifier()
    first, _ = rectifier.rectify(distorted_image(), info("plumb_bob", PLUMB_BOB))
    again, _ = rectifier.rectify(distorted_image(), info("plumb_bob", PLUMB_BOB))
    other, _ = rectifier.rectify(distorted_image(), info("equidistant", EQUIDISTANT))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (info("thin_prism", PLUMB_BOB), "distortion model is 'thin_prism': use one of plumb_bob"),
        (info("", []), "distortion model is ''"),
        (info("equidistant", PLUMB_BOB), "equidistant has 4 finite numbers"),
        (info("plumb_bob", [float("nan")] * 5), "plumb_bob has 5 finite numbers"),
        (CameraInfo(width=WIDTH, height=HEIGHT), "K is 0: calibrate the camera"),
        (info("plumb_bob", PLUMB_BOB, p=[-1.0] * 12), "P is .*calibrate the camera"),
    ],
)
def test_what_cannot_be_followed_is_named(message, reason):
    with pytest.raises(CameraInfoError, match=reason):
        Rectifier().rectify(distorted_image(), message)
