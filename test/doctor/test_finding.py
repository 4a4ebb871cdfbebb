"""A finding is plain data with a name from the table, and a remedy where something is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mem4d_ros.doctor.finding import Finding, worst


def test_it_goes_through_json_and_back() -> None:
    finding = Finding("camera.qos", "warning", "large", "send less", "/image", {"bytes": 9})
    assert Finding.from_dict(json.loads(json.dumps(finding.to_dict()))) == finding


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "camera.colour"},
        {"level": "bad"},
        {"level": "error", "remedy": ""},
        {"level": "warning", "remedy": ""},
    ],
)
def test_a_finding_that_helps_nobody_cannot_be_made(wrong: dict[str, Any]) -> None:
    good = {"name": "camera.qos", "level": "error", "summary": "large", "remedy": "send less"}
    assert Finding.from_dict(good)
    with pytest.raises(ValueError, match="finding"):
        Finding.from_dict({**good, **wrong})


def test_the_worst_of_all_counts() -> None:
    ok = Finding("camera.qos", "ok", "")
    skipped = Finding("camera.qos", "skipped", "")
    error = Finding("camera.qos", "error", "", "mend it")
    assert worst([]) == "ok"
    assert worst([ok, skipped]) == "skipped"
    assert worst([error, ok]) == "error"
