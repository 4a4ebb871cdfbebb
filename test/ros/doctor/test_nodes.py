"""A node's health and its time, made up; and a real node's."""

from __future__ import annotations

from typing import Any

import pytest
from doctor_process import findings_of_doctor
from mem4d_ros.msg import Mem4DStatus
from ros_probe import Start, make_image
from sensor_msgs.msg import Image

from mem4d_ros.ros.doctor.nodes import NodeSeen, check_health, check_time


def seen(simulated: bool | None = False, **fields: Any) -> NodeSeen:
    well = {
        "state": "running",
        "checkpoint": "lite.safetensors",
        "pose_measured": True,
        "frames_received": 100,
        "frames_processed": 95,
    }
    return NodeSeen("/mem4d", simulated, Mem4DStatus(**{**well, **fields}))


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        ({}, "ok", "95 of 100 frames processed"),
        ({"state": "paused"}, "ok", "paused"),
        ({"state": "waiting"}, "warning", "waiting"),
        ({"state": "stalled"}, "error", "stalled"),
        ({"state": "unconfigured", "last_error": "no such file"}, "error", "no such file"),
        ({"frames_rejected": 99, "last_error": "no frame_id"}, "error", "no frame_id"),
        ({"state": "stalled", "frames_rejected": 99, "last_error": "odd"}, "error", "odd"),
        ({"frames_dropped": 80}, "warning", "80 were dropped"),
        ({"checkpoint": ""}, "warning", "weights are random"),
        ({"pose_measured": False}, "warning", "pose is not measured"),
    ],
)
def test_health(fields: dict[str, Any], level: str, words: str) -> None:
    finding = check_health(seen(**fields))
    assert finding.level == level
    assert finding.subject == "/mem4d"
    assert words in finding.summary


def test_a_node_that_says_nothing_is_an_error() -> None:
    assert check_health(NodeSeen("/mem4d", None, None)).level == "error"


@pytest.mark.parametrize(
    ("simulated", "has_clock", "level"),
    [
        (False, False, "ok"),
        (True, True, "ok"),
        (None, True, "ok"),
        (True, False, "error"),
        (False, True, "warning"),
    ],
)
def test_time(simulated: bool | None, has_clock: bool, level: str) -> None:
    assert check_time(seen(simulated), has_clock).level == level


def test_without_a_node_any_time_is_well() -> None:
    assert check_time(None, True).level == "ok"


def test_a_real_node_is_seen(start: Start) -> None:
    """By the doctor's process, over DDS."""
    ros = start(input={"watchdog_s": 0.0})
    ros.play(ros.talker(Image, "/image"), make_image(10), make_image(10.1))
    found = findings_of_doctor()
    (health,) = (finding for finding in found if finding.name == "node.health")
    assert health.subject == "/mem4d"
    assert health.facts["frames_processed"] == 2
    assert "weights are random" in health.summary  # of the wall that stands for a network
    (time,) = (finding for finding in found if finding.name == "clock.ros")
    assert time.facts["use_sim_time"] is False
