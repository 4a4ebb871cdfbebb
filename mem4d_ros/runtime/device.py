"""Where the network runs, and in which number format."""

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

    `auto` is fp32 on the CPU and bf16 on CUDA, or fp16 where CUDA has no bf16. Raises
    DeviceUnavailable for a precision that the device lacks and for any other name.
    """
    if name not in PRECISIONS:
        known = ", ".join(PRECISIONS)
        raise DeviceUnavailable(f"precision {name!r} is unknown: use one of {known}")
    if name == "fp32" or (name == "auto" and device.type == "cpu"):
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
