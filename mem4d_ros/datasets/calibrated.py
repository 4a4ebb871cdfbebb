"""Samples as a camera sees them whose calibration the user gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from mem4d_ros.datasets.camera_file import Camera
from mem4d_ros.datasets.sample import BadFrame, FrameError, Recording, Sample, SampleStream
from mem4d_ros.sensor_messages.camera_info import CameraInfoError
from mem4d_ros.sensor_messages.lens import Lens, StraightImage


class Calibration:
    """Takes a camera's distortion out of samples, and tells its intrinsics."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._lens = Lens()

    def __call__(self, sample: Sample) -> Sample:
        """The sample with a straight image, truth that fits it, and the camera's intrinsics.

        Raises FrameError for an image that is not this camera's.
        """
        camera = self._camera
        if not camera.width:
            height, width = sample.image.shape[:2]
            camera = replace(camera, width=width, height=height)
            _check_centre(camera, sample.name)
        try:
            straight = self._lens.straighten(sample.image, camera)
            if straight.problem:
                raise CameraInfoError(straight.problem)
        except CameraInfoError as error:
            raise FrameError(f"{sample.name} is not of the given camera: {error}") from error
        return replace(
            sample,
            image=straight.image,
            intrinsics=straight.intrinsics,
            depth=None if sample.depth is None else _moved(straight, sample.depth, np.nan),
            moving=None
            if sample.moving is None
            else _moved(straight, sample.moving.astype(np.uint8), 0).astype(bool),
        )


def _check_centre(camera: Camera, name: str) -> None:
    """Nothing else tells of four numbers that they are another camera's."""
    (_, _, x), (_, _, y) = np.reshape(camera.k, (3, 3))[:2]
    if not (0 < x < camera.width and 0 < y < camera.height):
        raise FrameError(
            f"{name} is {camera.width}x{camera.height} px, and the given camera's centre {x:g},"
            f" {y:g} lies outside of it: give the calibration of images of this size"
        )


def _moved(straight: StraightImage, values: np.ndarray, outside: float) -> np.ndarray:
    """Values (H, W) of the camera's pixels, at the straight image's; the nearest, not blended."""
    if straight.maps is None:
        return values
    return cv2.remap(
        values,
        *straight.maps,
        cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside,
    )


@dataclass(frozen=True)
class CalibratedRecording:
    """A recording whose images a given camera took."""

    recording: Recording
    calibration: Calibration

    @property
    def name(self) -> str:
        return self.recording.name

    def __len__(self) -> int:
        return len(self.recording)

    def __getitem__(self, index: int) -> Sample:
        return self.calibration(self.recording[index])

    def __iter__(self) -> Iterator[Sample]:
        return map(self.calibration, self.recording)


@dataclass(frozen=True)
class CalibratedStream:
    """A stream whose images a given camera took."""

    stream: SampleStream
    calibration: Calibration

    @property
    def name(self) -> str:
        return self.stream.name

    @property
    def length(self) -> int | None:
        return self.stream.length

    def __iter__(self) -> Iterator[Sample | BadFrame]:
        for sample in self.stream:
            yield sample if isinstance(sample, BadFrame) else self.calibration(sample)
