"""`mem4d eval`: recorded sequences in, their errors out."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import write_scannet
from layout_parts import scene_of
from small_networks import SMALL_EVIDENT, SMALL_VIT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.evaluation.protocols import reconstruction_protocol
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.synthetic import render_sequence


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    return path


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four frames in the layout of 7-Scenes, 0.1 m apart, before a wall at 2 m, all alike."""
    folder = tmp_path_factory.mktemp("7scenes") / "wall"
    folder.mkdir()
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    for index in range(4):
        stem = str(folder / f"frame-{index:06d}")
        cv2.imwrite(f"{stem}.color.png", image)
        cv2.imwrite(f"{stem}.depth.png", np.full((48, 64), 2000, np.uint16))
        pose = np.eye(4)
        pose[0, 3] = 0.1 * index
        np.savetxt(f"{stem}.pose.txt", pose)
    return folder


def evaluated(measure: str, checkpoint: Path, out: Path, *more: str) -> tuple[int, dict]:
    """Exit status and report."""
    arguments = ["eval", measure, "--checkpoint", str(checkpoint), "--device", "cpu"]
    status = main([*arguments, "--json", str(out / "result.json"), *more])
    return status, json.loads((out / "result.json").read_text())


def on(folder: Path) -> list[str]:
    return ["--dataset", "7scenes", "--root", str(folder)]


@pytest.mark.parametrize("source", ["auto", "head", "procrustes", "geometry"])
def test_pose_measures_any_pose_source(
    source: str, wall: Path, checkpoint: Path, tmp_path: Path
) -> None:
    more = ["--known-intrinsics", "--pose-source", source]
    status, report = evaluated("pose", checkpoint, tmp_path, *on(wall), *more)
    assert status == 0
    errors = report["overall"]
    assert errors["path_m"] == pytest.approx(0.3)
    # The image stays the same: visual odometry stays where it is, which costs the spread.
    still = source == "geometry"
    assert (errors["ate_m"] == pytest.approx(0.1 * np.sqrt(1.25))) == still
    assert errors["ate_share"] == pytest.approx(errors["ate_m"] / 0.3)


def test_depth_measures_under_each_alignment(
    wall: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["metric", "scale", "scale-shift"]
    status, report = evaluated("depth", checkpoint, tmp_path, *on(wall), "--align", *names)
    assert status == 0
    (sequence,) = report["sequences"]
    assert [sequence[name]["pixels"] for name in names] == [4 * 48 * 64] * 3
    absolute = [sequence[name]["abs_rel"] for name in names]  # before a wall, these are one
    assert absolute == sorted(absolute, reverse=True)
    assert sequence["metric"]["scale"] == 1
    assert sequence["metric"]["moving_abs_rel"] is None  # nobody says what moves
    printed = capsys.readouterr().out
    assert f"{sequence['metric']['abs_rel']:.3f}" in printed
    assert "all 1" in printed


def test_points_are_told_to_a_network_that_takes_them(
    wall: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An untrained one then knows the distance of the wall."""
    weights = tmp_path / "evident.safetensors"
    save_checkpoint(weights, small_model(SMALL_EVIDENT))
    _, guessed = evaluated("depth", weights, tmp_path, *on(wall))
    more = ["--evidence-points", "50", "--true-poses", "--single-views"]
    status, told = evaluated("depth", weights, tmp_path, *on(wall), *more)
    assert status == 0
    assert "50 points of measured depth, true poses, each frame alone" in capsys.readouterr().out
    assert told["settings"]["evidence_points"] == 50
    assert told["overall"]["metric"]["abs_rel"] < 0.1
    assert guessed["overall"]["metric"]["abs_rel"] > 0.2


def test_without_memories_nothing_is_known_of_the_frames_between(
    wall: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the first frame is, which the persistent memory always keeps."""
    errors = {}
    for name, seed in (("one", 1), ("other", 2)):
        folder = tmp_path / name
        shutil.copytree(wall, folder)
        chance = np.random.default_rng(seed)
        for stem in (str(folder / f"frame-{index:06d}") for index in (1, 2)):
            cv2.imwrite(f"{stem}.color.png", chance.integers(0, 256, (48, 64, 3), np.uint8))
            cv2.imwrite(f"{stem}.depth.png", np.zeros((48, 64), np.uint16))  # they do not count
        for sizes in ((), ("--tca-window", "0", "--tdm-size", "0", "--psm-size", "1")):
            _, report = evaluated("depth", checkpoint, tmp_path, *on(folder), *sizes)
            errors[name, bool(sizes)] = report["overall"]["metric"]["abs_rel"]
    assert "memories TCA 0, TDM 0, PSM 1" in capsys.readouterr().out
    assert errors["one", True] == errors["other", True]
    assert errors["one", False] != errors["other", False]


def test_a_memory_of_no_size_is_refused(
    wall: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        main(["eval", "pose", "--checkpoint", str(checkpoint), *on(wall), "--psm-size", "0"]) == 1
    )
    assert "psm_size must be an integer of at least 1, got 0" in capsys.readouterr().err


def test_a_given_camera_is_believed_and_its_distortion_taken_out(
    wall: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "evident.safetensors"
    save_checkpoint(weights, small_model(SMALL_EVIDENT))
    figures = []
    for camera in ("60,60,31.5,23.5", "60,60,31.5,23.5", "120,120,31.5,23.5"):
        status, report = evaluated("depth", weights, tmp_path, *on(wall), "--camera", camera)
        assert status == 0
        assert report["settings"]["camera"] == camera
        figures.append(report["overall"]["metric"]["abs_rel"])
    assert figures[0] == figures[1]
    assert figures[0] != figures[2]
    bent = tmp_path / "bent.yaml"
    bent.write_text(
        "image_width: 64\nimage_height: 48\ndistortion_model: plumb_bob\n"
        "camera_matrix: {rows: 3, cols: 3, data: [60, 0, 31.5, 0, 60, 23.5, 0, 0, 1]}\n"
        "distortion_coefficients: {rows: 1, cols: 4, data: [0.5, 0, 0, 0]}\n"
    )
    status, report = evaluated("depth", weights, tmp_path, *on(wall), "--camera", str(bent))
    assert status == 0
    assert report["overall"]["metric"]["pixels"] < 4 * 48 * 64  # not all rays were seen


@pytest.mark.parametrize("more", [["--evidence-points", "5"], ["--true-poses"]])
def test_points_for_a_network_that_takes_none_are_refused(
    more: list[str], wall: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "depth", "--checkpoint", str(checkpoint), *on(wall), *more]) == 1
    assert "takes no evidence" in capsys.readouterr().err


def test_recon_prints_the_stride_with_its_figures(
    wall: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = evaluated("recon", checkpoint, tmp_path, *on(wall), "--stride", "3")
    assert status == 0
    assert "recon on 7scenes: stride 3" in capsys.readouterr().out
    assert report["overall"]["frames"] == 2
    assert report["overall"]["accuracy"] > 0


def test_without_a_stride_the_protocols_is_taken(
    wall: Path, checkpoint: Path, tmp_path: Path
) -> None:
    status, report = evaluated("recon", checkpoint, tmp_path, *on(wall))
    assert status == 0
    assert report["overall"]["frames"] == 1
    published = json.loads(json.dumps(asdict(reconstruction_protocol("7scenes"))))
    assert report["protocol"] == published


def test_the_report_says_all_that_it_takes_to_repeat_it(
    wall: Path, checkpoint: Path, tmp_path: Path
) -> None:
    _, report = evaluated("pose", checkpoint, tmp_path, *on(wall), "--frames", "3")
    assert report["settings"]["dataset"] == "7scenes"
    assert report["settings"]["checkpoint"] == report["weights"]["file"] == str(checkpoint)
    assert report["protocol"]["frames"] == {"start": 0, "stride": 1, "most": 3}
    assert report["model"] == json.loads(json.dumps(SMALL_VIT.to_dict()))
    assert {"code", "libraries", "machine"} <= report.keys()


@pytest.mark.parametrize("measure", ["depth", "pose", "recon"])
def test_pictures_are_written(measure: str, wall: Path, checkpoint: Path, tmp_path: Path) -> None:
    pictures = tmp_path / "new" / "pictures"
    evaluated(measure, checkpoint, tmp_path, *on(wall), "--pictures", str(pictures))
    (picture,) = pictures.iterdir()
    assert picture.name == "wall.png"
    assert cv2.imread(str(picture)).std() > 10


@pytest.mark.long
def test_procedural_scenes_need_no_folder(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--dataset", "procedural", "--scenes", "2", "--frames", "3"]
    status, report = evaluated("depth", checkpoint, tmp_path, *more)
    assert status == 0
    names = [sequence["name"] for sequence in report["sequences"]]
    assert names == ["procedural-000", "procedural-001"]
    assert report["overall"]["frames"] == 6
    of_scale = report["overall"]["scale"]
    assert of_scale["moving_abs_rel"] == of_scale["moving_ratio"] * of_scale["still_abs_rel"]
    shown = capsys.readouterr().out
    assert "; 2 sequences of 3 frames, rendered in turn" in shown
    assert "moving/still" in shown


@pytest.fixture
def several(wall: Path, tmp_path: Path) -> Path:
    """Four sequences; one has an image that cannot be read, one lacks a depth."""
    root = tmp_path / "root"
    for name in ("broken", "incomplete", "one", "two"):
        shutil.copytree(wall, root / name)
    (root / "broken" / "frame-000002.color.png").write_bytes(b"no image")
    (root / "incomplete" / "frame-000001.depth.png").unlink()
    return root


def test_it_goes_on_after_a_sequence_that_fails(
    several: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = ["--sequences", "broken", "incomplete", "one", "two", "three"]
    status, report = evaluated("depth", checkpoint, tmp_path, *on(several), *more)
    assert status == 1
    assert [sequence["name"] for sequence in report["sequences"]] == ["one", "two"]
    failed = {failure["name"]: failure["reason"] for failure in report["failed"]}
    assert failed.keys() == {"three", "broken", "incomplete"}
    assert "not found" in failed["three"]
    assert "frame-000002.color.png" in failed["broken"]
    assert "frame-000001.depth.png" in failed["incomplete"]
    assert "broken failed: " in capsys.readouterr().err
    assert report["overall"]["scale"]["pixels"] == 2 * 4 * 48 * 64


def test_only_the_named_sequences_are_measured(
    several: Path, checkpoint: Path, tmp_path: Path
) -> None:
    status, report = evaluated("depth", checkpoint, tmp_path, *on(several), "--sequences", "two")
    assert status == 0
    assert [sequence["name"] for sequence in report["sequences"]] == ["two"]


def test_frames_without_truth_are_run_and_their_number_is_said(
    wall: Path, checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scene = scene_of(render_sequence(3, 4, 48, 64))
    written = write_scannet(scene, tmp_path / "data")
    np.savetxt(written.poses[1], np.full((4, 4), -np.inf))
    on_it = ["--dataset", "scannet", "--root", str(written.folder)]
    for measure in ("pose", "recon"):
        status, report = evaluated(measure, checkpoint, tmp_path, *on_it, "--stride", "1")
        assert status == 0
        assert report["sequences"][0]["frames"] == 3
        assert report["sequences"][0]["uncounted"] == 1
        assert "frames without truth, run but not counted: 1" in capsys.readouterr().out


def test_where_all_fail_there_is_no_overall_figure(
    wall: Path, checkpoint: Path, tmp_path: Path
) -> None:
    status, report = evaluated("pose", checkpoint, tmp_path, *on(wall), "--frames", "2")
    assert status == 1
    assert report["overall"] is None
    assert "at least 3 poses" in report["failed"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "7scenes"], "needs --root"),
        (["--dataset", "7scenes", "--root", "nowhere"], "nowhere is not a folder"),
        (["--dataset", "procedural", "--stride", "0"], "--stride must be at least 1"),
        (["--dataset", "procedural", "--camera", "9,9,9,9"], "have cameras of their own"),
        (["--dataset", "7scenes", "--root", ".", "--camera", "no.yaml"], "no.yaml"),
        (["--dataset", "procedural", "--evidence-points", "-1"], "must be at least 0"),
        (["--dataset", "procedural", "--scenes", "0"], "--scenes must be at least 1"),
        (["--dataset", "procedural", "--json", "no/such/x.json"], "no/such does not exist"),
        (["--dataset", "procedural", "--json", "/"], "--json /: is a folder"),
        (["--dataset", "procedural", "--checkpoint", "none.safetensors"], "none.safetensors"),
        (["--dataset", "procedural", "--device", "abacus"], "abacus"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "depth", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a package impossible to import, as if it were not installed."""

    def forget(package: str) -> None:
        ours = ("mem4d_ros.evaluation", "mem4d_ros.cli.evaluate.", "mem4d_ros.cli.train.run")
        for name in list(sys.modules):
            if name.startswith(ours) or name.partition(".")[0] == package:
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, package, None)

    return forget


@pytest.mark.parametrize(
    ("measure", "package"), [("pose", "evo"), ("recon", "small_gicp"), ("depth", "matplotlib")]
)
def test_a_package_of_the_extra_that_is_missing_is_named(
    measure: str,
    package: str,
    without: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    without(package)
    pictures = ["--pictures", str(tmp_path)] if measure == "depth" else []
    assert main(["eval", measure, "--dataset", "procedural", *pictures]) == 1
    said = capsys.readouterr().err
    assert f"needs the package {package}: pip install" in said
    assert said.count("\n") == 1


def test_depth_and_the_trainer_do_without_the_extra(
    wall: Path, checkpoint: Path, tmp_path: Path, without: Callable[[str], None]
) -> None:
    for package in ("evo", "small_gicp", "matplotlib"):
        without(package)
    assert evaluated("depth", checkpoint, tmp_path, *on(wall), "--frames", "1")[0] == 0
    importlib.import_module("mem4d_ros.cli.train.run")
