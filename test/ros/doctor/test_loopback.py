"""Images between two processes: measured, and judged."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import rclpy
import ros_probe  # noqa: F401  # sets a domain of its own
from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy

from mem4d_ros.ros.doctor.loopback import NAMES, Loopback, check_loopback, measure
from mem4d_ros.ros.transport import profile_settings

RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT


@pytest.mark.parametrize(
    ("loopback", "level", "words"),
    [
        (Loopback(RELIABLE, 90, 90, 30.0), "ok", ""),
        (Loopback(RELIABLE, 90, 87, 30.0), "ok", ""),
        (Loopback(RELIABLE, 90, 50, 17.0), "warning", "too busy"),
        (Loopback(BEST_EFFORT, 90, 20, 7.0, 90), "warning", "then 90 of 90 arrive"),
        (Loopback(BEST_EFFORT, 90, 20, 7.0, 20), "warning", "smaller or compressed"),
        (Loopback(BEST_EFFORT, 90, 0, 0.0, 90), "warning", "then 90 of 90 arrive"),
        (Loopback(BEST_EFFORT, 90, 0, 0.0, 0), "error", "dds.transports"),
        (Loopback(RELIABLE, 90, 0, 0.0), "error", "dds.transports"),
        (Loopback(RELIABLE, 0, 0, 0.0), "error", "which says why"),
    ],
)
def test_what_is_lost_is_judged(loopback: Loopback, level: str, words: str) -> None:
    finding = check_loopback(loopback)
    assert finding.name == NAMES[loopback.reliability]
    assert finding.level == level
    assert words in finding.remedy


@pytest.fixture
def node() -> Iterator[Node]:
    with a_node() as node:
        yield node


@contextmanager
def a_node() -> Iterator[Node]:
    rclpy.init()
    node = rclpy.create_node("doctor")
    yield node
    node.destroy_node()
    rclpy.try_shutdown()


@pytest.mark.parametrize("reliability", [RELIABLE, BEST_EFFORT])
def test_with_our_profile_images_arrive(
    reliability: ReliabilityPolicy, node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in profile_settings({}).items():
        monkeypatch.setenv(name, value)
    loopback = measure(node, reliability, seconds=1.0)
    assert loopback.sent == 30
    assert loopback.received >= 25
    assert loopback.with_profile is None  # it was there from the start


@pytest.mark.skipif(
    os.environ.get("ROS_DISTRO") in ("humble", "jazzy"), reason="measured on Kilted's Fast DDS"
)
def test_nobody_hears_a_sender_with_other_transports(monkeypatch: pytest.MonkeyPatch) -> None:
    """The trap of FASTDDS_BUILTIN_TRANSPORTS=LARGE_DATA on one side alone."""
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")  # LOCALHOST has others anyway
    monkeypatch.setattr("mem4d_ros.ros.doctor.loopback.profile_settings", lambda environment: {})
    with a_node() as node:
        monkeypatch.setenv("FASTDDS_BUILTIN_TRANSPORTS", "LARGE_DATA")
        loopback = measure(node, RELIABLE, seconds=0.5)
    assert (loopback.sent, loopback.received) == (15, 0)
    assert check_loopback(loopback).level == "error"
