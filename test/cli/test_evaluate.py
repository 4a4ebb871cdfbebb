"""`mem4d eval`: a recorded sequence in, its errors out."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_networks import SMALL_VIT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.model.checkpoint import save_checkpoint


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Four frames in the layout of 7-Scenes, 0.1 m apart, before a wall at 2 m."""
    folder = tmp_path / "wall"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(4):
        stem = str(folder / f"frame-{index:06d}")
        cv2.imwrite(f"{stem}.color.png", rng.integers(0, 256, (48, 64, 3), np.uint8))
        cv2.imwrite(f"{stem}.depth.png", np.full((48, 64), 2000, np.uint16))
        pose = np.eye(4)
        pose[0, 3] = 0.1 * index
        np.savetxt(f"{stem}.pose.txt", pose)
    return folder


@pytest.mark.parametrize("source", ["auto", "head", "procrustes", "pnp"])
def test_eval_measures_with_any_pose_source(
    source: str, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoint, result = tmp_path / "small.safetensors", tmp_path / "result.json"
    save_checkpoint(checkpoint, small_model(replace(SMALL_VIT, pose_source="pnp")))
    arguments = ["eval", "--checkpoint", str(checkpoint), "--root", str(recording)]
    arguments += ["--device", "cpu", "--known-intrinsics", "--json", str(result)]
    assert main([*arguments, "--pose-source", source]) == 0
    assert "wall: 4 frames" in capsys.readouterr().out
    trajectory = json.loads(result.read_text())["sequences"][0]["trajectory"]
    assert trajectory["path_m"] == pytest.approx(0.3)
    # Noise without any motion to see: visual odometry stays where it is, which costs the spread.
    still = source in ("auto", "pnp")
    assert (trajectory["ate_m"] == pytest.approx(0.1 * np.sqrt(1.25))) == still


def test_eval_measures_held_out_scenes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint, result = tmp_path / "small.safetensors", tmp_path / "result.json"
    save_checkpoint(checkpoint, small_model(SMALL_VIT))
    arguments = ["eval", "--checkpoint", str(checkpoint), "--dataset", "procedural"]
    assert main([*arguments, "--scenes", "2", "--frames", "3", "--json", str(result)]) == 0
    assert "all 2 sequences" in capsys.readouterr().out
    names = [sequence["name"] for sequence in json.loads(result.read_text())["sequences"]]
    assert names == ["procedural-000", "procedural-001"]


def test_a_data_set_without_its_folder_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", "--dataset", "7scenes"]) == 1
    assert "needs --root" in capsys.readouterr().err
