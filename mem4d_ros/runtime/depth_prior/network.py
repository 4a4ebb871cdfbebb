"""Somebody's depth network, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mem4d_ros.extras import missing
from mem4d_ros.runtime.depth_prior.description import (
    DepthPriorError,
    Description,
    read_description,
)
from mem4d_ros.runtime.errors import first_line


class DepthNetwork:
    """From images to what the network says of each pixel."""

    def __init__(self, path: Path, threads: int) -> None:
        """Load NAME.onnx and NAME.yaml, and run them once.

        Raises:
            DepthPriorError: a file is missing, is something else, or says something else.
        """
        try:
            import onnxruntime
        except ModuleNotFoundError:
            raise DepthPriorError(missing("onnxruntime", "a depth prior")) from None
        if not path.is_file():
            raise DepthPriorError(f"{path} is no file: depth.prior is the ONNX file of a network")
        self.description = read_description(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=onnxruntime.get_available_providers()
            )
        except Exception as error:  # ONNX Runtime has a class of its own for each kind of fault
            raise DepthPriorError(f"{path} cannot be loaded: {first_line(error)}") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1:
            raise DepthPriorError(f"{path} takes {len(inputs)} inputs instead of one image")
        self._input = inputs[0].name
        try:
            self(np.zeros((self.description.height, self.description.width, 3), np.uint8))
        except DepthPriorError:
            raise
        except Exception as error:  # likewise
            raise DepthPriorError(
                f"{path} does not take an image of {self.description.width}x"
                f"{self.description.height} px, as {path.with_suffix('.yaml').name} says:"
                f" {first_line(error)}"
            ) from error

    def __call__(self, image: np.ndarray) -> np.ndarray:
        """What it says (h, w) float32 of an image (H, W, 3) uint8 RGB, at the network's size."""
        description = self.description
        size = (description.width, description.height)
        resized = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        said = self._session.run(None, {self._input: _normalised(resized, description)})[0]
        said = np.squeeze(np.asarray(said, np.float32))
        if said.ndim != 2:
            raise DepthPriorError(f"the depth network says {said.shape} of an image, not a map")
        return said


def _normalised(image: np.ndarray, description: Description) -> np.ndarray:
    """(1, 3, H, W) float32."""
    colours = image.astype(np.float32) / 255
    mean, std = np.array((description.mean, description.std), np.float32)
    colours = (colours - mean) / std
    return np.ascontiguousarray(colours.transpose(2, 0, 1)[None])
