"""~/status and /diagnostics: what the node is doing, for people and for machines."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.pipeline import Progress


@dataclass(frozen=True)
class Health:
    """Everything that status and diagnostics tell, at one moment."""

    model: LoadedModel
    progress: Progress
    image_topic: str
    has_heard: bool  # an image ever arrived
    is_stalled: bool  # none arrived for the watchdog's time
    last_error: str  # empty before the first

    @property
    def state(self) -> str:
        """One of Mem4DStatus' states."""
        if not self.has_heard:
            return Mem4DStatus.STATE_WAITING
        if self.is_stalled:
            return Mem4DStatus.STATE_STALLED
        return (
            Mem4DStatus.STATE_ERROR
            if self.progress.last_frame_failed
            else Mem4DStatus.STATE_RUNNING
        )

    def to_status(self, now: Time) -> Mem4DStatus:
        """As ~/status."""
        status = Mem4DStatus(header=Header(stamp=now), state=self.state)
        progress = self.progress
        for name in ("received", "processed", "dropped", "rejected"):
            setattr(status, f"frames_{name}", getattr(progress.counters, name))
        for name in ("rate_hz", "latency_p50_s", "latency_p95_s"):
            setattr(status, name, getattr(progress.timing, name))
        for name in ("tca_window", "tdm_size", "psm_size"):
            setattr(status, name, getattr(progress.occupancy, name))
            setattr(status, f"{name}_capacity", getattr(progress.capacity, name))
        status.psm_tokens = progress.structure_tokens
        status.resets = progress.resets
        status.latency_last_s = progress.latency_last_s
        status.confidence_mean = progress.confidence_mean
        status.preset = self.model.preset
        status.checkpoint = self.model.checkpoint
        status.device = self.model.device
        status.precision = self.model.precision
        if self.model.device != "cpu":
            status.device_memory_allocated_bytes = torch.cuda.memory_allocated(self.model.device)
            status.device_memory_peak_bytes = torch.cuda.max_memory_allocated(self.model.device)
        status.host_memory_rss_bytes = _resident_bytes()
        status.last_error = self.last_error
        return status

    def to_diagnostics(self, node_name: str, now: Time) -> DiagnosticArray:
        """As /diagnostics."""
        level, message = self._level()
        progress = self.progress
        facts = {
            "image topic": self.image_topic,
            "device": self.model.device,
            "precision": self.model.precision,
            "weights": self.model.checkpoint or "random",
            "rate (Hz)": f"{progress.timing.rate_hz:.2f}",
            "latency p95 (s)": f"{progress.timing.latency_p95_s:.3f}",
            "frames received": progress.counters.received,
            "frames processed": progress.counters.processed,
            "frames dropped": progress.counters.dropped,
            "frames rejected": progress.counters.rejected,
            "resets": progress.resets,
            "last error": self.last_error,
        }
        status = DiagnosticStatus(
            level=level, name=f"{node_name}: reconstruction", message=message, hardware_id="none"
        )
        status.values = [KeyValue(key=key, value=str(value)) for key, value in facts.items()]
        return DiagnosticArray(header=Header(stamp=now), status=[status])

    def _level(self) -> tuple[bytes, str]:
        if not self.has_heard:
            return DiagnosticStatus.WARN, f"waiting for images on {self.image_topic}"
        if self.is_stalled:
            return DiagnosticStatus.STALE, f"no more images on {self.image_topic}"
        if self.progress.last_frame_failed:
            return DiagnosticStatus.ERROR, self.last_error
        if not self.model.checkpoint:
            return DiagnosticStatus.WARN, "running with random weights"
        return DiagnosticStatus.OK, "running"


def _resident_bytes() -> int:
    """Memory of this process; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
