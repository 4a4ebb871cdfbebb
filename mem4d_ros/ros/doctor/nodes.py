"""A running mem4d node and its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rcl_interfaces.srv import GetParameters
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from mem4d_ros.doctor.finding import Finding
from mem4d_ros.ros.doctor.watching import qos, spin_for, subscribed

STATUS = "mem4d_ros/msg/Mem4DStatus"
CLOCK = "/clock"
SIMULATED = "use_sim_time"
ANSWER_S = 2.0
HIGH_DROP_RATIO = 0.5
"""Of the frames received; a node that drops more falls behind its camera."""
GOOD_STATES = ("running", "paused")
REMEDIES = {
    "unconfigured": "its log says why it has no model; model.checkpoint and model.device decide",
    "inactive": "ros2 lifecycle set NODE activate, or start it with lifecycle.autostart",
    "waiting": "remap image to the camera's topic: ros2 launch mem4d_ros mem4d.launch.py image:=…",
    "stalled": "the camera fell silent: see camera.arrival",
    "error": "see the node's log and last_error",
}


@dataclass(frozen=True)
class NodeSeen:
    """What there is to know of a node; the fields of Mem4DStatus that matter.

    Attributes:
        simulated: its use_sim_time; None where it did not answer.
        status: its newest Mem4DStatus; None where none came.
    """

    name: str
    simulated: bool | None
    status: Any


def node_findings(node: Node, seconds: float) -> Iterator[Finding]:
    """Health of each mem4d node, and the time that it goes by."""
    names = [
        topic.rpartition("/")[0]
        for topic, kinds in node.get_topic_names_and_types()
        if STATUS in kinds and node.get_publishers_info_by_topic(topic)
    ]
    has_clock = node.count_publishers(CLOCK) > 0
    if not names:
        yield Finding("node.health", "skipped", "no mem4d node runs in this domain")
        yield check_time(None, has_clock)
    for name in names:
        seen = look_at(node, name, seconds)
        yield check_health(seen)
        yield check_time(seen, has_clock)


def look_at(node: Node, name: str, seconds: float) -> NodeSeen:
    """Ask a node, and listen to its status."""
    from mem4d_ros.msg import Mem4DStatus

    newest: list[Any] = [None]

    def keep(status: Any) -> None:
        newest[0] = status

    with subscribed(
        node, Mem4DStatus, f"{name}/status", keep, qos(ReliabilityPolicy.BEST_EFFORT, 1)
    ):
        spin_for(node, seconds, lambda: newest[0] is not None)
    return NodeSeen(name, _simulated(node, name), newest[0])


def _simulated(node: Node, name: str) -> bool | None:
    client: Any = node.create_client(GetParameters, f"{name}/get_parameters")
    try:
        future = client.call_async(GetParameters.Request(names=[SIMULATED]))
        spin_for(node, ANSWER_S, future.done)
        answer = future.result() if future.done() else None
        return bool(answer.values[0].bool_value) if answer and answer.values else None
    finally:
        node.destroy_client(client)


def check_health(seen: NodeSeen) -> Finding:
    """Whether a node does its work."""
    status = seen.status
    if status is None:
        return Finding(
            "node.health",
            "error",
            "it publishes no status",
            "it may be loading its model, or hang: see its log",
            seen.name,
        )
    facts = {
        "state": status.state,
        "rate_hz": round(status.rate_hz, 2),
        "latency_p95_s": round(status.latency_p95_s, 3),
        "frames_received": status.frames_received,
        "frames_processed": status.frames_processed,
        "frames_dropped": status.frames_dropped,
        "frames_rejected": status.frames_rejected,
        "device": status.device,
        "last_error": status.last_error,
    }
    level, remedy, trouble = _judged(status)
    summary = (
        f"{status.state}, {status.rate_hz:.1f} frames/s on {status.device or 'no device'},"
        f" {status.frames_processed} of {status.frames_received} frames processed"
        f"{trouble and f': {trouble}'}"
    )
    return Finding("node.health", level, summary, remedy, seen.name, facts)


def _judged(status: Any) -> tuple[Any, str, str]:
    """Level, remedy and what is wrong, if anything is."""
    if status.frames_rejected > status.frames_processed:
        return "error", "mend what its last error says", status.last_error
    if status.state not in GOOD_STATES:
        level = "warning" if status.state in ("inactive", "waiting") else "error"
        return level, REMEDIES.get(status.state, REMEDIES["error"]), status.last_error
    if not status.checkpoint:
        return "warning", "set model.checkpoint to trained weights", "its weights are random"
    if status.frames_dropped > HIGH_DROP_RATIO * max(status.frames_received, 1):
        remedy = (
            "a GPU, a smaller model.image_size, or a slower camera; without any it works with the"
            " frames that it takes"
        )
        return "warning", remedy, f"{status.frames_dropped} were dropped, as it is too slow for all"
    if status.frames_processed and not status.pose_measured:
        remedy = "more light and texture, slower turns, nothing that moves in most of the image"
        return "warning", remedy, "its pose is not measured"
    return "ok", "", ""


def check_time(seen: NodeSeen | None, has_clock: bool) -> Finding:
    """Whether a node that waits for /clock gets one, and one that should does."""
    name = seen.name if seen else ""
    facts = {"clock_published": has_clock, "use_sim_time": seen.simulated if seen else None}
    if seen is not None and seen.simulated and not has_clock:
        return Finding(
            "clock.ros",
            "error",
            f"{SIMULATED} is true, but nobody publishes {CLOCK}: its time stands still",
            f"set {SIMULATED} to false, or start the simulation, or ros2 bag play --clock",
            name,
            facts,
        )
    if seen is not None and seen.simulated is False and has_clock:
        return Finding(
            "clock.ros",
            "warning",
            f"{CLOCK} is published, but {SIMULATED} is false",
            f"start the node with {SIMULATED}:=true: TF and stamps are compared with its time",
            name,
            facts,
        )
    which = f"simulated, from {CLOCK}" if has_clock else "the system's"
    return Finding("clock.ros", "ok", f"the time is {which}", "", name, facts)
