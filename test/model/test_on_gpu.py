"""On a GPU the network says what it says on a CPU, by fused kernels, and the host never waits."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch
from small_networks import SMALL_CONVOLUTIONAL, SMALL_VIT, small_model
from torch.nn.attention import SDPBackend, sdpa_kernel

from mem4d_ros.model import FrameOutput, Mem4D, Mem4DConfig
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


def run(model: Mem4D, device: str, precision: torch.dtype) -> FrameOutput:
    torch.manual_seed(0)
    images = torch.rand(STEPS, 1, 3, 64, 64).to(device)
    state, outputs = model.initial_state(), []
    reduced = precision != torch.float32
    with torch.inference_mode(), torch.autocast(device, precision, enabled=reduced):
        for image in images:
            output, state = model.step(image, state)
            outputs.append(output)
    return FrameOutput.stack(outputs)


def test_in_float32_it_agrees_with_the_cpu(config: Mem4DConfig) -> None:
    there = run(
        prepare(small_model(config), torch.device("cuda"), torch.float32), "cuda", torch.float32
    )
    here = run(small_model(config), "cpu", torch.float32)
    torch.testing.assert_close(there.points_world.cpu(), here.points_world, rtol=1e-2, atol=1e-2)


def test_no_step_makes_the_host_wait(config: Mem4DConfig) -> None:
    model = prepare(small_model(config), torch.device("cuda"), torch.bfloat16)
    run(model, "cuda", torch.bfloat16)  # the first use of a kernel may wait
    with waiting_is_an_error():
        state = model.initial_state()
        images = torch.zeros(STEPS, 1, 3, 64, 64, device="cuda")
        with torch.inference_mode(), torch.autocast("cuda", torch.bfloat16):
            for image in images:
                _, state = model.step(image, state)


def test_attention_takes_a_fused_kernel(config: Mem4DConfig) -> None:
    """Where none can be taken, torch raises."""
    model = prepare(small_model(config), torch.device("cuda"), torch.bfloat16)
    with sdpa_kernel(FUSED):
        run(model, "cuda", torch.bfloat16)
