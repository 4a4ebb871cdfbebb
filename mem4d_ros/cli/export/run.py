"""What `mem4d export` does: parts are converted, and compared with torch's."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from mem4d_ros.cli.bench.run import parse_size
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import load_named_network
from mem4d_ros.evaluation.speed.agreement import largest_difference
from mem4d_ros.evaluation.speed.step import Comparison, compare_steps
from mem4d_ros.evaluation.speed.stream import Setting
from mem4d_ros.runtime.engines import ONNX_RUNTIME, EngineUnavailable, use_engine
from mem4d_ros.runtime.engines.cache import user_folder
from mem4d_ros.runtime.engines.runner import TOLERANCE

CHECKED_STEPS = 50


def export(options: argparse.Namespace) -> int:
    """Convert, compare, and say what came of it; 1 if results differ."""
    if options.threads:
        torch.set_num_threads(options.threads)
    size = parse_size(options.size, load_named_network(options).model.config)
    by_torch, by_engine = _setting(options, size), _setting(options, size, by_torch=False)
    folder: Path = options.out or user_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        use_engine(ONNX_RUNTIME, by_engine.model, by_engine.precision, _say, folder)
    except EngineUnavailable as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from error
    difference = largest_difference(by_torch, by_engine, CHECKED_STEPS)
    comparison = compare_steps(by_engine, by_torch)
    print(describe(folder, size, difference, comparison))
    return 0 if difference <= TOLERANCE else 1


def describe(folder: Path, size: tuple[int, int], difference: float, comparison: Comparison) -> str:
    """The result as lines of text."""
    ratios = sorted(comparison.ratios)
    middle = ratios[len(ratios) // 2]
    return "\n".join(
        (
            f"wrote       {folder}, for images of {size[0]}x{size[1]} px",
            f"differences at most {difference:.1e} in {CHECKED_STEPS} steps"
            f" ({'ok' if difference <= TOLERANCE else 'too much'}: {TOLERANCE:g} is allowed)",
            f"speed       {middle:.2f} times as fast as torch"
            f" ({ratios[0]:.2f} to {ratios[-1]:.2f} over {len(ratios)} pairs of steps)",
        )
    )


def _setting(options: argparse.Namespace, size: tuple[int, int], by_torch: bool = True) -> Setting:
    network = load_named_network(options)
    width, height = size
    return Setting(
        network.model,
        network.device,
        network.precision,
        height,
        width,
        network.model.config.memory,
        evidence=network.model.takes_evidence,
        by_torch=by_torch,
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
