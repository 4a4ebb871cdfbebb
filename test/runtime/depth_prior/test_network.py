"""A depth network from a file: what it takes, what it says, and what is said of bad files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
pytest.importorskip("onnx", reason="onnx is not installed")

from depth_network import write_depth_network

from mem4d_ros.runtime.depth_prior import DepthNetwork, DepthPriorError


def test_it_sees_the_image_at_its_size_and_normalised(tmp_path: Path) -> None:
    path = write_depth_network(
        tmp_path, 32, 24, "relative", mean=[0.5, 0.5, 0.5], std=[0.25, 0.25, 0.25]
    )
    image = np.zeros((48, 64, 3), np.uint8)
    image[:, 32:] = 255
    said = DepthNetwork(path, threads=1)(image)
    assert said.shape == (24, 32)
    np.testing.assert_allclose(said[:, :15], -2)
    np.testing.assert_allclose(said[:, 17:], 2)


def _spoil_network(path: Path) -> None:
    path.write_bytes(b"no network")


def _say(text: str) -> object:
    return lambda path: path.with_suffix(".yaml").write_text(text)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda path: path.unlink(), "is no file"),
        (_spoil_network, "cannot be loaded"),
        (lambda path: path.with_suffix(".yaml").unlink(), "brightness.yaml is missing"),
        (_say("width: [1"), "cannot be read"),
        (_say("- width"), "no table"),
        (_say("{width: 32, height: 24}"), "output must be told"),
        (_say("{width: 32, height: 24, output: depth}"), "metric, relative, inverse"),
        (_say("{width: 32.5, height: 24, output: metric}"), "whole number"),
        (_say("{width: 32, height: 24, output: metric, size: 3}"), "size means nothing"),
        (_say("{width: 32, height: 24, output: metric, std: [1, 1, 0]}"), "std not 0"),
        (_say("{width: 32, height: 24, output: metric, deviation: 0}"), "positive"),
        (_say("{width: 64, height: 24, output: metric}"), "does not take an image of 64x24"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, spoil: object, message: str) -> None:
    path = write_depth_network(tmp_path, 32, 24, "metric")
    spoil(path)  # type: ignore[operator]
    with pytest.raises(DepthPriorError, match=message) as error:
        DepthNetwork(path, threads=1)
    assert "\n" not in str(error.value)
