"""What `mem4d doctor` does: one check after the other, each finding told as it comes."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import mem4d_ros
from mem4d_ros.cli.doctor.ros_process import ros_findings
from mem4d_ros.doctor.finding import Finding, worst
from mem4d_ros.doctor.machine import check_clock, check_memory, check_python, clock_step
from mem4d_ros.doctor.multicast import check_multicast, multicast_fault
from mem4d_ros.doctor.shared_memory import check_shared_memory
from mem4d_ros.doctor.torch_device import check_device, check_torch, read_torch
from mem4d_ros.doctor.weights import check_weights
from mem4d_ros.model.weights import packaged_weights

SCHEMA = "mem4d/doctor/1"
"""Of the JSON: fields may be added to it, none is taken away or changes its meaning."""
NAME_WIDTH = 21


def doctor(options: argparse.Namespace) -> int:
    """Check and tell; 1 where something does not work at all."""
    found = []
    for finding in findings(options):
        found.append(finding)
        if not options.json:
            print(described(finding), flush=True)
    if options.json:
        print(json.dumps(report(found), indent=2))
    else:
        print(f"\n{conclusion(found)}")
    return 1 if worst(found) == "error" else 0


def findings(options: argparse.Namespace) -> Iterator[Finding]:
    """All that can be checked."""
    yield check_python()
    yield check_clock(time.time(), clock_step())
    yield from check_shared_memory()
    yield check_multicast(multicast_fault())
    if not options.no_ros:
        yield from ros_findings(options.seconds, loopback=not options.no_loopback)
    torch = read_torch()
    yield check_torch(torch)
    if torch.version:
        yield check_device(torch, options.device)
        yield from network_findings(options)


def network_findings(options: argparse.Namespace) -> Iterator[Finding]:
    """Of what needs torch: the memory beside it, the weights, the speed."""
    from mem4d_ros.doctor.speed import check_speed, measure_speed
    from mem4d_ros.runtime.host_memory import host_memory

    yield check_memory(*host_memory())
    path = Path(options.checkpoint) if options.checkpoint else packaged_weights(options.preset)
    weights = check_weights(path, options.preset)
    yield weights
    if options.no_speed or weights.level != "ok":
        return
    try:
        yield check_speed(measure_speed(options.checkpoint, options.preset, options.device))
    except RuntimeError as error:  # DeviceUnavailable and torch's own
        remedy = "try --device cpu, and see torch.device and memory.host above"
        yield Finding("speed.step", "error", f"the network does not run: {error}", remedy)


def described(finding: Finding) -> str:
    """A finding as lines of text."""
    subject = f"{finding.subject}: " if finding.subject else ""
    line = f"{finding.level:8} {finding.name:{NAME_WIDTH}} {subject}{finding.summary}"
    return f"{line}\n{'':8} {'':{NAME_WIDTH}} -> {finding.remedy}" if finding.remedy else line


def report(found: list[Finding]) -> dict[str, object]:
    """All findings as plain data."""
    return {
        "schema": SCHEMA,
        "version": mem4d_ros.__version__,
        "argv": sys.argv[1:],
        "worst": worst(found),
        "findings": [finding.to_dict() for finding in found],
    }


def conclusion(found: list[Finding]) -> str:
    """In a line."""
    levels = [finding.level for finding in found]
    named = [counted(levels.count(level), level) for level in ("error", "warning")]
    trouble = " and ".join(each for each in named if each)
    if not trouble:
        return f"{len(found)} findings, nothing is wrong"
    return f"{len(found)} findings with {trouble}: what to do follows each ->"


def counted(number: int, level: str) -> str:
    """For example '2 errors'; empty for none."""
    return f"{number} {level}{'s' if number > 1 else ''}" if number else ""
