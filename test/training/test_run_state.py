"""A run's state comes back whole, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mem4d_ros.training.optimizer import Optimizer
from mem4d_ros.training.run_state import Reached, RunStateError, load_run, reached_by, save_run


class Net(nn.Module):
    """Two layers, of which not every step uses the second; the third is frozen."""

    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(3, width), nn.Linear(width, width)
        self.frozen = nn.Linear(width, width).requires_grad_(False)

    def forward(self, x: Tensor, *, deep: bool) -> Tensor:
        x = self.first(x)
        return self.frozen(self.second(x) if deep else x).square().mean()


def start(seed: int, width: int = 4) -> tuple[Net, Optimizer]:
    torch.manual_seed(seed)
    net = Net(width)
    learning = [weight for weight in net.parameters() if weight.requires_grad]
    return net, Optimizer(torch.optim.AdamW(learning, lr=0.1))


def advance(net: Net, optimizer: Optimizer, steps: range) -> None:
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
    save_run(path, whole, whole_optimizer, Reached(4, seconds=7.5))
    advance(whole, whole_optimizer, range(4, 9))

    resumed, optimizer = start(seed=1)
    assert load_run(path, resumed, optimizer) == Reached(4, seconds=7.5)
    advance(resumed, optimizer, range(4, 9))
    for name, weight in whole.state_dict().items():
        assert torch.equal(resumed.state_dict()[name], weight), name


def test_how_far_a_run_has_come_can_be_asked_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_run(path, *start(seed=0), Reached(3, seconds=12.25))
    assert reached_by(path) == Reached(3, seconds=12.25)
    path.write_bytes(b"nonsense")
    with pytest.raises(RunStateError, match=r"run\.safetensors: is not the state of a training"):
        reached_by(path)


def test_a_state_of_before_seconds_were_kept_has_taken_none(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_run(path, *start(seed=0), Reached(3, seconds=12.25))
    save_file(load_file(path), path, {"step": "3"})
    assert load_run(path, *start(seed=0)) == Reached(3, seconds=0.0)


def test_the_state_of_another_optimiser(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    net, optimizer = start(seed=0)
    advance(net, optimizer, range(3))
    save_run(path, net, optimizer, Reached(3))
    momentum = Optimizer(torch.optim.Adagrad(net.parameters()))
    with pytest.raises(RunStateError, match=r"trained first\.\w+.* or by another optimizer"):
        load_run(path, net, momentum)


def test_the_state_of_a_weight_that_is_now_frozen(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    net, optimizer = start(seed=0)
    advance(net, optimizer, range(3))
    save_run(path, net, optimizer, Reached(3))
    narrower = Optimizer(torch.optim.AdamW(net.second.parameters()))
    with pytest.raises(RunStateError, match=r"trained first\.\w+, which this one does not"):
        load_run(path, net, narrower)


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"nonsense")
    with pytest.raises(RunStateError, match=r"run\.safetensors: is not the state of a training"):
        load_run(path, *start(seed=0))
    save_file({"x": torch.ones(1)}, path)
    with pytest.raises(RunStateError, match="is not the state of a training run"):
        load_run(path, *start(seed=0))
    path.unlink()
    path.mkdir()
    with pytest.raises(RunStateError, match="is not the state of a training run"):
        load_run(path, *start(seed=0))


def test_the_state_of_another_network(tmp_path: Path) -> None:
    path = tmp_path / "run.safetensors"
    save_run(path, *start(seed=0, width=5), reached=Reached(1))
    with pytest.raises(RunStateError, match=r"6 weights differ, the first is first\.bias"):
        load_run(path, *start(seed=0))
