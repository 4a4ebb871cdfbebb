"""One optimiser of several, and who learns by which."""

from __future__ import annotations

import math

import pytest
import torch
from small_networks import SMALL_VIT
from torch import nn

from mem4d_ros.model import Mem4D
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.optimizer import Optimizer, learning_rate, make_optimizer

PEAK, STEPS, WARM_UP = 3e-4, 100, 10


@pytest.fixture
def tiny_model() -> Mem4D:
    torch.manual_seed(0)
    return Mem4D(SMALL_VIT)


def make(model: Mem4D, **settings: object) -> Optimizer:
    config = TrainingConfig(encoder=None, freeze_encoder=False, **settings)  # type: ignore[arg-type]
    return make_optimizer(model, config)


def updated(model: Mem4D, optimizer: Optimizer, rate: float) -> dict[str, float]:
    """Root mean square of each weight's first change, with a random gradient and no decay."""
    torch.manual_seed(0)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    for weight in model.parameters():
        weight.grad = torch.randn_like(weight)
    optimizer.set_learning_rate(rate)
    optimizer.step()
    return {
        name: (weight.detach() - before[name]).square().mean().sqrt().item()
        for name, weight in model.named_parameters()
    }


def test_adamw_moves_every_weight_by_the_learning_rate(tiny_model: Mem4D) -> None:
    """Adam's first update is the gradient's sign times the rate."""
    changes = updated(tiny_model, make(tiny_model, weight_decay=0.0), 1e-3)
    assert changes.keys() == dict(tiny_model.named_parameters()).keys()
    assert all(change == pytest.approx(1e-3, rel=1e-2) for change in changes.values())


def test_the_encoder_may_learn_more_slowly(tiny_model: Mem4D) -> None:
    changes = updated(tiny_model, make(tiny_model, weight_decay=0.0, encoder_rate=0.1), 1e-3)
    for name, change in changes.items():
        rate = 1e-4 if name.startswith("encoder.") else 1e-3
        assert change == pytest.approx(rate, rel=1e-2), name


def test_muon_moves_matrices_in_all_directions_alike(tiny_model: Mem4D) -> None:
    """The update of a matrix is nearly orthogonal: its singular values are nearly equal."""
    weight = tiny_model.decoder.motion_blocks[0].attention.output.weight
    before = weight.detach().clone()
    updated(tiny_model, make(tiny_model, weight_decay=0.0, optimizer="muon"), 1e-3)
    values = torch.linalg.svdvals(before - weight.detach())
    assert values.min() > 0.5 * values.max()
    random = torch.linalg.svdvals(torch.randn_like(before))
    assert random.min() < 0.2 * random.max()


def test_muon_takes_the_matrices_outside_of_the_encoder_only(tiny_model: Mem4D) -> None:
    optimizer = make(tiny_model, weight_decay=0.0, optimizer="muon")
    updated(tiny_model, optimizer, 1e-3)
    for name, weight in tiny_model.named_parameters():
        by_muon = set(optimizer.state_of(weight)) == {"momentum_buffer"}
        large = weight.dim() == 2 and min(weight.shape) >= 16
        assert by_muon == (large and not name.startswith("encoder.")), name


def test_biases_and_norms_do_not_decay(tiny_model: Mem4D) -> None:
    optimizer = make(tiny_model, weight_decay=0.5)
    before = {name: weight.detach().clone() for name, weight in tiny_model.named_parameters()}
    for weight in tiny_model.parameters():
        weight.grad = torch.zeros_like(weight)
    optimizer.set_learning_rate(0.1)
    optimizer.step()
    for name, weight in tiny_model.named_parameters():
        decays = weight.dim() > 1 and weight.shape[0] > 1
        factor = 0.95 if decays else 1.0
        assert torch.allclose(weight, factor * before[name]), name


def test_a_foreign_weight_cannot_be_restored(tiny_model: Mem4D) -> None:
    with pytest.raises(KeyError, match="no optimiser has this weight"):
        make(tiny_model).restore(nn.Parameter(torch.ones(1)), {})


def test_it_warms_up_linearly() -> None:
    rates = [learning_rate(step, STEPS, WARM_UP, PEAK) for step in range(WARM_UP)]
    assert rates == pytest.approx([PEAK * k / WARM_UP for k in range(1, WARM_UP + 1)])


def test_it_falls_along_a_cosine_to_zero() -> None:
    for step in range(WARM_UP, STEPS + 1):
        share = (step - WARM_UP) / (STEPS - WARM_UP)
        expected = PEAK * math.cos(math.pi / 2 * share) ** 2  # (1 + cos x) / 2 = cos² (x / 2)
        assert learning_rate(step, STEPS, WARM_UP, PEAK) == pytest.approx(expected, abs=1e-18)


def test_it_never_exceeds_its_peak_nor_falls_below_zero() -> None:
    for warm_up in (0, 1, STEPS, 2 * STEPS):
        rates = [learning_rate(step, STEPS, warm_up, PEAK) for step in range(2 * STEPS)]
        assert 0 <= min(rates) <= max(rates) <= PEAK


def test_by_the_clock_it_falls_with_the_time_that_is_over() -> None:
    late = learning_rate(WARM_UP, STEPS, WARM_UP, PEAK, position=STEPS / 2)
    assert late == pytest.approx(PEAK / 2)
    assert learning_rate(10 * STEPS, STEPS, WARM_UP, PEAK, position=0) == PEAK


def test_each_cycle_falls_from_the_peak_to_zero_and_the_first_one_warms_up() -> None:
    rates = [learning_rate(s, 3 * STEPS, WARM_UP, PEAK, cycles=3) for s in range(3 * STEPS)]
    assert rates[:STEPS] == [learning_rate(s, STEPS, WARM_UP, PEAK) for s in range(STEPS)]
    assert rates[STEPS : 2 * STEPS] == pytest.approx(
        [learning_rate(s, STEPS, 0, PEAK) for s in range(STEPS)]
    )
    assert rates[2 * STEPS :] == pytest.approx(rates[STEPS : 2 * STEPS])
    assert learning_rate(WARM_UP, 3 * STEPS, WARM_UP, PEAK, 2.5 * STEPS, 3) == pytest.approx(
        PEAK / 2
    )
