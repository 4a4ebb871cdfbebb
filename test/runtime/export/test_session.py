"""A session that stops, however it stops, and the one that goes on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from wall_model import WallModel, moving

from mem4d_ros.geometry import transform_points
from mem4d_ros.mapping import Correction, moved_pose
from mem4d_ros.model import MemorySizes
from mem4d_ros.runtime import FrameRejected, OnlineReconstructor, PointFilter
from mem4d_ros.runtime.export.saved_stream import SavedStreamError
from mem4d_ros.runtime.export.session import SAVE_INTERVAL_S, ExportSession

IMAGE = np.zeros((48, 64, 3), np.uint8)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def session(folder: Path, clock: Clock | None = None) -> ExportSession:
    online = OnlineReconstructor(WallModel(), 64, MemorySizes())
    return ExportSession(online, folder, PointFilter(), torch.device("cpu"), clock or Clock())


def process(one: ExportSession, count: int) -> None:
    for _ in range(count):
        index = len(one.records)
        one.process(IMAGE, f"{index}", index * 10**8, None)


def poses(folder: Path) -> np.ndarray:
    return np.array([record.camera_to_world for record in session(folder).records])


def test_a_saved_session_goes_on(tmp_path: Path) -> None:
    first = session(tmp_path)
    process(first, 3)
    first.save()
    second = session(tmp_path)
    process(second, 2)
    second.save()
    np.testing.assert_allclose(poses(tmp_path), [moving(i) for i in range(5)], atol=1e-6)


def test_a_killed_session_goes_on_from_where_it_was_saved_last(tmp_path: Path) -> None:
    clock = Clock()
    killed = session(tmp_path, clock)
    process(killed, 2)
    clock.now = SAVE_INTERVAL_S
    process(killed, 1)  # which is saved
    process(killed, 2)
    second = session(tmp_path)
    assert len(second.records) == 3
    process(second, 1)
    second.save()
    np.testing.assert_allclose(poses(tmp_path), [moving(i) for i in range(4)], atol=1e-6)


def test_a_session_killed_before_anything_was_saved_starts_anew(tmp_path: Path) -> None:
    process(session(tmp_path), 3)
    assert len(session(tmp_path).records) == 0
    assert not list(tmp_path.glob("*/*"))


def test_a_state_without_its_records_is_refused(tmp_path: Path) -> None:
    first = session(tmp_path)
    process(first, 2)
    first.save()
    first.records.truncate(1)
    with pytest.raises(SavedStreamError, match=r"is at frame 2, but only 1 frames are beside"):
        session(tmp_path)


def test_an_image_of_another_size_does_not_continue_the_world(tmp_path: Path) -> None:
    one = session(tmp_path)
    process(one, 2)
    with pytest.raises(FrameRejected, match="32x64, those before it have another size"):
        one.process(np.zeros((64, 32, 3), np.uint8), "2", 2, None)
    assert len(one.records) == 2


GROWS = 1.1
MOTION = np.diag([GROWS, GROWS, GROWS, 1.0])
MOTION[:3, 3] = 0.1, -0.2, 0.3


def looped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ExportSession:
    """Five frames, each a keyframe; with the last a loop moves all but the first two."""
    one = session(folder)
    found = one._reconstructor.process

    def process_with_loop(*args: Any, **told: Any) -> Any:
        frame = found(*args, **told)
        closes = frame.frame_index == 4
        loop = Correction(np.array([0, 2]), np.array([np.eye(4), MOTION])) if closes else None
        return replace(frame, keyframe=frame.frame_index, correction=loop)

    monkeypatch.setattr(one._reconstructor, "process", process_with_loop)
    process(one, 5)
    return one


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_at_the_end_frames_are_where_loops_have_moved_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = looped(tmp_path, monkeypatch)
    before = list(one.records)
    one.finish()
    after = list(session(tmp_path).records)
    for index, (old, new) in enumerate(zip(before, after, strict=True)):
        motion = MOTION if index in (2, 3) else np.eye(4)
        pose = moved_pose(motion, old.camera_to_world)
        np.testing.assert_allclose(new.camera_to_world, pose, atol=1e-6)
        there = transform_points(motion.astype(np.float32), old.points_world)
        np.testing.assert_allclose(new.points_world, there, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(new.depth, old.depth * np.cbrt(np.linalg.det(motion[:3, :3])))


def test_frames_are_moved_once_however_often_a_run_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looped(tmp_path, monkeypatch).finish()
    monkeypatch.undo()
    ended = contents(tmp_path)
    session(tmp_path).finish()
    assert {k: v for k, v in contents(tmp_path).items() if k != "state.pt"} == {
        k: v for k, v in ended.items() if k != "state.pt"
    }


def test_a_stopped_run_moves_its_frames_when_it_has_gone_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    looped(whole, monkeypatch).finish()
    looped(stopped, monkeypatch).save()
    monkeypatch.undo()
    assert contents(stopped)["trajectory.txt"] != contents(whole)["trajectory.txt"]
    session(stopped).finish()
    one, other = contents(whole), contents(stopped)
    del one["state.pt"], other["state.pt"]
    assert one == other


def test_at_the_end_all_frames_take_the_metres_of_an_odometry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that a loop has moved."""
    one = looped(tmp_path, monkeypatch)
    before, twice = list(one.records), np.diag([2.0, 2.0, 2.0, 1.0])
    larger = Correction(np.array([0]), twice[None])
    monkeypatch.setattr(one._reconstructor.poses, "take_odometry_metres", lambda: larger)
    one.finish()
    for index, (old, new) in enumerate(zip(before, session(tmp_path).records, strict=True)):
        motion = twice @ MOTION if index in (2, 3) else twice
        pose = moved_pose(motion, old.camera_to_world)
        np.testing.assert_allclose(new.camera_to_world, pose, atol=1e-6)
        np.testing.assert_allclose(new.depth, old.depth * np.cbrt(np.linalg.det(motion[:3, :3])))
