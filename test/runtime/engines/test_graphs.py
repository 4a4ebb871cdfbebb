"""A step whose parts are recorded and replayed is the step, whatever becomes of a stream.

What a CUDA graph does is done here without a GPU: a replay calls the recorded function again, with
the very arguments of the recording. What it then says depends on the data in their tensors alone.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model
from torch.utils._python_dispatch import TorchDispatchMode

from mem4d_ros.evaluation.speed.stream import FullStream, Setting
from mem4d_ros.geometry import fov_to_intrinsics
from mem4d_ros.model import FrameOutput, Mem4D, Mem4DConfig, MemorySizes, MemoryState, kriging
from mem4d_ros.model.evidence import Evidence
from mem4d_ros.runtime.engines import CUDA_GRAPH, EngineUnavailable, use_engine
from mem4d_ros.runtime.engines.graphs import GraphedFunction, use_graphs

SIZE = (48, 64)
STEPS = 60
Kind = frozenset[str]
KINDS: tuple[Kind, ...] = (
    frozenset(),
    frozenset({"intrinsics"}),
    frozenset({"intrinsics", "points"}),
    frozenset({"intrinsics", "points", "pose"}),
)


class Rehearsal:
    """Records as a CUDA graph is recorded, on any device; `during` is entered for each call."""

    def __init__(self, during: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self.recorded = self.replayed = 0
        self._during = during

    def record(self, function: Callable[[], Any]) -> tuple[Callable[[], Any], Any]:
        self.recorded += 1
        function()
        with self._during():
            result = function()
        kept = list(_tensors(result))

        def replay() -> None:
            self.replayed += 1
            made = list(_tensors(function()))
            for own, new in zip(kept, made, strict=True):
                own.copy_(new.clone())

        return replay, result

    def wait(self) -> None:
        pass


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _tensors(item)
    elif hasattr(value, "__dataclass_fields__"):
        for field in fields(value):
            yield from _tensors(getattr(value, field.name))


def evidence_of(kind: Kind, batch: int, random: torch.Generator) -> Evidence | None:
    """Some of what may be known, with any number of points, none too."""
    if not kind:
        return None
    height, width = SIZE
    given: dict[str, torch.Tensor] = {
        "intrinsics": fov_to_intrinsics(
            0.8 + 0.3 * torch.rand(batch, 2, generator=random), height, width
        )
    }
    if "points" in kind:
        share = torch.rand((), generator=random) * 0.2 - 0.02
        known = torch.rand(batch, height, width, generator=random) < share
        given["depth"] = (1 + 4 * torch.rand(batch, height, width, generator=random)) * known
        given["deviation"] = 0.05 * given["depth"]
    if "pose" in kind:
        pose = torch.eye(4).repeat(batch, 1, 1)
        pose[:, :3, 3] = torch.randn(batch, 3, generator=random)
        given["camera_to_world"] = pose
    return Evidence(**given)


def graphed(model: Mem4D, recorder: Rehearsal | None = None) -> tuple[Mem4D, list[str]]:
    """The same network, recorded, and what is told of it."""
    lines: list[str] = []
    copied = copy.deepcopy(model)
    use_graphs(copied, recorder or Rehearsal(), lines.append)
    return copied, lines


class Pair:
    """A stream through the ordinary network and through the recorded one."""

    def __init__(self, models: Sequence[Mem4D], memory: MemorySizes, batch: int = 1) -> None:
        self.models = models
        self.states = [model.initial_state(memory) for model in models]
        self.batch = batch

    def step(self, random: torch.Generator, evidence: Evidence | None) -> None:
        """Both must say the same."""
        image = torch.rand(self.batch, 3, *SIZE, generator=random)
        outputs: list[FrameOutput] = []
        for index, model in enumerate(self.models):
            with torch.inference_mode():
                output, self.states[index] = model.step(image, self.states[index], evidence)
            outputs.append(output)
        for field in fields(FrameOutput):
            said, should = (getattr(output, field.name) for output in reversed(outputs))
            torch.testing.assert_close(said, should, rtol=1e-3, atol=1e-4, msg=field.name)

    def change(self, state: Callable[[MemoryState], MemoryState]) -> None:
        self.states = [state(old) for old in self.states]


@pytest.fixture(scope="module")
def evident() -> Mem4D:
    return small_model(SMALL_EVIDENT)


@pytest.mark.parametrize("config", [SMALL_VIT, SMALL_EVIDENT], ids=["paper's", "with evidence"])
def test_steps_through_the_filling_of_all_memories(config: Mem4DConfig) -> None:
    model = small_model(config)
    recorder = Rehearsal()
    recorded, lines = graphed(model, recorder)
    pair, random = Pair((model, recorded), config.memory), torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        pair.step(random, None)
    assert recorder.replayed > STEPS
    assert [line.split(" is")[0] for line in lines] == ["a group of the PSM", "a step"]


def test_evidence_that_comes_and_goes(evident: Mem4D) -> None:
    recorder = Rehearsal()
    pair = Pair((evident, graphed(evident, recorder)[0]), MemorySizes(3, 1, 12))
    random = torch.Generator().manual_seed(1)
    for step in range(STEPS):
        kind = KINDS[step // 6 % len(KINDS)] if step < STEPS // 2 else KINDS[step % len(KINDS)]
        pair.step(random, evidence_of(kind, 1, random))
    assert recorder.replayed > STEPS


def test_streams_in_turn_side_by_side_and_anew(evident: Mem4D) -> None:
    recorded, _ = graphed(evident)
    memory = MemorySizes(2, 1, 8)
    pairs = [Pair((evident, recorded), memory, batch) for batch in (1, 1, 2)]
    random = torch.Generator().manual_seed(2)
    kind = KINDS[-1]
    for step in range(30):
        for index, pair in enumerate(pairs):
            if step % 13 == 5 * index + 2:
                pair.change(lambda state: MemoryState(state.memory))
            pair.step(random, evidence_of(kind, pair.batch, random))


def test_frames_that_are_not_kept_and_memories_of_other_sizes(evident: Mem4D) -> None:
    """A state is a value, as ever: what a replay overwrites is no state's."""
    pair = Pair((evident, graphed(evident)[0]), MemorySizes(3, 2, 8))
    random = torch.Generator().manual_seed(3)
    for step in range(50):
        before = [state.structure for state in pair.states]
        pair.step(random, evidence_of(KINDS[-1], 1, random))
        if step % 3:
            pair.states = [
                replace(state, structure=old)
                for state, old in zip(pair.states, before, strict=True)
            ]
        if step == 30:
            pair.change(lambda state: state.resized(MemorySizes(2, 1, 5)))


def test_a_state_is_still_what_it_was_later(evident: Mem4D) -> None:
    recorded, _ = graphed(evident)
    random = torch.Generator().manual_seed(4)
    images = torch.rand(20, 1, 3, *SIZE, generator=random)
    state = recorded.initial_state()
    with torch.inference_mode():
        for image in images[:12]:
            _, state = recorded.step(image, state)
        first, _ = recorded.step(images[12], state)
        later = state
        for image in images[12:]:
            _, later = recorded.step(image, later)
        again, _ = recorded.step(images[12], state)
    torch.testing.assert_close(first.points_world, again.points_world)


WAITS = ("_local_scalar_dense", "nonzero", "masked_select", "lift_fresh", "unique", "item")
"""Of operators for which the host would wait for a GPU, or copy to it."""


class NoWaiting(TorchDispatchMode):
    """Inside, they are errors."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = func._schema.name.split("::")[1]
        is_mask = name in ("index", "index_put", "index_put_") and any(
            index is not None and index.dtype == torch.bool for index in args[1]
        )
        if is_mask or any(name.startswith(wait) for wait in WAITS):
            raise RuntimeError(f"the host would wait for {name}")
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: " and ".join(sorted(kind)) or "none")
def test_nothing_that_is_recorded_waits(
    evident: Mem4D, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recording is refused if it does."""
    monkeypatch.setattr(kriging, "_solved", _as_on_a_gpu)
    recorder = Rehearsal(NoWaiting)
    model, lines = graphed(evident, recorder)
    state, random = model.initial_state(MemorySizes(2, 1, 6)), torch.Generator().manual_seed(5)
    with torch.inference_mode():
        for _ in range(16):
            image = torch.rand(1, 3, *SIZE, generator=random)
            _, state = model.step(image, state, evidence_of(kind, 1, random))
    assert not [line for line in lines if "no CUDA graph" in line], lines
    assert recorder.replayed > 16


def _as_on_a_gpu(matrix: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return kriging.conjugate_gradients(matrix, target, kriging.ITERATIONS)


def test_the_watch_over_waiting_sees_it() -> None:
    x = torch.rand(3)
    for wait in (lambda: x.sum().item(), lambda: x[x > 0], lambda: torch.tensor([1.0])):
        with pytest.raises(RuntimeError, match="would wait"), NoWaiting():
            wait()


def test_work_is_counted_as_it_is_without_graphs(evident: Mem4D) -> None:
    recorder = Rehearsal()
    recorded, _ = graphed(evident, recorder)
    cpu, memory = torch.device("cpu"), MemorySizes(2, 1, 8)
    streams = [
        FullStream(Setting(model, cpu, torch.float32, *SIZE, memory, evidence=True))
        for model in (evident, recorded)
    ]
    for _ in range(4):
        streams[1].step()
    replayed = recorder.replayed
    expected, counted = (stream.flops() for stream in streams)
    assert counted == expected
    assert recorder.replayed == replayed
    streams[1].step()
    assert recorder.replayed > replayed


def test_what_cannot_be_recorded_runs_as_ever_and_is_told_once() -> None:
    class Impossible(Rehearsal):
        def record(self, function: Callable[[], Any]) -> tuple[Callable[[], Any], Any]:
            raise RuntimeError("operation not permitted when stream is capturing\nand more")

    lines: list[str] = []
    double = GraphedFunction("a doubling", lambda x: 2 * x, Impossible(), lines.append)
    for value in range(10):
        assert double(torch.tensor(value)) == 2 * value
    assert lines == [
        "no CUDA graph of a doubling, which runs kernel by kernel:"
        " operation not permitted when stream is capturing"
    ]


def test_without_a_gpu_there_are_none(evident: Mem4D) -> None:
    with pytest.raises(EngineUnavailable, match="need a CUDA device"):
        use_engine(CUDA_GRAPH, copy.deepcopy(evident), torch.float32, print)
