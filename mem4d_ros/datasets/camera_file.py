"""A camera's calibration from a command line: four numbers, or the YAML of a calibration tool.

ROS's camera_calibration (and camera_info_manager) and OpenCV's calibration sample write the same
things under nearly the same names; OpenCV's file begins with a directive that YAML does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mem4d_ros.datasets.files import existing
from mem4d_ros.datasets.optional import optional_import
from mem4d_ros.datasets.sample import FrameError
from mem4d_ros.sensor_messages.lens import BROWN, FISHEYE

OPENCV_DIRECTIVE = "%YAML:"
OPENCV_MATRIX = "tag:yaml.org,2002:opencv-matrix"
REMEDY = "give fx,fy,cx,cy in pixels, or the YAML that ROS's camera_calibration or OpenCV writes"


@dataclass(frozen=True)
class WholeSensor:
    """A region of interest that is none."""

    x_offset: int = 0
    y_offset: int = 0
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Camera:
    """A calibration, with the fields of sensor_msgs/CameraInfo; plain data but for `roi`.

    Attributes:
        width, height: of the images that were calibrated, pixels; 0: any.
    """

    k: tuple[float, ...]
    d: tuple[float, ...] = ()
    distortion_model: str = BROWN[0]
    width: int = 0
    height: int = 0
    r: tuple[float, ...] = (0.0,) * 9
    p: tuple[float, ...] = (0.0,) * 12
    binning_x: int = 0
    binning_y: int = 0
    roi: WholeSensor = field(default_factory=WholeSensor)


def read_camera(text: str) -> Camera:
    """A camera by `fx,fy,cx,cy` in pixels, or by the path of a YAML file.

    Raises FrameError for anything else.
    """
    numbers = _numbers(text)
    if numbers is None:
        return _from_file(Path(text))
    if len(numbers) != 4 or not np.isfinite(numbers).all() or min(numbers[:2]) <= 0:
        raise FrameError(f"the camera {text} is none: {REMEDY}")
    fx, fy, cx, cy = numbers
    return Camera(k=(fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0))


def _numbers(text: str) -> list[float] | None:
    """Of a list with commas; None where it is none."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return None


def _from_file(path: Path) -> Camera:
    fields = _fields(path)
    width, height = fields.get("imagesize") or (fields.get("imagewidth"), fields.get("imageheight"))
    model = str(fields.get("distortionmodel", BROWN[0]))
    camera = Camera(
        k=_matrix(path, fields, "cameramatrix", (9,), required=True),
        d=_matrix(path, fields, "distortioncoefficients", range(15)),
        distortion_model=FISHEYE[0] if fields.get("fisheyemodel") else model,
        width=int(width or 0),
        height=int(height or 0),
        r=_matrix(path, fields, "rectificationmatrix", (9,)) or Camera.r,
        p=_matrix(path, fields, "projectionmatrix", (12,)) or Camera.p,
    )
    if camera.distortion_model not in (*BROWN, *FISHEYE):
        raise FrameError(
            f"{path} has the distortion model '{camera.distortion_model}': use one of"
            f" {', '.join((*BROWN[:2], FISHEYE[0]))}"
        )
    return camera


def _fields(path: Path) -> Mapping[str, Any]:
    """What the file says, by names without case and underscores."""
    yaml = optional_import("yaml", "the camera's YAML")
    try:
        text = existing(path).read_text(encoding="utf-8")
        if text.startswith(OPENCV_DIRECTIVE):
            text = text.partition("\n")[2]
        content = _loader(yaml)(text).get_single_data()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise FrameError(f"{path} is no calibration of a camera ({error}): {REMEDY}") from error
    if not isinstance(content, dict):
        raise FrameError(f"{path} is no calibration of a camera: {REMEDY}")
    return {str(name).lower().replace("_", ""): value for name, value in content.items()}


def _loader(yaml: Any) -> Any:
    """Reads plain data only, and OpenCV's matrices as such."""

    class Loader(yaml.SafeLoader):
        """Of its own, so that nobody else's loader learns OpenCV's tag."""

    Loader.add_constructor(OPENCV_MATRIX, lambda loader, node: loader.construct_mapping(node, True))
    return Loader


def _matrix(
    path: Path, fields: Mapping[str, Any], name: str, lengths: Any, *, required: bool = False
) -> tuple[float, ...]:
    """The numbers of a matrix; none where it is missing."""
    matrix = fields.get(name, {} if not required else None)
    data = matrix.get("data", ()) if isinstance(matrix, dict) else matrix
    try:
        numbers = tuple(float(number) for number in data)
    except (TypeError, ValueError):
        raise FrameError(f"{path} has no {name} of numbers: {REMEDY}") from None
    if (required or numbers) and len(numbers) not in lengths:
        raise FrameError(f"{path} has a {name} of {len(numbers)} numbers: {REMEDY}")
    if not np.isfinite(numbers).all():
        raise FrameError(f"{path} has a {name} of numbers that are not finite")
    return numbers
