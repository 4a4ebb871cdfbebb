"""`python -m mem4d_ros.ros.doctor`: the findings that need ROS, a line of JSON each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator

import rclpy
from rclpy.node import Node

from mem4d_ros.doctor.finding import Finding
from mem4d_ros.ros.doctor.cameras import camera_findings
from mem4d_ros.ros.doctor.dds_environment import check_dds_environment
from mem4d_ros.ros.doctor.distribution import check_distribution, check_interfaces, check_rmw
from mem4d_ros.ros.doctor.loopback import loopback_findings
from mem4d_ros.ros.doctor.nodes import node_findings
from mem4d_ros.ros.doctor.watching import wait_for_graph


def main() -> None:
    """Print each finding as it comes."""
    parser = argparse.ArgumentParser(prog="mem4d_ros.ros.doctor", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to listen")
    parser.add_argument("--no-loopback", action="store_true", help="send no images")
    options = parser.parse_args()
    for finding in before_a_node(os.environ):
        say(finding)
    try:
        rclpy.init()
        node = rclpy.create_node(
            "mem4d_doctor", enable_rosout=False, start_parameter_services=False
        )
    except RuntimeError as error:
        remedy = "correct what is found wrong above, then start again"
        say(Finding("ros.checks", "error", f"ROS does not start: {error}", remedy))
        return
    try:
        for finding in with_a_node(node, options.seconds):
            say(finding)
        if not options.no_loopback:
            for finding in loopback_findings(node, options.seconds):
                say(finding)
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def before_a_node(environment: os._Environ[str]) -> Iterator[Finding]:
    """What can be said before DDS starts."""
    yield check_distribution(environment)
    yield check_interfaces()
    yield check_rmw(environment)
    yield from check_dds_environment(environment)


def with_a_node(node: Node, seconds: float) -> Iterator[Finding]:
    """What a node sees."""
    wait_for_graph(node)
    yield from node_findings(node, seconds)
    yield from camera_findings(node, seconds)


def say(finding: Finding) -> None:
    """To the process that reads them."""
    print(json.dumps(finding.to_dict()), flush=True)


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # what middleware does while a process ends is of no interest
