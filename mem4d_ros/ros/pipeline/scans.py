"""Points of other sensors as evidence: the scan nearest in time, placed in the camera's image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sensor_msgs.msg import PointCloud2

from mem4d_ros.geometry import transform_points
from mem4d_ros.ros.interface.settings import EvidenceSettings
from mem4d_ros.ros.reporting import Reporter
from mem4d_ros.ros.robot.placers import PlaceSensor, SensorUnplaced
from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.measured_points import MeasuredPoints
from mem4d_ros.runtime.scale import PointScale
from mem4d_ros.runtime.scans import seen_points
from mem4d_ros.sensor_messages.cloud_points import UnusableCloud, cloud_positions
from mem4d_ros.sensor_messages.frames import tf_frame
from mem4d_ros.sensor_messages.stamps import stamp_to_ns

LEAST_POINTS = 10
"""In the image, without which a scan says nothing."""

SCANS_KEPT = 8
"""A scan may come before the image that it belongs to, or while that waits for the one in work."""


@dataclass(frozen=True)
class ScanReport:
    """Number of frames by what became of their scan, and why the last one was refused."""

    used: int = 0
    refused: int = 0
    reason: str = ""


class Scans:
    """Finds the points that a scan has in each image, and the scale that they tell.

    A scan that cannot be used is refused, counted, and the cause is said once. `note` may be called
    by another thread than the rest.
    """

    def __init__(
        self, place: PlaceSensor, settings: EvidenceSettings, topic: str, reporter: Reporter
    ) -> None:
        self._place = place
        self._settings = settings
        self._topic = topic
        self._reporter = reporter
        self.scale = PointScale()
        self.report = ScanReport()
        self._received: tuple[PointCloud2, ...] = ()

    @property
    def metres(self) -> float:
        """True metres by the stream's own, 1 while that is not known."""
        return self.scale.estimate.value

    def note(self, cloud: PointCloud2) -> None:
        """Know a scan from now on, the newest one."""
        self._received = (*self._received[1 - SCANS_KEPT :], cloud)

    def points_in(
        self,
        camera_frame: str,
        image_ns: int,
        intrinsics: np.ndarray | None,
        size: tuple[int, int],
    ) -> MeasuredPoints | None:
        """The points that an image of `size` (H, W) shows of the scan nearest to it in time.

        In true metres. None without a scan, and for one that is refused.
        """
        newest_first = self._received[::-1]
        if not newest_first:
            return None
        cloud = min(newest_first, key=lambda scan: abs(stamp_to_ns(scan.header.stamp) - image_ns))
        try:
            points = self._seen(cloud, camera_frame, image_ns, intrinsics, size)
        except (UnusableCloud, SensorUnplaced) as error:
            reason = f"{self._topic} is not used: {error}"
            self.report = ScanReport(self.report.used, self.report.refused + 1, reason)
            self._reporter.once(reason)
            return None
        self.report = ScanReport(self.report.used + 1, self.report.refused, self.report.reason)
        return points

    def learn(self, reconstruction: Reconstruction, points: MeasuredPoints | None) -> None:
        """Compare a frame's depth with the points that were measured in it.

        A new world, which begins with frame 0, has metres of its own.
        """
        if reconstruction.frame_index == 0:
            self.scale.forget()
        if points is None:
            return
        transform = reconstruction.input_transform
        measured, _ = points.to_maps(transform)
        there = measured > 0
        self.scale.compare(measured[there], np.nan_to_num(reconstruction.depth[there]))

    def _seen(
        self,
        cloud: PointCloud2,
        camera_frame: str,
        image_ns: int,
        intrinsics: np.ndarray | None,
        size: tuple[int, int],
    ) -> MeasuredPoints:
        sensor_frame = tf_frame(cloud.header.frame_id)
        scan_ns = stamp_to_ns(cloud.header.stamp)
        if not sensor_frame:
            raise SensorUnplaced("its header.frame_id is empty")
        if abs(image_ns - scan_ns) > self._settings.max_age_s * 1e9:
            raise SensorUnplaced(
                "its nearest scan is older or newer than the image by more than"
                " evidence.max_age_s: is its clock the camera's, and does it still publish?"
            )
        if intrinsics is None:
            raise SensorUnplaced("without CameraInfo nothing is known of where its points appear")
        positions = cloud_positions(cloud)
        camera_from_sensor = self._place(camera_frame, image_ns, sensor_frame, scan_ns)
        found = seen_points(
            transform_points(camera_from_sensor, positions),
            intrinsics,
            size,
            self._settings.settings(),
        )
        if len(found.depth) < LEAST_POINTS:
            raise SensorUnplaced(
                f"fewer than {LEAST_POINTS} of its points are in the image: is the sensor's place"
                " in TF right, and does it look where the camera looks?"
            )
        return found
