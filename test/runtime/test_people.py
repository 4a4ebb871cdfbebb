"""People in an image: the head's word, at the image's pixels, and on a real person."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from mem4d_ros.model import MemorySizes, MemoryState
from mem4d_ros.model.people import PeopleHead
from mem4d_ros.model.temporal_context import ContextFrame
from mem4d_ros.runtime.loading import LoadedNetwork, load_network
from mem4d_ros.runtime.people import LIKELY, POSSIBLE, people_in
from mem4d_ros.synthetic import SequenceSettings, render_sequence

HEIGHT, WIDTH = 192, 256


class FirstChannel(PeopleHead):
    """Says what the first channel says."""

    def __init__(self) -> None:
        nn.Module.__init__(self)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features[:, 0]


def state_with(features: torch.Tensor) -> MemoryState:
    frame = ContextFrame(features, 0, features.flatten(2).transpose(1, 2))
    return MemoryState(MemorySizes(), window=(frame,))


@pytest.mark.parametrize("least", [POSSIBLE, LIKELY])
def test_pixels_are_those_of_the_patches_that_are_likely_enough(least: float) -> None:
    logit = np.log(least / (1 - least))
    features = torch.full((1, 3, 3, 4), logit - 0.1)
    features[0, 0, 1, 2] = logit + 9
    people = people_in(state_with(features), FirstChannel(), 48, 64)
    assert people is not None
    found = people.possible if least == POSSIBLE else people.likely
    assert found.shape == (48, 64)
    assert found[16:32, 32:48].mean() > 0.9
    rows, columns = np.nonzero(found)
    assert rows.min() >= 8
    assert rows.max() < 40
    assert columns.min() >= 24
    assert columns.max() < 56


def test_without_a_temporal_context_nobody_looks() -> None:
    assert people_in(MemoryState(MemorySizes()), FirstChannel(), 48, 64) is None


@pytest.fixture(scope="module")
def network() -> LoadedNetwork:
    return load_network("", "lite", "cpu", "fp32")


def people(network: LoadedNetwork, image: np.ndarray) -> np.ndarray:
    assert network.people is not None
    tensor = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        state = network.model.step(tensor, network.model.initial_state())[1]
    found = people_in(state, network.people, *image.shape[:2])
    assert found is not None
    return found.possible


def test_a_photographed_person_is_found(network: LoadedNetwork) -> None:
    """Grace Hopper's portrait from matplotlib's samples, and nothing of the image beside it."""
    matplotlib = pytest.importorskip("matplotlib")
    path = Path(matplotlib.__file__).parent / "mpl-data/sample_data/grace_hopper.jpg"
    if not path.is_file():
        pytest.skip(f"this matplotlib comes without {path.name}")
    portrait = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    canvas = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    canvas[32:, 80:216] = cv2.resize(portrait, (136, 160), interpolation=cv2.INTER_AREA)
    found = people(network, canvas)
    assert found[70:, 120:176].mean() > 0.8  # face and bust
    assert found[:, :48].mean() < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_nobody_is_found_in_rooms_without_anybody(network: LoadedNetwork, seed: int) -> None:
    made = render_sequence(seed, 1, HEIGHT, WIDTH, settings=SequenceSettings(bodies=(0, 0)))
    image = (made.images[0] * 255).round().byte().permute(1, 2, 0).numpy()
    assert people(network, np.ascontiguousarray(image)).mean() < 0.1
