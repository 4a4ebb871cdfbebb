"""Implementation of `mem4d train`: trainer, evaluation, progress and processes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial

import torch

from mem4d_ros.cli.errors import UserError
from mem4d_ros.cli.terminal.interruption import stop_on_request
from mem4d_ros.cli.train.progress import Progress
from mem4d_ros.model import Mem4D
from mem4d_ros.runtime.device import DeviceUnavailable, select_device, select_precision
from mem4d_ros.runtime.host_memory import keep_freed_memory
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.batches import ClipSource
from mem4d_ros.training.data.live import LiveClips
from mem4d_ros.training.data.procedural import ProceduralPool
from mem4d_ros.training.data.sequences import CorruptSequence
from mem4d_ros.training.data.sources import open_source
from mem4d_ros.training.held_out import evaluate_held_out
from mem4d_ros.training.held_out_depth import HeldOutDepth
from mem4d_ros.training.run_lock import sole_run
from mem4d_ros.training.run_state import RunStateError
from mem4d_ros.training.trainer import (
    Evaluate,
    StateNotWritten,
    Trainer,
    TrainingDiverged,
    pace_of,
)
from mem4d_ros.training.workers import Workers, joined_workers


def train(options: argparse.Namespace) -> int:
    """Train as the command line says."""
    keep_freed_memory()
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        config = read_config(options)
        device = select_device(options.device)
        with (
            joined_workers(device) as (workers, own_device),
            sole_run(options.out) if workers.is_first else nullcontext(),
        ):
            run_worker(config, options, workers, own_device)
    except (
        CorruptSequence,
        DeviceUnavailable,
        RunStateError,
        StateNotWritten,
        TrainingConfigError,
        TrainingDiverged,
    ) as error:
        raise UserError(str(error)) from error
    return 0


def read_config(options: argparse.Namespace) -> TrainingConfig:
    """The config file with the command line's changes."""
    config = TrainingConfig.load(options.config, options.changes)
    return replace(config, precision=options.precision) if options.precision else config


def run_worker(
    config: TrainingConfig, options: argparse.Namespace, workers: Workers, device: torch.device
) -> None:
    """This process's part of the run."""
    end = config.steps if options.steps is None else options.steps
    if config.seconds is None:
        end = min(end, config.steps)
    precision = training_precision(config.precision, device)
    progress = Progress(config, end, sys.stdout if workers.is_first else None)
    pace = pace_of(config)  # by the clock, the time that the data take counts too
    source = open_source(config, device)
    trainer = Trainer(
        config,
        options.out,
        source,
        device,
        precision,
        workers,
        held_out_evaluation(config, source, device, precision, workers, progress),
        progress.observe,
        pace,
    )
    if trainer.step:
        progress.say(f"{options.out} is at {standing(config, trainer.step)}")
    with stop_on_request() as should_stop:
        trainer.run(options.steps, should_stop)
    if source.corrupt:
        progress.say(f"{source.corrupt} corrupt samples were made anew or skipped")
    progress.say(f"{standing(config, trainer.step)} is saved in {options.out}")


def standing(config: TrainingConfig, step: int) -> str:
    """The step that a run is at, and of how many, unless it ends by the clock."""
    return f"step {step} of {config.steps}" if config.seconds is None else f"step {step}"


def training_precision(name: str, device: torch.device) -> torch.dtype:
    """float32 or bfloat16; small gradients would vanish in float16."""
    precision = select_precision(name, device)
    return torch.float32 if precision == torch.float16 else precision


def held_out_evaluation(
    config: TrainingConfig,
    source: ClipSource,
    device: torch.device,
    precision: torch.dtype,
    workers: Workers,
    progress: Progress,
) -> Evaluate | None:
    """Measures a model on what the run never trains on and says what it found."""
    measure = _measure(config, source, device, precision, workers)
    if measure is None:
        return None

    def evaluate(model: Mem4D) -> Mapping[str, float | None]:
        errors = measure(model)
        found = ", ".join(f"{k} {v:.4g}" for k, v in errors.items() if v is not None)
        progress.say(f"held out: {found}")
        return errors

    return evaluate


def _measure(
    config: TrainingConfig,
    source: ClipSource,
    device: torch.device,
    precision: torch.dtype,
    workers: Workers,
) -> Evaluate | None:
    """On what a live source has kept aside, or on the config's held-out scenes."""
    if isinstance(source, LiveClips):
        errors = HeldOutDepth(partial(source.held_out, config.data), precision)
        sizes = source.sizes
        return lambda model: (
            errors(model) | {f"frames_{kind}": float(count) for kind, count in sizes().items()}
        )
    if not config.held_out:
        return None
    pool = ProceduralPool(config.held_out_data, device)
    return lambda model: asdict(evaluate_held_out(model, pool, device, precision, workers))
