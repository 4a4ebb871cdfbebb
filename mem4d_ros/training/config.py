"""A training run as data, read from a YAML file; unknown keys are refused."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from mem4d_ros.model import PRESETS, Mem4DConfig, MemorySizes
from mem4d_ros.model.plain_data import build
from mem4d_ros.synthetic.seeds import HELD_OUT_SEED
from mem4d_ros.training.config_errors import (
    TrainingConfigError,
    require_at_least,
    require_one_of,
)
from mem4d_ros.training.data_config import DataConfig
from mem4d_ros.training.losses import LossWeights
from mem4d_ros.training.variation import SimulatedEvidence

PRECISIONS = ("auto", "fp32", "bf16")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True)
class StageConfig:
    """One stage of the curriculum: `steps` batches of runs of `frames` = (minimum, maximum) frames.

    Each process of a run with several takes `batch` sequences a step. Of a run that ends by the
    clock, `steps` are the stages' fractions of its time.
    """

    steps: int
    frames: tuple[int, int] = (11, 11)
    batch: int = 8

    def __post_init__(self) -> None:
        require_at_least(self, 1, "steps", "batch")
        fewest, most = self.frames
        if not 1 <= fewest <= most:
            raise TrainingConfigError(f"frames must be (minimum, maximum), got {self.frames}")


@dataclass(frozen=True)
class TrainingConfig:
    """A whole run.

    Attributes:
        preset: the network's sizes.
        network: sections of the preset's config that are other than its own, each given as a whole.
        initial_checkpoint: weights to start from; None starts from random ones.
        untrained: parts of the network, such as 'decoder', that keep random weights instead.
        encoder: its first weights: 'efficientnet-lite0' for public ones (ImageNet), a safetensors
            file, or None for random ones.
        freeze_encoder: do not train the encoder (as in the paper), whose weights must be known.
        memory: sizes of the memories; None takes the network's.
        encoder_rate: ratio of the encoder's learning rate to that of the rest, if it is trained.
        optimizer: adamw (the paper's), or muon for the matrices that tokens pass through.
        cycles: number of times that the stages are gone through, one after another, each time from
            the peak of the learning rate to zero; the weights that each ends with are kept.
        learning_rate: its peak, reached after `warm_up` steps, then a cosine to zero.
        clip: largest norm of the gradient.
        precision: of the network's layers: auto, fp32 or bf16.
        activation_checkpointing: compute the layers twice to keep fewer of their values; for long
            sequences.
        evidence: how geometric evidence is simulated; None trains on images alone.
        average: decay of the running mean of the weights, which then is what is saved and
            measured; 0 does without.
        seconds: end by the clock; intervals are then in seconds.
        report_every: steps from one report to the next, which is when the host waits for a GPU.
        cuda_graphs: replay each step as one graph, where the network runs on a GPU.
        checkpoint_every, evaluate_every: in steps.
        held_out: number of held-out scenes for evaluation; 0 does without.
    """

    preset: str = "lite"
    network: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    initial_checkpoint: str | None = None
    untrained: tuple[str, ...] = ()
    encoder: str | None = "efficientnet-lite0"
    freeze_encoder: bool = True
    encoder_rate: float = 1.0
    memory: MemorySizes | None = None
    data: DataConfig = field(default_factory=DataConfig)
    stages: tuple[StageConfig, ...] = (StageConfig(1000),)
    cycles: int = 1
    losses: LossWeights = field(default_factory=LossWeights)
    optimizer: str = "adamw"
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warm_up: int = 100
    clip: float = 1.0
    precision: str = "auto"
    activation_checkpointing: bool = False
    evidence: SimulatedEvidence | None = None
    average: float = 0.0
    seconds: float | None = None
    report_every: int = 1
    cuda_graphs: bool = False
    checkpoint_every: int = 100
    evaluate_every: int = 500
    held_out: int = 16

    def __post_init__(self) -> None:
        require_one_of(self, "preset", sorted(PRESETS))
        require_one_of(self, "precision", PRECISIONS)
        require_one_of(self, "optimizer", OPTIMIZERS)
        require_at_least(self, 1, "cycles", "checkpoint_every", "evaluate_every", "report_every")
        require_at_least(self, 0, "seed", "weight_decay", "warm_up", "held_out")
        if not 0 <= self.average < 1:
            raise TrainingConfigError(f"average must be in [0, 1), got {self.average}")
        if self.seconds is not None and self.seconds <= 0:
            raise TrainingConfigError(f"seconds must be more than 0, got {self.seconds}")
        for name in ("learning_rate", "encoder_rate", "clip"):
            if getattr(self, name) <= 0:
                raise TrainingConfigError(f"{name} must be more than 0, got {getattr(self, name)}")
        if self.freeze_encoder and self.encoder is None and self.initial_checkpoint is None:
            raise TrainingConfigError(
                "freeze_encoder would keep random weights: name an encoder or an "
                "initial_checkpoint, or set it to false"
            )
        self._check_data()

    def _check_data(self) -> None:
        if self.evidence is not None and self.model.evidence is None:
            raise TrainingConfigError(
                "evidence is for a network that takes some: its config has network.evidence"
            )
        data, patch = self.data, self.model.patch_size
        for name, value in (("height", data.height), ("width", data.width)):
            if value % patch:
                raise TrainingConfigError(
                    f"data.{name} must be a multiple of the network's patch of {patch} px, "
                    f"got {value}"
                )
        if data.seed + data.pool > HELD_OUT_SEED:
            raise TrainingConfigError(
                f"data: seeds {data.seed} to {data.seed + data.pool - 1} reach into those of the "
                f"held-out scenes, which begin at {HELD_OUT_SEED}"
            )
        if self.held_out and data.frames < 3:
            raise TrainingConfigError(
                "data.frames must be at least 3 for a trajectory to be evaluated, "
                f"got {data.frames}; or set held_out to 0"
            )
        if not self.stages:
            raise TrainingConfigError("stages must name at least one")
        longest = max(stage.frames[1] for stage in self.stages)
        if longest > data.frames:
            raise TrainingConfigError(
                f"stages ask for runs of {longest} frames, more than the {data.frames} of "
                "data.frames"
            )

    @property
    def steps(self) -> int:
        """Steps of all cycles."""
        return self.cycles * self.cycle_steps

    @property
    def cycle_steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.steps for stage in self.stages)

    @cached_property
    def model(self) -> Mem4DConfig:
        """The network's config."""
        try:
            network = Mem4DConfig.from_dict({**PRESETS[self.preset].to_dict(), **self.network})
        except (ValueError, TypeError) as error:
            raise TrainingConfigError(f"network: {error}") from error
        return network.with_memory(self.memory or network.memory)

    @property
    def held_out_data(self) -> DataConfig:
        """The scenes for evaluation: like those trained on, from seeds that no training uses."""
        return replace(self.data, seed=HELD_OUT_SEED, pool=self.held_out, recordings=(), live=None)

    def stage_at(self, step: float) -> StageConfig:
        """The stage that the step number `step` (from 0) belongs to."""
        if step >= self.steps:
            raise IndexError("step lies beyond the last stage")
        step %= self.cycle_steps
        ends = itertools.accumulate(stage.steps for stage in self.stages)
        return next(s for s, end in zip(self.stages, ends, strict=True) if step < end)

    def to_dict(self) -> dict[str, Any]:
        """Plain data; :meth:`from_dict` is its inverse."""
        return asdict(self)

    @staticmethod
    def from_dict(data: Mapping[str, Any]) -> TrainingConfig:
        """From plain data.

        Raises:
            TrainingConfigError: an unknown key or a value that does not fit, named.
        """
        try:
            return build(TrainingConfig, data)
        except ValueError as error:
            raise TrainingConfigError(str(error)) from error

    @staticmethod
    def load(path: Path | str, changes: Sequence[str] = ()) -> TrainingConfig:
        """From a YAML file, after `changes` such as 'memory.tdm_size=0' or 'stages.1.batch=4'.

        Raises:
            TrainingConfigError: the file cannot be read, or what it says does not fit; the message
                names the file and the key.
        """
        try:
            data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
            for change in changes:
                _change(data, change)
            return TrainingConfig.from_dict(data)
        except OSError as error:
            raise TrainingConfigError(f"{path} cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise TrainingConfigError(f"{path} cannot be read: {error}") from error
        except yaml.YAMLError as error:
            raise TrainingConfigError(f"{path}: is no YAML: {error}") from error
        except TrainingConfigError as error:
            raise TrainingConfigError(f"{path}: {error}") from error


def _change(data: Any, change: str) -> None:
    """Set one value of nested tables and lists in place."""
    key, equals, value = change.partition("=")
    *parents, last = key.split(".")
    try:
        if not equals:
            raise ValueError("it has no '='")
        for parent in parents:
            data = data[int(parent)] if isinstance(data, list) else data.setdefault(parent, {})
        data[int(last) if isinstance(data, list) else last] = yaml.safe_load(value)
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise TrainingConfigError(f"cannot set {change!r}: {error}") from error
