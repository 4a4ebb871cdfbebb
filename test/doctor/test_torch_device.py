"""torch, driver and GPU, in every way in which they do not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mem4d_ros.doctor.torch_device import (
    Gpu,
    TorchSeen,
    check_device,
    check_torch,
    read_torch,
)

ORIN = Gpu("Orin", (8, 7), 6_000_000_000, 8_000_000_000)
GOOD = TorchSeen(
    version="2.8.0",
    built_for="12.6",
    driver=(12, 6),
    has_nvidia=True,
    kernels=("sm_80", "sm_90", "compute_90"),
    gpus=(ORIN,),
)
NONE = replace(GOOD, gpus=(), kernels=())


def test_what_is_here_can_be_read() -> None:
    seen = read_torch()
    assert check_torch(seen).level == "ok"
    assert check_device(seen).level in ("ok", "warning")


def test_a_torch_that_cannot_be_imported() -> None:
    finding = check_torch(TorchSeen(fault="ImportError: libcudart.so.12"))
    assert finding.level == "error"
    assert "libcudart.so.12" in finding.summary
    assert "pip install" in finding.remedy


@pytest.mark.parametrize("version", ["2.5.1", "2.14.0+cu130", "3.0.0"])
def test_a_version_that_nobody_tested(version: str) -> None:
    assert check_torch(replace(GOOD, version=version)).level == "warning"


def test_a_gpu_that_fits() -> None:
    finding = check_device(GOOD)
    assert finding.level == "ok"
    assert "6.0 of 8.0 GB free" in finding.summary


def test_no_gpu_is_well_unless_one_is_asked_for() -> None:
    bare = TorchSeen(version="2.8.0")
    assert check_device(bare).level == "ok"
    assert check_device(bare, "cuda:0").level == "error"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (replace(NONE, built_for=None), "built without CUDA"),
        (replace(NONE, driver=None), "libcuda.so.1 is missing"),
        (replace(NONE, driver=(11, 4)), "built for CUDA 12.6, but the driver is for 11.4"),
        (NONE, "offers no device"),
    ],
)
def test_why_torch_finds_no_gpu(seen: TorchSeen, words: str) -> None:
    assert words in check_device(seen).summary
    assert check_device(seen).level == "warning"
    assert check_device(seen, "cuda").level == "error"


@pytest.mark.parametrize(
    ("capability", "level"),
    [((8, 0), "ok"), ((8, 9), "ok"), ((12, 0), "ok"), ((7, 5), "error")],
)
def test_kernels_run_on_their_own_generation_and_ptx_on_later_ones(
    capability: tuple[int, int], level: str
) -> None:
    gpu = replace(ORIN, capability=capability)
    assert check_device(replace(GOOD, gpus=(gpu,))).level == level


def test_without_ptx_a_later_generation_has_no_kernels() -> None:
    later = replace(ORIN, capability=(12, 0))
    finding = check_device(replace(GOOD, gpus=(later,), kernels=("sm_80", "sm_90")))
    assert finding.level == "error"
    assert "12.0" in finding.summary


def test_a_gpu_that_is_full() -> None:
    finding = check_device(replace(GOOD, gpus=(replace(ORIN, free=10_000_000),)))
    assert finding.level == "warning"
    assert "nvidia-smi" in finding.remedy
