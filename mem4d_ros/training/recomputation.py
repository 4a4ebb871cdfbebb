"""Activation checkpointing: compute layers again in the backward pass instead of keeping them."""

from __future__ import annotations

from functools import partial

from torch import nn
from torch.utils.checkpoint import checkpoint

from mem4d_ros.model.heads import PointmapHead
from mem4d_ros.model.layers import Block

RECOMPUTED = (Block, PointmapHead)
"""Modules with most of the values that a backward pass needs; only their inputs are kept."""


def recompute_activations(model: nn.Module) -> None:
    """Make the model's blocks and dense heads forget what lies between input and output.

    Values, gradients and names of weights stay the same; a training step takes about a third
    longer.
    """
    for module in model.modules():
        if isinstance(module, RECOMPUTED):
            forward = partial(
                checkpoint, module.forward, use_reentrant=False, preserve_rng_state=False
            )
            setattr(module, "forward", forward)  # noqa: B010 - a method, as mypy sees it
