"""The levels of /diagnostics mean something: the worst of what is wrong, and what to look at."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from ros_probe import Start, make_image
from sensor_msgs.msg import Image

from mem4d_ros.model import MemorySizes
from mem4d_ros.ros.health.diagnostics import Diagnostics
from mem4d_ros.ros.health.health import Health
from mem4d_ros.ros.health.resources import Resources
from mem4d_ros.ros.interface.settings import Settings, StatusSettings
from mem4d_ros.ros.loading import LoadedModel
from mem4d_ros.ros.pipeline.inputs import InputHealth
from mem4d_ros.ros.pipeline.pipeline import NewestFrame, Progress
from mem4d_ros.runtime import Counters, Timing
from mem4d_ros.runtime.scale import ScaleEstimate

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)
SETTINGS = Settings(status=StatusSettings(min_confidence=1.5))
PROGRESS = Progress(
    counters=Counters(received=10, processed=10),
    timing=Timing(),
    newest=NewestFrame(0.1, confidence_mean=2.0, pose_measured=True, camera_info_used=True),
    last_frame_failed=False,
    is_paused=False,
    resets=0,
    capacity=MemorySizes(),
    is_shrunk=False,
    occupancy=MemorySizes(),
    structure_tokens=0,
)
GOOD = Health(
    model=LoadedModel(None, "lite", "weights.safetensors", "cpu", "fp32", 64, MemorySizes()),
    progress=PROGRESS,
    input=InputHealth("/image", has_received=True, is_stalled=False),
    resources=Resources(resident=1, host_available=50, host_total=100),
    last_error="",
    failed_transition="",
)


def report(health: Health, diagnostics: Diagnostics | None = None) -> dict[str, tuple[bytes, str]]:
    """Level and message by the part of the node that they speak of."""
    diagnostics = diagnostics or Diagnostics("/mem4d", lambda: SETTINGS)
    statuses = diagnostics.report(health, Time()).status
    return {
        status.name.removeprefix("/mem4d: "): (status.level, status.message) for status in statuses
    }


def with_progress(**changes: Any) -> Health:
    return replace(GOOD, progress=replace(PROGRESS, **changes))


def with_newest(**changes: Any) -> Health:
    return with_progress(newest=replace(PROGRESS.newest, **changes))


def test_a_good_node_is_ok() -> None:
    assert {level for level, _ in report(GOOD).values()} == {OK}


def input_is(has_received: bool, is_stalled: bool) -> Health:
    return replace(GOOD, input=InputHealth("/image", has_received, is_stalled))


UNCONFIGURED = replace(GOOD, model=None, progress=None, input=None)

CASES = [
    ("input", input_is(False, True), WARN, "waiting for images on /image"),
    ("input", input_is(True, True), STALE, "no more images on /image"),
    ("input", with_progress(counters=Counters(10, 3, 7, 0)), WARN, "70% of the images"),
    ("input", with_progress(counters=Counters(10, 6, 4, 0)), OK, "images arrive"),
    ("input", with_progress(counters=Counters(9, 0, 9, 0), is_paused=True), OK, "paused"),
    ("input", replace(GOOD, input=None), OK, "inactive"),
    (
        "reconstruction",
        replace(with_progress(last_frame_failed=True), last_error="too dark"),
        ERROR,
        "too dark",
    ),
    ("reconstruction", with_newest(confidence_mean=1.4), WARN, "the confidence is low: 1.40"),
    ("reconstruction", with_newest(confidence_mean=math.nan), WARN, "the confidence is low: nan"),
    ("reconstruction", with_newest(pose_measured=False), WARN, "pose is not measured"),
    ("reconstruction", with_newest(scale=ScaleEstimate(1, math.inf)), WARN, "scale is not known"),
    ("reconstruction", replace(GOOD, model=replace(GOOD.model, checkpoint="")), WARN, "random"),
    ("reconstruction", UNCONFIGURED, OK, "unconfigured"),
    ("reconstruction", replace(UNCONFIGURED, last_error="too dark"), OK, "unconfigured"),
    ("reconstruction", replace(UNCONFIGURED, failed_transition="no file"), ERROR, "no file"),
    ("memory", with_progress(is_shrunk=True), WARN, "remembers fewer frames"),
    ("memory", replace(GOOD, resources=Resources(1, 4, 100)), WARN, "the machine has 4.0%"),
    (
        "memory",
        replace(GOOD, resources=Resources(1, 50, 100, device_free=1, device_total=100)),
        WARN,
        "the device has 1.0%",
    ),
    ("memory", replace(GOOD, resources=Resources(0, 0, 0)), OK, "enough"),  # nobody tells
]


@pytest.mark.parametrize(("part", "health", "level", "words"), CASES)
def test_each_part_has_its_level_and_reason(
    part: str, health: Health, level: bytes, words: str
) -> None:
    verdicts = report(health)
    found, message = verdicts.pop(part)
    assert found == level
    assert words in message
    assert {other for other, _ in verdicts.values()} <= {OK}


def test_doubts_are_all_named() -> None:
    health = with_newest(confidence_mean=1.0, pose_measured=False)
    _, message = report(health)["reconstruction"]
    assert "pose is not measured" in message
    assert "confidence is low" in message


def test_falling_behind_is_judged_by_the_images_since_the_last_report() -> None:
    diagnostics = Diagnostics("/mem4d", lambda: SETTINGS)
    levels = [
        report(with_progress(counters=counters), diagnostics)["input"][0]
        for counters in (Counters(10, 1, 9, 0), Counters(20, 11, 9, 0), Counters(20, 11, 9, 0))
    ]
    assert levels == [WARN, OK, OK]


def test_every_number_is_in_the_values() -> None:
    (inputs, reconstruction, memory) = (
        Diagnostics("/mem4d", lambda: SETTINGS).report(GOOD, Time()).status
    )
    facts = {
        pair.key: pair.value for part in (inputs, reconstruction, memory) for pair in part.values
    }
    assert facts["image topic"] == "/image"
    assert facts["frames received"] == "10"
    assert facts["weights"] == "weights.safetensors"
    assert facts["mean confidence"] == "2.00"


def test_diagnostics_come_over_ros(start: Start) -> None:
    ros = start(input={"watchdog_s": 1.5})
    reports = ros.listen(DiagnosticArray, "/diagnostics")

    def wait_for(part: str, level: bytes) -> DiagnosticStatus:
        def found() -> list[DiagnosticStatus]:
            return [
                s
                for r in reports[-1:]
                for s in r.status
                if s.name == f"/mem4d: {part}" and s.level == level
            ]

        return ros.wait_for(found, f"{part} at {level}")[0]

    assert "/image" in wait_for("input", WARN).message
    ros.play(ros.talker(Image, "/image"), make_image(frame_id=""))
    assert "frame_id" in wait_for("reconstruction", ERROR).message
    wait_for("input", STALE)


def test_what_hides_the_robot_from_others_is_an_error() -> None:
    fault = "TF has no transform from 'camera' to 'base_link'"
    assert report(with_newest(fault=fault))["reconstruction"] == (ERROR, fault)
