"""Matrices of one shape learn together as each would alone."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mem4d_ros.training.muon import Muon, orthogonalised


@pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this PyTorch has no Muon")
def test_it_is_pytorchs_muon() -> None:
    torch.manual_seed(0)
    shapes = [(16, 16), (48, 16), (16, 16), (16, 40), (48, 16)]
    own = [nn.Parameter(torch.randn(shape)) for shape in shapes]
    theirs = [nn.Parameter(weight.detach().clone()) for weight in own]
    first = Muon(own, lr=1e-2, weight_decay=0.05)
    second = torch.optim.Muon(theirs, lr=1e-2, weight_decay=0.05, adjust_lr_fn="match_rms_adamw")
    for _ in range(5):
        for a, b in zip(own, theirs, strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        first.step()
        second.step()
    for a, b in zip(own, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=2e-3)  # of updates of 1e-2, in bfloat16


def test_a_weight_without_gradient_stays() -> None:
    weight = nn.Parameter(torch.ones(16, 16))
    Muon([weight], lr=1.0).step()
    assert torch.equal(weight, torch.ones(16, 16))


@pytest.mark.parametrize("shape", [(3, 20, 20), (2, 8, 32), (2, 32, 8)])
def test_all_directions_become_alike(shape: tuple[int, int, int]) -> None:
    torch.manual_seed(0)
    values = torch.linalg.svdvals(orthogonalised(torch.randn(shape)).float())
    assert values.min() > 0.5
    assert values.max() < 1.5
