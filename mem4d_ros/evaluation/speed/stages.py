"""How a step's time is shared by the parts of the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import MappingProxyType
from typing import Any

from torch import nn

from mem4d_ros.model import Mem4D

STAGES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "encoder": ("encoder.forward", "embedding.forward"),
        "TCA": ("temporal_context.forward", "temporal_context.compress"),
        "TDM": ("dynamics_memory.forward", "dynamics_memory.pyramid"),
        "readout": ("decoder.forward",),
        "heads": ("global_head.forward", "self_head.forward", "camera_head.forward"),
        "PSM write": ("structure_memory.write", "structure_memory.remember"),
    }
)
"""Methods of the network by stage. The readout's reading of the PSM is a stage of its own."""

PSM_READ = "PSM read"


class StageClock:
    """Seconds of `now` spent in each stage; a stage stands still while another runs inside it.

    `synchronise` waits for what a device still has to do.
    """

    def __init__(
        self, now: Callable[[], float], synchronise: Callable[[], None] = lambda: None
    ) -> None:
        self.seconds: dict[str, float] = {}
        self._now = now
        self._synchronise = synchronise
        self._running: list[str] = []
        self._since = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what passes inside for `name`."""
        self._charge()
        self._running.append(name)
        yield
        self._charge()
        self._running.pop()

    def _charge(self) -> None:
        """Give the time since the last change to the innermost stage."""
        self._synchronise()
        now = self._now()
        if self._running:
            name = self._running[-1]
            self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now


@contextmanager
def timed_stages(model: Mem4D, clock: StageClock) -> Iterator[None]:
    """While inside, the network's parts tell the clock when they run."""
    methods = [(path, stage) for stage, paths in STAGES.items() for path in paths]
    methods += [
        (f"decoder.spatial_blocks.{index}.forward", PSM_READ)
        for index in range(len(model.decoder.spatial_blocks))
    ]
    wrapped = [_wrap(model, path, clock, stage) for path, stage in methods]
    try:
        yield
    finally:
        for part, name in wrapped:
            delattr(part, name)  # what the class defines shows again


def _wrap(model: Mem4D, path: str, clock: StageClock, stage: str) -> tuple[nn.Module, str]:
    owner, _, name = path.rpartition(".")
    part = model.get_submodule(owner)
    method = getattr(part, name)

    @wraps(method)
    def timed(*arguments: Any, **named: Any) -> Any:
        with clock.stage(stage):
            return method(*arguments, **named)

    setattr(part, name, timed)
    return part, name
