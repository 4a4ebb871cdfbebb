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
from torch import Tensor, nn

from mem4d_ros.model import Mem4D
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.training import run_log
from mem4d_ros.training.config import TrainingConfig
from mem4d_ros.training.data.batches import Batch, BatchKey, ClipSource, training_batch
from mem4d_ros.training.graphs import Backward, GraphedBackward
from mem4d_ros.training.initial_model import initial_model
from mem4d_ros.training.losses import Losses, training_loss
from mem4d_ros.training.optimizer import learning_rate, make_optimizer
from mem4d_ros.training.pace import ClockPace, Pace, StepPace
from mem4d_ros.training.recomputation import recompute_activations
from mem4d_ros.training.run_state import Reached, load_run, save_run
from mem4d_ros.training.same_run import require_same_run
from mem4d_ros.training.weight_average import WeightAverage
from mem4d_ros.training.workers import Workers
from mem4d_ros.writing import write_text

STATE_FILE = "run.safetensors"
CHECKPOINT_FILE = "checkpoint.safetensors"
CYCLE_FILE = "cycle_{}.safetensors"
CONFIG_FILE = "config.json"
LOG_FILE = "log.jsonl"

LOSS_NAMES = tuple(field.name for field in fields(Losses))

Evaluate = Callable[[Mem4D], Mapping[str, float | None]]


class TrainingDiverged(RuntimeError):  # noqa: N818
    """A loss or gradient is not finite; the last checkpoint is sound."""


class StateNotWritten(RuntimeError):  # noqa: N818
    """The state could not be saved, for example because the disk is full; the last one is whole."""


@dataclass(frozen=True)
class StepReport:
    """Report of the steps since the last one, over all processes.

    Attributes:
        step: steps taken so far.
        losses: the parts of the objective and their weighted `total`, means over the steps.
        gradient: norm before clipping, likewise.
        learning_rate: of the last step.
        position: how many of the config's planned steps are over; by the clock not `step`.
        steps, sequences, frames: since the last report.
        seconds: wall clock of all these steps, with the making of the batches.
    """

    step: int
    position: float
    losses: Mapping[str, float]
    gradient: float
    learning_rate: float
    steps: int
    sequences: int
    frames: int
    seconds: float


def pace_of(config: TrainingConfig) -> Pace:
    """By steps or by the clock, which starts now."""
    return StepPace() if config.seconds is None else ClockPace(config.seconds, config.steps)


@dataclass
class Since:
    """Sums since the last report; `values` are sums that stay on the device."""

    started: float
    values: Tensor
    steps: int = 0
    sequences: int = 0
    frames: int = 0
    rate: float = 0.0

    @staticmethod
    def start(device: torch.device) -> Since:
        return Since(time.perf_counter(), torch.zeros(len(LOSS_NAMES) + 1, device=device))

    def add(
        self, losses: Losses, gradient: Tensor, rate: float, sequences: int, frames: int
    ) -> None:
        """Take in a step."""
        parts = [getattr(losses, name).detach().float() for name in LOSS_NAMES]
        self.values += torch.stack([*parts, gradient.float()])
        self.steps += 1
        self.rate = rate
        self.sequences += sequences
        self.frames += frames


class Trainer:
    """Trains one model in the folder `out`, from the state saved there.

    Args:
        source: of the clips, on `device`.
        precision: of the network's layers, float32 or bfloat16; weights are float32.
        evaluate: measures the model every now and then, for the log; each process calls it.
        observe: called with every report.
        pace: the config's, if None; the clock of one that is given may run already.

    Raises:
        TrainingConfigError, RunStateError: what the run starts from does not fit.
    """

    def __init__(
        self,
        config: TrainingConfig,
        out: Path,
        source: ClipSource,
        device: torch.device,
        precision: torch.dtype,
        workers: Workers | None = None,
        evaluate: Evaluate | None = None,
        observe: Callable[[StepReport], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.config = config
        self.out = out
        self.device = device
        self.precision = precision
        self.workers = workers or Workers()
        self.source = source
        self.model = initial_model(config).to(device)
        self.optimizer = make_optimizer(self.model, config)
        self.average = WeightAverage(self.model, config.average) if config.average else None
        self._pace = pace or pace_of(config)
        self.step = self._resume()
        if config.activation_checkpointing:
            recompute_activations(self.model)
        self._forward = self.workers.average_gradients(self.model)
        self._weights = [w for w in self.model.parameters() if w.requires_grad]
        self._backward: Backward = self._eager_backward
        if config.cuda_graphs and device.type == "cuda":
            self._backward = GraphedBackward(self._eager_backward, self._weights)
        self._evaluate = evaluate
        self._observe = observe
        self._since = Since.start(device)
        self._kept = 0

    @property
    def trained(self) -> Mem4D:
        """The model to keep: the mean of its weights where one is kept."""
        return self.average.model if self.average else self.model

    def run(
        self, until: int | None = None, should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        """Train to the end, to the step `until`, or until asked to stop; then save.

        A run that has come so far already stays as it is.

        Raises:
            TrainingDiverged, StateNotWritten: the last state saved can be resumed.
        """
        last_step = math.inf if until is None else until
        position = self._pace.position(self.step)
        over = stopped = position >= self.config.steps or self.step >= last_step
        self._kept = self._cycles_over(position)
        self._since = Since.start(self.device)
        while not (over or stopped):
            self.advance()
            position = self._pace.position(self.step)
            over = position >= self.config.steps or self.step >= last_step
            if over or self.step % self.config.report_every == 0:
                self._report()
                stopped = self.workers.some(should_stop(), self.device)
            if position >= self.config.steps or self._is_due(
                "evaluation", self.config.evaluate_every
            ):
                self._measure()
            is_due = self._is_due("checkpoint", self.config.checkpoint_every)
            ended = self._cycles_over(position)
            if stopped or over or is_due or ended > self._kept:
                self.save(ended)

    def save(self, cycles_over: int = 0) -> None:
        """Write the run's state and a checkpoint that the node can load.

        The last of `cycles_over` is kept as well, where there are several.
        """
        names = [CHECKPOINT_FILE]
        if cycles_over > self._kept and self.config.cycles > 1:
            names.append(CYCLE_FILE.format(cycles_over))
        self._kept = max(self._kept, cycles_over)
        if not self.workers.is_first:
            return
        notes = {"training_steps": str(self.step)}
        try:
            average = self.average.model if self.average else None
            reached = Reached(self.step, self._pace.elapsed)
            save_run(self.out / STATE_FILE, self.model, self.optimizer, reached, average)
            for name in names:
                save_checkpoint(self.out / name, self.trained, dtype=torch.float16, notes=notes)
        except (OSError, SafetensorError) as error:
            raise StateNotWritten(
                f"{self.out}: step {self.step} could not be saved ({error}); what was saved before "
                "is whole: free some space and start the same command again"
            ) from error

    def _cycles_over(self, position: float) -> int:
        return int(position / self.config.cycle_steps)

    def _resume(self) -> int:
        """The step of the state saved in the folder, 0 without one."""
        self.out.mkdir(parents=True, exist_ok=True)
        state = self.out / STATE_FILE
        average = self.average.model if self.average else None
        reached = Reached()
        if state.exists():
            require_same_run(self.out / CONFIG_FILE, self.config)
            reached = load_run(state, self.model, self.optimizer, average)
            self._pace.go_on(reached.seconds)
        if self.workers.is_first:
            run_log.rewind(self.out / LOG_FILE, reached.step)
            write_text(self.out / CONFIG_FILE, json.dumps(self.config.to_dict(), indent=2) + "\n")
        return reached.step

    def _is_due(self, what: str, interval: int) -> bool:
        return self._pace.is_due(what, interval, self.step)

    def advance(self) -> None:
        """Take one step; nothing here waits for a GPU."""
        config = self.config
        key = BatchKey(config.seed, self.step, self.workers.rank)
        stage = config.stage_at(min(self._pace.position(self.step), config.steps - 1e-6))
        batch = training_batch(self.source, stage, key, config.data, config.evidence)
        rate = self._learning_rate()
        losses, gradient = self._update(batch, rate)
        self.step += 1
        if self.average is not None:
            self.average.update(self.model, self.step)
        sequences = len(batch.images) * self.workers.count
        self._since.add(losses, gradient, rate, sequences, sequences * batch.images.shape[1])

    def _update(self, batch: Batch, rate: float) -> tuple[Losses, Tensor]:
        """One step of the optimiser: the losses, and the norm of the gradient before clipping.

        A gradient that is not finite counts as zero.
        """
        config = self.config
        self.optimizer.set_learning_rate(rate)
        self.optimizer.zero_grad()
        losses = self._backward(batch)
        gradients = [w.grad for w in self._weights if w.grad is not None]
        norm = nn.utils.get_total_norm(gradients)
        is_sound = norm.isfinite() & losses.total.isfinite()
        factor = torch.where(is_sound, (config.clip / (norm + 1e-6)).clamp_max(1), 0)
        if config.report_every > 1:  # else the report refuses it before the weights see it
            for gradient in gradients:
                gradient.nan_to_num_(0.0, 0.0, 0.0)
        elif not is_sound:
            self._refuse(losses.total.item(), norm.item())
        torch._foreach_mul_(gradients, factor)
        self.optimizer.step()
        return losses, norm

    def _eager_backward(self, batch: Batch) -> Losses:
        """The losses, whose gradients the weights then have."""
        evidence = batch.evidence
        reduced = self.precision != torch.float32
        with torch.autocast(self.device.type, self.precision, enabled=reduced):
            if evidence is None:
                output = self._forward(batch.images)
            else:
                output = self._forward(batch.images, evidence=evidence)
        placed = None if evidence is None else evidence.has_pose
        losses = training_loss(output, batch.truth, self.config.losses, placed)
        losses.total.backward()
        return losses

    def _refuse(self, total: float, gradient: float) -> None:
        raise TrainingDiverged(
            f"step {self.step}: loss {total}, gradient {gradient}; what was saved in "
            f"{self.out} is sound: lower learning_rate or clip and start the same command again"
        )

    def _learning_rate(self) -> float:
        config = self.config
        position = None if config.seconds is None else self._pace.position(self.step)
        return learning_rate(
            self.step,
            config.steps,
            config.warm_up,
            config.learning_rate,
            position,
            config.cycles,
        )

    def _report(self) -> None:
        """Say what the steps since the last report did."""
        since, self._since = self._since, Since.start(self.device)
        values = self.workers.mean(since.values / since.steps).tolist()
        losses = dict(zip(LOSS_NAMES, values, strict=False))
        gradient = values[-1]
        if not math.isfinite(losses["total"]):
            self._refuse(losses["total"], gradient)
        report = StepReport(
            step=self.step,
            position=self._pace.position(self.step),
            losses=losses,
            gradient=gradient,
            learning_rate=since.rate,
            steps=since.steps,
            sequences=since.sequences,
            frames=since.frames,
            seconds=time.perf_counter() - since.started,
        )
        if not self.workers.is_first:
            return
        entry = {
            "step": report.step,
            "gradient": report.gradient,
            "seconds": report.seconds / report.steps,
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
        errors = self._evaluate(self.trained)
        if self.workers.is_first:
            run_log.append(self.out / LOG_FILE, {"step": self.step, "held_out": dict(errors)})
