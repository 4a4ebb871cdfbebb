"""Parts of the network as ONNX files."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mem4d_ros.model.parts import Part
from mem4d_ros.runtime.engines.nesting import Nested
from mem4d_ros.writing import whole_file

Function = Callable[..., Any]
OPSET = 18
LARGEST_IN_ONE_FILE = 1_500_000_000
"""Bytes of weights; a protobuf holds 2 GiB."""


class _Flat(nn.Module):
    """A part as a module from tensors to tensors."""

    def __init__(self, module: nn.Module, function: Function, arguments: Nested) -> None:
        super().__init__()
        self.module = module
        self._function = function
        self._arguments = arguments

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        result = self._function(**self._arguments.with_tensors(iter(tensors)))
        return Nested.of(result).tensors


def export_part(part: Part, function: Function, arguments: Nested, path: Path) -> None:
    """Write what the part computes from such arguments as an ONNX graph.

    Args:
        function: the part's own, whatever it may be replaced by now.
        arguments: by name, an example; the tensors' shapes are taken as constants, but for the
            part's growing axes.

    Raises:
        ImportError: `onnx` or `onnxscript`, which torch needs for it, is not installed.
        OSError: it cannot be written.
    """
    import onnxscript  # noqa: F401  (torch would say less clearly that it is missing)

    flat = _Flat(part.module, function, arguments).eval()
    with torch.inference_mode(False), torch.no_grad(), _silence():
        # A tensor of inference mode cannot be traced; a copy made outside can.
        example = tuple(tensor.clone() for tensor in arguments.tensors)
        program = torch.onnx.export(
            flat,
            example,
            dynamo=True,
            opset_version=OPSET,
            dynamic_shapes=(_any_lengths(part, arguments.value),),
            input_names=[f"input_{index}" for index in range(len(example))],
        )
    assert program is not None
    size = sum(weight.numel() * weight.element_size() for weight in part.module.parameters())
    with whole_file(path) as partial:
        program.save(partial, external_data=size > LARGEST_IN_ONE_FILE)


def _any_lengths(part: Part, arguments: Mapping[str, Any]) -> tuple[dict[int, Any], ...]:
    """For each tensor its axes of any length, all of which are equally long."""
    length = torch.export.Dim("length", min=2)
    axes: list[dict[int, Any]] = []
    for name, value in arguments.items():
        for tensor in Nested.of(value).tensors:
            axis = part.growing.get(name)
            axes.append({} if axis is None else {axis % tensor.dim(): length})
    return tuple(axes)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Without the exporter's progress, which it prints."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
