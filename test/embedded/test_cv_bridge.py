"""The stand-in for cv_bridge against images laid out by hand."""

from __future__ import annotations

import array

import cv2
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.fixture
def bridge() -> CvBridge:
    return CvBridge()


def message(encoding: str, rows: list[bytes], is_bigendian: bool = False) -> Image:
    """An image whose rows are given as bytes, all of one length."""
    msg = Image(height=len(rows), encoding=encoding, is_bigendian=is_bigendian)
    msg.step = len(rows[0])
    msg.data = array.array("B", b"".join(rows))
    return msg


def of(encoding: str, pixels: np.ndarray) -> Image:
    pixels = np.asarray(pixels)
    msg = message(encoding, [row.tobytes() for row in pixels])
    msg.width = pixels.shape[1]
    return msg


def test_padding_at_the_end_of_rows_is_left_out(bridge: CvBridge) -> None:
    msg = message("rgb8", [bytes([1, 2, 3, 4, 5, 6, 99, 99]), bytes([7, 8, 9, 10, 11, 12, 99, 99])])
    msg.width = 2
    image = bridge.imgmsg_to_cv2(msg)
    np.testing.assert_array_equal(image, [[[1, 2, 3], [4, 5, 6]], [[7, 8, 9], [10, 11, 12]]])


def test_padding_may_be_no_multiple_of_the_pixels_size(bridge: CvBridge) -> None:
    msg = message("mono16", [bytes([1, 0, 2, 0, 99]), bytes([3, 0, 4, 0, 99])])
    msg.width = 2
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg), [[1, 2], [3, 4]])


@pytest.mark.parametrize("is_bigendian", [False, True])
def test_byte_order_is_respected(bridge: CvBridge, is_bigendian: bool) -> None:
    order = ">" if is_bigendian else "<"
    depth = np.array([[1.5, -2.25]], dtype=f"{order}f4")
    msg = message("32FC1", [depth.tobytes()], is_bigendian)
    msg.width = 2
    image = bridge.imgmsg_to_cv2(msg)
    np.testing.assert_array_equal(image, [[1.5, -2.25]])
    assert image.dtype == np.dtype("f4")


@pytest.mark.parametrize(
    ("encoding", "dtype", "shape"),
    [
        ("rgb8", "u1", (2, 4, 3)),
        ("bgra8", "u1", (2, 4, 4)),
        ("mono8", "u1", (2, 4)),
        ("mono16", "u2", (2, 4)),
        ("16UC1", "u2", (2, 4)),
        ("32FC1", "f4", (2, 4)),
        ("8UC1", "u1", (2, 4)),
        ("8UC3", "u1", (2, 4, 3)),
        ("64FC2", "f8", (2, 4, 2)),
        ("bayer_rggb8", "u1", (2, 4)),
        ("yuv422", "u1", (2, 4, 2)),
    ],
)
def test_passthrough_gives_the_stored_pixels(
    bridge: CvBridge, encoding: str, dtype: str, shape: tuple[int, ...]
) -> None:
    pixels = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    image = bridge.imgmsg_to_cv2(of(encoding, pixels), "passthrough")
    np.testing.assert_array_equal(image, pixels)
    assert image.dtype == np.dtype(dtype)


@pytest.mark.parametrize(
    ("encoding", "pixel"),
    [
        ("rgb8", [10, 20, 30]),
        ("bgr8", [30, 20, 10]),
        ("rgba8", [10, 20, 30, 40]),
        ("bgra8", [30, 20, 10, 40]),
    ],
)
def test_colour_encodings_agree_on_a_colour(
    bridge: CvBridge, encoding: str, pixel: list[int]
) -> None:
    msg = of(encoding, np.full((2, 2, len(pixel)), pixel, np.uint8))
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "rgb8")[0, 0], [10, 20, 30])
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "bgr8")[0, 0], [30, 20, 10])


def test_grey_becomes_colour_and_colour_grey(bridge: CvBridge) -> None:
    grey = of("mono8", np.full((2, 2), 77, np.uint8))
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(grey, "rgb8")[0, 0], [77, 77, 77])
    colour = of("rgb8", np.full((2, 2, 3), (200, 100, 50), np.uint8))
    luma = 0.299 * 200 + 0.587 * 100 + 0.114 * 50
    assert bridge.imgmsg_to_cv2(colour, "mono8")[0, 0] == pytest.approx(luma, abs=0.5)


def test_sixteen_bits_are_scaled_to_eight_and_back(bridge: CvBridge) -> None:
    msg = of("mono16", np.array([[0, 257, 65535]], np.uint16))
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "mono8"), [[0, 1, 255]])
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "rgb8")[0, :, 0], [0, 1, 255])
    msg = of("mono8", np.array([[0, 1, 255]], np.uint8))
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "mono16"), [[0, 257, 65535]])


def test_depth_in_millimetres_keeps_its_numbers_as_floats(bridge: CvBridge) -> None:
    msg = of("16UC1", np.array([[0, 1234]], np.uint16))
    np.testing.assert_array_equal(bridge.imgmsg_to_cv2(msg, "32FC1"), [[0.0, 1234.0]])


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("colour", [RED, GREEN, BLUE])
def test_a_bayer_mosaic_of_one_colour_gives_that_colour(
    bridge: CvBridge, pattern: str, bits: int, colour: tuple[int, int, int]
) -> None:
    tile = [colour["rgb".index(letter)] for letter in pattern]
    mosaic = np.tile(np.reshape(tile, (2, 2)), (8, 8)).astype(f"u{bits // 8}")
    mosaic = mosaic * (1 if bits == 8 else 257)
    image = bridge.imgmsg_to_cv2(
        of(f"bayer_{pattern}{bits}", mosaic.astype(f"u{bits // 8}")), "rgb8"
    )
    np.testing.assert_array_equal(image[8, 8], colour)


@pytest.mark.parametrize(("encoding", "order"), [("yuv422", "UYVY"), ("yuv422_yuy2", "YUYV")])
def test_yuv_follows_the_studio_range_of_bt601(bridge: CvBridge, encoding: str, order: str) -> None:
    y, u, v = 120, 90, 200
    values = {"Y": y, "U": u, "V": v}
    row = bytes(values[letter] for letter in order) * 2
    msg = message(encoding, [row, row])
    msg.width = 4
    luma = 1.164 * (y - 16)
    expected = [
        luma + 1.596 * (v - 128),
        luma - 0.813 * (v - 128) - 0.391 * (u - 128),
        luma + 2.018 * (u - 128),
    ]
    np.testing.assert_allclose(bridge.imgmsg_to_cv2(msg, "rgb8")[0, 0], expected, atol=1.5)
    assert bridge.imgmsg_to_cv2(msg, "mono8")[0, 0] == y


@pytest.mark.parametrize(
    ("source", "target"),
    [("8UC3", "rgb8"), ("32FC1", "mono8"), ("rgb8", "mono9"), ("bayer_rggb8", "rgba8")],
)
def test_a_conversion_without_a_meaning_is_refused_by_name(
    bridge: CvBridge, source: str, target: str
) -> None:
    channels = {"8UC3": 3, "rgb8": 3}.get(source, 1)
    pixels = np.zeros((4, 4, channels), "f4" if source == "32FC1" else "u1")
    with pytest.raises(CvBridgeError, match=target):
        bridge.imgmsg_to_cv2(of(source, pixels), target)


@pytest.mark.parametrize("encoding", ["nv21", "8UC", "rgb9", ""])
def test_an_unknown_encoding_is_refused_by_name(bridge: CvBridge, encoding: str) -> None:
    with pytest.raises(CvBridgeError, match=rf"\[{encoding}\]"):
        bridge.imgmsg_to_cv2(of(encoding, np.zeros((2, 2), np.uint8)), "rgb8")


@pytest.mark.parametrize(("step", "size"), [(5, 12), (6, 11), (6, 13), (0, 0)])
def test_a_message_whose_sizes_contradict_each_other_is_refused(
    bridge: CvBridge, step: int, size: int
) -> None:
    msg = Image(height=2, width=2, encoding="rgb8", step=step)
    msg.data = array.array("B", bytes(size))
    with pytest.raises(CvBridgeError, match="wrongly formed"):
        bridge.imgmsg_to_cv2(msg)


@pytest.mark.parametrize("encoding", ["rgb8", "mono8", "32FC1", "16UC1", "passthrough"])
def test_messages_are_made_with_the_bytes_of_the_image(bridge: CvBridge, encoding: str) -> None:
    dtype = {"32FC1": "f4", "16UC1": "u2"}.get(encoding, "u1")
    shape = (2, 5) if encoding in ("mono8", "32FC1", "16UC1") else (2, 5, 3)
    image = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    header = Header(frame_id="camera")
    msg = bridge.cv2_to_imgmsg(image, encoding, header=header)
    assert bytes(msg.data) == image.tobytes()
    assert (msg.height, msg.width, msg.step) == (2, 5, image.nbytes // 2)
    assert msg.encoding == ("8UC3" if encoding == "passthrough" else encoding)
    assert (msg.is_bigendian, msg.header) == (False, header)


def test_an_image_of_another_type_than_its_encoding_is_refused(bridge: CvBridge) -> None:
    with pytest.raises(CvBridgeError, match="rgb8"):
        bridge.cv2_to_imgmsg(np.zeros((2, 2), np.uint8), "rgb8")


@pytest.mark.parametrize("extension", ["jpg", "png"])
def test_compressed_colours_are_stored_as_bgr(bridge: CvBridge, extension: str) -> None:
    image = np.full((16, 16, 3), (20, 120, 220), np.uint8)
    data = cv2.imencode(f".{extension}", image)[1]
    msg = CompressedImage(format=extension, data=array.array("B", data.tobytes()))
    np.testing.assert_allclose(bridge.compressed_imgmsg_to_cv2(msg)[8, 8], (20, 120, 220), atol=3)
    np.testing.assert_allclose(
        bridge.compressed_imgmsg_to_cv2(msg, "rgb8")[8, 8], (220, 120, 20), atol=3
    )


def test_compressed_grey_and_deep_images_keep_their_values(bridge: CvBridge) -> None:
    grey = bridge.cv2_to_compressed_imgmsg(np.full((4, 4), 9, np.uint8), "png")
    np.testing.assert_array_equal(bridge.compressed_imgmsg_to_cv2(grey, "rgb8")[0, 0], [9, 9, 9])
    deep = bridge.cv2_to_compressed_imgmsg(np.full((4, 4), 5000, np.uint16), "png")
    assert bridge.compressed_imgmsg_to_cv2(deep)[0, 0] == 5000


@pytest.mark.parametrize("data", [b"", b"no image at all"])
def test_data_that_is_no_image_is_refused(bridge: CvBridge, data: bytes) -> None:
    msg = CompressedImage(format="jpeg", data=array.array("B", data))
    with pytest.raises(CvBridgeError, match="jpeg"):
        bridge.compressed_imgmsg_to_cv2(msg)
