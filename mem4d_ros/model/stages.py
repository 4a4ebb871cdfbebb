"""The stages of a step, named where they are computed, for whoever measures them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

from torch.profiler import record_function

ENCODER, EVIDENCE, TCA, TDM = "encoder", "evidence", "TCA", "TDM"
READOUT, PSM_READ, HEADS, PSM_WRITE = "readout", "PSM read", "heads", "PSM write"
STAGES = (ENCODER, EVIDENCE, TCA, TDM, READOUT, PSM_READ, HEADS, PSM_WRITE)
GRAPHS = "graphs"
"""In place of the others: CUDA graphs that hold them."""

Observer = Callable[[str], AbstractContextManager[Any]]
"""Gives the context in which a stage of that name is computed."""

_observer: ContextVar[Observer] = ContextVar("observer of stages", default=record_function)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """The context, or the decorator of a function, in which a stage is computed.

    Unless somebody else observes, it is a name in the traces of `torch.profiler`.
    """
    with _observer.get()(name):
        yield


@contextmanager
def observed_stages(observer: Observer) -> Iterator[None]:
    """While inside, `observer` is told of each stage."""
    before = _observer.set(observer)
    try:
        yield
    finally:
        _observer.reset(before)
