"""The demo's table and pictures."""

from __future__ import annotations

import json
import statistics
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sensor_msgs.msg import PointCloud2

from mem4d_ros.geometry import project
from mem4d_ros.ros.conversions.grid import from_occupancy_grid
from mem4d_ros.ros.conversions.image import image_to_rgb
from mem4d_ros.ros.conversions.pose import pose_to_matrix
from mem4d_ros.ros.demo.listener import Heard, Listener, Snapshot
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.sensor_messages.packed_cloud import POINT
from mem4d_ros.viz import (
    confidence_picture,
    contact_sheet,
    depth_picture,
    nearest_filled,
    plan_picture,
    scene_views,
)
from mem4d_ros.writing import write_picture

CELL_WIDTH = 320  # px
SHOWN_RATIO = 0.7
"""Of each frame's points, the most confident: the others blur the edges of the room."""
ROUNDING_PX = 1.5
"""How far from its pixel a point of the cloud may be put by rounding."""


@dataclass(frozen=True)
class Report:
    """Counts of what the source, the node and the listener sent and received; seconds, Hz."""

    sent: int
    received: int
    processed: int
    dropped: int
    rejected: int
    clouds: int
    camera_clouds: int
    depths: int
    poses: int
    transforms: int
    rate_hz: float
    latency_p50_s: float
    latency_p95_s: float
    device: str
    preset: str
    checkpoint: str

    @property
    def faults(self) -> list[str]:
        """Inconsistencies in words; empty if there are none."""
        faults = []
        if self.received != self.sent:
            faults.append(f"{self.sent} frames were sent, the node received {self.received}")
        if self.processed + self.dropped + self.rejected != self.received:
            faults.append("the node's counters do not add up")
        if self.rejected or not self.processed:
            faults.append(f"{self.processed} frames were processed, {self.rejected} rejected")
        for name in ("clouds", "camera_clouds", "depths", "poses", "transforms"):
            count = getattr(self, name)
            if count != self.processed:
                faults.append(f"{self.processed} frames were processed, {count} {name} arrived")
        return faults

    def table(self) -> str:
        """For a terminal."""
        rows = [
            ("frames sent by the source", self.sent),
            ("frames in (received by the node)", self.received),
            ("  processed", self.processed),
            ("  dropped (a newer one came first)", self.dropped),
            ("  rejected", self.rejected),
            ("clouds out, in the map", self.clouds),
            ("clouds out, in the camera's frame", self.camera_clouds),
            ("depth images out", self.depths),
            ("poses out (odometry)", self.poses),
            ("transforms out (TF)", self.transforms),
            ("rate of clouds", f"{self.rate_hz:.2f} Hz"),
            ("latency, image stamp to cloud, p50", f"{self.latency_p50_s * 1e3:.0f} ms"),
            ("latency, image stamp to cloud, p95", f"{self.latency_p95_s * 1e3:.0f} ms"),
            ("model", f"{self.preset} on {self.device}, {self.checkpoint or 'random weights'}"),
        ]
        return "\n".join(f"  {name:<36}{value:>10}" for name, value in rows)

    def conclusion(self, out: Path) -> str:
        """What a newcomer has seen, what it means, and what to try next."""
        seen = (
            f"{self.processed} of {self.sent} images became depth, points and a pose,"
            f" {self.rate_hz:.1f} a second and {self.latency_p50_s:.1f} s after each: see"
            f" {out / 'summary.png'}."
        )
        if self.dropped:
            meaning = (
                f" {self.dropped} were passed over for newer ones, as on a robot: this machine"
                f" takes about {self.rate_hz:.1f} a second. Next: make demo without RATE"
            )
        else:
            meaning = " None was passed over. Next: make demo SOURCE=<your video>"
        return f"demo: {seen}{meaning}, or the launch file with your camera (README.md)."


def make_report(sent: int, heard: Heard) -> Report:
    """The figures of a finished run."""
    status = heard.status
    assert status is not None
    latencies = heard.latencies_s or [float("nan")]
    span_s = (heard.last_stamp_ns - (heard.first_stamp_ns or 0)) / 1e9
    return Report(
        sent=sent,
        received=status.frames_received,
        processed=status.frames_processed,
        dropped=status.frames_dropped,
        rejected=status.frames_rejected,
        clouds=heard.clouds,
        camera_clouds=heard.camera_clouds,
        depths=heard.depths,
        poses=heard.poses,
        transforms=heard.transforms,
        rate_hz=(heard.clouds - 1) / span_s if heard.clouds > 1 else 0.0,
        latency_p50_s=statistics.median(latencies),
        latency_p95_s=float(np.percentile(latencies, 95)),
        device=status.device,
        preset=status.preset,
        checkpoint=status.checkpoint,
    )


def write_results(report: Report, listener: Listener, out: Path) -> list[Path]:
    """The report as JSON and, if a whole frame arrived, its pictures; the files written."""
    out.mkdir(parents=True, exist_ok=True)
    results = out / "report.json"
    results.write_text(json.dumps(asdict(report), indent=2) + "\n")
    snapshot = listener.snapshot()
    if snapshot is None:
        return [results]
    written = [results]
    for name, picture in make_pictures(snapshot, listener).items():
        path = out / f"{name}.png"
        write_picture(path, picture)
        written.append(path)
    return written


def make_pictures(snapshot: Snapshot, listener: Listener) -> dict[str, np.ndarray]:
    """Colour, depth and confidence of one frame, plan, scene, and all on one sheet: RGB uint8.

    Without a plan where the node saw no floor.
    """
    height, width = snapshot.depth.height, snapshot.depth.width
    depth = np.frombuffer(snapshot.depth.data, np.float32).reshape(height, width)
    intrinsics = np.array(snapshot.camera_info.k).reshape(3, 3)
    confidence = _confidence_image(_records(snapshot.points_camera), intrinsics, height, width)
    of_frame = {
        "colour": image_to_rgb(snapshot.image),
        "depth": depth_picture(depth),
        "confidence": confidence_picture(confidence),
    }
    poses = np.stack([pose_to_matrix(odometry.pose.pose) for odometry in listener.heard.odometry])
    points = np.concatenate([_confident(_records(cloud)) for cloud in listener.scene])
    cloud = ColouredPoints(_positions(points), _colours(points), points["confidence"])
    if listener.occupancy is not None:
        grid = from_occupancy_grid(listener.occupancy)
        size = (CELL_WIDTH, CELL_WIDTH * height // width)
        of_frame["plan"] = plan_picture(grid, cloud, poses, np.eye(4), size)
    sheet = contact_sheet(list(of_frame.items()), len(of_frame), CELL_WIDTH)
    given = (cloud.positions, cloud.colours, poses, intrinsics, (width, height))
    scene = scene_views(*given, sheet.shape[1])
    return {**of_frame, "scene": scene, "summary": np.concatenate((sheet, scene))}


def _records(cloud: PointCloud2) -> np.ndarray:
    return np.frombuffer(cloud.data, POINT)


def _confident(records: np.ndarray) -> np.ndarray:
    """The records of a cloud without the least confident."""
    if not len(records):
        return records
    return records[records["confidence"] >= np.quantile(records["confidence"], 1 - SHOWN_RATIO)]


def _positions(records: np.ndarray) -> np.ndarray:
    return np.stack([records[axis] for axis in "xyz"], axis=-1)


def _colours(records: np.ndarray) -> np.ndarray:
    packed = np.ascontiguousarray(records["rgb"]).view(np.uint32)
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], -1).astype(np.uint8)


def _confidence_image(
    records: np.ndarray, intrinsics: np.ndarray, height: int, width: int
) -> np.ndarray:
    """The confidences of a camera cloud at the pixels that they project to; else NaN.

    Two points may be rounded to one pixel: the one that stays empty takes its neighbour's.
    """
    picture = np.full((height, width), np.nan, np.float32)
    pixels = np.rint(project(_positions(records).astype(np.float64), intrinsics)[0]).astype(int)
    inside = ((pixels >= 0) & (pixels < (width, height))).all(-1)
    picture[pixels[inside, 1], pixels[inside, 0]] = records["confidence"][inside]
    source = nearest_filled(np.isfinite(picture), ROUNDING_PX)
    return np.where(source >= 0, picture.ravel()[source], np.float32(np.nan))
