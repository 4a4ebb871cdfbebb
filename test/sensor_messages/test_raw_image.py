"""Every encoding becomes the same RGB picture, in the node and from a bag."""

from __future__ import annotations

import numpy as np
import pytest
from bags import image_message

from mem4d_ros.sensor_messages.raw_image import UnknownEncoding, UnusableImage, raw_to_rgb

RGB = np.random.default_rng(0).integers(0, 256, (18, 22, 3), np.uint8)
DEEP = np.random.default_rng(1).integers(0, 65536, (18, 22, 3), np.uint16)
ALPHA = np.full((18, 22, 1), 200, np.uint8)
GREY = RGB[..., :1]
ENCODED = {
    "rgb8": (RGB, RGB),
    "bgr8": (RGB[..., ::-1], RGB),
    "rgba8": (np.dstack([RGB, ALPHA]), RGB),
    "bgra8": (np.dstack([RGB[..., ::-1], ALPHA]), RGB),
    "mono8": (GREY, GREY.repeat(3, -1)),
    "rgb16": (DEEP, DEEP >> 8),
    "bgr16": (DEEP[..., ::-1], DEEP >> 8),
    "mono16": (DEEP[..., :1], (DEEP[..., :1] >> 8).repeat(3, -1)),
}


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("encoding", ENCODED)
def test_encodings(encoding: str, padding: int, big: bool) -> None:
    pixels, expected = ENCODED[encoding]
    image = raw_to_rgb(image_message(pixels, encoding, 1, padding, big))
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, expected)


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_a_bayer_mosaic_of_one_colour_is_that_colour(pattern: str, depth: int) -> None:
    colour = {"r": 200, "g": 100, "b": 50}
    mosaic = np.array([colour[c] for c in pattern], np.uint16).reshape(2, 2)
    mosaic = np.tile(mosaic << (depth - 8), (9, 11)).astype(f"u{depth // 8}")
    image = raw_to_rgb(image_message(mosaic, f"bayer_{pattern}{depth}"))
    np.testing.assert_array_equal(image, np.broadcast_to([200, 100, 50], RGB.shape))


@pytest.mark.parametrize(
    ("encoding", "order"),
    [("yuv422", "uyvy"), ("uyvy", "uyvy"), ("yuv422_yuy2", "yuyv"), ("yuyv", "yuyv")],
)
def test_yuv_of_one_colour_is_that_colour(encoding: str, order: str) -> None:
    """BT.601 in studio range, from its formula."""
    y, u, v = 120, 90, 170
    expected = 1.164 * (y - 16) + np.array([1.596 * (v - 128), -0.813 * (v - 128) - 0.391
                                            * (u - 128), 2.018 * (u - 128)])  # fmt: skip
    values = {"y": y, "u": u, "v": v}
    pixels = np.tile(np.array([values[c] for c in order], np.uint8), (18, 11)).reshape(18, 22, 2)
    image = raw_to_rgb(image_message(pixels, encoding))
    np.testing.assert_allclose(image, np.broadcast_to(expected, RGB.shape), atol=1.5)


@pytest.mark.parametrize("encoding", [*ENCODED, "bayer_rggb8", "bayer_gbrg16", "yuv422"])
def test_cv_bridge_agrees(encoding: str) -> None:
    """A peer, where there is a ROS."""
    conversion = pytest.importorskip("cv_bridge", reason="needs ROS")
    messages = pytest.importorskip("sensor_msgs.msg", reason="needs ROS")
    pixels = ENCODED[encoding][0] if encoding in ENCODED else DEEP[..., :1]
    pixels = RGB[..., :2] if encoding == "yuv422" else pixels
    pixels = GREY if encoding == "bayer_rggb8" else pixels
    written = image_message(pixels, encoding)
    message = messages.Image(
        height=written.height, width=written.width, encoding=encoding, step=written.step
    )
    message.data = written.data.tobytes()
    peer = conversion.CvBridge().imgmsg_to_cv2(message, "rgb8")
    # cv_bridge rounds 16 bits by 257 where we take the upper byte.
    np.testing.assert_allclose(raw_to_rgb(written), peer.astype(int), atol=1)


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1", "sepia8", ""])
def test_an_encoding_without_colours_is_named(encoding: str) -> None:
    with pytest.raises(UnknownEncoding, match=f"encoding '{encoding}' has no colours.*rgb8"):
        raw_to_rgb(image_message(np.zeros((18, 22), np.float32), encoding))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("step", 65, "rows of 65 bytes cannot hold 22 pixels of rgb8"),
        ("width", 0, "image size 0x18"),
        ("height", 19, "1188 bytes, but 19 rows of 66 bytes need 1254"),
    ],
)
def test_a_size_that_does_not_fit_the_data_is_named(field: str, value: int, error: str) -> None:
    message = image_message(RGB, "rgb8")
    setattr(message, field, value)
    with pytest.raises(UnusableImage, match=error):
        raw_to_rgb(message)


def test_an_odd_width_cannot_share_colours_between_two_pixels() -> None:
    with pytest.raises(UnusableImage, match="21x18 pixels cannot be yuv422"):
        raw_to_rgb(image_message(RGB[:, :21, :2], "yuv422"))
