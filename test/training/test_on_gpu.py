"""On a GPU a step that is replayed as a graph is the step, and nothing makes the host wait."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from small_training import WITH_EVIDENCE, small_config

from mem4d_ros.training.step_speed import NoiseClips
from mem4d_ros.training.trainer import Trainer

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
CUDA = torch.device("cuda")


def trained(tmp_path: Path, graphs: bool) -> dict[str, torch.Tensor]:
    """The weights after four steps, of two shapes."""
    stages = [{"steps": 2, "frames": [1, 1], "batch": 2}, {"steps": 2, "frames": [3, 3]}]
    config = small_config(
        tmp_path,
        stages=stages,
        optimizer="muon",
        cuda_graphs=graphs,
        report_every=4,
        **WITH_EVIDENCE,
    )
    torch.manual_seed(0)
    trainer = Trainer(config, tmp_path, NoiseClips(32, 48, CUDA), CUDA, torch.float32)
    for _ in range(4):
        trainer.advance()
    return {name: weight.detach().cpu() for name, weight in trainer.model.named_parameters()}


def test_a_graph_is_the_step(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """As far as a step is itself: sums on a GPU differ in their order, which Muon magnifies."""
    eager = trained(tmp_path / "eager", graphs=False)
    again = trained(tmp_path / "again", graphs=False)
    graphed = trained(tmp_path / "graphed", graphs=True)
    assert not caplog.records  # it says there if a graph could not be recorded
    for name, weight in eager.items():
        unsure = 3 * (again[name] - weight).abs().max().item()
        torch.testing.assert_close(graphed[name], weight, rtol=1e-3, atol=1e-4 + unsure, msg=name)


def test_no_step_makes_the_host_wait(tmp_path: Path) -> None:
    config = small_config(tmp_path, optimizer="muon", report_every=100, **WITH_EVIDENCE)
    trainer = Trainer(config, tmp_path, NoiseClips(32, 48, CUDA), CUDA, torch.bfloat16)
    trainer.advance()  # the first use of a kernel may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        trainer.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")
