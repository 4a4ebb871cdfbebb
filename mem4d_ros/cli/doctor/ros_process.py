"""The checks that need ROS, in a process of their own, which this layer knows by its name alone.

They come as lines of JSON. Whatever becomes of that process is a finding, too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Timer

from mem4d_ros.doctor.finding import Finding

PROGRAM = ("-m", "mem4d_ros.ros.doctor")
DISTRIBUTIONS = Path("/opt/ros")
MISSING_RMW = "RMW implementation"
"""What rcl says where it is another one than RMW_IMPLEMENTATION asks for, before it ends Python."""
PATIENCE_S = 60.0
"""For all checks, besides the seconds that they listen."""


def ros_findings(seconds: float, loopback: bool) -> Iterator[Finding]:
    """Those of ROS, with the loop-back of images or not, or the one that there is no ROS."""
    if find_spec("rclpy") is None:
        yield no_ros(sorted(path.parent.name for path in DISTRIBUTIONS.glob("*/setup.sh")))
        return
    command = [sys.executable, *PROGRAM, "--seconds", str(seconds)]
    if not loopback:
        command.append("--no-loopback")
    yield from findings_of(command, PATIENCE_S + 10 * seconds)


def no_ros(installed: Sequence[str]) -> Finding:
    """Why there is no ROS here; `installed` are distributions that were not sourced."""
    if not installed:
        return Finding(
            "ros.distribution",
            "skipped",
            "there is no ROS for this Python: all but the node works; `make setup` in the"
            " repository makes an environment with one",
        )
    return Finding(
        "ros.distribution",
        "warning",
        f"ROS 2 {', '.join(installed)} is installed, but not sourced",
        f". {DISTRIBUTIONS}/{installed[-1]}/setup.sh, then that of your workspace",
    )


def findings_of(command: Sequence[str], patience_s: float) -> Iterator[Finding]:
    """What a process prints, and how it ended where that was not well."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
        killer = _kill_after(process, patience_s)
        try:
            assert process.stdout is not None
            for line in process.stdout:
                yield Finding.from_dict(json.loads(line))
            status = process.wait()
        finally:
            killer.cancel()
            process.kill()
            process.wait()
        if status:
            errors.seek(0)
            said = errors.read().strip().splitlines() or [f"it ended with status {status}"]
            yield _broken(said[-1], killed=status == -9)


def _kill_after(process: subprocess.Popen[str], seconds: float) -> Timer:
    timer = Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    return timer


def _broken(said: str, killed: bool) -> Finding:
    """The finding of a process that did not end well; `said` is the last that it said."""
    if MISSING_RMW in said:
        return Finding(
            "ros.rmw",
            "error",
            f"RMW_IMPLEMENTATION={os.environ.get('RMW_IMPLEMENTATION')} cannot be loaded: {said}",
            "unset RMW_IMPLEMENTATION, or install it: apt install ros-$ROS_DISTRO-rmw-…",
        )
    if killed:
        said = f"they did not end within their time ({said})"
    return Finding(
        "ros.checks",
        "error",
        f"the checks of ROS broke off: {said}",
        "is ROS made for this Python (python3 -c 'import rclpy')? Source its setup.sh and the"
        " workspace's; otherwise please report this",
        facts={"python": sys.executable, "ros_distro": os.environ.get("ROS_DISTRO")},
    )
