"""Device and number format of the network."""

from __future__ import annotations

import platform
from pathlib import Path

import torch

PRECISIONS = ("auto", "fp32", "bf16", "fp16")


class DeviceUnavailable(RuntimeError):  # noqa: N818
    """The requested device or precision cannot be had on this machine; the message says why."""


def select_device(name: str) -> torch.device:
    """The torch device of `auto`, `cpu`, `cuda` or `cuda:N`.

    `auto` takes CUDA where there is any and falls back to the CPU. Raises DeviceUnavailable for a
    CUDA device that is not there and for any other name.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    kind, _, number = name.partition(":")
    if kind != "cuda" or (":" in name and not number.isdecimal()):
        raise DeviceUnavailable(f"device {name!r} is unknown: use auto, cpu, cuda or cuda:N")
    index = int(number or 0)
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if index >= count:
        found = "this machine has no usable CUDA device"
        if count:
            found = f"this machine has cuda:0 to cuda:{count - 1}"
        raise DeviceUnavailable(f"device {name} is not available: {found}; use auto or cpu")
    return torch.device("cuda", index)


def select_precision(name: str, device: torch.device) -> torch.dtype:
    """The dtype in which the network's layers run on `device`: `auto`, `fp32`, `bf16` or `fp16`.

    `auto` is bf16 where the device multiplies matrices in it, else fp16 on CUDA and fp32 on a CPU.
    Raises DeviceUnavailable for a precision that the device lacks and for any other name.
    """
    if name not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise DeviceUnavailable(f"precision {name!r} is unknown: use one of {known}")
    if name == "fp32" or (name == "auto" and device.type == "cpu" and not cpu_multiplies_bf16()):
        return torch.float32
    if name == "fp16" and device.type == "cpu":
        raise DeviceUnavailable(
            "precision fp16 is not available on the CPU, which is slower in it than in fp32:"
            " use fp32 or bf16, or a CUDA device"
        )
    has_bf16 = device.type == "cpu" or torch.cuda.is_bf16_supported()
    if name == "bf16" and not has_bf16:
        raise DeviceUnavailable("precision bf16 is not available on this GPU: use fp16 or fp32")
    return torch.bfloat16 if has_bf16 and name != "fp16" else torch.float16


def cpu_multiplies_bf16() -> bool:
    """Whether the CPU has instructions for products in bf16: AVX512-BF16 or AMX.

    Without them bf16 is emulated, which takes longer than fp32. Known on Linux; False elsewhere.
    """
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text().split() if cpuinfo.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags


def device_name(device: torch.device) -> str:
    """The GPU's or the CPU's model."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else processor_name()


def processor_name() -> str:
    """The CPU's model as Linux reports it, elsewhere the machine's architecture."""
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            names = [line.split(":")[1].strip() for line in cpuinfo if "model name" in line]
    except FileNotFoundError:
        names = []
    return names[0] if names else platform.machine()
