"""What is published of one frame."""

from dataclasses import dataclass, field

from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo

from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.scale import ScaleEstimate


@dataclass(frozen=True)
class ReconstructedFrame:
    """A reconstruction and what its image said of itself."""

    reconstruction: Reconstruction
    stamp: Time
    camera_frame: str
    intrinsics_given: bool  # by CameraInfo
    camera_info: CameraInfo | None  # with the distortion that the image has; None: none or unknown
    scale: ScaleEstimate = field(default=ScaleEstimate(1.0, 0.0))  # that was applied to it
