"""On a GPU the network says what it says on a CPU, by fused kernels, and the host never waits."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from network_runs import run
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model
from torch.nn.attention import SDPBackend, sdpa_kernel

from mem4d_ros.model import Mem4D, Mem4DConfig
from mem4d_ros.runtime.preparation import prepare

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
FUSED = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.CUDNN_ATTENTION]
STEPS = 12  # past the age at which the small networks' PSM frames merge


@pytest.fixture(params=[SMALL_VIT, SMALL_CONVOLUTIONAL], ids=["vit", "convolutional"])
def config(request: pytest.FixtureRequest) -> Mem4DConfig:
    return request.param


@contextmanager
def waiting_is_an_error() -> Iterator[None]:
    """Inside, whatever makes the host wait for the GPU raises RuntimeError."""
    torch.cuda.set_sync_debug_mode("error")
    try:
        yield
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.fixture
def images() -> list[torch.Tensor]:
    torch.manual_seed(0)
    return list(torch.rand(STEPS, 1, 3, 64, 64).cuda())


def on_gpu(config: Mem4DConfig, precision: torch.dtype) -> Mem4D:
    return prepare(small_model(config), torch.device("cuda"), precision)


def test_in_float32_it_agrees_with_the_cpu(config: Mem4DConfig, images: list[torch.Tensor]) -> None:
    there = run(on_gpu(config, torch.float32), images, torch.float32).points_world.cpu()
    here = run(small_model(config), [image.cpu() for image in images], torch.float32).points_world
    torch.testing.assert_close(there, here, rtol=1e-2, atol=1e-2)


def test_no_step_makes_the_host_wait(config: Mem4DConfig, images: list[torch.Tensor]) -> None:
    model = on_gpu(config, torch.bfloat16)
    run(model, images, torch.bfloat16)  # the first use of a kernel may wait
    with waiting_is_an_error():
        run(model, images, torch.bfloat16)


def test_attention_takes_a_fused_kernel(config: Mem4DConfig, images: list[torch.Tensor]) -> None:
    """Where none can be taken, torch raises."""
    model = on_gpu(config, torch.bfloat16)
    with sdpa_kernel(FUSED):
        run(model, images, torch.bfloat16)
