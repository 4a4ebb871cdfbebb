"""Every encoding becomes the same RGB picture, in the node and from a bag."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from bags import image_message

from mem4d_ros.sensor_messages.deep_image import SensorBits
from mem4d_ros.sensor_messages.raw_image import UnusableImage, raw_to_rgb

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
    "8UC1": (GREY, GREY.repeat(3, -1)),
    "8UC3": (RGB[..., ::-1], RGB),
    "8UC4": (np.dstack([RGB[..., ::-1], ALPHA]), RGB),
    "16UC3": (RGB[..., ::-1].astype(np.uint16) * 257, RGB),
    "16UC4": (np.dstack([RGB[..., ::-1], ALPHA]).astype(np.uint16) * 257, RGB),
}
NAMED = [name for name in ENCODED if "C" not in name]


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


@pytest.mark.parametrize("encoding", [*NAMED, "bayer_rggb8", "bayer_gbrg16", "yuv422"])
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


def planes(encoding: str, yuv: np.ndarray) -> np.ndarray:
    """The two planes (n,) of pixels (H, W, 3), blocks of which have one colour."""
    if encoding == "nv24":
        return np.concatenate([yuv[..., 0].ravel(), yuv[..., 1:].ravel()])
    pairs = yuv[::2, ::2, 1:]
    return np.concatenate(
        [yuv[..., 0].ravel(), pairs[..., :: 1 if encoding == "nv12" else -1].ravel()]
    )


@pytest.mark.parametrize("size", [(18, 22), (17, 22), (18, 21)])
@pytest.mark.parametrize("encoding", ["nv12", "nv21", "nv24"])
def test_planes_are_the_picture(encoding: str, size: tuple[int, int]) -> None:
    """Against OpenCV's conversion of packed yuv, which shares a colour between two pixels."""
    height, width = size
    rng = np.random.default_rng(2)
    yuv = rng.integers(30, 220, (10, 12, 3), np.uint8).repeat(2, 0).repeat(2, 1)
    yuv[..., 0] += rng.integers(0, 20, yuv.shape[:2], np.uint8)
    packed = yuv[..., :2].copy()
    packed[:, 1::2, 1] = yuv[:, 1::2, 2]
    expected = cv2.cvtColor(packed, cv2.COLOR_YUV2RGB_YUY2)[:height, :width]
    message = image_message(np.zeros((height, width), np.uint8), encoding)
    even = yuv[:height, :width]
    if encoding != "nv24" and width % 2:
        message.step += 1
        even = yuv[:height, : width + 1]
    message.data = planes(encoding, even)
    np.testing.assert_allclose(raw_to_rgb(message), expected.astype(int), atol=1)
    if width % 2 == 0:
        message.step *= 2  # of both planes, as some drivers count
        np.testing.assert_allclose(raw_to_rgb(message), expected.astype(int), atol=1)
    message.data = message.data[:-1]
    with pytest.raises(UnusableImage, match="the driver is at fault"):
        raw_to_rgb(message)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("encoding", ["mono16", "rgb16", "bayer_rggb16"])
def test_a_camera_of_fewer_bits_gives_the_same_picture(encoding: str, bits: int) -> None:
    full = RGB if encoding == "rgb16" else GREY
    said: list[str] = []
    image = raw_to_rgb(image_message(full.astype(np.uint16) << (bits - 8), encoding), said.append)
    expected = raw_to_rgb(image_message(full, encoding.replace("16", "8")))
    np.testing.assert_array_equal(image, expected)
    assert said == ([] if bits == 16 else [
        f"images of 16 bits are nearly black: they use {bits} of them, and are made brighter to"
        " suit"
    ])  # fmt: skip


def test_the_pictures_of_a_stream_do_not_flicker_with_their_brightest_pixel() -> None:
    grey = np.full((18, 22, 1), 800, np.uint16)
    glint = grey.copy()
    glint[3, 4] = 1030  # beyond 10 bits
    sensor, said = SensorBits(), []
    pictures = [
        raw_to_rgb(image_message(image, "mono16"), said.append, sensor)
        for image in (grey, glint, grey, glint)
    ]
    assert [picture[0, 0, 0] for picture in pictures] == [200, 50, 50, 50]
    assert raw_to_rgb(image_message(grey, "mono16"))[0, 0, 0] == 200  # another camera's


@pytest.mark.parametrize("encoding", ["rgba16", "16UC4"])
def test_full_opacity_says_nothing_of_how_many_bits_a_camera_has(encoding: str) -> None:
    opacity = np.full((*RGB.shape[:2], 1), 65535, np.uint16)
    deep = np.dstack([RGB.astype(np.uint16) << 4, opacity])
    image = raw_to_rgb(image_message(deep, encoding))
    np.testing.assert_array_equal(image, RGB if encoding == "rgba16" else RGB[..., ::-1])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("RGB8", "rgb8"),
        ("BGR8", "bgr8"),
        (" mono8", "mono8"),
        ("Mono16", "mono16"),
        ("8uc3", "8UC3"),
    ],
)
def test_names_of_encodings_may_be_written_otherwise(written: str, meant: str) -> None:
    pixels, expected = ENCODED[meant]
    np.testing.assert_array_equal(raw_to_rgb(image_message(pixels, written)), expected)


@pytest.mark.parametrize("encoding", ["rgb8", "bgra8", "mono16", "nv12"])
@pytest.mark.parametrize("step", [0, 22])  # left out, or counted in pixels
def test_a_step_that_the_driver_did_not_count_is_that_of_rows_without_padding(
    encoding: str, step: int
) -> None:
    pixels = ENCODED.get(encoding, (np.full((27, 22, 1), 90, np.uint8), None))[0]
    message = image_message(pixels, encoding)
    message.height = 18
    expected = raw_to_rgb(message)
    message.step = step
    np.testing.assert_array_equal(raw_to_rgb(message), expected)


def test_the_last_row_need_not_be_padded() -> None:
    message = image_message(RGB, "rgb8", padding=7)
    message.data = message.data[:-7]
    np.testing.assert_array_equal(raw_to_rgb(message), RGB)


@pytest.mark.parametrize("encoding", ["16UC1", "32FC1"])
def test_depth_is_called_by_its_name(encoding: str) -> None:
    with pytest.raises(UnusableImage, match=r"\(it is depth\): choose a topic of images with"):
        raw_to_rgb(image_message(np.zeros((18, 22), np.float32), encoding))


@pytest.mark.parametrize("encoding", ["32FC1", "16UC1", "sepia8", ""])
def test_an_encoding_without_colours_is_named(encoding: str) -> None:
    with pytest.raises(UnusableImage, match=f"encoding '{encoding}' has no colours.*rgb8"):
        raw_to_rgb(image_message(np.zeros((18, 22), np.float32), encoding))


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("step", 65, "rows of 65 bytes cannot hold 22 pixels of rgb8"),
        ("width", 0, "image size 0x18"),
        ("height", 19, "1188 bytes, but 19 rows of rgb8 with a step of 66 bytes need 1254"),
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
