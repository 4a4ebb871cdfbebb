"""Multicast that comes back, does not, or is not allowed."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest

from mem4d_ros.doctor import multicast
from mem4d_ros.doctor.multicast import check_multicast, multicast_fault


def test_a_fault_is_a_warning_with_a_remedy() -> None:
    assert check_multicast("").level == "ok"
    finding = check_multicast("Network is unreachable")
    assert finding.level == "warning"
    assert "Network is unreachable" in finding.summary


def test_what_does_not_come_back_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multicast, "TIMEOUT_S", 0.01)
    monkeypatch.setattr(socket.socket, "sendto", lambda *arguments: None)
    assert "did not come back" in multicast_fault()


def test_a_machine_without_a_route_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*arguments: Any) -> None:
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket.socket, "sendto", unreachable)
    assert multicast_fault() == "Network is unreachable"
