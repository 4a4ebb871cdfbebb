"""/diagnostics: one status each for the input, the reconstruction and the memory left.

OK is nothing to do; WARN, results are late or doubtful; ERROR, there are none; STALE, the camera
fell silent.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from std_msgs.msg import Header

from mem4d_ros.msg import Mem4DStatus
from mem4d_ros.ros.health.health import Health
from mem4d_ros.ros.interface.settings import Settings
from mem4d_ros.ros.pipeline.pipeline import Progress
from mem4d_ros.runtime import Counters

HIGH_DROP_RATIO = 0.5
"""Of the images since the last report; a node that drops more falls behind its camera."""
LITTLE_MEMORY = 0.05
"""Ratio of free to total memory."""

Verdict = tuple[bytes, str]
OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)


@dataclass
class Diagnostics:
    """Writes reports; each looks at the time since the one before."""

    node_name: str
    settings: Callable[[], Settings]
    _counters: Counters = field(default_factory=Counters)  # of the last report

    def report(self, health: Health, now: Time) -> DiagnosticArray:
        """As /diagnostics."""
        progress = health.progress
        counters = progress.counters if progress else Counters()
        share = _drop_ratio(self._counters, counters)
        self._counters = counters
        statuses = [
            self._status("input", _input(health, share), _input_facts(health)),
            self._status(
                "reconstruction",
                _reconstruction(health, self.settings().status.min_confidence),
                _reconstruction_facts(health),
            ),
            self._status("memory", _memory(health), _memory_facts(health)),
        ]
        return DiagnosticArray(header=Header(stamp=now), status=statuses)

    def _status(self, name: str, verdict: Verdict, facts: dict[str, object]) -> DiagnosticStatus:
        level, message = verdict
        status = DiagnosticStatus(
            level=level, name=f"{self.node_name}: {name}", message=message, hardware_id="none"
        )
        status.values = [KeyValue(key=key, value=str(value)) for key, value in facts.items()]
        return status


def _drop_ratio(before: Counters, now: Counters) -> float:
    received = now.received - before.received
    return (now.dropped - before.dropped) / received if received > 0 else 0.0


def _input(health: Health, share_dropped: float) -> Verdict:
    state = health.state
    if health.input is None or state == Mem4DStatus.STATE_PAUSED:
        return OK, state
    if state == Mem4DStatus.STATE_WAITING:
        return WARN, f"waiting for images on {health.input.topic}"
    if state == Mem4DStatus.STATE_STALLED:
        return STALE, f"no more images on {health.input.topic}"
    if share_dropped > HIGH_DROP_RATIO:
        return WARN, (
            f"falling behind: {share_dropped:.0%} of the images were dropped, as they come faster"
            " than they can be processed"
        )
    return OK, "images arrive"


def _reconstruction(health: Health, min_confidence: float) -> Verdict:
    progress, model = health.progress, health.model
    if health.failed_transition:
        return ERROR, health.failed_transition
    if progress is None or model is None:
        return OK, health.state
    if progress.last_frame_failed:
        return ERROR, health.last_error
    if progress.newest.fault:
        return ERROR, progress.newest.fault
    doubts = []
    if not model.checkpoint:
        doubts.append("the weights are random")
    if progress.counters.processed:
        doubts += _doubts_of_newest(progress, min_confidence)
    return (WARN, "; ".join(doubts)) if doubts else (OK, health.state)


def _doubts_of_newest(progress: Progress, min_confidence: float) -> list[str]:
    newest = progress.newest
    doubts = []
    if not newest.is_placed:
        doubts.append("the camera is not recognised in the map that was loaded")
    elif not newest.pose_measured:
        doubts.append("the camera's pose is not measured")
    if math.isinf(newest.scale.deviation):
        doubts.append("the scale is not known yet, which takes some steps of odometry, or scans")
    if not newest.confidence_mean >= min_confidence:  # NaN, too: no pixel is valid
        doubts.append(f"the confidence is low: {newest.confidence_mean:.2f}")
    return doubts


def _memory(health: Health) -> Verdict:
    resources, progress = health.resources, health.progress
    if progress is not None and progress.is_shrunk:
        return WARN, "the device ran out of memory: the network remembers fewer frames than asked"
    for name, free, total in (
        ("the device", resources.device_free, resources.device_total),
        ("the machine", resources.host_available, resources.host_total),
    ):
        if total and free < LITTLE_MEMORY * total:
            return WARN, f"{name} has {free / total:.1%} of its memory left"
    return OK, "enough"


def _input_facts(health: Health) -> dict[str, object]:
    facts: dict[str, object] = {"image topic": health.input.topic if health.input else ""}
    if health.progress is not None:
        counters = health.progress.counters
        for name in ("received", "processed", "dropped", "rejected"):
            facts[f"frames {name}"] = getattr(counters, name)
        facts["CameraInfo used"] = health.progress.newest.camera_info_used
        scans = health.progress.scans
        if scans is not None:
            facts["scans used"], facts["scans refused"] = scans.used, scans.refused
            facts["newest refusal"] = scans.reason
    return facts


def _reconstruction_facts(health: Health) -> dict[str, object]:
    facts: dict[str, object] = {"state": health.state, "last error": health.last_error}
    if health.model is not None:
        facts["weights"] = health.model.checkpoint or "random"
        facts["device"] = health.model.device
        facts["precision"] = health.model.precision
    if health.progress is not None:
        facts["rate (Hz)"] = f"{health.progress.timing.rate_hz:.2f}"
        facts["latency p95 (s)"] = f"{health.progress.timing.latency_p95_s:.3f}"
        facts["mean confidence"] = f"{health.progress.newest.confidence_mean:.2f}"
        known = health.progress.known_map
        facts["map loaded"] = "" if known is None else f"{known}, to {known.mode}"
        facts["pose measured"] = health.progress.newest.pose_measured
        scale = health.progress.newest.scale
        facts["scale"] = f"{scale.value:.3f} +- {100 * scale.deviation:.1f} %"
        facts["resets"] = health.progress.resets
    return facts


def _memory_facts(health: Health) -> dict[str, object]:
    resources = health.resources
    facts: dict[str, object] = {
        "process (MB)": resources.resident // 1_000_000,
        "available on the machine (MB)": resources.host_available // 1_000_000,
        "tensors on the device (MB)": resources.device_allocated // 1_000_000,
        "free on the device (MB)": resources.device_free // 1_000_000,
    }
    if health.progress is not None:
        facts["structure memory (tokens)"] = health.progress.structure_tokens
    return facts
