"""Straightened images are a pinhole camera's: lines are straight and colours sit on their rays."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest
from bags import camera_info

from mem4d_ros.sensor_messages.camera_info import CameraInfoError
from mem4d_ros.sensor_messages.lens import Lens, is_rectified

WIDTH, HEIGHT = 160, 120
K = np.array([[90.0, 0, 81.0], [0, 92.0, 58.0], [0, 0, 1]])
UNTURNED = np.eye(3)
PLUMB_BOB = [-0.25, 0.06, 0.004, -0.003, 0.01]
RATIONAL = [0.3, -0.1, 0.001, 0.002, 0.02, 0.6, -0.05, 0.03]
EQUIDISTANT = [0.05, -0.02, 0.006, -0.001]


def plumb_bob(x: np.ndarray, y: np.ndarray, d: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Where a ray (x, y, 1) falls on the plane of a distorting lens: Brown's formula."""
    k1, k2, p1, p2, k3, k4, k5, k6 = [*d, *[0.0] * (8 - len(d))]
    r2 = x * x + y * y
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return (
        x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x),
        y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y,
    )


def equidistant(x: np.ndarray, y: np.ndarray, d: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """The same by Kannala's and Brandt's: the angle, not its tangent, grows with the radius."""
    r = np.hypot(x, y)
    angle = np.arctan(r)
    bent = angle * (1 + sum(c * angle ** (2 * i + 2) for i, c in enumerate(d)))
    scale = np.where(r > 0, bent / np.maximum(r, 1e-12), 1)
    return x * scale, y * scale


def ramp(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Colours that tell a place in the distorted image: red grows with u, green with v."""
    return np.stack([u + 40, v + 60, np.full_like(u, 90.0)], -1)


def distorted_image() -> np.ndarray:
    v, u = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    return np.rint(ramp(u, v)).astype(np.uint8)


def info(model: str, d: list[float], **changes: Any) -> Any:
    unset = {"k": K, "p": np.zeros(12), "r": np.zeros(9)}
    return camera_info(
        **unset | {"width": WIDTH, "height": HEIGHT, "distortion_model": model, "d": d} | changes
    )


def straighten(image: np.ndarray, message: Any, **how: Any) -> tuple[np.ndarray, np.ndarray | None]:
    found = Lens().straighten(image, message, **how)
    return found.image, found.intrinsics


def expected(
    bend: Callable[..., tuple[np.ndarray, np.ndarray]],
    d: list[float],
    straight: np.ndarray = K,
    rotation: np.ndarray = UNTURNED,
) -> tuple[np.ndarray, np.ndarray]:
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
def test_pixels_show_what_a_pinhole_camera_sees(
    model: str, bend: Callable[..., tuple[np.ndarray, np.ndarray]], d: list[float]
) -> None:
    image, intrinsics = straighten(distorted_image(), info(model, d))
    np.testing.assert_array_equal(intrinsics, K)
    colours, seen = expected(bend, d)
    assert seen.mean() > 0.7
    np.testing.assert_allclose(image[seen], colours[seen], atol=1)


def test_p_and_r_are_followed_as_image_proc_does() -> None:
    straight = np.array([[70.0, 0, 80], [0, 70, 60], [0, 0, 1]])
    a = 0.05
    rotation = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    projection = np.hstack([straight, np.zeros((3, 1))])
    message = info("plumb_bob", PLUMB_BOB, p=projection.flatten(), r=rotation.flatten())
    image, intrinsics = straighten(distorted_image(), message)
    np.testing.assert_array_equal(intrinsics, straight)
    colours, seen = expected(plumb_bob, PLUMB_BOB, straight, rotation)
    assert seen.mean() > 0.3
    np.testing.assert_allclose(image[seen], colours[seen], atol=1)


def test_pixels_that_the_lens_did_not_see_are_told() -> None:
    wide = np.array([[45.0, 0, 80, 0], [0, 45, 60, 0], [0, 0, 1, 0]])
    message = info("plumb_bob", PLUMB_BOB, p=wide.flatten())
    white = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    straight = Lens().straighten(white, message)
    assert straight.seen is not None
    assert 0.1 < straight.seen.mean() < 0.9
    assert (straight.image[straight.seen] > 120).all()  # black beyond half a pixel
    assert (straight.image[~straight.seen] < 135).all()
    _, inside = expected(plumb_bob, PLUMB_BOB, wide[:, :3])
    assert straight.seen[inside].all()


def test_a_lens_that_saw_all_says_nothing() -> None:
    assert Lens().straighten(distorted_image(), info("plumb_bob", [0.0] * 5)).seen is None
    narrow = np.array([[200.0, 0, 80, 0], [0, 200, 60, 0], [0, 0, 1, 0]])
    message = info("plumb_bob", PLUMB_BOB, p=narrow.flatten())
    assert Lens().straighten(distorted_image(), message).seen is None


def test_an_image_of_half_the_size_has_half_the_intrinsics() -> None:
    half = distorted_image()[::2, ::2]
    _, intrinsics = straighten(half, info("plumb_bob", PLUMB_BOB))
    np.testing.assert_allclose(intrinsics[0, 0], K[0, 0] / 2)


@pytest.mark.parametrize("model", ["plumb_bob", "equidistant", "", "thin_prism", "none"])
@pytest.mark.parametrize("count", [0, 4, 5, 8, 14, 20])
def test_without_distortion_an_image_is_left_as_it_is_whatever_the_model(
    model: str, count: int
) -> None:
    image = distorted_image()
    straight, intrinsics = straighten(image, info(model, [0.0] * count))
    assert straight is image
    np.testing.assert_array_equal(intrinsics, K)


@pytest.mark.parametrize(
    ("model", "d", "zeros"),
    [
        ("plumb_bob", PLUMB_BOB, (3, 7, 9)),
        ("rational_polynomial", RATIONAL, (4, 6)),
        ("equidistant", EQUIDISTANT, (1, 4)),
        ("equidistant", EQUIDISTANT[:3], (1, 2)),
    ],
)
def test_zeros_behind_the_coefficients_change_nothing(
    model: str, d: list[float], zeros: tuple[int, ...]
) -> None:
    """As drivers pad: 8 of plumb_bob, 14 of rational_polynomial, 5 of equidistant."""
    exact, _ = straighten(distorted_image(), info(model, d))
    for count in zeros:
        padded, _ = straighten(distorted_image(), info(model, [*d, *[0.0] * count]))
        np.testing.assert_array_equal(padded, exact)


@pytest.mark.parametrize("model", ["plumb_bob", "rational_polynomial", "thin_prism"])
@pytest.mark.parametrize("d", [RATIONAL, [*RATIONAL, 0.01, 0.002, -0.01, 0.003]])
def test_what_brown_s_model_is_called_does_not_matter(model: str, d: list[float]) -> None:
    image, _ = straighten(distorted_image(), info(model, d))
    maps = cv2.initUndistortRectifyMap(K, np.array(d), np.eye(3), K, (WIDTH, HEIGHT), cv2.CV_16SC2)
    np.testing.assert_array_equal(image, cv2.remap(distorted_image(), *maps, cv2.INTER_LINEAR))


def test_the_camera_of_rectified_images_is_p() -> None:
    """Their CameraInfo is the raw images', whose camera is K."""
    image, projection = distorted_image(), np.hstack([np.diag([70.0, 71, 1]), np.zeros((3, 1))])
    message = info("plumb_bob", PLUMB_BOB, p=projection.ravel())
    straight, intrinsics = straighten(image, message, rectified=True)
    assert straight is image
    np.testing.assert_array_equal(intrinsics, projection[:, :3])


def test_the_camera_is_p_where_a_driver_leaves_k_out() -> None:
    image, projection = distorted_image(), np.hstack([np.diag([70.0, 71, 1]), np.zeros((3, 1))])
    straight, intrinsics = straighten(image, info("", [], k=np.zeros(9), p=projection.ravel()))
    assert straight is image
    np.testing.assert_array_equal(intrinsics, projection[:, :3])


@pytest.mark.parametrize("p", [np.eye(3, 4), np.full(12, -1.0), np.full(12, np.nan)])
def test_a_p_that_nobody_set_is_left_out(p: np.ndarray) -> None:
    _, intrinsics = straighten(distorted_image(), info("plumb_bob", PLUMB_BOB, p=p.ravel()))
    np.testing.assert_array_equal(intrinsics, K)


@pytest.mark.parametrize("model", ["PLUMB_BOB", "Plumb Bob", "plumb_bob "])
def test_how_a_model_is_spelt_does_not_matter(model: str) -> None:
    expected_image, _ = straighten(distorted_image(), info("plumb_bob", PLUMB_BOB))
    image, _ = straighten(distorted_image(), info(model, PLUMB_BOB))
    np.testing.assert_array_equal(image, expected_image)


@pytest.mark.parametrize(
    "changes",
    [
        {"r": np.full(9, np.nan)},
        {"r": np.full(9, 5.0)},
        {"d": [1e9] * 5},
        {"k": np.array([[90.0, 0, 4000], [0, 92, 4000], [0, 0, 1]])},
    ],
    ids=["R is NaN", "R turns nothing", "D is huge", "K looks elsewhere"],
)
def test_no_calibration_makes_images_black(changes: dict[str, Any]) -> None:
    """A network that is shown black images goes on, and what it says is nonsense."""
    message = info("plumb_bob", PLUMB_BOB, p=np.hstack([K, np.zeros((3, 1))]).ravel())
    for name, value in changes.items():
        setattr(message, name, value)
    image = distorted_image()
    found = Lens().straighten(image, message)
    assert found.image is image
    assert "next to nothing of the images would be left" in found.source


def test_the_lens_can_be_left_in_the_image() -> None:
    image = distorted_image()
    straight, intrinsics = straighten(image, info("plumb_bob", PLUMB_BOB), undistort=False)
    assert straight is image
    np.testing.assert_array_equal(intrinsics, K)


@pytest.mark.parametrize(
    ("model", "d", "reason"),
    [
        ("fancy", PLUMB_BOB, "distortion model is 'fancy': use one of plumb_bob"),
        ("", PLUMB_BOB, "distortion model is ''"),
        ("equidistant", PLUMB_BOB, "equidistant has 4 numbers"),
        ("plumb_bob", [float("nan")] * 5, "are no finite numbers"),
    ],
)
def test_a_distortion_that_cannot_be_undone_stays_and_is_named(
    model: str, d: list[float], reason: str
) -> None:
    image = distorted_image()
    found = Lens().straighten(image, info(model, d))
    assert found.image is image
    np.testing.assert_array_equal(found.intrinsics, K)
    assert re.search(f"the images stay distorted, .*{reason}", found.source)


def test_an_uncalibrated_camera_has_no_intrinsics() -> None:
    _, intrinsics = straighten(distorted_image(), info("", [], k=np.zeros(9)))
    assert intrinsics is None


@pytest.mark.parametrize(
    ("topic", "expected"),
    [
        ("/camera/image_rect", True),
        ("/zed/rgb/image_rect_color", True),
        ("/cam/image_rect/compressed", True),
        ("/cam/rectified/image", True),
        ("/cam/image_raw", False),
        ("/direct/image", False),
        ("/rectangle/image", False),
    ],
)
def test_topics_of_rectified_images_are_known_by_name(topic: str, expected: bool) -> None:
    assert is_rectified(topic) == expected


def test_the_newest_calibration_counts() -> None:
    lens = Lens()
    first, again, other = (
        lens.straighten(distorted_image(), message).image
        for message in (
            info("plumb_bob", PLUMB_BOB),
            info("plumb_bob", PLUMB_BOB),
            info("equidistant", EQUIDISTANT),
        )
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (
        lens.straighten(distorted_image(), info("", [])).image.tolist()
        == distorted_image().tolist()
    )


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (info("plumb_bob", PLUMB_BOB, k=-K), "K is .*calibrate the camera"),
        (info("plumb_bob", PLUMB_BOB, k=np.zeros(9), p=-np.ones(12)), "P is .*calibrate the cam"),
        (info("plumb_bob", PLUMB_BOB, width=100), "it describes 100x120 pixels"),
    ],
)
def test_what_cannot_be_followed_is_named(message: Any, reason: str) -> None:
    with pytest.raises(CameraInfoError, match=reason):
        straighten(distorted_image(), message)
