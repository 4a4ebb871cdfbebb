"""What goes to the network and comes back is what was sent, and nobody else's memory."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
import torch

from mem4d_ros.model import FrameOutput
from mem4d_ros.runtime.transfer import to_host, to_tensor

CPU = torch.device("cpu")


def test_tensor_has_channels_first_in_the_unit_interval() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    tensor = to_tensor(image, torch.device("cpu"))
    assert tensor.shape == (1, 3, 32, 48)
    assert tensor.dtype == torch.float32
    assert tensor[0, 2, 5, 7].item() == pytest.approx(image[5, 7, 2] / 255)
    assert np.array_equal((tensor[0].permute(1, 2, 0) * 255).round().byte().numpy(), image)


def results(dtype: torch.dtype) -> FrameOutput:
    return FrameOutput(*(torch.rand(1, 4, dtype=dtype) for _ in fields(FrameOutput)))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
    ],
)
def test_results_keep_their_values(dtype: torch.dtype, expected: torch.dtype) -> None:
    sent = results(dtype)
    received = to_host(sent)
    for field in fields(FrameOutput):
        there, here = getattr(sent, field.name), getattr(received, field.name)
        assert here.dtype == expected
        assert torch.equal(here, there.to(expected))
        assert here.data_ptr() != there.data_ptr()


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_gives_and_takes_the_same_values() -> None:
    image = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
    gpu = torch.device("cuda")
    torch.testing.assert_close(to_tensor(image, gpu).cpu(), to_tensor(image, CPU))
    sent = results(torch.float32)
    there = FrameOutput(*(getattr(sent, field.name).to(gpu) for field in fields(FrameOutput)))
    received = to_host(there)
    for field in fields(FrameOutput):
        assert torch.equal(getattr(received, field.name), getattr(sent, field.name))
