"""Which ROS this is, and what of this package it has."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

from ament_index_python.packages import PackageNotFoundError, get_package_share_directory
from rclpy.utilities import get_rmw_implementation_identifier

from mem4d_ros.doctor.finding import Finding

FAST_DDS = "rmw_fastrtps"


def check_distribution(environment: Mapping[str, str], prefix: str = sys.prefix) -> Finding:
    """The distribution, or that it is the embedded one of this virtual environment."""
    version = package_version("rclpy")
    distro = environment.get("ROS_DISTRO", "")
    folder = environment.get("AMENT_PREFIX_PATH", "").split(":")[-1]
    facts = {"distro": distro, "rclpy": version, "prefix": folder or prefix}
    if distro:
        return Finding(
            "ros.distribution", "ok", f"ROS 2 {distro}, rclpy {version}, {folder}", facts=facts
        )
    return Finding(
        "ros.distribution", "ok", f"the embedded ROS of {prefix}, rclpy {version}", facts=facts
    )


def package_version(package: str) -> str:
    """As its package.xml says; empty where there is none."""
    try:
        file = Path(get_package_share_directory(package)) / "package.xml"
        return ElementTree.parse(file).getroot().findtext("version", "")
    except (PackageNotFoundError, OSError, ElementTree.ParseError):
        return ""


def check_interfaces(module: str = "mem4d_ros.msg") -> Finding:
    """Whether the messages were built for this Python."""
    try:
        import_module(module)
    except ImportError as error:
        return Finding(
            "ros.interfaces",
            "error",
            f"this package's messages cannot be imported: {error}",
            "colcon build --packages-select mem4d_ros && . install/setup.sh",
        )
    return Finding("ros.interfaces", "ok", "this package's messages are built")


def check_rmw(environment: Mapping[str, str]) -> Finding:
    """The middleware, which all nodes have to share."""
    used = get_rmw_implementation_identifier()
    facts = {"rmw": used, "RMW_IMPLEMENTATION": environment.get("RMW_IMPLEMENTATION")}
    if used.startswith(FAST_DDS):
        return Finding("ros.rmw", "ok", used, facts=facts)
    summary = f"{used}: config/fastdds.xml has no effect on it"
    return Finding("ros.rmw", "ok", summary, facts=facts)
