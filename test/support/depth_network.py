"""A depth network in two operations: it takes an image's mean colour for what it should say."""

from __future__ import annotations

from pathlib import Path

import onnx
import yaml
from onnx import TensorProto, helper


def write_depth_network(
    folder: Path, width: int, height: int, output: str, **described: object
) -> Path:
    """NAME.onnx and NAME.yaml: brightness in [0, 1] is the depth, or the inverse depth."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, height, width])
    said = helper.make_tensor_value_info("said", TensorProto.FLOAT, [1, height, width])
    axes = helper.make_tensor("axes", TensorProto.INT64, [1], [1])
    mean = helper.make_node("ReduceMean", ["image", "axes"], ["said"], keepdims=0)
    graph = helper.make_graph([mean], "brightness", [image], [said], [axes])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path = folder / "brightness.onnx"
    onnx.save(model, path)
    description = {
        "width": width,
        "height": height,
        "output": output,
        "mean": [0.0, 0.0, 0.0],
        "std": [1.0, 1.0, 1.0],
        **described,
    }
    path.with_suffix(".yaml").write_text(yaml.safe_dump(description))
    return path
