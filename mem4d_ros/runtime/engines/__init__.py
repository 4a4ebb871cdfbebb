"""What computes the network: torch, CUDA graphs of it, or ONNX Runtime, where it is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import torch

from mem4d_ros.extras import missing
from mem4d_ros.model import Mem4D
from mem4d_ros.runtime.device import device_name
from mem4d_ros.runtime.engines.cache import user_folder
from mem4d_ros.runtime.engines.choices import Choices
from mem4d_ros.runtime.engines.graphs import CudaRecorder, use_graphs
from mem4d_ros.runtime.engines.runner import PartRunner, Rules

AUTO, TORCH, CUDA_GRAPH = "auto", "torch", "cuda_graph"
ONNX_RUNTIME, FASTEST = "onnxruntime", "fastest"
ENGINES = (AUTO, TORCH, CUDA_GRAPH, ONNX_RUNTIME, FASTEST)

Report = Callable[[str], object]


class EngineUnavailable(RuntimeError):  # noqa: N818
    """The engine cannot be had here; the message says why, and the remedy."""


def use_engine(
    name: str,
    model: Mem4D,
    precision: torch.dtype,
    report: Report,
    folder: Path | None = None,
) -> bool:
    """Have another engine compute the network, once it was seen how its parts are called.

    Of a step CUDA graphs are recorded as soon as its shapes settle. For ONNX Runtime a part is
    converted when it was called thrice with arguments of one layout, which takes seconds, unless
    `folder` has it already. It is taken if its results are torch's; the rest stays torch's.

    Args:
        name: one of ENGINES; `auto` is CUDA graphs on a GPU, else torch; `fastest` likewise, but
            elsewhere ONNX Runtime where that is installed, and of its parts those that are faster
            than torch's here, which is measured once and kept in the folder.
        model: prepared for its device; changed in place.
        report: is told, in one line, what computes which part, once all that run were chosen.
        folder: of converted parts, None: the user's cache.

    Returns:
        Whether something else than torch may compute parts.

    Raises:
        EngineUnavailable: `onnxruntime` is asked for and not installed, or not for this precision;
            `cuda_graph` without a GPU.
    """
    device = next(model.parameters()).device
    on_gpu = device.type == "cuda"
    if name == TORCH or (name == AUTO and not on_gpu):
        return False
    if name == CUDA_GRAPH or (on_gpu and name in (AUTO, FASTEST)):
        if not on_gpu:
            raise EngineUnavailable(
                f"CUDA graphs need a CUDA device, the network is on {device}: use the engine torch"
                " or auto"
            )
        use_graphs(model, CudaRecorder(device), report)
        return False
    reason = _why_not(precision)
    if reason is not None:
        if name == FASTEST:
            return False
        raise EngineUnavailable(reason)
    rules = Rules(
        folder=folder or user_folder(),
        threads=torch.get_num_threads(),
        only_if_faster=name == FASTEST,
        machine=_machine(device),
    )
    choices = Choices(report)
    for part in model.parts():
        part.replace_by(PartRunner(part, rules, choices))
    return True


def _why_not(precision: torch.dtype) -> str | None:
    if importlib.util.find_spec("onnxruntime") is None:
        return missing("onnxruntime", "the engine onnxruntime")
    if precision != torch.float32:
        return "ONNX Runtime computes the network in fp32 here: set the precision to fp32"
    return None


def _machine(device: torch.device) -> str:
    import onnxruntime

    return (
        f"{device_name(device)}, {torch.get_num_threads()} threads,"
        f" torch {torch.__version__}, onnxruntime {onnxruntime.__version__}"
    )


__all__ = [
    "AUTO",
    "CUDA_GRAPH",
    "ENGINES",
    "FASTEST",
    "ONNX_RUNTIME",
    "TORCH",
    "EngineUnavailable",
    "use_engine",
]
