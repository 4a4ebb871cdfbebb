"""What `mem4d bench` does: steps are timed and described."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import statistics
import sys
from pathlib import Path

import torch

from mem4d_ros.cli.bench.options import add_setting_options
from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import load_named_network, named_memory
from mem4d_ros.evaluation.speed.step import (
    Comparison,
    StepTimes,
    benchmark_step,
    compare_steps,
)
from mem4d_ros.evaluation.speed.stream import Setting
from mem4d_ros.model import Mem4DConfig
from mem4d_ros.runtime.compilation import compile_parts
from mem4d_ros.runtime.engines import EngineUnavailable, use_engine
from mem4d_ros.writing import write_picture

STANDARD_OUTPUT = Path("-")


def bench(options: argparse.Namespace) -> int:
    """Measure and print."""
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        setting = make_setting(options)
        result: StepTimes | Comparison
        if options.compare is None:
            result = benchmark_step(setting, frames=options.frames, clock=options.clock)
            text = describe(result)
        else:
            other = make_setting(changed(options))
            result = compare_steps(setting, other, pairs=options.frames, clock=options.clock)
            text = describe_comparison(result, options.compare)
    except (ValueError, EngineUnavailable) as error:
        raise UserError(str(error)) from error
    report(result.to_dict(), text, options.json)
    if options.picture is not None:
        draw(result, options.compare, options.picture)
    return 0


def draw(result: StepTimes | Comparison, other: str | None, file: Path) -> None:
    """Draw the times; matplotlib is needed only for that."""
    from mem4d_ros.evaluation.pictures import comparison_picture, step_picture

    if isinstance(result, StepTimes):
        picture = step_picture(result)
    else:
        picture = comparison_picture(result, other or "")
    try:
        write_picture(file, picture)
    except OSError as error:
        raise UserError(f"--picture {file}: {error}") from error


def make_setting(options: argparse.Namespace) -> Setting:
    """The network that the options describe, ready to run."""
    network = load_named_network(options)
    model = network.model
    width, height = parse_size(options.size, model.config)
    memory = named_memory(options, model.config.memory)
    if options.compile:
        compile_parts(model, report=_complain)
    replaced = use_engine(options.engine, model, network.precision, _complain)
    return Setting(
        model,
        network.device,
        network.precision,
        height,
        width,
        memory,
        evidence=model.takes_evidence and not options.no_evidence,
        by_torch=not replaced,
    )


def _complain(text: str) -> None:
    print(text, file=sys.stderr)


def changed(options: argparse.Namespace) -> argparse.Namespace:
    """The options with those of `--compare` in their place."""
    parser = argparse.ArgumentParser(prog="mem4d bench --compare", add_help=False)
    add_setting_options(parser)
    return parser.parse_args(
        shlex.split(options.compare), namespace=argparse.Namespace(**vars(options))
    )


def report(data: dict[str, object], text: str, file: Path | None) -> None:
    """Print the text, or JSON in its place where the file is standard output."""
    if file is None:
        print(text)
        return
    printed = json.dumps(data, indent=2)
    if file == STANDARD_OUTPUT:
        print(printed)
        return
    print(text)
    try:
        file.write_text(f"{printed}\n")
    except OSError as error:
        raise UserError(f"--json {file}: {error.strerror}") from error


def parse_size(text: str | None, config: Mem4DConfig) -> tuple[int, int]:
    """(width, height) of `WIDTHxHEIGHT`; without it, the network's at 4:3. Raises UserError."""
    if text is None:
        return config.image_size, config.image_size * 3 // 4
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise UserError(f"--size {text!r} is not of the form WIDTHxHEIGHT, for example 512x384")
    size, patch = (int(match[1]), int(match[2])), config.patch_size
    if min(size) < patch or size[0] % patch or size[1] % patch:
        raise UserError(f"--size {text}: both sides must be multiples of {patch}, and not 0")
    return size


def describe(times: StepTimes) -> str:
    """The result as lines of text."""
    clock = "" if times.clock == "wall" else f" of {times.clock} time"
    lines = [
        f"device      {times.device}, {times.threads} threads, {times.precision}, "
        f"torch {times.torch_version}",
        f"network     {times.parameters / 1e6:.1f} M parameters, {times.width}x{times.height} px, "
        f"mem4d_ros {times.version}",
        f"memory      {times.memory} frames ({times.structure_tokens} tokens), all full",
        "evidence    "
        + (
            "none, images alone"
            if times.evidence_points is None
            else f"intrinsics, {times.evidence_points} points and a pose in each frame"
        ),
        f"step        median {times.median_s * 1e3:.1f} ms, p95 {times.p95_s * 1e3:.1f} ms{clock} "
        f"over {times.frames} frames ({1 / times.median_s:.2f} frames/s)",
        "stages      "
        + ", ".join(f"{name} {seconds * 1e3:.1f}" for name, seconds in times.stages_s.items())
        + " ms",
        f"work        {_work(times)}",
        f"host peak   {times.peak_host_bytes / 2**20:.0f} MiB resident",
    ]
    if times.peak_device_bytes is not None:
        lines.append(f"device peak {times.peak_device_bytes / 2**20:.0f} MiB allocated")
    if times.fused_attention is not None:
        lines.append(f"attention   {'fused' if times.fused_attention else 'not fused'}")
    return "\n".join(lines)


def _work(times: StepTimes) -> str:
    if times.flops is None or times.ratio_to_matrix_rate is None:
        return "not counted, for not all of it is torch's"
    return (
        f"{times.flops / 1e9:.1f} GFLOP, {times.ratio_to_matrix_rate:.0%} of the "
        f"{times.matrix_rate / 1e9:.0f} GFLOP/s of a matrix product"
    )


def describe_comparison(comparison: Comparison, other: str) -> str:
    """The result as lines of text."""
    first, second = (
        statistics.median(times) * 1e3 for times in zip(*comparison.seconds, strict=True)
    )
    ratios = sorted(comparison.ratios)
    return "\n".join(
        (
            f"as set      median {first:.1f} ms",
            f"second      median {second:.1f} ms with {other}",
            f"ratio       median {statistics.median(ratios):.3f} of the second by the first, "
            f"{ratios[0]:.3f} to {ratios[-1]:.3f} over {len(ratios)} pairs",
        )
    )
