"""Depth of another network as evidence beside landmarks."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
import torch
from network_runs import trained_lite
from small_networks import SMALL_VIT, small_model

from mem4d_ros.geometry import ImageTransform
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime.depth_prior import DepthPrior, DepthPriorError, Description
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.reconstructor import OnlineReconstructor
from mem4d_ros.synthetic import SequenceSettings, render_sequence
from mem4d_ros.synthetic.settings import ROOM, STREET, Place

WIDTH, HEIGHT = 320, 240
TRANSFORM = ImageTransform.fit(WIDTH, HEIGHT, 128)
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


class Says:
    """A depth network that says this of every image, after some time."""

    def __init__(self, said: np.ndarray, output: str, seconds: float = 0.0) -> None:
        self.said, self.seconds = said.astype(np.float32), seconds
        self.description = Description(said.shape[1], said.shape[0], output)
        self.calls = 0

    def __call__(self, image: np.ndarray) -> np.ndarray:
        self.calls += 1
        time.sleep(self.seconds)
        return self.said


def slope(height: int, width: int) -> np.ndarray:
    """Depth (h, w) that grows to the right from 1 m to 5 m."""
    return np.broadcast_to(np.linspace(1, 5, width), (height, width))


def landmarks(count: int = 40) -> MeasuredPoints:
    """Points on twice that slope."""
    pixels = np.random.default_rng(0).uniform((4, 4), (WIDTH - 5, HEIGHT - 5), (count, 2))
    depth = 2 * (1 + 4 * pixels[:, 0] / (WIDTH - 1))
    return MeasuredPoints(pixels, depth, 0.02 * depth)


def test_it_fills_what_lies_between_landmarks_in_their_metres() -> None:
    prior = DepthPrior(Says(slope(60, 80), "relative"))
    extended = prior.extended(IMAGE, TRANSFORM, landmarks())
    assert extended is not None
    new = slice(40, None)
    want = 2 * (1 + 4 * extended.pixels[new, 0] / (WIDTH - 1))
    np.testing.assert_allclose(extended.depth[new], want, rtol=0.02)
    np.testing.assert_allclose(extended.deviation[new], 0.15 * extended.depth[new], rtol=1e-6)
    np.testing.assert_array_equal(extended.depth[:40], landmarks().depth)


def test_landmarks_stay_where_both_are() -> None:
    depth, deviation = landmarks().to_maps(TRANSFORM)
    prior = DepthPrior(Says(slope(60, 80), "relative"))
    extended = prior.extended(IMAGE, TRANSFORM, landmarks())
    assert extended is not None
    both_depth, both_deviation = extended.to_maps(TRANSFORM)
    seen = depth > 0
    np.testing.assert_array_equal(both_depth[seen], depth[seen])
    np.testing.assert_array_equal(both_deviation[seen], deviation[seen])
    assert (both_depth > 0).sum() > 4 * seen.sum()


def test_without_a_scale_nothing_is_added() -> None:
    prior = DepthPrior(Says(slope(60, 80), "relative"))
    assert prior.extended(IMAGE, TRANSFORM, None) is None
    few = landmarks(5)
    assert prior.extended(IMAGE, TRANSFORM, few) is few


def test_where_there_is_no_time_only_keyframes_are_asked() -> None:
    prior = DepthPrior(Says(slope(60, 80), "metric", seconds=0.03), live=True)
    assert prior.is_wanted(0, is_keyframe=False)
    prior.extended(IMAGE, TRANSFORM, None)
    assert not prior.is_wanted(33_000_000, is_keyframe=False)
    assert prior.is_wanted(66_000_000, is_keyframe=True)
    assert prior.is_wanted(1_000_000_000, is_keyframe=False)


def test_offline_every_frame_is_asked() -> None:
    prior = DepthPrior(Says(slope(60, 80), "metric", seconds=0.03))
    prior.extended(IMAGE, TRANSFORM, None)
    assert prior.is_wanted(33_000_000, is_keyframe=False)


def test_a_network_without_evidence_cannot_be_told() -> None:
    with pytest.raises(DepthPriorError, match="takes no evidence"):
        OnlineReconstructor(
            small_model(SMALL_VIT),
            64,
            MemorySizes(),
            depth_prior=DepthPrior(Says(slope(24, 32), "metric")),
        )


@pytest.mark.parametrize(("place", "left"), [(ROOM, 0.5), (STREET, 0.9)], ids=["rooms", "streets"])
def test_depth_follows_a_good_prior(place: Place, left: float) -> None:
    """The packaged network, and a prior of the true depth, blurred and noisy.

    In streets, whose depth has a far wider range, less of the error goes.
    """
    errors = np.array([errors_without_and_with_a_prior(seed, place) for seed in range(8)])
    without, with_prior = errors.mean(0)
    assert with_prior < left * without


def errors_without_and_with_a_prior(seed: int, place: Place) -> tuple[float, float]:
    """Mean error of a frame's depth, by its mean depth."""
    settings = SequenceSettings(places=(place,))
    scene = render_sequence(seed=seed, frames=1, height=96, width=128, settings=settings)
    image = (scene.images[0].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
    truth = scene.depth[0].double().numpy()
    known = np.isfinite(truth)
    filled = np.where(known, truth, np.median(truth[known]))
    blurred = cv2.GaussianBlur(filled, (0, 0), 2)
    noise = np.exp(np.random.default_rng(0).normal(0, 0.05, truth.shape))

    def error(depth_prior: DepthPrior | None) -> float:
        reconstructor = OnlineReconstructor(
            trained_lite(), 128, MemorySizes(), depth_prior=depth_prior
        )
        depth = reconstructor.process(image, 0, scene.intrinsics[0].double().numpy()).depth
        return float(np.abs(depth - truth)[known].mean() / truth[known].mean())

    return error(None), error(DepthPrior(Says(blurred * noise, "metric")))
