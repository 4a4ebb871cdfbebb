"""JPEG, PNG, TIFF and WebP images become RGB; anything else, and half an image, is refused."""

from __future__ import annotations

import array
import struct
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from bags import compressed_message, image_message
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.sensor_messages.compressed_image import compressed_to_rgb
from mem4d_ros.sensor_messages.encoded_size import encoded_size
from mem4d_ros.sensor_messages.raw_image import UnusableImage, raw_to_rgb

HEIGHT, WIDTH = 40, 56
V, U = np.mgrid[:HEIGHT, :WIDTH]
RGB = np.stack([4 * U, 5 * V, 100 + U - V], -1).astype(np.uint8)  # smooth, as JPEG likes it


def encoded(kind: str, image: np.ndarray = RGB, *options: int) -> bytes:
    bgr = image[..., ::-1] if image.ndim == 3 else image
    return cv2.imencode(f".{kind}", bgr, options)[1].tobytes()


def message(data: bytes, kind: str = "jpeg") -> SimpleNamespace:
    """As rclpy gives it."""
    return SimpleNamespace(format=kind, data=array.array("B", data))


@pytest.mark.parametrize("given", [message(encoded("png")), compressed_message(RGB, ".png")])
def test_png_is_exact_in_the_node_and_from_a_bag(given: Any) -> None:
    np.testing.assert_array_equal(compressed_to_rgb(given), RGB)


@pytest.mark.parametrize(
    "options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 1)]
)
def test_jpeg_is_close(options: tuple[int, ...]) -> None:
    result = compressed_to_rgb(message(encoded("jpg", RGB, *options)))
    assert abs(result.astype(int) - RGB).mean() < 3


def test_grey_and_deep_images_become_rgb() -> None:
    grey = RGB[..., 0]
    np.testing.assert_array_equal(
        compressed_to_rgb(message(encoded("png", grey))), np.stack([grey] * 3, -1)
    )
    deep = compressed_to_rgb(message(encoded("png", RGB.astype(np.uint16) * 257)))
    np.testing.assert_array_equal(deep, RGB)
    twelve = compressed_to_rgb(message(encoded("png", RGB.astype(np.uint16) << 4)))
    np.testing.assert_array_equal(twelve, RGB)


def test_a_rotation_in_exif_is_left_alone() -> None:
    jpeg = encoded("jpg")
    tag = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00"
    exif = b"Exif\x00\x00" + tag + b"\x00\x00\x00\x00"
    rotated = jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:]
    assert cv2.imdecode(np.frombuffer(rotated, np.uint8), cv2.IMREAD_COLOR).shape[:2] == (56, 40)
    assert compressed_to_rgb(message(rotated)).shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("kind", ["jpg", "png"])
@pytest.mark.parametrize("part", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_image_is_refused(kind: str, part: float) -> None:
    data = encoded(kind)
    with pytest.raises(UnusableImage, match="format 'jpeg'"):
        compressed_to_rgb(message(data[: int(len(data) * part)]))


@pytest.mark.parametrize("tail", [1, 20, 65, 5000, 2 * HEIGHT * WIDTH])
@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_padding_behind_the_image_is_allowed(kind: str, tail: int) -> None:
    """As hardware encoders send it: a buffer of fixed size, or what was in it before."""
    exact = compressed_to_rgb(message(encoded(kind)))
    for padding in (bytes(tail), b"\xff" * tail, encoded(kind)[-tail:]):
        np.testing.assert_array_equal(compressed_to_rgb(message(encoded(kind) + padding)), exact)


@pytest.mark.parametrize("options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
def test_the_end_of_a_thumbnail_is_not_the_images(options: tuple[int, ...]) -> None:
    jpeg = encoded("jpg", RGB, *options)
    thumbnail = encoded("jpg", RGB[:16, :16])
    app = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    whole = jpeg[:2] + app + jpeg[2:]
    assert compressed_to_rgb(message(whole)).shape == RGB.shape
    with pytest.raises(UnusableImage, match="no whole JPEG"):
        compressed_to_rgb(message(whole[: len(whole) * 3 // 4]))


@pytest.mark.parametrize(
    "lead", [bytes(4), b"--frame\r\nContent-Type: image/jpeg\r\n\r\n", b"\xff\xd8\x00"]
)
def test_a_drivers_own_header_before_a_jpeg_is_passed_over(lead: bytes) -> None:
    exact = compressed_to_rgb(message(encoded("jpg")))
    np.testing.assert_array_equal(compressed_to_rgb(message(lead + encoded("jpg"))), exact)


def without_segments(jpeg: bytes, marker: int) -> bytes:
    kept, position = bytearray(jpeg[:2]), 2
    while jpeg[position + 1] != 0xDA:
        end = position + 2 + struct.unpack_from(">H", jpeg, position + 2)[0]
        kept += b"" if jpeg[position + 1] == marker else jpeg[position:end]
        position = end
    return bytes(kept + jpeg[position:])


def test_motion_jpeg_without_huffman_tables_is_read() -> None:
    """As most USB cameras send it: the tables are the standard's."""
    bare = without_segments(encoded("jpg"), 0xC4)
    assert len(bare) < len(encoded("jpg")) - 400
    np.testing.assert_array_equal(
        compressed_to_rgb(message(bare)), compressed_to_rgb(message(encoded("jpg")))
    )


def test_jpeg_of_12_bits_is_refused() -> None:
    data = bytearray(encoded("jpg"))
    data[data.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(UnusableImage, match="damaged, or of a kind that OpenCV does not read"):
        compressed_to_rgb(message(bytes(data)))


@pytest.mark.parametrize(
    "options", [(), (cv2.IMWRITE_WEBP_QUALITY, 101), (cv2.IMWRITE_WEBP_QUALITY, 80)]
)
def test_webp_is_read(options: tuple[int, ...]) -> None:
    result = compressed_to_rgb(message(encoded("webp", RGB, *options), "webp"))
    assert abs(result.astype(int) - RGB).mean() < 6
    with pytest.raises(UnusableImage, match="no whole"):
        compressed_to_rgb(message(encoded("webp", RGB, *options)[:-40], "webp"))


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_tiff_is_exact(depth: type[np.generic]) -> None:
    """As compressed_image_transport writes it where `format` is tiff."""
    deep = RGB.astype(depth) * (257 if depth is np.uint16 else 1)
    given = message(encoded("tiff", deep), "bgr8; tiff compressed bgr8")
    np.testing.assert_array_equal(compressed_to_rgb(given), RGB)
    for part in (0.1, 0.5, 0.9):
        data = encoded("tiff", deep)
        with pytest.raises(UnusableImage, match="format 'tiff'"):
            compressed_to_rgb(message(data[: int(len(data) * part)], "tiff"))


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
@pytest.mark.parametrize("bits", [8, 16])
def test_a_compressed_mosaic_has_the_colours_of_the_raw_one(pattern: str, bits: int) -> None:
    """image_transport compresses a Bayer image as if it were grey."""
    mosaic = RGB[..., 1].astype(f"u{bits // 8}")
    given = message(encoded("png", mosaic), f"bayer_{pattern}{bits}; png compressed ")
    expected = raw_to_rgb(image_message(mosaic, f"bayer_{pattern}{bits}"))
    np.testing.assert_array_equal(compressed_to_rgb(given), expected)


def test_a_compressed_colour_image_of_a_mosaic_keeps_its_colours() -> None:
    given = message(encoded("png"), "bayer_rggb8; png compressed bgr8")
    np.testing.assert_array_equal(compressed_to_rgb(given), RGB)


@pytest.mark.parametrize(
    "kind",
    ["16UC1; compressedDepth png", "32FC1; compressedDepth rvl", "16UC1; png compressed "],
)
def test_depth_is_refused_with_the_reason(kind: str) -> None:
    data = struct.pack("<iff", 0, 0, 0) * ("Depth" in kind)
    data += encoded("png", np.full((HEIGHT, WIDTH), 1500, np.uint16))
    with pytest.raises(UnusableImage, match="is depth and has no colours"):
        compressed_to_rgb(message(data, kind))


@pytest.mark.parametrize("kind", ["bmp", "gif"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnusableImage, match=f"format '{kind}'"):
        compressed_to_rgb(message(encoded(kind), kind))


def test_a_bomb_is_refused_before_it_is_decoded() -> None:
    png = bytearray(encoded("png"))
    png[16:24] = struct.pack(">II", 100_000, 100_000)
    with pytest.raises(UnusableImage, match="100000x100000"):
        compressed_to_rgb(message(bytes(png)))


@pytest.mark.parametrize("marker", [0x00, 0x01, 0xD0, 0xD7])
def test_a_second_header_behind_a_marker_without_length_is_not_believed(marker: int) -> None:
    """Decoders go on behind such a marker, to the true size; a walk over segments, to the other."""
    jpeg = encoded("jpg")
    (skipped,) = struct.unpack_from(">H", jpeg, 2)
    hidden = (b"\xff\xd8\xff" + bytes([marker]) + jpeg[2:]).ljust(4 + skipped, b"\0")
    decoy = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", 16, 16) + bytes(10)
    with pytest.raises(UnusableImage, match="no whole JPEG"):
        compressed_to_rgb(message(hidden + decoy + b"\xff\xd9"))


def test_more_scans_than_any_encoder_makes_are_refused() -> None:
    jpeg = encoded("jpg", RGB, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    scan = jpeg[jpeg.rfind(b"\xff\xda") : -2]
    assert compressed_to_rgb(message(jpeg[:-2] + 10 * scan + jpeg[-2:])).shape == RGB.shape
    with pytest.raises(UnusableImage, match="no whole JPEG"):
        compressed_to_rgb(message(jpeg[:-2] + 100 * scan + jpeg[-2:]))


def test_a_chunk_longer_than_the_data_is_refused_before_it_is_allocated() -> None:
    png = encoded("png")
    claim = struct.pack(">I4s", 0x7FFFFFFF, b"tEXt")
    with pytest.raises(UnusableImage, match="no whole JPEG, PNG"):
        compressed_to_rgb(message(png[:33] + claim + png[33:]))


@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(["jpg", "png", "tiff", "webp"]))
def test_the_size_in_the_header_is_the_images(height: int, width: int, kind: str) -> None:
    data = encoded(kind, np.zeros((height, width, 3), np.uint8))
    assert encoded_size(memoryview(data)) == (width, height)


@given(st.binary(max_size=200), st.integers(0, 700))
def test_damaged_data_never_does_worse_than_being_refused(noise: bytes, position: int) -> None:
    jpeg = bytearray(encoded("jpg"))
    jpeg[position : position + len(noise)] = noise
    try:
        result = compressed_to_rgb(message(bytes(jpeg)))
    except UnusableImage:
        return
    assert result.dtype == np.uint8
    assert result.ndim == 3
