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

from mem4d_ros.datasets import open_dataset
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.runtime.preprocess import resize_and_crop
from mem4d_ros.training.data.recordings import nearest_pixels
from mem4d_ros.training.data.sequences import CorruptSequence, StoredSequence
from mem4d_ros.writing.tensors import write_tensors

SUFFIX = ".packed.safetensors"
_NEAREST_M = 0.05
_STEP = 0.003
"""Of the logarithm of depth; 0 stands for unknown depth, 1 for _NEAREST_M."""


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
    transform = ImageTransform.fit(images[0].shape[1], images[0].shape[0], max(height, width), 1)
    if (transform.output_height, transform.output_width) != (height, width):
        raise CorruptSequence(f"{path}: images of another shape than {width}x{height}")
    resized = [resize_and_crop(image[..., ::-1], transform) for image in images]
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
        intrinsics=torch.from_numpy(
            transform.intrinsics_to_model(intrinsics.double().numpy())
        ).float(),
        moving=moving[:, rows][:, :, columns],
    )


def nearest_indices(count: int, size: int) -> np.ndarray:
    """Of `size` pixels in a row the ones nearest to the centres of `count` larger or smaller."""
    return ((np.arange(count) + 0.5) * size / count).astype(int)


def depth_code(metres: np.ndarray) -> np.ndarray:
    """Depth in m as uint16; what is not finite or not positive as 0."""
    known = np.isfinite(metres) & (metres > 0)
    code = 1 + np.log(np.where(known, metres, 1).clip(_NEAREST_M) / _NEAREST_M) / _STEP
    return np.where(known, code.round(), 0).astype(np.uint16)


def depth_of(code: np.ndarray) -> np.ndarray:
    """The inverse of :func:`depth_code`: float32, NaN where unknown."""
    metres = _NEAREST_M * np.exp((code.astype(np.float32) - 1) * _STEP)
    return np.where(code > 0, metres, np.nan).astype(np.float32)


def read_recording(
    folder: Path, reader: str, height: int, width: int
) -> list[tuple[str, StoredSequence]]:
    """The recordings of a folder at height x width, whole, with their names.

    Raises FrameError for one that cannot be read.
    """
    found = []
    for recording in open_dataset(reader, folder):
        samples = [recording[i] for i in range(len(recording))]
        first = samples[0]
        transform = ImageTransform.fit(*first.image.shape[1::-1], max(height, width), 1)
        known = [s for s in samples if s.depth is not None and np.isfinite(s.depth).any()]
        sequence = StoredSequence(
            images=_stacked([resize_and_crop(s.image, transform) for s in known]).permute(
                0, 3, 1, 2
            ),
            depth=_stacked([nearest_pixels(s.depth, transform) for s in known]).to(torch.float16),
            camera_to_world=_stacked([s.camera_to_world for s in known]).float(),
            intrinsics=torch.from_numpy(transform.intrinsics_to_model(first.intrinsics)).float(),
            moving=torch.zeros(len(known), height, width, dtype=torch.bool),
        )
        found.append((recording.name.replace("/", "-"), sequence))
    return found


def _stacked(arrays: Sequence[np.ndarray]) -> Tensor:
    return torch.from_numpy(np.stack(arrays))


def _encoded(kind: str, image: np.ndarray, settings: list[int]) -> Tensor:
    _, data = cv2.imencode(kind, np.ascontiguousarray(image), settings)
    return torch.from_numpy(data.reshape(-1))


def _decoded(data: Tensor) -> np.ndarray:
    image = cv2.imdecode(data.numpy(), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise KeyError("an image cannot be decoded")
    return image


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
    options.out.mkdir(parents=True, exist_ok=True)
    width, height = options.size
    total = 0
    for folder in options.folders:
        for name, sequence in read_recording(folder, options.reader, height, width):
            path = options.out / f"{name}{SUFFIX}"
            write_packed(path, sequence, tuple(options.depth_size[::-1]), options.quality)
            total += path.stat().st_size
            print(f"{path}: {len(sequence.images)} frames, {path.stat().st_size / 2**20:.2f} MiB")
    print(f"{total / 2**20:.2f} MiB in all")


if __name__ == "__main__":
    main()
