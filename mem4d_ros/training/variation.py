"""Augmentation of training samples, as data: images, and evidence beside them."""

from __future__ import annotations

from dataclasses import dataclass

from mem4d_ros.training.config_errors import require_at_least, require_range, require_ratio


@dataclass(frozen=True)
class AugmentationConfig:
    """Ranges of augmentation; the defaults mirror half of them and change their colours.

    Attributes:
        zoom: minimum and maximum zoom factor.
        aspect: σ of the log of how much wider than high pixels become.
        blur: maximum σ in px, horizontally and vertically apart.
        noise: maximum σ of a pixel.
        vignette: maximum loss of light in the corners.
        blocks: ratio of clips with blocks as strong compression leaves them.
        flicker: σ of the log of each frame's own exposure.
        exposure: σ of the log of a clip's exposure.
        patches: ratio of clips with a blank patch on what they show.
        negatives: ratio of clips in which light and dark change places.
    """

    zoom: tuple[float, float] = (1.0, 1.0)
    aspect: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    vignette: float = 0.0
    blocks: float = 0.0
    flicker: float = 0.0
    exposure: float = 0.15
    patches: float = 0.0
    negatives: float = 0.0

    def __post_init__(self) -> None:
        require_range(self, 1, "zoom")
        require_at_least(self, 0, "aspect", "blur", "noise", "flicker", "exposure")
        require_ratio(self, "vignette", "blocks", "patches", "negatives")


@dataclass(frozen=True)
class SimulatedEvidence:
    """Distributions of simulated evidence; ratios are of samples, that is of whole sequences.

    Attributes:
        without_points: ratio without any point.
        corners: minimum and maximum points at corners per frame, drawn log-uniformly.
        noise: minimum and maximum relative σ of a sequence's points.
        common_scale: relative σ of a scale error common to a whole sequence, poses included.
        outliers, moving_outliers: ratio of gross errors among static and dynamic points.
        misstatement: σ of the log of stated by true deviation.
        late: ratio of the samples whose points begin after their first frame, as parallax does.
        sensor: ratio of the samples with points whose points come from a sensor.
        sensor_points, sensor_noise: as `corners` and `noise`, of these.
        without_intrinsics, with_pose: ratios.
        pose_rotation: maximum σ of what a step's rotation adds to the error, in degrees.
        pose_translation: maximum σ of the same, by the length of the step.
    """

    without_points: float = 1 / 3
    corners: tuple[int, int] = (1, 400)
    noise: tuple[float, float] = (0.02, 0.06)
    common_scale: float = 0.03
    outliers: float = 0.05
    moving_outliers: float = 0.3
    misstatement: float = 0.3
    late: float = 0.2
    sensor: float = 0.2
    sensor_points: tuple[int, int] = (20, 1500)
    sensor_noise: tuple[float, float] = (0.001, 0.005)
    without_intrinsics: float = 0.2
    with_pose: float = 0.6
    pose_rotation: float = 0.3
    pose_translation: float = 0.05

    def __post_init__(self) -> None:
        require_range(self, 1, "corners", "sensor_points")
        require_range(self, 0, "noise", "sensor_noise")
        require_ratio(self, "without_points", "without_intrinsics", "with_pose", "late", "sensor")
        require_ratio(self, "outliers", "moving_outliers")
        require_at_least(self, 0, "common_scale", "misstatement")
        require_at_least(self, 0, "pose_rotation", "pose_translation")
