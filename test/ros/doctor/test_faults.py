"""Faults of the environment, as a user makes them; the doctor's process meets them for real."""

from __future__ import annotations

import pytest
import ros_probe  # noqa: F401  # sets a domain of its own
from doctor_process import findings_of_doctor

from mem4d_ros.doctor.finding import Finding


def errors() -> dict[str, Finding]:
    return {each.name: each for each in findings_of_doctor(0.2) if each.level == "error"}


@pytest.mark.long
def test_a_domain_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "abc")
    found = errors()
    assert set(found) == {"dds.domain", "ros.checks"}
    assert "ROS does not start" in found["ros.checks"].summary


@pytest.mark.long
def test_a_middleware_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RMW_IMPLEMENTATION", "rmw_of_nobody")
    (finding,) = errors().values()
    assert finding.name == "ros.rmw"
    assert "rmw_of_nobody cannot be loaded" in finding.summary


@pytest.mark.long
def test_a_profile_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast DDS itself says nothing of it."""
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", "/nowhere.xml")
    assert set(errors()) == {"dds.profile"}
