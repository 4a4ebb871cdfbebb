"""A session that stops, however it stops, and the one that goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from wall_model import WallModel, moving

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
