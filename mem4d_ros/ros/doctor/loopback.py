"""Images from one process to another: how many arrive?"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rclpy.node import Node
from rclpy.qos import ReliabilityPolicy
from sensor_msgs.msg import Image

from mem4d_ros.doctor.finding import Finding
from mem4d_ros.ros.doctor.talker import HEIGHT, PATIENCE_S, RATE_HZ, WIDTH
from mem4d_ros.ros.doctor.watching import qos, spin_for, subscribed
from mem4d_ros.ros.transport import profile_settings

ENOUGH_RATIO = 0.95
"""Of the images; the first may come before the two have found each other."""
START_S = 20.0
SETTLE_S = 0.5
RELIABLE, BEST_EFFORT = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
NAMES = {RELIABLE: "dds.reliable", BEST_EFFORT: "dds.best_effort"}


@dataclass(frozen=True)
class Loopback:
    """What became of the images that another process sent.

    Attributes:
        with_profile: how many of as many arrive where the sender has config/fastdds.xml; None where
            that was not tried.
    """

    reliability: ReliabilityPolicy
    sent: int
    received: int
    rate_hz: float
    with_profile: int | None = None


def loopback_findings(node: Node, seconds: float) -> Iterator[Finding]:
    """Send reliably and best effort, each for some seconds."""
    for reliability in (RELIABLE, BEST_EFFORT):
        yield check_loopback(measure(node, reliability, seconds))


def measure(node: Node, reliability: ReliabilityPolicy, seconds: float) -> Loopback:
    """Send as a camera in this environment does; and where that is lossy, with our profile."""
    received, sent, rate_hz = _run(node, reliability, seconds, {})
    profile = profile_settings(os.environ)
    if received >= ENOUGH_RATIO * sent or not profile:
        return Loopback(reliability, sent, received, rate_hz)
    with_profile, _, _ = _run(node, reliability, seconds, profile)
    return Loopback(reliability, sent, received, rate_hz, with_profile)


def _run(
    node: Node, reliability: ReliabilityPolicy, seconds: float, more: Mapping[str, str]
) -> tuple[int, int, float]:
    """Images that arrive and that were sent, and the rate of arrival in Hz."""
    topic = f"/mem4d_doctor_{os.getpid()}/{reliability.name.lower()}{len(more)}"
    count = max(2, round(seconds * RATE_HZ))
    times: list[float] = []
    command = [sys.executable, "-m", "mem4d_ros.ros.doctor.talker", topic]
    talker = subprocess.Popen(
        [*command, reliability.name, str(count)],
        env={**os.environ, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        with subscribed(
            node, Image, topic, lambda image: times.append(time.monotonic()), qos(reliability)
        ):
            spin_for(node, START_S + PATIENCE_S + 2 * seconds, lambda: talker.poll() is not None)
            spin_for(node, SETTLE_S)
    finally:
        talker.kill()
        said, _ = talker.communicate()
    span_s = times[-1] - times[0] if len(times) > 1 else 0.0
    rate_hz = (len(times) - 1) / span_s if span_s > 0 else 0.0
    return len(times), int(said or 0), rate_hz


def check_loopback(loopback: Loopback) -> Finding:
    """Whether enough arrives, and if not, whether the profile is the remedy."""
    name = NAMES[loopback.reliability]
    facts = {
        "sent": loopback.sent,
        "received": loopback.received,
        "rate_hz": round(loopback.rate_hz, 1),
        "received_with_profile": loopback.with_profile,
    }
    if not loopback.sent:
        remedy = "try `python -m mem4d_ros.ros.doctor.talker /t RELIABLE 9`, which says why"
        return Finding(name, "error", "the process that sends did not start", remedy, facts=facts)
    summary = (
        f"{loopback.received} of {loopback.sent} images of {WIDTH}x{HEIGHT} arrive, at"
        f" {loopback.rate_hz:.1f} of {RATE_HZ:g} Hz"
    )
    if loopback.received >= ENOUGH_RATIO * loopback.sent:
        return Finding(name, "ok", summary, facts=facts)
    if not (loopback.received or loopback.with_profile):
        remedy = (
            "nodes do not hear each other: see dds.transports, dds.discovery, shared_memory.rights"
            " and network.multicast"
        )
        return Finding(name, "error", summary, remedy, facts=facts)
    return Finding(name, "warning", summary, _remedy(loopback), facts=facts)


def _remedy(loopback: Loopback) -> str:
    if loopback.with_profile is not None and loopback.with_profile > loopback.received:
        return (
            f"start the camera's driver with config/fastdds.xml (then {loopback.with_profile} of"
            f" {loopback.sent} arrive): export FASTDDS_DEFAULT_PROFILES_FILE, until Jazzy"
            " FASTRTPS_DEFAULT_PROFILES_FILE; or let it send reliably"
        )
    if loopback.reliability == BEST_EFFORT:
        return "let the camera's driver send reliably, or smaller or compressed images"
    return "the machine is too busy for this rate: end what else runs, or send fewer images"
