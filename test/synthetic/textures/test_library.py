from __future__ import annotations

import numpy as np
import pytest
import torch

from mem4d_ros.synthetic.textures.library import TextureLibrary, standard_library

SIZE = 16


@pytest.fixture
def images() -> list[np.ndarray]:
    return list(np.random.default_rng(0).integers(0, 256, (3, SIZE, SIZE, 3), dtype=np.uint8))


@pytest.fixture
def library(images: list[np.ndarray]) -> TextureLibrary:
    return TextureLibrary.from_images({"first": images[:1], "others": images[1:]})


def sample(
    library: TextureLibrary, texture: int, x: float, y: float, footprint: float
) -> torch.Tensor:
    coordinates = torch.tensor([[x, y]])
    return library.sample(torch.tensor([texture]), coordinates, torch.tensor([footprint]))[0]


def test_members_are_listed_by_class(library: TextureLibrary) -> None:
    assert library.members == {"first": (0,), "others": (1, 2)}


@pytest.mark.parametrize("texture", [0, 1, 2])
def test_the_middle_of_a_texel_has_its_colour(
    library: TextureLibrary, images: list[np.ndarray], texture: int
) -> None:
    colour = sample(library, texture, (5 + 0.5) / SIZE, (9 + 0.5) / SIZE, 1 / SIZE)
    np.testing.assert_allclose(colour * 255, images[texture][9, 5], atol=1e-3)


def test_between_texels_colours_are_interpolated_across_the_border_too(
    library: TextureLibrary, images: list[np.ndarray]
) -> None:
    colour = sample(library, 1, 0.0, 0.5 / SIZE, 1 / SIZE)
    expected = (images[1][0, 0].astype(float) + images[1][0, -1]) / 2
    np.testing.assert_allclose(colour * 255, expected, atol=1e-3)


@pytest.mark.parametrize(("x", "y"), [(0.3, 0.8), (0.01, 0.99)])
def test_textures_repeat(library: TextureLibrary, x: float, y: float) -> None:
    torch.testing.assert_close(
        sample(library, 2, x, y, 0.1), sample(library, 2, x - 3, y + 7, 0.1), atol=1e-4, rtol=0
    )


def test_from_afar_only_the_mean_is_left(library: TextureLibrary, images: list[np.ndarray]) -> None:
    colour = sample(library, 0, 0.2, 0.7, 5.0)
    np.testing.assert_allclose(colour * 255, images[0].mean((0, 1)), atol=2)  # rounded per level


def test_a_footprint_of_two_texels_sees_means_of_two_by_two(
    library: TextureLibrary, images: list[np.ndarray]
) -> None:
    colour = sample(library, 1, (2 + 1) / SIZE, (6 + 1) / SIZE, 2 / SIZE)
    np.testing.assert_allclose(colour * 255, images[1][6:8, 2:4].mean((0, 1)), atol=0.51)


def test_the_standard_library_is_the_same_every_time() -> None:
    first = standard_library()
    standard_library.cache_clear()
    assert torch.equal(first.texels, standard_library().texels)
