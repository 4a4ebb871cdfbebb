"""The head learns what it is shown, and views show what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from mesh_scenes import ROOM, write_scenes

from mem4d_ros.training.data.bystanders import Views, mirrored, take_views
from mem4d_ros.training.people import train

SIZE = (48, 64)


def test_it_learns_which_features_show_people() -> None:
    """Features of any size and mean; those whose third channel is high show people."""
    torch.manual_seed(0)
    features = 50 * torch.randn(150_000, 8) + 300
    people = (features[:, 2] > 320).float()
    head = train(features, people)
    found = head(features.T[None, :, None])[0, 0] > 0
    assert (found == people.bool()).float().mean() > 0.95


def test_bystanders_are_what_is_marked(tmp_path: Path) -> None:
    pytest.importorskip("embreex")
    scenes = write_scenes(tmp_path)
    made = [take_views(seed, scenes, SIZE, (ROOM,)) for seed in range(6)]
    views = [each for each in made if each is not None]
    assert len(views) > 3
    shares = [each.people.mean() for each in views]
    assert 0 < np.mean(shares) < 0.8
    for each in views:
        assert each.images.shape == (3, *SIZE, 3)
        assert each.people.shape == (3, *SIZE)


def test_mirrored_twice_views_are_the_same() -> None:
    rng = np.random.default_rng(0)
    camera = np.array([[50.0, 0, 30], [0, 50, 23], [0, 0, 1]])
    views = Views(rng.integers(0, 255, (3, *SIZE, 3)), rng.random((3, *SIZE)) < 0.5, camera)
    once = mirrored(views)
    assert once.intrinsics[0, 2] == 33
    assert (once.people[:, :, 0] == views.people[:, :, -1]).all()
    np.testing.assert_array_equal(mirrored(once).images, views.images)
    np.testing.assert_array_equal(mirrored(once).intrinsics, camera)
