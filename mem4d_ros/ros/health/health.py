"""Health of the node at one moment, and its message on ~/status."""

from __future__ import annotations

from dataclasses import dataclass

from builtin_interfaces.msg import Time
from std_msgs.msg import Header

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.health.resources import Resources
from mem4d_ros.ros.interface.settings import BUILD
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.pipeline.inputs import InputHealth
from mem4d_ros.ros.pipeline.pipeline import Progress


@dataclass(frozen=True)
class Health:
    """Everything that status and diagnostics tell."""

    model: LoadedModel | None  # None: the node is not configured
    progress: Progress | None  # None: the node is not configured
    input: InputHealth | None  # None: the node is not active
    resources: Resources
    last_error: str  # empty before the first
    failed_transition: str  # why the last one failed; empty if it did not

    @property
    def state(self) -> str:
        """One of Mem4DStatus' states."""
        if self.progress is None:
            return Mem4DStatus.STATE_UNCONFIGURED
        if self.input is None:
            return Mem4DStatus.STATE_INACTIVE
        if self.progress.is_paused:
            return Mem4DStatus.STATE_PAUSED
        if not self.input.has_received:
            return Mem4DStatus.STATE_WAITING
        if self.input.is_stalled:
            return Mem4DStatus.STATE_STALLED
        if self.progress.last_frame_failed:
            return Mem4DStatus.STATE_ERROR
        return Mem4DStatus.STATE_RUNNING

    def to_status(self, now: Time) -> Mem4DStatus:
        """As ~/status."""
        status = Mem4DStatus(header=Header(stamp=now), state=self.state)
        status.confidence_mean = status.scale = float("nan")
        if self.progress is not None:
            _write_progress(status, self.progress)
        if self.model is not None:
            for name in ("preset", "checkpoint", "device", "precision"):
                setattr(status, name, getattr(self.model, name))
        status.device_memory_allocated_bytes = self.resources.device_allocated
        status.device_memory_peak_bytes = self.resources.device_peak
        status.host_memory_rss_bytes = self.resources.resident
        status.last_error = self.last_error
        return status


def _write_progress(status: Mem4DStatus, progress: Progress) -> None:
    for name in ("received", "processed", "dropped", "rejected"):
        setattr(status, f"frames_{name}", getattr(progress.counters, name))
    for name in ("rate_hz", "latency_p50_s", "latency_p95_s"):
        setattr(status, name, getattr(progress.timing, name))
    for name in ("tca_window", "tdm_size", "psm_size"):
        setattr(status, name, getattr(progress.occupancy, name))
        setattr(status, f"{name}_capacity", getattr(progress.capacity, name))
    status.psm_tokens = progress.structure_tokens
    status.resets = progress.resets
    for name in ("keyframes", "landmarks", "pieces"):
        setattr(status, f"map_{name}", getattr(progress.map_size, name))
    known = progress.known_map
    status.map_path = "" if known is None else str(known.path)
    if progress.map_size.pieces or known is not None:
        status.map_mode = BUILD if known is None else known.mode
    newest = progress.newest
    status.placed = newest.is_placed and progress.counters.processed > 0
    for name in ("latency_last_s", "confidence_mean", "pose_measured", "camera_info_used"):
        setattr(status, name, getattr(newest, name))
    status.scale, status.scale_deviation = newest.scale.value, newest.scale.deviation
