"""A recording run through the network as a camera would, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mem4d_ros.datasets import Recording, Sample
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.geometry import ImageTransform
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction, upsample_depth


@dataclass(frozen=True)
class Step:
    """Ground truth of a frame, and its online reconstruction."""

    sample: Sample
    found: Reconstruction


def run_recording(
    recording: Recording,
    frames: range,
    reconstructor: OnlineReconstructor,
    *,
    known_intrinsics: bool = False,
) -> Iterator[Step]:
    """The frames with these indices, as a stream of their own.

    Intrinsics are predicted unless `known_intrinsics`.

    Raises:
        FrameError: a file cannot be used. FrameRejected: nor can an image.
        NotMeasurable: a sample, named, lacks the intrinsics that are to be known.
    """
    reconstructor.reset()
    for index in frames:
        sample = recording[index]
        if known_intrinsics and sample.intrinsics is None:
            raise NotMeasurable(f"{sample.name} has no intrinsics to tell the network")
        intrinsics = sample.intrinsics if known_intrinsics else None
        yield Step(sample, reconstructor.process(sample.image, index, intrinsics))


def full_depth(found: Reconstruction) -> np.ndarray:
    """Self-view z (H, W) at the size of the camera's image, metres, NaN where invalid.

    What the network's crop has cut off takes the nearest depth within it, so that every pixel of
    the truth counts, as it does where others stretch their prediction over the whole image.
    """
    transform = found.input_transform
    rows, columns = _inside(transform)
    inside = upsample_depth(found.depth, transform)[rows, columns]
    return np.pad(
        inside,
        (
            (rows.start, transform.input_height - rows.stop),
            (columns.start, transform.input_width - columns.stop),
        ),
        mode="edge",
    )


def _inside(transform: ImageTransform) -> tuple[slice, slice]:
    """Rows and columns of the camera's image that the crop keeps."""
    edges = np.array([[0, 0], [transform.output_width, transform.output_height]]) - 0.5
    first, last = np.ceil(transform.to_input(edges) - 1e-9).astype(int)
    return slice(first[1], last[1]), slice(first[0], last[0])
