"""Environment variables that cut nodes off from each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from mem4d_ros.ros.doctor.dds_environment import (
    check_dds_environment,
    check_discovery,
    check_domain,
    check_profile,
    check_transports,
)

ROOT = Path(__file__).parents[3]
PROFILE = str(ROOT / "config/fastdds.xml")


def test_without_any_variable_all_is_well() -> None:
    assert {finding.level for finding in check_dds_environment({})} == {"ok"}


@pytest.mark.parametrize(
    ("environment", "level"),
    [
        ({"FASTDDS_DEFAULT_PROFILES_FILE": PROFILE}, "ok"),
        ({"FASTDDS_DEFAULT_PROFILES_FILE": "/nowhere.xml"}, "error"),
        ({"FASTDDS_DEFAULT_PROFILES_FILE": __file__}, "error"),
        ({"FASTRTPS_DEFAULT_PROFILES_FILE": PROFILE, "ROS_DISTRO": "jazzy"}, "ok"),
        ({"FASTDDS_DEFAULT_PROFILES_FILE": PROFILE, "ROS_DISTRO": "jazzy"}, "warning"),
        ({"FASTRTPS_DEFAULT_PROFILES_FILE": PROFILE, "ROS_DISTRO": "kilted"}, "warning"),
    ],
)
def test_a_profile_is_there_and_named_by_the_right_variable(
    environment: dict[str, str], level: str
) -> None:
    assert check_profile(environment).level == level


@pytest.mark.parametrize(
    ("value", "level"),
    [("", "ok"), ("DEFAULT", "ok"), ("LARGE_DATA", "warning"), ("LARGE_DATA?max=1MB", "warning")],
)
def test_transports_that_others_do_not_have(value: str, level: str) -> None:
    assert check_transports({"FASTDDS_BUILTIN_TRANSPORTS": value}).level == level


@pytest.mark.parametrize(
    ("value", "level"),
    [("", "ok"), ("0", "ok"), ("101", "ok"), ("102", "warning"), ("233", "error"), ("a", "error")],
)
def test_a_domain_is_a_number_that_can_be_used(value: str, level: str) -> None:
    assert check_domain(value).level == level


@pytest.mark.parametrize(
    ("environment", "level", "words"),
    [
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET"}, "ok", "whole network"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}, "ok", "this machine alone"),
        ({"ROS_LOCALHOST_ONLY": "1"}, "ok", "this machine alone"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"}, "warning", "find nobody"),
        ({"ROS_AUTOMATIC_DISCOVERY_RANGE": "local"}, "error", "local is not one of"),
        (
            {"ROS_AUTOMATIC_DISCOVERY_RANGE": "SUBNET", "ROS_LOCALHOST_ONLY": "1"},
            "warning",
            "overrules",
        ),
    ],
)
def test_whom_a_node_finds(environment: dict[str, str], level: str, words: str) -> None:
    finding = check_discovery(environment)
    assert finding.level == level
    assert words in finding.summary
