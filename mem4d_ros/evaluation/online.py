"""A recording run through the network as a camera would, frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from mem4d_ros.datasets import Recording, Sample
from mem4d_ros.evaluation.errors import NotMeasurable
from mem4d_ros.evaluation.evidence_points import measured_corners
from mem4d_ros.geometry import ImageTransform, rigid_inverse
from mem4d_ros.runtime import MeasuredPoints, OnlineReconstructor, Reconstruction, upsample_depth
from mem4d_ros.runtime.preprocess import resize_and_crop


@dataclass(frozen=True)
class Step:
    """Ground truth of a frame, and its online reconstruction."""

    sample: Sample
    found: Reconstruction


@dataclass(frozen=True)
class Told:
    """What of the truth the network is told, and what it may remember.

    Attributes:
        intrinsics: None: where a sample has them and the network takes evidence.
        points: so many corners whose depth is measured, in each frame that has depth.
        poses: the true ones, in the world of the first frame.
        single_views: each frame is a stream of its own, so that nothing is remembered.
        seed: decides on the errors of the points, by the frame's number.
    """

    intrinsics: bool | None = None
    points: int = 0
    poses: bool = False
    single_views: bool = False
    seed: int = 0


def run_recording(
    recording: Recording,
    frames: range,
    reconstructor: OnlineReconstructor,
    told: Told | None = None,
) -> Iterator[Step]:
    """The frames with these indices, as a stream of their own.

    Raises:
        FrameError: a file cannot be used. FrameRejected: nor can an image.
        NotMeasurable: a sample, named, lacks what is to be told, or the network takes none of it.
    """
    told = told or Told()
    if (told.points or told.poses) and not reconstructor.takes_evidence:
        raise NotMeasurable("this network takes no evidence: it is told neither points nor poses")
    first = None
    for index in frames:
        sample = recording[index]
        if first is None or told.single_views:
            first = sample
            reconstructor.reset()
        yield Step(
            sample,
            reconstructor.process(
                sample.image,
                index,
                _intrinsics(sample, told, reconstructor),
                points=_points(sample, told, reconstructor, index),
                camera_to_world=_pose(sample, first) if told.poses else None,
            ),
        )


def _intrinsics(
    sample: Sample, told: Told, reconstructor: OnlineReconstructor
) -> np.ndarray | None:
    wanted = reconstructor.takes_evidence if told.intrinsics is None else told.intrinsics
    if told.intrinsics and sample.intrinsics is None:
        raise NotMeasurable(f"{sample.name} has no intrinsics to tell the network")
    return sample.intrinsics if wanted else None


def _points(
    sample: Sample, told: Told, reconstructor: OnlineReconstructor, index: int
) -> MeasuredPoints | None:
    """None where no depth is known of which points could be told, as a sensor may fail."""
    if not told.points or sample.depth is None:
        return None
    transform = reconstructor.transform_of(sample.image)
    return corners_of(sample.image, sample.depth, transform, told.points, told.seed + index)


def _pose(sample: Sample, first: Sample) -> np.ndarray:
    if sample.camera_to_world is None or first.camera_to_world is None:
        raise NotMeasurable(f"{sample.name} has no pose to tell the network")
    pose: np.ndarray = rigid_inverse(first.camera_to_world) @ sample.camera_to_world
    return pose


def corners_of(
    image: np.ndarray, depth: np.ndarray, transform: ImageTransform, count: int, seed: int
) -> MeasuredPoints:
    """Up to `count` corners as a tracker on the network's image would measure them.

    Args:
        image: (H, W, 3) uint8 RGB; depth: (H, W) true metres, NaN or 0 where unknown.
    """
    seen = torch.from_numpy(resize_and_crop(image, transform)).permute(2, 0, 1).float() / 255
    rows, columns = transform.nearest_input_pixels()
    measured, deviation = (
        maps.numpy()
        for maps in measured_corners(
            seen, torch.from_numpy(depth[np.ix_(rows, columns)]), count, seed
        )
    )
    found = np.argwhere(measured > 0)  # (N, 2): row, column
    where = tuple(found.T)
    pixels = transform.to_input(found[:, ::-1].astype(np.float64))
    return MeasuredPoints(pixels, measured[where], deviation[where])


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
