"""From the names of weights, device and precision to a network that is ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from mem4d_ros.model import PRESETS, Mem4D, MemorySizes
from mem4d_ros.model.checkpoint import load_checkpoint
from mem4d_ros.model.people import PeopleHead, load_people, people_beside
from mem4d_ros.model.weights import packaged_weights
from mem4d_ros.runtime.depth_prior import DepthNetwork, DepthPrior
from mem4d_ros.runtime.device import select_device, select_precision
from mem4d_ros.runtime.keyframes import KeyframeThresholds
from mem4d_ros.runtime.pose_sources import AUTO, make_pose_source, suitable_source
from mem4d_ros.runtime.preparation import prepare
from mem4d_ros.runtime.reconstructor import OnlineReconstructor

RANDOM_WEIGHTS = "random"
"""In place of a checkpoint's name: weights that were never trained."""


@dataclass(frozen=True)
class LoadedNetwork:
    """A network on its device, prepared for a precision there.

    Attributes:
        checkpoint: the file of its weights; None: they are random.
        people: what tells them by the network's features; None: nothing.
    """

    model: Mem4D
    checkpoint: Path | None
    device: torch.device
    precision: torch.dtype
    people: PeopleHead | None = None

    def reconstructor(
        self,
        pose_source: str,
        image_size: int | None = None,
        memory: MemorySizes | None = None,
        keyframes: KeyframeThresholds | None = None,
        live: bool = False,
        depth_prior: Path | None = None,
    ) -> OnlineReconstructor:
        """A new reconstructor; image and memory sizes not given are those of the network's config.

        An image size that is given is the long side of all images.

        It is for frames that do not wait if `live`; else the same frames become the same.

        Args:
            depth_prior: ONNX file of somebody's depth network.

        Raises:
            ValueError: an unknown pose source.
            DepthPriorError: the prior cannot be used, or the network takes no evidence.
        """
        config = self.model.config
        source = suitable_source(config) if pose_source == AUTO else pose_source
        return OnlineReconstructor(
            self.model,
            image_size or config.image_size,
            memory or config.memory,
            self.device,
            self.precision,
            make_pose_source(source, live),
            keyframes,
            None if depth_prior is None else _load_prior(depth_prior, live),
            keeps_area=config.keeps_area and not image_size,
            people=self.people,
        )


def _load_prior(path: Path, live: bool) -> DepthPrior:
    return DepthPrior(DepthNetwork(path, torch.get_num_threads()), live)


def load_network(
    checkpoint: str, preset: str, device: str, precision: str, seed: int = 0
) -> LoadedNetwork:
    """Read or build a network and put it on its device.

    Args:
        checkpoint: a file; `random` for weights drawn with `seed`; empty for those that come with
            the package for `preset`, which are random, too, where none come.
        preset: one of PRESETS, for a network that no checkpoint describes.
        device, precision: as `select_device` and `select_precision` take them.

    Raises:
        DeviceUnavailable: the device or the precision cannot be had here.
        CheckpointError: the file cannot be used.
    """
    chosen_device = select_device(device)
    chosen_precision = select_precision(precision, chosen_device)
    weights = _weights(checkpoint, preset)
    model = _random_model(preset, seed) if weights is None else load_checkpoint(weights)
    prepared = prepare(model, chosen_device, chosen_precision)
    people = None if weights is None else _people(weights, model, chosen_device)
    return LoadedNetwork(prepared, weights, chosen_device, chosen_precision, people)


def _people(weights: Path, model: Mem4D, device: torch.device) -> PeopleHead | None:
    path = people_beside(weights)
    return None if path is None else load_people(path, model.config.width).to(device)


def _weights(checkpoint: str, preset: str) -> Path | None:
    """The file to read; None for random weights."""
    if checkpoint == RANDOM_WEIGHTS:
        return None
    return Path(checkpoint) if checkpoint else packaged_weights(preset)


def _random_model(preset: str, seed: int) -> Mem4D:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Mem4D(PRESETS[preset])
