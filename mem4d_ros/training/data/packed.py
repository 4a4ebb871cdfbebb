"""Sequences in small files, for travel: JPEG images and 16-bit PNG depth in one safetensors file.

    python -m mem4d_ros.training.data.packed ../shared/data/train --out out/packed

packs recordings, one file each. Depth is stored by its logarithm in steps of 0.3 %.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from mem4d_ros.datasets import FrameError, Recording, Sample, open_dataset
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.recordings import lack_of, to_sequence
from mem4d_ros.training.data.sequences import CorruptSequence, StoredSequence
from mem4d_ros.writing.tensors import write_tensors

SUFFIX = ".packed.safetensors"
_NEAREST_M = 0.05
_STEP = 0.003
"""Of the logarithm of depth; 0 is unknown depth, 1 is _NEAREST_M, _SKY infinitely far."""
_SKY = 65535


def write_packed(
    path: Path, sequence: StoredSequence, depth_size: tuple[int, int], quality: int
) -> None:
    """Write a sequence with depth at `depth_size` (height, width); `quality` is JPEG's."""
    images = sequence.images.permute(0, 2, 3, 1).numpy()
    rows, columns = (
        nearest_indices(n, size) for n, size in zip(depth_size, images.shape[1:3], strict=True)
    )
    tensors = {"camera_to_world": sequence.camera_to_world, "intrinsics": sequence.intrinsics}
    if sequence.moving.any():
        tensors["moving"] = sequence.moving[:, rows][:, :, columns]
    depth = sequence.depth.float().numpy()[:, rows][:, :, columns]
    for number, (image, metres) in enumerate(zip(images, depth, strict=True)):
        tensors[f"image.{number:05d}"] = _encoded(
            ".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
        tensors[f"depth.{number:05d}"] = _encoded(
            ".png", depth_code(metres), [cv2.IMWRITE_PNG_COMPRESSION, 9]
        )
    write_tensors(path, tensors)


def read_packed(path: Path, height: int, width: int) -> StoredSequence:
    """A packed sequence at height x width, as it was but for its compression.

    Raises:
        CorruptSequence: the file is truncated, or holds something else.
    """
    try:
        tensors = load_file(path)
        count = len(tensors["camera_to_world"])
        images = [_decoded(tensors[f"image.{i:05d}"]) for i in range(count)]
        codes = np.stack([_decoded(tensors[f"depth.{i:05d}"]) for i in range(count)])
        intrinsics = tensors["intrinsics"]
    except (SafetensorError, KeyError, cv2.error) as error:
        raise CorruptSequence(f"{path}: {error}") from error
    packed_height, packed_width = images[0].shape[:2]
    if packed_height * width != packed_width * height:
        raise CorruptSequence(
            f"{path}: {packed_width}x{packed_height} px are of another shape than {width}x{height}"
        )
    scale = width / packed_width
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = [cv2.resize(image[..., ::-1], (width, height), interpolation=way) for image in images]
    intrinsics[:2] *= scale
    intrinsics[:2, 2] += (scale - 1) / 2  # pixel centres lie at integers
    rows, columns = (
        torch.from_numpy(nearest_indices(n, size))
        for n, size in zip((height, width), codes.shape[1:], strict=True)
    )
    depth = torch.from_numpy(depth_of(codes))
    moving = tensors.get("moving", torch.zeros(codes.shape, dtype=torch.bool))
    return StoredSequence(
        images=torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2).contiguous(),
        depth=depth[:, rows][:, :, columns].to(torch.float16),
        camera_to_world=tensors["camera_to_world"],
        intrinsics=intrinsics,
        moving=moving[:, rows][:, :, columns],
    )


def nearest_indices(count: int, size: int) -> np.ndarray:
    """Of `size` pixels in a row the ones nearest to the centres of `count` larger or smaller."""
    return ((np.arange(count) + 0.5) * size / count).astype(int)


def depth_code(metres: np.ndarray) -> np.ndarray:
    """Depth in m as uint16; what is not known or not positive as 0."""
    known = np.isfinite(metres) & (metres > 0)
    code = 1 + np.log(np.where(known, metres, 1).clip(_NEAREST_M) / _NEAREST_M) / _STEP
    return np.where(metres == np.inf, _SKY, np.where(known, code.round(), 0)).astype(np.uint16)


def depth_of(code: np.ndarray) -> np.ndarray:
    """The inverse of :func:`depth_code`: float32, NaN where unknown, inf of the sky."""
    is_sky = code == _SKY
    metres = _NEAREST_M * np.exp((np.where(is_sky, 1, code).astype(np.float32) - 1) * _STEP)
    metres[is_sky] = np.inf
    return np.where(code > 0, metres, np.nan).astype(np.float32)


def read_whole(recording: Recording, height: int, width: int) -> StoredSequence:
    """All frames of a recording with known depth, pose and intrinsics, at height x width.

    Raises:
        FrameError: a file cannot be used.
        TrainingConfigError: the frames are of another shape.
        CorruptSequence: no frame is left, or they are of several cameras.
    """
    samples = [recording[index] for index in range(len(recording))]
    known = [s for s in samples if not lack_of(s) and _has_known_depth(s)]
    if not known:
        why = next(filter(None, map(lack_of, samples)), "no depth is known")
        raise CorruptSequence(f"{recording.name}: no frame can be trained on: {why}")
    return to_sequence(known, height, width)


def _has_known_depth(sample: Sample) -> bool:
    return sample.depth is not None and bool(np.isfinite(sample.depth).any())


def _encoded(kind: str, image: np.ndarray, settings: list[int]) -> Tensor:
    _, data = cv2.imencode(kind, np.ascontiguousarray(image), settings)
    return torch.from_numpy(data.reshape(-1))


def _decoded(data: Tensor) -> np.ndarray:
    image = cv2.imdecode(data.numpy(), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise KeyError("an image cannot be decoded")
    return image


def pack(options: argparse.Namespace) -> None:
    """Pack each recording, and say how large it is."""
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = options.size
    total = 0
    for folder in options.folders:
        for recording in open_dataset(options.reader, folder):
            sequence = read_whole(recording, height, width)
            name = recording.name.replace("/", "-")
            path = options.out / f"{name}{SUFFIX}"
            write_packed(path, sequence, tuple(options.depth_size[::-1]), options.quality)
            total += path.stat().st_size
            print(f"{path}: {len(sequence.images)} frames, {path.stat().st_size / 2**20:.2f} MiB")
    print(f"{total / 2**20:.2f} MiB in all")


def main(arguments: Sequence[str] | None = None) -> None:
    """Pack the recordings of folders."""
    parser = argparse.ArgumentParser(prog="packed", description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--reader", default="7scenes")
    parser.add_argument("--size", type=int, nargs=2, default=(256, 192), metavar=("W", "H"))
    parser.add_argument("--depth-size", type=int, nargs=2, default=(128, 96), metavar=("W", "H"))
    parser.add_argument("--quality", type=int, default=85)
    options = parser.parse_args(arguments)
    try:
        pack(options)
    except (FrameError, CorruptSequence, TrainingConfigError, OSError) as error:
        parser.exit(1, f"packed: {error}\n")


if __name__ == "__main__":
    main()
