"""A compiled network says what it said before; one that cannot be compiled runs as it is."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import torch
from network_runs import NAMES, difference, run, trained_lite

from mem4d_ros.model import Mem4D
from mem4d_ros.runtime.compilation import compile_parts
from mem4d_ros.runtime.preparation import prepare

CPU = torch.device("cpu")
MAPS = [name for name in NAMES if name.startswith(("points", "confidence"))]


@pytest.fixture(scope="module")
def lite() -> Mem4D:
    return trained_lite()


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing that was compiled before is found."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()


@pytest.fixture
def images() -> list[torch.Tensor]:
    """A smooth random image, three times."""
    torch.manual_seed(0)
    image = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 5), (64, 80), mode="bilinear")
    return [image] * 3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize(
    ("precision", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.03)]
)
def test_compiled_parts_say_what_they_said(
    lite: Mem4D, images: list[torch.Tensor], precision: torch.dtype, tolerance: float
) -> None:
    complaints: list[str] = []
    model = compile_parts(prepare(copy.deepcopy(lite), CPU, precision), complaints.append)
    compiled = run(model, images, precision)
    assert complaints == []
    assert difference(compiled, run(lite, images, torch.float32), MAPS) < tolerance


@pytest.mark.long
def test_without_a_compiler_the_parts_run_as_they_are(
    lite: Mem4D, images: list[torch.Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch._inductor.config.cpp, "cxx", ("/nowhere/g++",))
    complaints: list[str] = []
    as_it_is = prepare(copy.deepcopy(lite), CPU, torch.float32)
    model = compile_parts(prepare(copy.deepcopy(lite), CPU, torch.float32), complaints.append)
    output = run(model, images, torch.float32)
    assert complaints
    assert all("runs as it is" in text and "\n" not in text for text in complaints)
    assert difference(output, run(as_it_is, images, torch.float32), MAPS) < 1e-6
