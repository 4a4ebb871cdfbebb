"""The live source of clips: packed sequences from the start, renderings as they arrive.

Without the latter it is reproducible: the same folder and chance, the same clips.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.augmentation import View, look
from mem4d_ros.training.data.batches import as_clip
from mem4d_ros.training.data.clips import Clips
from mem4d_ros.training.data.packed import SUFFIX, read_packed
from mem4d_ros.training.data.rendering import HELD_OUT, MESH, PROCEDURAL
from mem4d_ros.training.data.resident import (
    MixedSequences,
    ResidentSequences,
    in_order,
    split,
)
from mem4d_ros.training.data.sequences import CorruptSequence, StoredSequence, read_any_sequence
from mem4d_ros.training.data_config import DataConfig, LiveConfig

RECORDED = "recorded"
_logger = logging.getLogger(__name__)
WHOLE_FILES = "[!.]*.safetensors"
"""Files that are still being written have names that begin with a dot."""
_WAITING = 32
_SIDE_BY_SIDE = {"cuda": 16, "cpu": 1}
"""Sequences that are measured at once; a GPU has the memory, and waits for Python."""
_ADDED_A_STEP = 8


class LiveClips:
    """Clips of packed sequences and of what has been rendered so far."""

    def __init__(self, config: LiveConfig, longest: int, device: torch.device) -> None:
        """`longest`: frames of the longest clip that will be asked for.

        Raises:
            TrainingConfigError: a folder is not there, or nothing arrives in it.
        """
        self._config = config
        self._device = device
        self._held_out: list[StoredSequence] = []
        self._kinds: dict[str, ResidentSequences] = {}
        if config.recordings is not None:
            self._add_packed(Path(config.recordings))
        self._arrivals = Arrivals(Path(config.rendered), config) if config.rendered else None
        self._mixed = MixedSequences(self._kinds, config.shares, config.fastest, config.enough)
        self._wait_for(longest)

    @property
    def corrupt(self) -> int:
        """Number of files that arrived and could not be read."""
        return self._arrivals.corrupt if self._arrivals else 0

    def draw(self, count: int, frames: int, rng: np.random.Generator) -> Clips:
        """Clips from what is there now."""
        self._take_in(_ADDED_A_STEP)
        return self._mixed.draw(count, frames, rng)

    def sizes(self) -> dict[str, int]:
        """Frames that are held of each kind."""
        return {name: len(kind) for name, kind in self._kinds.items()}

    def held_out(self, data: DataConfig) -> dict[str, list[Clips]]:
        """Clips for measuring, whole views at the size of `data`, a few at a time."""
        frames = self._config.held_out_frames
        sets: dict[str, list[StoredSequence]] = defaultdict(list)
        for sequence in self._held_out:
            sets[RECORDED] += in_order(sequence, frames)
        for folder in (self._config.recordings, self._config.rendered):
            for path in sorted(Path(folder).glob(f"{HELD_OUT}/*.safetensors")) if folder else ():
                sets[kind_of(path)] += in_order(self._read(path), frames)
        return {
            name: [
                whole_views(part, data, self._device)
                for part in _parts(sequences, _SIDE_BY_SIDE[self._device.type])
            ]
            for name, sequences in sets.items()
            if sequences
        }

    def _add_packed(self, folder: Path) -> None:
        """Keep all sequences of a folder, recordings without their ends."""
        paths = sorted(folder.glob(f"*{SUFFIX}"))
        if not paths:
            raise TrainingConfigError(
                f"data.live.recordings: {folder} has no packed recordings; make them by "
                "python -m mem4d_ros.training.data.packed"
            )
        sequences: dict[str, list[StoredSequence]] = defaultdict(list)
        for path in paths:
            kind, sequence = kind_of(path), self._read(path)
            if kind == RECORDED:
                sequence, rest = split(sequence, self._config.held_out)
                self._held_out.append(rest)
            sequences[kind].append(sequence)
        for kind, of_kind in sequences.items():
            count = sum(len(sequence.images) for sequence in of_kind)
            arriving = kind != RECORDED and self._config.rendered is not None
            self._kinds[kind] = self._ring(self._config.capacity if arriving else count)
            for sequence in of_kind:
                self._kinds[kind].add(sequence)

    def _read(self, path: Path) -> StoredSequence:
        try:
            return read_sized(path, self._config.height, self._config.width)
        except CorruptSequence as error:
            raise TrainingConfigError(f"data.live: {error}") from error

    def _ring(self, capacity: int) -> ResidentSequences:
        return ResidentSequences(capacity, self._config.height, self._config.width, self._device)

    def _take_in(self, most: int) -> int:
        """Add what has arrived, at most so many sequences; how many there were."""
        if self._arrivals is None:
            return 0
        for number in range(most):
            arrival = self._arrivals.next()
            if arrival is None:
                return number
            kind, sequence = arrival
            if kind not in self._kinds:
                self._kinds[kind] = self._ring(self._config.capacity)
            self._kinds[kind].add(sequence)
        return most

    def _wait_for(self, frames: int, patience_s: float = 300) -> None:
        """Until there is a sequence of so many frames."""
        end = time.monotonic() + patience_s
        while not any(len(s) >= frames for kind in self._kinds.values() for s in kind.spans):
            if time.monotonic() > end or self._arrivals is None:
                raise TrainingConfigError(
                    f"data.live: there is no sequence of {frames} frames, as the stages ask for"
                )
            if not self._take_in(_WAITING):
                time.sleep(0.2)


class Arrivals:
    """Reads sequences that other processes write into a folder, ahead of their use; removes them.

    A file's name begins with its kind and a dash.
    """

    def __init__(self, folder: Path, config: LiveConfig) -> None:
        if not folder.is_dir():
            raise TrainingConfigError(
                f"data.live.rendered: {folder} is no folder; start "
                "python -m mem4d_ros.training.data.rendering first"
            )
        self.corrupt = 0
        self._folder = folder
        self._config = config
        self._read: queue.Queue[tuple[str, StoredSequence]] = queue.Queue(_WAITING)
        threading.Thread(target=self._run, name="arrivals", daemon=True).start()

    def next(self) -> tuple[str, StoredSequence] | None:
        """Kind and sequence, None where nothing waits."""
        try:
            return self._read.get_nowait()
        except queue.Empty:
            return None

    def _run(self) -> None:
        while True:
            paths = sorted(self._folder.glob(WHOLE_FILES), key=lambda p: p.stat().st_mtime)
            for path in paths:
                try:
                    sequence = read_sized(path, self._config.height, self._config.width)
                except CorruptSequence as error:
                    _logger.warning("corrupt sample, skipped: %s", error)
                    self.corrupt += 1
                    path.unlink()
                    continue
                path.unlink()
                if torch.cuda.is_available():
                    sequence = StoredSequence(
                        **{name: value.pin_memory() for name, value in vars(sequence).items()}
                    )
                self._read.put((kind_of(path), sequence))
            time.sleep(0.2)


def kind_of(path: Path) -> str:
    """The kind of a sequence: rendered ones have it at the beginning of their file's name."""
    kind = path.name.split("-", 1)[0]
    return kind if kind in (MESH, PROCEDURAL) else RECORDED


def read_sized(path: Path, height: int, width: int) -> StoredSequence:
    """A sequence, packed or not, at height x width.

    Raises CorruptSequence for one that is not whole, or of another size.
    """
    if path.name.endswith(SUFFIX):
        return read_packed(path, height, width)
    sequence = read_any_sequence(path)
    if sequence.images.shape[-2:] != (height, width):
        raise CorruptSequence(f"{path}: images of another size than {width}x{height}")
    return sequence


def whole_views(
    sequences: Sequence[StoredSequence], data: DataConfig, device: torch.device
) -> Clips:
    """Sequences of equal length side by side at the size of `data`, as they are."""
    clips = Clips.cat([as_clip(sequence.to(device)) for sequence in sequences])
    height, width = clips.images.shape[-2:]
    across = min(width, height * data.width / data.height)
    down = across * data.height / data.width
    all_of = torch.ones(len(clips.images), device=device)
    view = View(
        left=all_of * ((width - across) / 2 - 0.5),
        top=all_of * ((height - down) / 2 - 0.5),
        width=all_of * across,
        height=all_of * down,
    )
    return look(clips, view, (data.height, data.width))


def _parts(items: Sequence[StoredSequence], size: int) -> Iterator[Sequence[StoredSequence]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
