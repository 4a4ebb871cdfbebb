"""A part computed by ONNX Runtime on torch's tensors, without a copy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

_NUMPY: dict[torch.dtype, Any] = {
    torch.float32: np.float32,
    torch.float64: np.float64,
    torch.int64: np.int64,
    torch.bool: np.bool_,
}


class Session:
    """An ONNX file, ready to run."""

    def __init__(self, path: Path, outputs: Sequence[Tensor], threads: int) -> None:
        """`outputs` are an example of what it will say. Raises ImportError and ONNX's own errors.

        On CUDA it takes TensorRT, and keeps its engine beside the file, else CUDA's kernels.
        """
        import onnxruntime

        self._device = outputs[0].device
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # Waiting in a loop would take the cores from torch's own threads.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(path), options, providers=_providers(self._device, path.parent)
        )
        self._inputs = [entry.name for entry in self._session.get_inputs()]
        self._outputs = [entry.name for entry in self._session.get_outputs()]
        self._like = [(tuple(o.shape), o.dtype, _NUMPY[o.dtype]) for o in outputs]
        self._ordinal = self._device.index or 0

    def run(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Compute the outputs, new tensors on the inputs' device."""
        kind, ordinal = self._device.type, self._ordinal
        binding = self._session.io_binding()
        held = [tensor.contiguous() for tensor in inputs]
        for name, tensor in zip(self._inputs, held, strict=True):
            shape, numpy_type = tuple(tensor.shape), _NUMPY[tensor.dtype]
            binding.bind_input(name, kind, ordinal, numpy_type, shape, tensor.data_ptr())
        made = []
        for name, (shape, dtype, numpy_type) in zip(self._outputs, self._like, strict=True):
            tensor = torch.empty(shape, dtype=dtype, device=self._device)
            binding.bind_output(name, kind, ordinal, numpy_type, shape, tensor.data_ptr())
            made.append(tensor)
        if kind == "cuda":
            torch.cuda.current_stream(self._device).synchronize()
        self._session.run_with_iobinding(binding)
        return made


def _providers(device: torch.device, cache: Path) -> list[Any]:
    if device.type != "cuda":
        return ["CPUExecutionProvider"]
    ordinal = {"device_id": device.index or 0}
    tensorrt = {
        **ordinal,
        "trt_engine_cache_enable": True,
        "trt_engine_cache_path": str(cache),
        "trt_fp16_enable": False,
    }
    import onnxruntime

    wanted = [("TensorrtExecutionProvider", tensorrt), ("CUDAExecutionProvider", ordinal)]
    available = set(onnxruntime.get_available_providers())
    return [entry for entry in wanted if entry[0] in available] + ["CPUExecutionProvider"]
