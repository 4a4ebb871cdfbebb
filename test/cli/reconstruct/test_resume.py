"""`mem4d reconstruct --resume`: a run goes on as if never interrupted, and is no other run."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from reconstruct_runs import FRAMES, contents, interrupt, reconstruct

from mem4d_ros.runtime.export import RecordFolder, read_ply

pytest.importorskip("rosbags")


def test_interrupted_and_resumed_is_as_never_interrupted(
    folder: Path,
    tmp_path: Path,
    checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert reconstruct(folder, whole, checkpoint) == 0
    with monkeypatch.context() as patch:
        interrupt(patch, frame=4)
        assert reconstruct(folder, parts, checkpoint) == 0
    assert f"stopped: 5 frames are in {parts}, --resume goes on" in capsys.readouterr().out
    assert len(RecordFolder(parts)) == 5
    assert len(read_ply(parts / "static_cloud.ply").positions) > 0
    assert reconstruct(folder, parts, checkpoint, "--resume") == 0
    assert contents(parts) == contents(whole)
    assert len(RecordFolder(whole)) == FRAMES


def test_a_bad_frame_is_named_and_skipped(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Empty, or of another size: the others become what they would without it."""
    good, out = tmp_path / "good", tmp_path / "out"
    assert reconstruct(folder, good, checkpoint) == 0
    (folder / "2b.png").touch()
    cv2.imwrite(str(folder / "4b.png"), np.zeros((64, 32, 3), np.uint8))
    capsys.readouterr()
    assert reconstruct(folder, out, checkpoint, "--rate", "1") == 0
    said = capsys.readouterr()
    assert "mem4d reconstruct: images, 2b.png is left out: " in said.err
    assert "mem4d reconstruct: images, 4b.png is left out: the image is 32x64" in said.err
    assert f"6 frames are in {out}, 2 could not be used and are listed in skipped.csv" in said.out
    assert f": see {out / 'summary.png'}, or turn it by: mem4d view {out}\n" in said.out
    assert (out / "summary.png").is_file()
    rows = (out / "skipped.csv").read_text().splitlines()
    assert [row.partition(",")[0] for row in rows] == ["name", "2b.png", "4b.png"]
    with_bad, without = RecordFolder(out), RecordFolder(good)
    assert [record.stamp_ns * 1e-9 for record in with_bad] == [0, 1, 2, 4, 5, 7]
    for one, other in zip(with_bad, without, strict=True):
        np.testing.assert_array_equal(one.depth, other.depth)


def test_a_run_with_bad_frames_is_resumed(
    folder: Path, tmp_path: Path, checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "1b.png").touch()
    (folder / "4b.png").touch()
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert reconstruct(folder, whole, checkpoint) == 0
    with monkeypatch.context() as patch:
        interrupt(patch, frame=2)
        assert reconstruct(folder, parts, checkpoint) == 0
    assert len(RecordFolder(parts)) == 3
    assert reconstruct(folder, parts, checkpoint, "--resume") == 0
    assert contents(parts) == contents(whole)


def test_too_many_bad_frames_fail(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for index in range(2):
        (folder / f"{index}b.png").touch()
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--max-bad-ratio", "0.2") == 1
    assert "is more than --max-bad-ratio 0.2 of all allows" in capsys.readouterr().err
    assert len(RecordFolder(out)) == FRAMES
    assert (out / "summary.png").exists()
    assert reconstruct(folder, out, checkpoint, "--resume", "--max-bad-ratio", "0.3") == 0


def test_another_camera_is_another_run(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--camera", "70,70,30,25", "--frames", "2") == 0
    assert reconstruct(folder, out, checkpoint, "--camera", "80,80,30,25", "--resume") == 1
    assert "begun with camera" in capsys.readouterr().err


def test_a_run_ends_where_it_is_told(folder: Path, tmp_path: Path, checkpoint: Path) -> None:
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--stride", "2", "--frames", "2") == 0
    assert [record.name for record in RecordFolder(out)] == ["0.png", "2.png"]
    assert reconstruct(folder, out, checkpoint, "--stride", "2", "--resume") == 0
    assert [record.name for record in RecordFolder(out)] == ["0.png", "2.png", "4.png"]


def test_a_folder_with_other_things_is_left_alone(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)
    for more in ([], ["--resume"]):
        assert reconstruct(folder, folder, checkpoint, *more) == 1
        assert "holds no reconstruction: give a new folder" in capsys.readouterr().err
    assert contents(folder) == before


def test_a_run_is_not_mixed_with_another(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--frames", "1") == 0
    assert reconstruct(folder, out, checkpoint) == 1
    assert "--resume goes on with it" in capsys.readouterr().err
    assert reconstruct(folder, out, checkpoint, "--resume", "--stride", "3") == 1
    assert "begun with stride 1, now it is 3" in capsys.readouterr().err
    assert json.loads((out / "run.json").read_text())["stride"] == 1


def test_damaged_settings_are_named(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--frames", "1") == 0
    (out / "run.json").write_text("{")
    assert reconstruct(folder, out, checkpoint, "--resume") == 1
    assert f"{out / 'run.json'} is damaged" in capsys.readouterr().err
