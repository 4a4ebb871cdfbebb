"""Recorded sequences for training: brought to size and kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from mem4d_ros.datasets import FrameError, Recording, Sample, open_dataset
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.cache import SequenceCache
from mem4d_ros.training.data.sequences import CorruptSequence, StoredSequence
from mem4d_ros.training.data_config import DataConfig, RecordingConfig

_SAME_INTRINSICS = 0.02
"""Relative difference up to which the intrinsics of frames are those of one camera."""


def open_recordings(config: RecordingConfig, data: DataConfig) -> list[RecordedSequences]:
    """The recordings of a folder that are long enough for one sequence.

    Raises TrainingConfigError for a folder that is missing, of another kind, or without any, and
    for a recording of another shape or without truth.
    """
    folder = Path(config.folder)
    span = _span(config, data)
    try:
        recordings = open_dataset(config.reader, folder)
        long_enough = [recording for recording in recordings if len(recording) >= span]
    except FrameError as error:
        raise TrainingConfigError(f"data.recordings: {error}") from error
    if not long_enough:
        longest = max(map(len, recordings))
        raise TrainingConfigError(
            f"data.recordings: {folder} has {longest} frames, fewer than the {span} of one sequence"
        )
    for recording in long_enough:
        _require_truth(recording, data)
    return [RecordedSequences(recording, config, data) for recording in long_enough]


def _require_truth(recording: Recording, data: DataConfig) -> None:
    """Raises TrainingConfigError where no frame has truth, or the first that has does not fit."""
    lacking = ""
    for sample in _readable(recording):
        lacking = lack_of(sample)
        if not lacking:
            _transform(sample, data.height, data.width)
            return
    if lacking:
        raise TrainingConfigError(
            f"data.recordings: no frame of {recording.name} can be trained on: {lacking}"
        )


def _readable(recording: Recording) -> Iterator[Sample]:
    """The frames that can be read; training names the others when it comes to them."""
    for index in range(len(recording)):
        with suppress(FrameError):
            yield recording[index]


class RecordedSequences:
    """One recording, cut into as many sequences as it has frames for."""

    def __init__(self, source: Recording, config: RecordingConfig, data: DataConfig) -> None:
        self._source = source
        self._stride = config.stride
        self._span = _span(config, data)
        self._size = data
        self._cache = SequenceCache(Path(str(data.cache)), data)
        folder = str(Path(config.folder).resolve())
        identity = json.dumps({**asdict(config), "folder": folder, "recording": source.name})
        digest = hashlib.sha256(identity.encode()).hexdigest()[:8]
        self._name = f"{source.name.replace('/', '-')}-{digest}"

    @property
    def corrupt(self) -> int:
        """Number of files of the cache that were made again."""
        return self._cache.corrupt

    def __len__(self) -> int:
        return len(self._source) // self._span

    def __getitem__(self, index: int) -> StoredSequence:
        """Raises CorruptSequence for one with a frame that cannot be used, named."""
        if not 0 <= index < len(self):
            raise IndexError(f"sequence {index} of {len(self)}")
        return self._cache.get(f"{self._name}-{index:05d}", lambda: self._read(index))

    def _read(self, index: int) -> StoredSequence:
        start = index * self._span
        try:
            samples = [self._source[i] for i in range(start, start + self._span, self._stride)]
            return to_sequence(samples, self._size.height, self._size.width)
        except (FrameError, TrainingConfigError) as error:  # others of the recording do fit
            raise CorruptSequence(str(error)) from error


def _span(config: RecordingConfig, data: DataConfig) -> int:
    """Frames of a recording that one sequence takes."""
    return data.frames * config.stride


def to_sequence(samples: Sequence[Sample], height: int, width: int) -> StoredSequence:
    """Consecutive samples of one camera, resized to height x width.

    Where a recording does not say what moves, all counts as still.

    Raises:
        TrainingConfigError: the first sample is of another shape.
        CorruptSequence: a frame has no known depth at all, or no pose or intrinsics, or it is of
            another camera than the first.
    """
    transform = _transform(samples[0], height, width)
    depths, poses, intrinsics = zip(*map(_truth, samples), strict=True)
    for sample, each in zip(samples, intrinsics, strict=True):
        if sample.image.shape != samples[0].image.shape:
            raise CorruptSequence(f"{sample.name} is of another size than {samples[0].name}")
        if not np.allclose(each, intrinsics[0], rtol=_SAME_INTRINSICS):
            raise CorruptSequence(f"{sample.name} has other intrinsics than {samples[0].name}")
    images = np.stack([resize_and_crop(sample.image, transform) for sample in samples])
    depth = np.stack([nearest_pixels(each, transform) for each in depths])
    if not np.isfinite(depth).any(axis=(1, 2)).all():
        raise CorruptSequence(f"from {samples[0].name} on: a frame has no known depth")
    return StoredSequence(
        images=torch.from_numpy(images).permute(0, 3, 1, 2).contiguous(),
        depth=torch.from_numpy(depth).to(torch.float16),
        camera_to_world=torch.from_numpy(np.stack(poses)).float(),
        intrinsics=torch.from_numpy(transform.intrinsics_to_model(intrinsics[0])).float(),
        moving=torch.from_numpy(np.stack([_moving(sample, transform) for sample in samples])),
    )


def _moving(sample: Sample, transform: ImageTransform) -> np.ndarray:
    """(h, w) bool."""
    if sample.moving is None:
        return np.zeros((transform.output_height, transform.output_width), bool)
    return nearest_pixels(sample.moving, transform)


def nearest_pixels(values: np.ndarray, transform: ImageTransform) -> np.ndarray:
    """Values (H, W) of the input's pixels nearest to the model's: (h, w), never mixed."""
    count = max(transform.output_height, transform.output_width)
    nearest = transform.to_input(np.repeat(np.arange(count)[:, None], 2, axis=1)).round()
    columns = nearest[: transform.output_width, 0].astype(int).clip(0, values.shape[1] - 1)
    rows = nearest[: transform.output_height, 1].astype(int).clip(0, values.shape[0] - 1)
    return values[np.ix_(rows, columns)]


def _transform(sample: Sample, height: int, width: int) -> ImageTransform:
    input_height, input_width = sample.image.shape[:2]
    transform = ImageTransform.fit(input_width, input_height, max(height, width))
    if (transform.output_height, transform.output_width) != (height, width):
        raise TrainingConfigError(
            f"data.recordings: {sample.name} of {input_width}x{input_height} px becomes "
            f"{transform.output_width}x{transform.output_height} px, which data.width and "
            "data.height must be"
        )
    return transform


def lack_of(sample: Sample) -> str:
    """What a sample lacks to be trained on, with its name; empty where it has all."""
    parts = {
        "depth": sample.depth,
        "pose": sample.camera_to_world,
        "intrinsics": sample.intrinsics,
    }
    lacking = [name for name, value in parts.items() if value is None]
    return f"{sample.name} has no {' and no '.join(lacking)}" if lacking else ""


def _truth(sample: Sample) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, pose and intrinsics."""
    if sample.depth is None or sample.camera_to_world is None or sample.intrinsics is None:
        raise CorruptSequence(lack_of(sample))
    return sample.depth, sample.camera_to_world, sample.intrinsics
