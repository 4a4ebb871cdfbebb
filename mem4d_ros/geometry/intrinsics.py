"""Pinhole intrinsics, and how they follow an image through resize and crop.

Pixel centres lie at integer coordinates: an image of width W spans [-0.5, W - 0.5].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mem4d_ros.geometry.arrays import Array, namespace


def fov_to_intrinsics(field_of_view: Array, height: int, width: int) -> Array:
    """Intrinsics (..., 3, 3) in pixels of (horizontal, vertical) fields of view (..., 2) in rad.

    The principal point is the centre of the image.
    """
    xp = namespace(field_of_view)
    focal_x = width / (2 * xp.tan(field_of_view[..., 0] / 2))
    focal_y = height / (2 * xp.tan(field_of_view[..., 1] / 2))
    zero, one = xp.zeros_like(focal_x), xp.ones_like(focal_x)
    entries = (
        focal_x, zero, one * ((width - 1) / 2),
        zero, focal_y, one * ((height - 1) / 2),
        zero, zero, one,
    )  # fmt: skip
    return xp.stack(entries, -1).reshape((*field_of_view.shape[:-1], 3, 3))


def intrinsics_to_fov(intrinsics: Array, height: int, width: int) -> Array:
    """(Horizontal, vertical) fields of view (..., 2) in rad of intrinsics (..., 3, 3) in pixels.

    The principal point is taken to be the centre of the image.
    """
    xp = namespace(intrinsics)
    half_tangents = (width / (2 * intrinsics[..., 0, 0]), height / (2 * intrinsics[..., 1, 1]))
    return 2 * xp.arctan(xp.stack(half_tangents, -1))


def long_side_of_area(width: int, height: int, long_side: int, multiple: int = 16) -> int:
    """The long side at which an image has about as many pixels as a 4:3 one of `long_side`.

    It is at least `long_side`; a longer one makes the short side a multiple of `multiple`, so that
    :meth:`ImageTransform.fit` crops along the long side, where it takes least away.
    """
    longer, shorter = max(width, height), min(width, height)
    most = long_side // multiple * (long_side * 3 // 4 // multiple)  # cells of a 4:3 image
    found = long_side
    for cells in range(1, most + 1):
        side = -(-cells * multiple * longer // max(shorter, 1))
        if cells * (side // multiple) > most:
            break
        found = max(found, side)
    return found


def with_square_pixels(intrinsics: np.ndarray) -> np.ndarray:
    """Intrinsics (3, 3) with one focal length, the geometric mean of the two.

    Cameras have square pixels; two fields of view that are predicted apart need not agree on them.
    """
    square = intrinsics.copy()
    square[0, 0] = square[1, 1] = np.sqrt(intrinsics[0, 0] * intrinsics[1, 1])
    return square


@dataclass(frozen=True)
class ImageTransform:
    """Resize by (scale_x, scale_y), then crop: from input pixels to model pixels and back.

    x_model = (x_input + 0.5) * scale_x - 0.5 - crop_x, and y likewise. The crop is an offset in
    pixels of the resized image.
    """

    scale_x: float
    scale_y: float
    crop_x: int
    crop_y: int
    input_width: int
    input_height: int
    output_width: int
    output_height: int

    @classmethod
    def fit(
        cls, input_width: int, input_height: int, long_side: int, multiple: int = 16
    ) -> ImageTransform:
        """Scale the long side to `long_side`, then crop centrally to multiples of `multiple`.

        Raises ValueError for an image too small or too elongated to keep one multiple.
        """
        if min(input_width, input_height) < 1:
            raise ValueError(f"image size {input_width}x{input_height}: both sides must be >= 1")
        scale = long_side / max(input_width, input_height)
        resized_width, resized_height = round(input_width * scale), round(input_height * scale)
        output_width = resized_width // multiple * multiple
        output_height = resized_height // multiple * multiple
        if min(output_width, output_height) == 0:
            raise ValueError(
                f"image size {input_width}x{input_height} becomes {resized_width}x{resized_height}"
                f" with a long side of {long_side}, but each side needs at least {multiple} pixels:"
                " use a less elongated image or a larger long side"
            )
        return cls(
            scale_x=resized_width / input_width,
            scale_y=resized_height / input_height,
            crop_x=(resized_width - output_width) // 2,
            crop_y=(resized_height - output_height) // 2,
            input_width=input_width,
            input_height=input_height,
            output_width=output_width,
            output_height=output_height,
        )

    @property
    def resized_size(self) -> tuple[int, int]:
        """(Width, height) between resize and crop."""
        return round(self.input_width * self.scale_x), round(self.input_height * self.scale_y)

    @property
    def matrix(self) -> np.ndarray:
        """(3, 3) float64, from homogeneous input pixels to homogeneous model pixels."""
        return np.array(
            [
                [self.scale_x, 0.0, 0.5 * self.scale_x - 0.5 - self.crop_x],
                [0.0, self.scale_y, 0.5 * self.scale_y - 0.5 - self.crop_y],
                [0.0, 0.0, 1.0],
            ]
        )

    def to_model(self, pixels: np.ndarray) -> np.ndarray:
        """Input pixel coordinates (..., 2) as model pixel coordinates (..., 2)."""
        matrix = self.matrix
        return pixels * np.diag(matrix)[:2] + matrix[:2, 2]

    def to_input(self, pixels: np.ndarray) -> np.ndarray:
        """Model pixel coordinates (..., 2) as input pixel coordinates (..., 2)."""
        matrix = self.matrix
        return (pixels - matrix[:2, 2]) / np.diag(matrix)[:2]

    def nearest_input_pixels(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows (h,) and columns (w,) of the input pixels nearest to the centres of model pixels."""
        ends = np.arange(max(self.output_width, self.output_height))
        pixels = np.rint(self.to_input(np.stack([ends, ends], axis=-1))).astype(int)
        rows = pixels[: self.output_height, 1].clip(0, self.input_height - 1)
        columns = pixels[: self.output_width, 0].clip(0, self.input_width - 1)
        return rows, columns

    def intrinsics_to_model(self, intrinsics: np.ndarray) -> np.ndarray:
        """Intrinsics (3, 3) of the input image as those of the model's image."""
        return self.matrix @ intrinsics

    def intrinsics_to_input(self, intrinsics: np.ndarray) -> np.ndarray:
        """Intrinsics (3, 3) of the model's image as those of the input image."""
        return np.linalg.inv(self.matrix) @ intrinsics
