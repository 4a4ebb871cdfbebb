from __future__ import annotations

import numpy as np
import pytest
from mesh_scenes import checkers, image_file

from mem4d_ros.synthetic.meshes.textures import LEVELS, load_textures


def at_centre(image: np.ndarray, row: int, column: int) -> np.ndarray:
    """uv (1, 2) of a texel's centre; v points upwards."""
    height, width = image.shape[:2]
    return np.array([[(column + 0.5) / width, 1 - (row + 0.5) / height]], np.float32)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (5, 17), (63, 63)])
def test_a_texels_centre_has_its_colour(row: int, column: int) -> None:
    image = checkers()
    textures = load_textures((image_file(checkers(32)), image_file(image)))
    uv = at_centre(image, row, column)
    seen = textures.colours(np.array([1]), uv, np.zeros(1))
    np.testing.assert_allclose(seen[0], (image[row, column] / 255) ** 2, atol=1e-4)


def test_textures_wrap() -> None:
    textures = load_textures((image_file(checkers()),))
    number, level = np.zeros(50, int), np.zeros(50)
    uv = np.random.default_rng(0).uniform(0, 1, (50, 2)).astype(np.float32)
    once = textures.colours(number, uv, level)
    np.testing.assert_allclose(textures.colours(number, uv + 3, level), once, atol=2e-3)
    np.testing.assert_allclose(textures.colours(number, uv - 2, level), once, atol=2e-3)


def test_from_far_away_a_texture_is_its_mean() -> None:
    image = checkers()
    textures = load_textures((image_file(image),))
    far = textures.colours(np.zeros(1, int), np.array([[0.3, 0.8]]), np.array([99.0]))
    mean = (image.reshape(-1, 3).mean(0) / 255) ** 2
    np.testing.assert_allclose(far[0], mean, atol=0.01)
    np.testing.assert_allclose(textures.mean_colours()[0], mean, atol=0.01)


def test_levels_blend_without_steps() -> None:
    textures = load_textures((image_file(checkers()),))
    levels = np.linspace(0, LEVELS - 1, 2000)
    uv = np.full((2000, 2), 0.37, np.float32)
    seen = textures.colours(np.zeros(2000, int), uv, levels)
    assert np.abs(np.diff(seen, axis=0)).max() < 0.01


def test_holes_are_where_the_image_is_transparent() -> None:
    image = np.full((8, 8, 4), 255, np.uint8)
    image[2, 5, 3] = 0
    textures = load_textures((image_file(image),))
    uv = np.concatenate((at_centre(image, 2, 5), at_centre(image, 5, 2)))
    np.testing.assert_array_equal(textures.opacity(np.zeros(2, int), uv), (0, 1))


def test_what_is_not_an_image_is_said() -> None:
    with pytest.raises(ValueError, match="not an image"):
        load_textures((np.zeros(9, np.uint8),))
