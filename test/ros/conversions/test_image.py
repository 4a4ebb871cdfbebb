"""Every usual encoding becomes the same RGB picture, and bad messages are refused."""

from __future__ import annotations

import array

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image

from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.runtime import FrameRejected

HEIGHT, WIDTH = 18, 22
RGB = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
GREY = RGB[..., 0]
OPAQUE = np.full((HEIGHT, WIDTH, 1), 200, np.uint8)
DEEP = np.random.default_rng(1).integers(0, 65536, (HEIGHT, WIDTH), np.uint16)

ENCODED = {
    "rgb8": (RGB, RGB),
    "bgr8": (RGB[..., ::-1], RGB),
    "rgba8": (np.concatenate([RGB, OPAQUE], -1), RGB),
    "bgra8": (np.concatenate([RGB[..., ::-1], OPAQUE], -1), RGB),
    "mono8": (GREY, np.stack([GREY] * 3, -1)),
    "mono16": (DEEP, np.stack([DEEP // 256] * 3, -1)),
}


def message(pixels: np.ndarray, encoding: str, padding: int = 0, big: bool = False) -> Image:
    pixels = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    rows = np.frombuffer(pixels.tobytes(), np.uint8).reshape(HEIGHT, -1)
    rows = np.pad(rows, ((0, 0), (0, padding)), constant_values=77)
    image = Image(height=HEIGHT, width=WIDTH, encoding=encoding, step=rows.shape[1])
    image.is_bigendian = big
    image.data = array.array("B", rows.tobytes())
    return image


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("padding", [0, 1, 10])
@pytest.mark.parametrize("encoding", ENCODED)
def test_usual_encodings(encoding: str, padding: int, big: bool) -> None:
    pixels, expected = ENCODED[encoding]
    result = image_to_rgb(message(pixels, encoding, padding, big))
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, expected)


def test_rgb_is_not_copied() -> None:
    image = message(RGB, "rgb8")
    assert np.shares_memory(image_to_rgb(image), np.frombuffer(image.data, np.uint8))


@pytest.mark.parametrize("encoding", ["", "sepia7", "32FC1", "16SC3"])
def test_an_encoding_without_colours_is_named_with_the_remedy(encoding: str) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.int16 if encoding == "16SC3" else np.float32)
    pixels = pixels[..., 0] if encoding == "32FC1" else pixels
    with pytest.raises(FrameRejected, match=f"encoding '{encoding}' has no colours.*rgb8"):
        image_to_rgb(message(pixels, encoding))


@pytest.mark.parametrize("encoding", ["rgb8", "mono16", "bayer_rggb8"])
def test_data_shorter_than_its_rows_is_refused(encoding: str) -> None:
    image = message(ENCODED.get(encoding, (GREY, None))[0], encoding)
    image.data = image.data[:-1]
    with pytest.raises(FrameRejected, match=r"image data has \d+ bytes"):
        image_to_rgb(image)


@pytest.mark.parametrize("encoding", ["rgb8", "mono16"])
def test_rows_shorter_than_their_pixels_are_refused(encoding: str) -> None:
    image = message(ENCODED[encoding][0], encoding)
    image.step -= 1
    with pytest.raises(FrameRejected, match="cannot hold 22 pixels"):
        image_to_rgb(image)


@pytest.mark.parametrize(("width", "height"), [(0, 0), (1, 1), (22, 0), (100000, 100000)])
def test_sizes_of_no_camera_are_refused(width: int, height: int) -> None:
    image = message(RGB, "rgb8")
    image.width, image.height = width, height
    with pytest.raises(FrameRejected, match=f"image size {width}x{height}"):
        image_to_rgb(image)


def test_a_compressed_image_that_is_not_whole_is_refused() -> None:
    with pytest.raises(FrameRejected, match="format 'jpeg' is no whole JPEG"):
        image_to_rgb(CompressedImage(format="jpeg", data=array.array("B", b"half")))
