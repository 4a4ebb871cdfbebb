"""Held-out scenes as samples: what the renderer gives, under seeds that training never has."""

from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.datasets import ProceduralScene
from mem4d_ros.synthetic import render_sequence
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED


def test_samples_are_the_rendered_frames() -> None:
    scene = ProceduralScene(3, frames=2, size=(48, 64))
    samples = list(scene)
    sequence = render_sequence(HELD_OUT_SEED + 3, 2, 48, 64)
    assert len(scene) == len(samples) == 2
    for t, sample in enumerate(samples):
        assert sample.image.shape == (48, 64, 3)
        colours = sequence.images[t].permute(1, 2, 0).numpy()
        assert np.abs(sample.image / 255 - colours).max() <= 0.5 / 255 + 1e-6
        np.testing.assert_array_equal(sample.depth, sequence.depth[t])
        np.testing.assert_array_equal(sample.camera_to_world, sequence.camera_to_world[t])
        np.testing.assert_array_equal(sample.moving, sequence.moving[t])
    assert samples[1].stamp_s == 1 / sequence.frame_rate


def test_any_sample_is_rendered_on_its_own() -> None:
    scene = ProceduralScene(3, frames=2, size=(48, 64))
    last = list(scene)[-1]
    for alone in (scene[1], scene[-1]):
        assert alone.name == last.name
        np.testing.assert_array_equal(alone.image, last.image)
        np.testing.assert_array_equal(alone.depth, last.depth)
    with pytest.raises(IndexError):
        scene[2]
