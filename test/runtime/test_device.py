"""Device and precision are what was asked for, or an error that says why not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from mem4d_ros.runtime import device as device_module
from mem4d_ros.runtime.device import (
    DeviceUnavailable,
    cpu_multiplies_bf16,
    select_device,
    select_precision,
)

CPU = torch.device("cpu")


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Pretend that this machine has a number of GPUs."""

    def pretend(count: int, has_bf16: bool = True) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: count > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: count)
        monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: has_bf16)

    return pretend


def test_auto_takes_cuda_where_there_is_any(gpus: Callable[..., None]) -> None:
    gpus(0)
    assert select_device("auto") == CPU
    gpus(1)
    assert select_device("auto").type == "cuda"


def test_cpu_is_always_there(gpus: Callable[..., None]) -> None:
    gpus(2)
    assert select_device("cpu") == CPU


@pytest.mark.parametrize(("name", "index"), [("cuda", 0), ("cuda:0", 0), ("cuda:1", 1)])
def test_explicit_cuda_device(gpus: Callable[..., None], name: str, index: int) -> None:
    gpus(2)
    assert select_device(name) == torch.device("cuda", index)


@pytest.mark.parametrize(("count", "name"), [(0, "cuda"), (0, "cuda:0"), (2, "cuda:2")])
def test_missing_cuda_device_is_named_with_the_remedy(
    gpus: Callable[..., None], count: int, name: str
) -> None:
    gpus(count)
    with pytest.raises(DeviceUnavailable, match=f"{name} is not available.*use auto or cpu"):
        select_device(name)


@pytest.mark.parametrize("name", ["", "gpu", "cuda:", "cuda:x", "cuda:-1", "CPU"])
def test_unknown_device_is_refused(gpus: Callable[..., None], name: str) -> None:
    gpus(1)
    with pytest.raises(DeviceUnavailable, match="use auto, cpu, cuda or cuda:N"):
        select_device(name)


@pytest.mark.parametrize(
    ("name", "device", "has_bf16", "expected"),
    [
        ("auto", "cpu", True, torch.bfloat16),
        ("auto", "cpu", False, torch.float32),
        ("fp32", "cpu", True, torch.float32),
        ("bf16", "cpu", False, torch.bfloat16),
        ("auto", "cuda", True, torch.bfloat16),
        ("auto", "cuda", False, torch.float16),
        ("fp32", "cuda", False, torch.float32),
        ("fp16", "cuda", True, torch.float16),
        ("bf16", "cuda", True, torch.bfloat16),
    ],
)
def test_precision(
    monkeypatch: pytest.MonkeyPatch,
    gpus: Callable[..., None],
    name: str,
    device: str,
    has_bf16: bool,
    expected: torch.dtype,
) -> None:
    gpus(1, has_bf16)
    monkeypatch.setattr(device_module, "cpu_multiplies_bf16", lambda: has_bf16)
    assert select_precision(name, torch.device(device)) == expected


def test_a_precision_the_device_lacks_is_refused(gpus: Callable[..., None]) -> None:
    gpus(1, has_bf16=False)
    with pytest.raises(DeviceUnavailable, match="fp16 is not available on the CPU"):
        select_precision("fp16", CPU)
    with pytest.raises(DeviceUnavailable, match="bf16 is not available on this GPU"):
        select_precision("bf16", torch.device("cuda"))


def test_unknown_precision_is_refused() -> None:
    with pytest.raises(DeviceUnavailable, match="auto, fp32, bf16, fp16"):
        select_precision("int8", CPU)


def test_bf16_instructions_are_those_torch_finds() -> None:
    capabilities = getattr(torch.cpu, "get_capabilities", None)
    if capabilities is None:
        pytest.skip("this torch cannot say what the CPU is capable of")
    found = capabilities()
    assert cpu_multiplies_bf16() == bool(found.get("avx512_bf16") or found.get("amx_bf16"))
