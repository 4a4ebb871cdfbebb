"""Time and memory of one online step with every memory full."""

from __future__ import annotations

import platform
import resource
import statistics
import time
from dataclasses import asdict, dataclass, replace

import torch

from mem4d_ros.model import Mem4D, MemorySizes, MemoryState


@dataclass(frozen=True)
class StepTimes:
    """What one run measured; times in seconds of wall clock, memory in bytes.

    Attributes:
        peak_host_bytes: largest resident set of the whole process since its start.
        peak_device_bytes: largest allocation on the CUDA device; None on a CPU.
    """

    device: str
    threads: int
    torch_version: str
    precision: str
    height: int
    width: int
    parameters: int
    memory: MemorySizes
    structure_tokens: int
    steps: int
    median_s: float
    p95_s: float
    peak_host_bytes: int
    peak_device_bytes: int | None

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)


def filled_state(model: Mem4D, image: torch.Tensor, memory: MemorySizes) -> MemoryState:
    """A state of image's stream with every memory full.

    The window and the TDM are filled by real steps. The PSM, which would take as many steps as it
    has frames, is filled with random features through its own writing path: same sizes, same
    tokens, same work for the next step.
    """
    state = model.initial_state(memory)
    for _ in range(max(memory.tca_window, memory.tdm_size, 1)):
        _, state = model.step(image, state)
    structure, frame = state.structure, state.frame_index
    assert state.grid is not None
    features = image.new_empty(image.shape[0], model.config.width, *state.grid)
    # Past the capacity and past the age at which frames merge, the number of tokens is settled.
    settled = memory.psm_size + model.config.structure_memory.tiers[-1].older_than
    while frame < settled:
        structure = model.structure_memory.remember(
            structure,
            frame,
            features.normal_(),
            memory.psm_size,
            model.decoder.structure_key_value,
        )
        frame += 1
    return replace(state, structure=structure, frame_index=frame)


def benchmark_step(
    model: Mem4D,
    height: int,
    width: int,
    *,
    device: torch.device,
    precision: torch.dtype = torch.float32,
    memory: MemorySizes | None = None,
    steps: int = 20,
    warm_up: int = 3,
) -> StepTimes:
    """Time `steps` steps after `warm_up` others, all with full memories, a batch of one.

    A step is what `Mem4D.step` does, all heads included; images are random and already on the
    device, results stay there. A CUDA device is synchronised around each step.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, got {steps}")
    memory = memory or model.config.memory
    model = model.to(device).eval()
    reduced = precision != torch.float32
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.reset_peak_memory_stats(device)
    times = []
    with torch.inference_mode(), torch.autocast(device.type, precision, enabled=reduced):
        image = torch.rand(1, 3, height, width, device=device)
        state = filled_state(model, image, memory)
        for index in range(warm_up + steps):
            image = torch.rand(1, 3, height, width, device=device)
            _synchronise(device)
            start = time.perf_counter()
            _, state = model.step(image, state)
            _synchronise(device)
            if index >= warm_up:
                times.append(time.perf_counter() - start)
    return StepTimes(
        device=torch.cuda.get_device_name(device) if cuda else processor_name(),
        threads=torch.get_num_threads(),
        torch_version=torch.__version__,
        precision=str(precision).removeprefix("torch."),
        height=height,
        width=width,
        parameters=sum(weight.numel() for weight in model.parameters()),
        memory=memory,
        structure_tokens=state.structure.tokens,
        steps=steps,
        median_s=statistics.median(times),
        p95_s=sorted(times)[max(0, round(0.95 * steps) - 1)],
        peak_host_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        peak_device_bytes=torch.cuda.max_memory_allocated(device) if cuda else None,
    )


def _synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def processor_name() -> str:
    """The CPU's model as Linux reports it, elsewhere the machine's architecture."""
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            names = [line.split(":")[1].strip() for line in cpuinfo if "model name" in line]
    except FileNotFoundError:
        names = []
    return names[0] if names else platform.machine()
