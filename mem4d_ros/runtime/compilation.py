"""Parts of the network compiled by torch (Ansel et al., ASPLOS 2024)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.fx import GraphModule

from mem4d_ros.model import Mem4D
from mem4d_ros.runtime.errors import first_line

Report = Callable[[str], object]


def compile_parts(model: Mem4D, report: Report) -> Mem4D:
    """Have the parts whose shapes depend on the image alone compiled as soon as they run.

    The first image of a size takes a minute then. A part that cannot be compiled runs as it is, and
    `report` is told why in one line. The model is changed in place.
    """
    from torch._dynamo import lookup_backend  # takes a second, which most runs need not spend

    def backend(graph: GraphModule, inputs: list[torch.Tensor]) -> Callable[..., Any]:
        try:
            return lookup_backend("inductor")(graph, inputs)
        except Exception as error:  # whatever the compiler lacks or trips over
            report(
                "a part of the network is not compiled and runs as it is:"
                f" {type(error).__name__}: {first_line(error)}"
            )
            return graph.forward

    for part in model.fixed_shape_parts():
        # Sizes taken as constants make quicker code; a stream has images of one size.
        part.compile(backend=backend, dynamic=False)
    return model
