"""Compressed images of a bag, whole or refused."""

import cv2
import numpy as np
import pytest
from bags import compressed_message

from mem4d_ros.datasets.bag_images import compressed_to_rgb

RGB = np.random.default_rng(0).integers(0, 256, (18, 22, 3), np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_compressed_images(suffix: str) -> None:
    image = compressed_to_rgb(compressed_message(RGB, suffix))
    decoded = cv2.imdecode(cv2.imencode(suffix, RGB[..., ::-1])[1], cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(image, decoded[..., ::-1])


@pytest.mark.parametrize("kept", [0, 30])
def test_a_compressed_image_that_is_not_whole_is_named(kept: int) -> None:
    message = compressed_message(RGB, ".png")
    message.data = message.data[:kept]
    with pytest.raises(ValueError, match="format 'png' cannot be decoded"):
        compressed_to_rgb(message)
