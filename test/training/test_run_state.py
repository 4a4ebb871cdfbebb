"""A run's state comes back whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mem4d_ros.training.run_state import RunStateError, load_run, save_run


class Net(nn.Module):
    """Two layers, of which not every step uses the second; the third is frozen."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, width), nn.Linear(width, width)
        self.frozen = nn.Linear(width, width).requires_grad_(False)

    def forward(self, x: Tensor, *, deep: bool) -> Tensor:
        x = self.first(x)
        return self.frozen(self.second(x) if deep else x).square().mean()


def start(seed: int, width: int = 4) -> tuple[Net, torch.optim.AdamW]:
    torch.manual_seed(seed)
    net = Net(width)
    return net, torch.optim.AdamW([w for w in net.parameters() if w.requires_grad], lr=0.1)


def advance(net: Net, optimizer: torch.optim.AdamW, steps: range) -> None:
    for step in steps:
        x = torch.randn(5, 3, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        net(x, deep=step % 3 == 2).backward()
        optimizer.step()


def test_a_resumed_run_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    """Also where a weight has seen fewer updates than the run has steps."""
    path = tmp_path / "run.safetensors"
    whole, whole_optimizer = start(seed=0)
    advance(whole, whole_optimizer, range(4))
    save_run(path, whole, whole_optimizer, 4)
    advance(whole, whole_optimizer, range(4, 9))

    resumed, optimizer = start(seed=1)
    assert load_run(path, resumed, optimizer) == 4
    advance(resumed, optimizer, range(4, 9))
    for name, weight in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weight), name


def test_a_state_without_update_counts_takes_the_runs_steps(tmp_path: Path) -> None:
    """States written by earlier versions."""
    path = tmp_path / "run.safetensors"
    net, optimizer = start(seed=0)
    advance(net, optimizer, range(3))
    save_run(path, net, optimizer, 3)
    kept = {k: v for k, v in load_file(path).items() if not k.startswith("updates.")}
    save_file(kept, path, {"step": "3"})
    resumed, optimizer = start(seed=1)
    load_run(path, resumed, optimizer)
    assert {state["step"].item() for state in optimizer.state.values()} == {3.0}


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"nonsense")
    with pytest.raises(RunStateError, match=r"run\.safetensors: is not the state of a training"):
        load_run(path, *start(seed=0))
    save_file({"x": torch.ones(1)}, path)
    with pytest.raises(RunStateError, match="is not the state of a training run"):
        load_run(path, *start(seed=0))


def test_the_state_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_run(path, *start(seed=0, width=5), step=1)
    with pytest.raises(RunStateError, match=r"6 weights differ, the first is first\.bias"):
        load_run(path, *start(seed=0))
