"""A compiled network says what it said before; one that cannot be compiled runs as it is."""

import copy
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
import torch

from mem4d_ros.model import FrameOutput, Mem4D
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.runtime.compilation import compile_parts
from mem4d_ros.runtime.preparation import prepare

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def lite() -> Mem4D:
    """Trained weights: with random ones the pointmap is all but a constant."""
    path = packaged_weights("lite")
    assert path is not None
    return load_checkpoint(path)


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing that was compiled before is found."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    torch._dynamo.reset()


def run(model: Mem4D, precision: torch.dtype) -> FrameOutput:
    """Three steps over a smooth random image."""
    torch.manual_seed(0)
    image = torch.nn.functional.interpolate(torch.rand(1, 3, 4, 5), (64, 80), mode="bilinear")
    state = model.initial_state()
    reduced = precision != torch.float32
    with torch.inference_mode(), torch.autocast("cpu", precision, enabled=reduced):
        for _ in range(3):
            output, state = model.step(image, state)
    return output


def difference(a: FrameOutput, b: FrameOutput) -> float:
    """Largest RMS difference of a pointmap or confidence, relative to its RMS."""
    names = [f.name for f in fields(FrameOutput) if f.name.startswith(("points", "confidence"))]
    return max(
        float((getattr(a, n) - getattr(b, n)).square().mean().sqrt())
        / float(getattr(b, n).square().mean().sqrt())
        for n in names
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="there is no C++ compiler")
@pytest.mark.parametrize(
    ("precision", "tolerance"), [(torch.float32, 1e-4), (torch.bfloat16, 0.03)]
)
def test_compiled_parts_say_what_they_said(
    lite: Mem4D, precision: torch.dtype, tolerance: float
) -> None:
    complaints: list[str] = []
    model = compile_parts(prepare(copy.deepcopy(lite), CPU, precision), complaints.append)
    compiled = run(model, precision)
    assert complaints == []
    assert difference(compiled, run(lite, torch.float32)) < tolerance


def test_without_a_compiler_the_parts_run_as_they_are(
    lite: Mem4D, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch._inductor.config.cpp, "cxx", ("/nowhere/g++",))
    complaints: list[str] = []
    model = compile_parts(prepare(copy.deepcopy(lite), CPU, torch.float32), complaints.append)
    output = run(model, torch.float32)
    assert complaints
    assert all("runs as it is" in text and "\n" not in text for text in complaints)
    assert difference(output, run(lite, torch.float32)) < 1e-6
