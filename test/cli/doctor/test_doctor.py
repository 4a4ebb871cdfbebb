"""`mem4d doctor`: what it prints, its JSON, its exit status, and a ROS that is not well."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mem4d_ros.cli.doctor import run
from mem4d_ros.cli.doctor.ros_process import findings_of, no_ros, ros_findings
from mem4d_ros.cli.main import main
from mem4d_ros.doctor.finding import Finding

QUICK = ["doctor", "--no-ros", "--no-speed"]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """The findings in place of the real ones."""
    found: list[Finding] = [Finding("python.version", "ok", "3.11", facts={"version": "3.11"})]
    monkeypatch.setattr(run, "findings", lambda options: iter(found))
    return found


def program(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def printing(*findings: Finding) -> str:
    return "".join(f"print({json.dumps(finding.to_dict())!r}, flush=True);" for finding in findings)


WELL = Finding("ros.rmw", "ok", "rmw_fastrtps_cpp")


def test_this_machine_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    status = main([*QUICK, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "mem4d/doctor/1"
    names = {finding["name"] for finding in report["findings"]}
    assert {"python.version", "torch.version", "torch.device", "checkpoint.weights"} <= names
    assert {"memory.host", "clock.time", "network.multicast", "shared_memory.size"} <= names
    assert status == (report["worst"] == "error")


def test_the_json_has_these_fields(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    """Tools read them: fields may be added, none may go."""
    assert main(["doctor", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert {"schema", "version", "worst", "findings"} <= report.keys()
    fields = {"name", "level", "summary", "remedy", "subject", "facts"}
    assert fields <= report["findings"][0].keys()


def test_an_error_is_the_exit_status_and_a_warning_is_not(
    found: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    found.append(Finding("camera.qos", "warning", "it is large", "send less", "/image"))
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "ok       python.version        3.11\n" in said
    assert "warning  camera.qos            /image: it is large\n" in said
    assert "-> send less\n" in said
    assert said.endswith("2 findings with 1 warning: what to do follows each ->\n")
    found.append(Finding("ros.checks", "error", "broken", "mend it"))
    assert main(["doctor"]) == 1


def test_a_corrupted_checkpoint_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"nonsense")
    assert main([*QUICK, "--checkpoint", str(path)]) == 1
    assert "error    checkpoint.weights" in capsys.readouterr().out


def test_findings_of_another_process() -> None:
    assert list(findings_of(program(printing(WELL)), 60)) == [WELL]


def test_a_process_that_breaks_off_is_a_finding() -> None:
    code = printing(WELL) + "import sys; sys.exit('ImportError: _rclpy_pybind11')"
    first, broken = findings_of(program(code), 60)
    assert first == WELL
    assert (broken.name, broken.level) == ("ros.checks", "error")
    assert "_rclpy_pybind11" in broken.summary


def test_a_process_that_hangs_is_a_finding() -> None:
    code = printing(WELL) + "import time; time.sleep(100)"
    first, broken = findings_of(program(code), 3.0)
    assert first == WELL
    assert "did not end within their time" in broken.summary


def test_without_ros_the_rest_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mem4d_ros.cli.doctor.ros_process.find_spec", lambda name: None)
    (finding,) = ros_findings(1.0, loopback=False)
    assert finding.name == "ros.distribution"


def test_a_ros_that_was_not_sourced_is_named() -> None:
    assert no_ros([]).level == "skipped"
    finding = no_ros(["humble", "jazzy"])
    assert finding.level == "warning"
    assert ". /opt/ros/jazzy/setup.sh" in finding.remedy


def test_findings_come_one_by_one() -> None:
    """Not all at the end: the first is told while the second is looked for."""
    code = printing(WELL) + "import time; time.sleep(100)"
    found: Iterator[Finding] = findings_of(program(code), 60)
    assert next(found) == WELL
    found.close()  # type: ignore[attr-defined]
