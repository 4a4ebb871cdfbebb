"""The training loop."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import nn

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.training import run_log
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.batches import Batch, BatchKey, training_batch
from mem4d_ros.training.data.pools import training_pool
from mem4d_ros.training.initial_model import initial_model
from mem4d_ros.training.losses import Losses, training_loss
from mem4d_ros.training.optimizer import learning_rate, make_optimizer
from mem4d_ros.training.recomputation import recompute_activations
from mem4d_ros.training.run_state import load_run, save_run
from mem4d_ros.training.workers import Workers
from mem4d_ros.writing import write_text

STATE_FILE = "run.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"
CONFIG_FILE = "config.json"
LOG_FILE = "log.jsonl"

Evaluate = Callable[[Mem4D], Mapping[str, float | None]]


class TrainingDiverged(RuntimeError):  # noqa: N818
    """A loss or gradient is not finite; the last checkpoint is sound."""


class StateNotWritten(RuntimeError):  # noqa: N818
    """The state could not be saved, for example because the disk is full; the last one is whole."""


@dataclass(frozen=True)
class StepReport:
    """What one step did, over all processes.

    Attributes:
        step: steps taken so far, this one included.
        losses: the parts of the objective and their weighted `total`.
        gradient: norm before clipping.
        seconds: wall clock, with the making of the batch.
    """

    step: int
    losses: Mapping[str, float]
    gradient: float
    learning_rate: float
    sequences: int
    frames: int
    seconds: float


class Trainer:
    """Trains one model in the folder `out`, from where that folder's state stands.

    Args:
        precision: of the network's layers, float32 or bfloat16; weights are float32.
        evaluate: measures the model every now and then, for the log; each process calls it.
        observe: hears of every step.
    Raises:
        TrainingConfigError, RunStateError: what the run starts from does not fit.
    """

    def __init__(
        self,
        config: TrainingConfig,
        out: Path,
        device: torch.device,
        precision: torch.dtype,
        workers: Workers | None = None,
        evaluate: Evaluate | None = None,
        observe: Callable[[StepReport], None] | None = None,
    ) -> None:
        self.config = config
        self.out = out
        self.device = device
        self.precision = precision
        self.workers = workers or Workers()
        self.pool = training_pool(config.data, device)
        self.model = initial_model(config).to(device)
        self.optimizer = make_optimizer(self.model, config)
        self.step = self._resume()
        if config.activation_checkpointing:
            recompute_activations(self.model)
        self._forward = self.workers.average_gradients(self.model)
        self._evaluate = evaluate
        self._observe = observe

    def run(
        self, until: int | None = None, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Train to the end, to the step `until`, or until asked to stop; then save.

        Raises:
            TrainingDiverged, StateNotWritten: the last state saved can be resumed.
        """
        end = self.config.steps if until is None else min(until, self.config.steps)
        stopped = False
        while self.step < end and not stopped:
            self._report(self._advance())
            stopped = self.workers.some(should_stop(), self.device)
            if self._is_due(self.config.evaluate_every):
                self._measure()
            if stopped or self.step == end or self._is_due(self.config.checkpoint_every):
                self.save()

    def save(self) -> None:
        """Write the run's state and a checkpoint that the node can load."""
        if not self.workers.is_first:
            return
        try:
            save_run(self.out / STATE_FILE, self.model, self.optimizer, self.step)
            save_checkpoint(
                self.out / CHECKPOINT_FILE,
                self.model,
                dtype=torch.float16,
                notes={"training_steps": str(self.step)},
            )
        except (OSError, SafetensorError) as error:
            raise StateNotWritten(
                f"{self.out}: step {self.step} could not be saved ({error}); what was saved before "
                "is whole: free some space and start the same command again"
            ) from error

    def _resume(self) -> int:
        """The step that the folder's state stands at, 0 without one."""
        self.out.mkdir(parents=True, exist_ok=True)
        state = self.out / STATE_FILE
        step = load_run(state, self.model, self.optimizer) if state.exists() else 0
        if self.workers.is_first:
            run_log.rewind(self.out / LOG_FILE, step)
            write_text(self.out / CONFIG_FILE, json.dumps(self.config.to_dict(), indent=2) + "\n")
        return step

    def _is_due(self, interval: int) -> bool:
        return self.step % interval == 0 or self.step == self.config.steps

    def _advance(self) -> StepReport:
        started = time.perf_counter()
        key = BatchKey(self.config.seed, self.step, self.workers.rank)
        batch = training_batch(self.pool, self.config.stage_at(self.step), key, self.device)
        losses, gradient = self._update(batch)
        self.step += 1
        sequences = len(batch.images) * self.workers.count
        return StepReport(
            step=self.step,
            losses=losses,
            gradient=gradient,
            learning_rate=self._learning_rate(self.step - 1),
            sequences=sequences,
            frames=sequences * batch.images.shape[1],
            seconds=time.perf_counter() - started,
        )

    def _update(self, batch: Batch) -> tuple[dict[str, float], float]:
        """One step of the optimiser: the losses, and the norm of the gradient before clipping."""
        config = self.config
        self.optimizer.set_learning_rate(self._learning_rate(self.step))
        reduced = self.precision != torch.float32
        with torch.autocast(self.device.type, self.precision, enabled=reduced):
            output = self._forward(batch.images)
        losses = training_loss(output, batch.truth, config.losses)
        self.optimizer.zero_grad()
        losses.total.backward()
        gradient = nn.utils.clip_grad_norm_(self.model.parameters(), config.clip).item()
        values = self._mean(losses)
        if not (math.isfinite(values["total"]) and math.isfinite(gradient)):
            raise TrainingDiverged(
                f"step {self.step}: loss {values['total']}, gradient {gradient}; what was saved in "
                f"{self.out} is sound: lower learning_rate or clip and start the same command again"
            )
        self.optimizer.step()
        return values, gradient

    def _learning_rate(self, step: int) -> float:
        config = self.config
        return learning_rate(step, config.steps, config.warm_up, config.learning_rate)

    def _mean(self, losses: Losses) -> dict[str, float]:
        """The losses over all processes."""
        names = [field.name for field in fields(Losses)]
        values = torch.stack([getattr(losses, name).detach() for name in names])
        return dict(zip(names, self.workers.mean(values).tolist(), strict=True))

    def _report(self, report: StepReport) -> None:
        if not self.workers.is_first:
            return
        entry = {
            "step": report.step,
            "gradient": report.gradient,
            "seconds": report.seconds,
            **report.losses,
            "learning_rate": report.learning_rate,
        }
        run_log.append(self.out / LOG_FILE, entry)
        if self._observe is not None:
            self._observe(report)

    def _measure(self) -> None:
        """Evaluate, and log what was found."""
        if self._evaluate is None:
            return
        errors = self._evaluate(self.model)
        if self.workers.is_first:
            run_log.append(self.out / LOG_FILE, {"step": self.step, "held_out": dict(errors)})
