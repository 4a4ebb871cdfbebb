"""A step of the network as CUDA graphs.

A GPU computes a kernel of a small network faster than Python launches it. A graph is a sequence of
kernels that was recorded once and is launched as a whole: one for nearly all of a step, and one for
each kind of group that the PSM encodes.
"""

from __future__ import annotations

import inspect
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from mem4d_ros.model import Mem4D
from mem4d_ros.model.stages import GRAPHS, stage
from mem4d_ros.runtime.engines.nesting import Nested
from mem4d_ros.runtime.errors import first_line

TOKEN_MULTIPLE = 512
"""To which the PSM is padded: as it fills, few shapes come by."""
STEADY = 3
"""Calls of one layout until it is worth a recording; while the window fills, each differs."""
MOST_LAYOUTS = 12
"""Recordings kept of a function; those used last."""
_WARM_UPS = 2
"""Calls before recording, in which kernels are chosen and workspaces taken."""
_TIMED = 3

_METHODS = {"perceive": "a step", "encode_group": "a group of the PSM"}

Function = Callable[..., Any]
Thunk = Callable[[], Any]


class Recorder(Protocol):
    """Records what a function does to the memory that it is called with."""

    def record(self, function: Thunk) -> tuple[Thunk, Any]:
        """How to do the same again, and the result, which is overwritten then."""
        ...

    def wait(self) -> None:
        """Until all that was launched is done."""
        ...


class CudaRecorder:
    """Records CUDA graphs on a device."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        # Graphs are replayed one after the other, and results copied at once: they share memory.
        self._pool = torch.cuda.graph_pool_handle()

    def record(self, function: Thunk) -> tuple[Thunk, Any]:
        """Raises RuntimeError for what no graph can hold, a wait of the host for one."""
        with torch.cuda.device(self._device):
            current, side = torch.cuda.current_stream(), torch.cuda.Stream()
            side.wait_stream(current)
            with torch.cuda.stream(side):
                for _ in range(_WARM_UPS):
                    function()
            current.wait_stream(side)
            graph = torch.cuda.CUDAGraph()
            # Other threads go on with what they do on the GPU meanwhile.
            with torch.cuda.graph(graph, self._pool, capture_error_mode="thread_local"):
                result = function()
        return graph.replay, result

    def wait(self) -> None:
        """For the device."""
        torch.cuda.synchronize(self._device)


@dataclass(frozen=True)
class _Recording:
    """A recorded call.

    Attributes:
        inputs: tensors that it reads, in memory of its own.
        replay: computes the tensors of `result` anew from them.
        passed: for each tensor of the result the input that it is, None if it is none.
    """

    inputs: tuple[Tensor, ...]
    replay: Thunk
    result: Nested
    passed: tuple[int | None, ...]

    def __call__(self, tensors: Sequence[Tensor]) -> Any:
        """The result of other tensors: new ones, and those that pass through."""
        for own, given in zip(self.inputs, tensors, strict=True):
            own.copy_(given)
        self.replay()
        pairs = zip(self.result.tensors, self.passed, strict=True)
        made = [own.clone() if index is None else tensors[index] for own, index in pairs]
        return self.result.with_tensors(iter(made))


class GraphedFunction:
    """Takes the place of a function of tensors: the same results, in new memory.

    Where its calls cannot be recorded they are made as ever, and `report` is told why. Not
    thread-safe.
    """

    def __init__(
        self, name: str, function: Function, recorder: Recorder, report: Callable[[str], object]
    ) -> None:
        self._name, self._function = name, function
        self._recorder, self._report = recorder, report
        self._signature = inspect.signature(function)
        self._calls: Counter[str] = Counter()
        self._recordings: OrderedDict[str, _Recording] = OrderedDict()
        self._is_possible = True
        self._is_told = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What the function says."""
        if not self._is_possible:
            return self._function(*args, **kwargs)
        call = Nested.of(dict(self._signature.bind(*args, **kwargs).arguments))
        if call.layout not in self._recordings:
            self._calls[call.layout] += 1
            if self._calls[call.layout] < STEADY or not self._record(call):
                return self._function(*args, **kwargs)
        self._recordings.move_to_end(call.layout)
        with stage(GRAPHS):
            return self._recordings[call.layout](call.tensors)

    def _record(self, call: Nested) -> bool:
        """Whether it could be done."""
        try:
            recording = self._recorded(call)
        except RuntimeError as error:
            self._is_possible = False
            self._recordings.clear()
            self._report(
                f"no CUDA graph of {self._name}, which runs kernel by kernel: {first_line(error)}"
            )
            return False
        while len(self._recordings) >= MOST_LAYOUTS:
            self._recordings.popitem(last=False)
        self._recordings[call.layout] = recording
        return True

    def _recorded(self, call: Nested) -> _Recording:
        inputs = tuple(tensor.clone() for tensor in call.tensors)
        arguments = call.with_tensors(iter(inputs))

        def function() -> Any:
            # A weight that autocast keeps rounded would be gone when the graph is replayed.
            kind = inputs[0].device.type
            with torch.autocast(
                kind,
                torch.get_autocast_dtype(kind),
                enabled=torch.is_autocast_enabled(kind),
                cache_enabled=False,
            ):
                return self._function(**arguments)

        replay, made = self._recorder.record(function)
        result = Nested.of(made)
        places = {id(tensor): index for index, tensor in enumerate(inputs)}
        passed = tuple(places.get(id(tensor)) for tensor in result.tensors)
        if not self._is_told:
            self._is_told = True
            eager, graph = self._seconds(function), self._seconds(replay)
            self._report(
                f"{self._name} is a CUDA graph: {1e3 * graph:.1f} ms instead of"
                f" {1e3 * eager:.1f} kernel by kernel"
            )
        return _Recording(inputs, replay, result, passed)

    def _seconds(self, function: Thunk) -> float:
        """Of the fastest of some calls."""
        measured = []
        for _ in range(_TIMED):
            self._recorder.wait()
            started = time.perf_counter()
            function()
            self._recorder.wait()
            measured.append(time.perf_counter() - started)
        return min(measured)


def use_graphs(model: Mem4D, recorder: Recorder, report: Callable[[str], object]) -> None:
    """Have the model's steps recorded, as soon as their shapes settle; it is changed in place."""
    model.token_multiple = TOKEN_MULTIPLE
    for method, name in _METHODS.items():
        setattr(model, method, GraphedFunction(name, getattr(model, method), recorder, report))


@contextmanager
def kernel_by_kernel(model: Mem4D) -> Iterator[None]:
    """Inside, the model runs without its graphs, for whoever wants to see what it does."""
    graphed = {name: vars(model)[name] for name in _METHODS if name in vars(model)}
    multiple, model.token_multiple = model.token_multiple, 1
    for name in graphed:
        delattr(model, name)
    try:
        yield
    finally:
        model.token_multiple = multiple
        for name, function in graphed.items():
            setattr(model, name, function)
