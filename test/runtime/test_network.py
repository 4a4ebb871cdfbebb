"""A network is given what it takes, in the precision that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, small_model

from mem4d_ros.model import FrameOutput, MemorySizes, MemoryState
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime.network import Network

IMAGE = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
CPU = torch.device("cpu")


class Listening:
    """A small network that keeps what its step was given."""

    def __init__(self, takes_evidence: bool) -> None:
        self.takes_evidence = takes_evidence
        self.heard: list[tuple[Any, ...]] = []
        self._small = small_model(SMALL_CONVOLUTIONAL)

    def initial_state(self, memory: MemorySizes | None = None) -> MemoryState:
        return self._small.initial_state(memory)

    def step(
        self, image: torch.Tensor, state: MemoryState, *told: Evidence
    ) -> tuple[FrameOutput, MemoryState]:
        product = torch.ones(2, 2) @ torch.ones(2, 2)
        self.heard.append((image, product.dtype, torch.is_inference_mode_enabled(), told))
        return self._small.step(image, state)


@pytest.mark.parametrize("takes_evidence", [False, True])
def test_evidence_is_given_to_a_network_that_takes_it(takes_evidence: bool) -> None:
    model = Listening(takes_evidence)
    network = Network(model, CPU, torch.float32)
    network.step(IMAGE, network.initial_state(MemorySizes()), Evidence())
    ((image, _, is_inference, told),) = model.heard
    assert len(told) == takes_evidence
    assert is_inference
    expected = torch.from_numpy(IMAGE).permute(2, 0, 1)[None].float() / 255
    torch.testing.assert_close(image, expected)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_products_have_the_precision_that_was_asked_for(precision: torch.dtype) -> None:
    model = Listening(True)
    network = Network(model, CPU, precision)
    output, _ = network.step(IMAGE, network.initial_state(MemorySizes()), Evidence())
    assert model.heard[0][1] == precision
    assert output.points_camera.dtype == torch.float32
