"""A source that is reconstructed while somebody looks on, and what becomes of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from reconstructions import HEIGHT, WIDTH, reconstruction_of

from mem4d_ros.cli.view import run
from mem4d_ros.cli.view.live import LiveRun
from mem4d_ros.datasets import BadFrame, FrameError, Sample
from mem4d_ros.runtime import Reconstruction
from mem4d_ros.sensor_messages.remarks import silent
from mem4d_ros.viewer.controls import ControlFailed
from mem4d_ros.viewer.scene import NOTHING, Changes, Scene

Numbered = Iterator[tuple[int, Sample | BadFrame]]


class Walk:
    """A reconstructor that goes 5 cm ahead with each frame, towards a wall."""

    def __init__(self) -> None:
        self._frame_index = 0

    def process(self, *_: object) -> Reconstruction:
        pose = np.eye(4)
        pose[2, 3] = 0.05 * self._frame_index
        depth = np.full((HEIGHT, WIDTH), 3.0 - pose[2, 3])
        found = reconstruction_of(self._frame_index, depth, pose)
        self._frame_index += 1
        return found

    def reset(self) -> None:
        self._frame_index = 0


class OutOfMemory(Walk):
    def process(self, *_: object) -> Reconstruction:
        raise RuntimeError("CUDA out of memory\nof which much is reserved")


class Guess(Walk):
    """Of the first frame the place is not known."""

    def process(self, *_: object) -> Reconstruction:
        found = super().process()
        is_known = found.frame_index > 0
        return replace(found, placed=is_known, pose_measured=is_known)


class Shown(Scene):
    """Everything that was put, the newest of each."""

    def __init__(self) -> None:
        super().__init__()
        self.newest = NOTHING

    def put(self, changes: Changes) -> None:
        given = {f.name: v for f in fields(changes) if (v := getattr(changes, f.name)) is not None}
        self.newest = replace(self.newest, **given)


def images(count: int) -> Numbered:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    yield from ((index, Sample(f"{index}.png", pixels)) for index in range(count))


def broken_after(count: int) -> Numbered:
    yield from images(count)
    raise FrameError("walk.mp4 is cut off")


def ended(reconstructor: Walk, samples: Numbered) -> tuple[LiveRun, Changes]:
    """A run that is over, and what it showed."""
    shown = Shown()
    live = LiveRun(reconstructor, samples, 30.0, shown, silent)
    live.start()
    live._thread.join()
    return live, shown.newest


def test_a_source_is_shown_to_its_end() -> None:
    live, shown = ended(Walk(), images(5))
    assert (shown.facts.state, shown.facts.processed) == ("finished", 5)
    np.testing.assert_allclose(shown.path[:, 0], 0.05 * np.arange(5))  # ahead is x in the map
    assert len(shown.static_map.points.positions)
    assert not live.has_failed


def test_a_first_frame_whose_place_is_not_known_is_kept_out_of_the_map() -> None:
    _, shown = ended(Guess(), images(3))
    assert not len(shown.static_map.points.positions)  # it takes three frames
    _, shown = ended(Guess(), images(4))
    assert len(shown.static_map.points.positions)


def test_any_fault_stops_it_with_the_reason_on_the_panel_and_a_traceback_in_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    live, shown = ended(OutOfMemory(), images(2))
    assert (shown.facts.state, shown.facts.remark) == ("stopped", "CUDA out of memory")
    assert "Traceback" in capsys.readouterr().err
    assert live.has_failed


def test_a_source_that_breaks_off_is_a_remark_without_a_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    live, shown = ended(Walk(), broken_after(2))
    assert (shown.facts.state, shown.facts.remark) == ("stopped", "walk.mp4 is cut off")
    assert shown.facts.processed == 2
    assert capsys.readouterr().err == ""
    assert live.has_failed


@pytest.mark.parametrize("reconstructor", [Walk(), OutOfMemory()])
def test_what_is_over_neither_pauses_nor_begins_anew(reconstructor: Walk) -> None:
    live, _ = ended(reconstructor, images(2))
    for press in (live.reset, lambda: live.pause(True), lambda: live.pause(False)):
        with pytest.raises(ControlFailed, match="has ended: run mem4d view anew"):
            press()


def test_the_map_of_what_is_over_can_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    live, _ = ended(Walk(), images(5))
    live.save()
    (written,) = tmp_path.glob("mem4d-map-*.ply")
    assert written.stat().st_size


def test_presses_at_the_same_time_save_a_file_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    live, _ = ended(Walk(), images(5))
    with ThreadPoolExecutor(4) as browsers:
        answers = [press.result() for press in [browsers.submit(live.save) for _ in range(4)]]
    written = sorted(map(str, tmp_path.iterdir()))
    assert len(written) == 4
    assert sorted(answer.split()[-1] for answer in answers) == written


@pytest.mark.parametrize(("reconstructor", "status"), [(Walk(), 0), (OutOfMemory(), 1)])
def test_the_exit_status_tells_whether_it_failed(
    reconstructor: Walk, status: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Network:
        def reconstructor(self, _: str) -> Walk:
            return reconstructor

    def looked_at_until_it_is_over(*_: object, controls: LiveRun) -> None:
        controls.start()
        controls._thread.join()

    monkeypatch.setattr(run, "named_camera", lambda options: None)
    monkeypatch.setattr(run, "open_samples", lambda *_: (sample for _, sample in images(2)))
    monkeypatch.setattr(run, "load_named_network", lambda options: Network())
    monkeypatch.setattr(run, "serve", looked_at_until_it_is_over)
    options = argparse.Namespace(
        command="view", source=tmp_path, dataset=None, topic=None, stride=1, frames=None
    )
    options.rate, options.pose_source = 30.0, "auto"
    assert run.view_live(options) == status
