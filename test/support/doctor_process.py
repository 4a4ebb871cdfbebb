"""The doctor's checks of ROS in a process of their own, as `mem4d doctor` starts them."""

from __future__ import annotations

import sys

from mem4d_ros.cli.doctor.ros_process import PROGRAM, findings_of
from mem4d_ros.doctor.finding import Finding


def findings_of_doctor(seconds: float = 1.0) -> list[Finding]:
    """What it finds in this process' domain, but for the loop-back."""
    command = (sys.executable, *PROGRAM, "--seconds", str(seconds), "--no-loopback")
    return list(findings_of(command, 120))
