"""`mem4d bench`: time and memory of one step with full memories."""

from __future__ import annotations

import argparse
import json
import re
from typing import TYPE_CHECKING

import torch

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.models import add_model_options, load_model
from mem4d_ros.evaluation.benchmark import StepTimes, benchmark_step
from mem4d_ros.runtime.device import (
    PRECISIONS,
    DeviceUnavailable,
    select_device,
    select_precision,
)

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_parser(commands: _SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the subcommand."""
    parser = commands.add_parser("bench", help=__doc__.split(": ", 1)[1].rstrip("."))
    add_model_options(parser)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")
    parser.add_argument(
        "--size", metavar="WIDTHxHEIGHT", help="image size in px; the preset's at 4:3 if not given"
    )
    parser.add_argument("--steps", type=int, default=20, help="steps to time")
    parser.add_argument("--threads", type=int, help="CPU threads of torch")
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Measure and print."""
    if options.threads:
        torch.set_num_threads(options.threads)
    model = load_model(options)
    width, height = parse_size(options.size, model.config.image_size)
    try:
        device = select_device(options.device)
        precision = select_precision(options.precision, device)
        times = benchmark_step(
            model, height, width, device=device, precision=precision, steps=options.steps
        )
    except (DeviceUnavailable, ValueError) as error:
        raise UserError(str(error)) from error
    print(json.dumps(times.to_dict(), indent=2) if options.json else describe(times))
    return 0


def parse_size(text: str | None, long_side: int) -> tuple[int, int]:
    """(width, height) of `WIDTHxHEIGHT`; without it, 4:3 at `long_side`."""
    if text is None:
        return long_side, long_side * 3 // 4
    match = re.fullmatch(r"(\d+)x(\d+)", text)
    if match is None:
        raise UserError(f"--size {text!r} is not of the form WIDTHxHEIGHT, for example 512x384")
    return int(match[1]), int(match[2])


def describe(times: StepTimes) -> str:
    """The result as lines of text."""
    memory = times.memory
    lines = [
        f"device      {times.device}, {times.threads} threads, {times.precision}, "
        f"torch {times.torch_version}",
        f"network     {times.parameters / 1e6:.1f} M parameters, {times.width}x{times.height} px",
        f"memory      TCA {memory.tca_window}, TDM {memory.tdm_size}, PSM {memory.psm_size} frames "
        f"({times.structure_tokens} tokens), all full",
        f"step        median {times.median_s * 1e3:.1f} ms, p95 {times.p95_s * 1e3:.1f} ms "
        f"over {times.steps} steps ({1 / times.median_s:.2f} frames/s)",
        f"host peak   {times.peak_host_bytes / 2**20:.0f} MiB resident",
    ]
    if times.peak_device_bytes is not None:
        lines.append(f"device peak {times.peak_device_bytes / 2**20:.0f} MiB allocated")
    return "\n".join(lines)
