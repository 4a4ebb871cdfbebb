"""torch, and whether it, the driver and the GPU fit together."""

from __future__ import annotations

import ctypes
import re
from dataclasses import dataclass
from pathlib import Path

from mem4d_ros.doctor.finding import Fact, Finding, Level

OLDEST, FIRST_TOO_NEW = (2, 6), (2, 14)
"""As requirements/base.txt bounds it."""
NVIDIA_FILES = ("/proc/driver/nvidia/version", "/dev/nvidiactl", "/dev/nvhost-gpu")
"""Of a driver; the last on a Jetson."""
LITTLE_MEMORY = 1_000_000_000
"""Bytes free on the device."""
GET_TORCH = "https://pytorch.org/get-started/locally"


@dataclass(frozen=True)
class Gpu:
    """A CUDA device as torch sees it; memory in bytes."""

    name: str
    capability: tuple[int, int]
    free: int
    total: int


@dataclass(frozen=True)
class TorchSeen:
    """What there is of torch and CUDA.

    Attributes:
        version: of torch; empty where it cannot be imported, for the reason `fault`.
        built_for: CUDA version of torch's build; None: without CUDA.
        driver: CUDA version that the driver is for; None: there is no driver library.
        has_nvidia: files of an NVIDIA driver are there.
        kernels: architectures that torch has kernels for, such as sm_90 and compute_90.
        gpus: those that torch can use.
    """

    version: str = ""
    fault: str = ""
    built_for: str | None = None
    driver: tuple[int, int] | None = None
    has_nvidia: bool = False
    kernels: tuple[str, ...] = ()
    gpus: tuple[Gpu, ...] = ()


def read_torch() -> TorchSeen:
    """Import torch and look."""
    has_nvidia = any(Path(file).exists() for file in NVIDIA_FILES)
    driver = driver_version()
    try:
        import torch
    except Exception as error:  # a broken build raises many kinds
        return TorchSeen(fault=f"{type(error).__name__}: {error}", driver=driver)
    gpus = []
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(index)
            capability = torch.cuda.get_device_capability(index)
            gpus.append(Gpu(torch.cuda.get_device_name(index), capability, free, total))
    kernels = tuple(torch.cuda.get_arch_list()) if gpus else ()
    return TorchSeen(
        torch.__version__, "", torch.version.cuda, driver, has_nvidia, kernels, tuple(gpus)
    )


def driver_version() -> tuple[int, int] | None:
    """The CUDA version that the NVIDIA driver is for, by the driver's own library."""
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    version = ctypes.c_int()
    if library.cuDriverGetVersion(ctypes.byref(version)) != 0:
        return None
    return version.value // 1000, version.value % 1000 // 10


def check_torch(seen: TorchSeen) -> Finding:
    """Whether torch is there, and of a version that the package is made for."""
    if not seen.version:
        return Finding(
            "torch.version",
            "error",
            f"torch cannot be imported: {seen.fault}",
            f"pip install 'torch>=2.6,<2.14', or the build for this machine: {GET_TORCH}",
        )
    facts: dict[str, Fact] = {"version": seen.version, "built_for_cuda": seen.built_for}
    build = f"built for CUDA {seen.built_for}" if seen.built_for else "built without CUDA"
    found = tuple(map(int, re.findall(r"\d+", seen.version)[:2]))
    if OLDEST <= found < FIRST_TOO_NEW:
        return Finding("torch.version", "ok", f"torch {seen.version}, {build}", facts=facts)
    return Finding(
        "torch.version",
        "warning",
        f"torch {seen.version} is not one that this package is tested with",
        "pip install 'torch>=2.6,<2.14'",
        facts=facts,
    )


def check_device(seen: TorchSeen, asked: str = "auto") -> Finding:
    """Whether the network runs on a GPU where there is one; an error where one is asked for."""
    if seen.gpus:
        return _check_gpu(seen, seen.gpus[0])
    if not (seen.has_nvidia or seen.driver or asked.startswith("cuda")):
        return Finding("torch.device", "ok", "no NVIDIA GPU: the network runs on the CPU")
    level: Level = "error" if asked.startswith("cuda") else "warning"
    driver = "none" if seen.driver is None else ".".join(map(str, seen.driver))
    facts: dict[str, Fact] = {"driver_cuda": driver, "built_for_cuda": seen.built_for}
    reason, remedy = _why_no_gpu(seen)
    summary = f"torch finds no GPU: {reason}"
    return Finding("torch.device", level, summary, remedy, facts=facts)


def _why_no_gpu(seen: TorchSeen) -> tuple[str, str]:
    """The reason and the remedy."""
    if seen.built_for is None:
        return "it is built without CUDA", f"install the build with CUDA: {GET_TORCH}"
    if seen.driver is None:
        return (
            "the driver's library libcuda.so.1 is missing",
            "install the NVIDIA driver; in a container, start it with --gpus all (NVIDIA"
            " Container Toolkit)",
        )
    driver = ".".join(map(str, seen.driver))
    if seen.driver[0] < int(seen.built_for.split(".")[0]):
        return (
            f"it is built for CUDA {seen.built_for}, but the driver is for {driver} at most",
            f"update the driver, or install torch's build for CUDA {driver} or older: {GET_TORCH}",
        )
    return (
        f"the driver is for CUDA {driver}, but offers no device",
        "nvidia-smi says what it sees; unset CUDA_VISIBLE_DEVICES, or give the container the GPU",
    )


def _check_gpu(seen: TorchSeen, gpu: Gpu) -> Finding:
    free = f"{gpu.free / 1e9:.1f} of {gpu.total / 1e9:.1f} GB free"
    facts: dict[str, Fact] = {
        "gpu": gpu.name,
        "free_bytes": gpu.free,
        "total_bytes": gpu.total,
        "built_for_cuda": seen.built_for,
    }
    if not _has_kernels(seen.kernels, gpu.capability):
        version = ".".join(map(str, gpu.capability))
        return Finding(
            "torch.device",
            "error",
            f"this torch has no kernels for {gpu.name} (compute capability {version})",
            f"install a build for it ({GET_TORCH}; on a Jetson NVIDIA's own), or set model.device"
            " to cpu",
            facts=facts,
        )
    if gpu.free < LITTLE_MEMORY:
        return Finding(
            "torch.device",
            "warning",
            f"{gpu.name} has {free}",
            "end what else uses it (nvidia-smi lists that), or make the memories smaller:"
            " memory.psm_size, model.image_size",
            facts=facts,
        )
    return Finding("torch.device", "ok", f"{gpu.name}, {free}", facts=facts)


def _has_kernels(kernels: tuple[str, ...], capability: tuple[int, int]) -> bool:
    """A cubin runs on its own major version from its minor on; PTX on all that are newer."""
    for kernel in kernels:
        match = re.fullmatch(r"(sm|compute)_(\d+)(\d)[a-z]?", kernel)
        if match is None:
            continue
        version = int(match[2]), int(match[3])
        if version <= capability and (match[1] == "compute" or version[0] == capability[0]):
            return True
    return not kernels
