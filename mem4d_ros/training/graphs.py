"""A step's forward and backward pass as one CUDA graph.

The network is small and reads its frames one after the other: a GPU would wait for Python between
some ten thousand kernels a step. A graph is recorded once for each shape of a batch and replayed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from mem4d_ros.training.data.batches import Batch
from mem4d_ros.training.losses import Losses

_logger = logging.getLogger(__name__)
_WARM_UPS = 2
"""Passes before recording, in which kernels are chosen and workspaces taken."""

Backward = Callable[[Batch], Losses]


class GraphedBackward:
    """The same as `backward`, which leaves gradients in `weights`.

    Only the graph of the newest shape is kept: its memory is that of all activations. Where none
    can be recorded the log says so once, and steps run kernel by kernel from then on.
    """

    def __init__(self, backward: Backward, weights: Sequence[nn.Parameter]) -> None:
        self._backward = backward
        self._weights = weights
        self._graph: torch.cuda.CUDAGraph | None = None
        self._batch: Batch | None = None
        self._losses: Losses | None = None
        self._gradients: list[Tensor | None] = []
        self._is_possible = True

    def __call__(self, batch: Batch) -> Losses:
        """The losses; they are overwritten by the next call, as the gradients are."""
        if not self._is_possible:
            return self._backward(batch)
        if self._batch is None or self._batch.images.shape != batch.images.shape:
            try:
                self._record(batch)
            except RuntimeError as error:
                _logger.warning("no CUDA graph of a step, which is slower: %s", error)
                self._is_possible = False
                self._forget()
                return self._backward(batch)
        else:
            for own, new in zip(tensors_of(self._batch), tensors_of(batch), strict=True):
                own.copy_(new)
        assert self._graph is not None
        assert self._losses is not None
        self._graph.replay()
        for weight, gradient in zip(self._weights, self._gradients, strict=True):
            weight.grad = gradient
        return self._losses

    def _forget(self) -> None:
        self._graph = self._batch = self._losses = None
        self._gradients = []
        self._clear()

    def _record(self, batch: Batch) -> None:
        self._forget()
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        kept = cloned(batch)
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(_WARM_UPS):
                self._clear()
                self._backward(kept)
        torch.cuda.current_stream().wait_stream(side)
        self._clear()
        graph = torch.cuda.CUDAGraph()
        # Other threads go on copying what arrives to pinned memory meanwhile.
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            losses = self._backward(kept)
        self._losses = Losses(**{f.name: getattr(losses, f.name).detach() for f in fields(Losses)})
        self._gradients = [weight.grad for weight in self._weights]
        self._graph, self._batch = graph, kept

    def _clear(self) -> None:
        for weight in self._weights:
            weight.grad = None


def tensors_of(value: object) -> list[Tensor]:
    """All tensors of nested dataclasses, in order."""
    if isinstance(value, Tensor):
        return [value]
    if is_dataclass(value):
        return [t for field in fields(value) for t in tensors_of(getattr(value, field.name))]
    return []


def cloned(value: Any) -> Any:
    """A value of nested dataclasses whose tensors have memory of their own."""
    if isinstance(value, Tensor):
        return value.clone(memory_format=torch.contiguous_format)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: cloned(getattr(value, f.name)) for f in fields(value)})
    return value
