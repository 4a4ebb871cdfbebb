"""The log of a run that may be killed at any moment."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mem4d_ros.training import run_log
from mem4d_ros.training.run_state import RunStateError


def test_entries_come_back(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    run_log.append(path, {"step": 1, "total": 1 / 3})
    run_log.append(path, {"step": 1, "held_out": {"abs_rel": 2 / 3, "moving_ratio": None}})
    assert run_log.read(path) == [
        {"step": 1, "total": 0.333333},
        {"step": 1, "held_out": {"abs_rel": 0.666667, "moving_ratio": None}},
    ]


def test_every_line_is_json(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for step in range(3):
        run_log.append(path, {"step": step})
    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [0, 1, 2]


def test_rewinding_forgets_what_will_be_done_again(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    for step in range(1, 6):
        run_log.append(path, {"step": step})
    run_log.rewind(path, 3)
    assert [entry["step"] for entry in run_log.read(path)] == [1, 2, 3]


def test_a_line_cut_off_by_a_kill_is_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    run_log.append(path, {"step": 1})
    with path.open("a") as file:
        file.write('{"step": 2, "tot')
    run_log.rewind(path, 5)
    run_log.append(path, {"step": 2})
    assert [entry["step"] for entry in run_log.read(path)] == [1, 2]


@pytest.mark.parametrize("line", ["}{", "[1]", "7", '{"total": 1}', '{"step": null}'])
def test_a_line_that_is_no_entry_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    run_log.append(path, {"step": 1})
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(RunStateError, match=r"log\.jsonl: line 2 is no entry of a log: remove"):
        run_log.rewind(path, 5)


def test_a_run_without_a_log_has_nothing_to_forget(tmp_path: Path) -> None:
    run_log.rewind(tmp_path / "log.jsonl", 0)
    assert run_log.read(tmp_path / "log.jsonl") == []
