"""`mem4d reconstruct`: a video, a folder or a bag in, a folder of results out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from reconstruct_runs import FRAMES, reconstruct
from small_networks import SMALL_VIT, small_model

from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.mapping import load_map
from mem4d_ros.runtime import OnlineReconstructor
from mem4d_ros.runtime.export import RecordFolder, read_ply
from mem4d_ros.runtime.pose_sources import make_pose_source

pytest.importorskip("rosbags")

import bags
from rosbags.highlevel import AnyReader

SMALL_FILES = """
import resource, signal, sys
from pathlib import Path
from reconstruct_runs import reconstruct
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # Python would leave modules cut short to those that come after
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
sys.exit(reconstruct(*map(Path, sys.argv[1:])))
"""
LARGEST_STAMP_ERROR_NS = 300
"""Of seconds since 1970 in double precision."""


@pytest.fixture(params=["folder", "video", "bag"])
def source(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def test_every_source_gives_every_result(
    source: Path, tmp_path: Path, checkpoint: Path, images: list[np.ndarray]
) -> None:
    out = tmp_path / "out"
    assert reconstruct(source, out, checkpoint) == 0

    records = list(RecordFolder(out))
    assert len(records) == FRAMES
    network = small_model(SMALL_VIT)
    poses = make_pose_source("geometry")
    online = OnlineReconstructor(network, 64, network.config.memory, pose_source=poses)
    for record, image in zip(records, images, strict=True):
        assert np.abs(record.image.astype(int) - image).mean() < 20  # a video is lossy
        found = online.process(record.image, 0)
        np.testing.assert_allclose(record.depth, found.depth, rtol=1e-4)
        np.testing.assert_allclose(record.intrinsics, found.intrinsics, rtol=1e-4)
    start_ns, step_ns = {
        "images": (0, 33_333_333),
        "video": (0, 80_000_000),
        "recording": (bags.START_NS, 80_000_000),
    }[source.stem]
    stamps = [record.stamp_ns for record in records]
    assert np.abs(np.diff([start_ns - step_ns, *stamps]) - step_ns).max() <= LARGEST_STAMP_ERROR_NS

    assert len(read_ply(out / "static_cloud.ply").positions) > 0
    assert cv2.imread(str(out / "summary.png")).shape[1] > 1000
    assert cv2.imread(str(out / "growth.png")).shape[1] > 900
    with AnyReader([out / "bag"]) as reader:
        counts = {topic: info.msgcount for topic, info in reader.topics.items()}
    assert counts["/mem4d/points"] == counts["/tf"] == FRAMES
    assert len(list((out / "moving").iterdir())) == FRAMES


@pytest.mark.parametrize("camera", [None, "70,70,30,25", "bent"])
def test_every_point_projects_into_its_own_pixel(
    camera: str | None, folder: Path, tmp_path: Path, checkpoint: Path
) -> None:
    """By one camera for all frames: the given one, or the first frame's prediction."""
    if camera == "bent":
        camera = str(tmp_path / "bent.yaml")
        Path(camera).write_text(
            "image_width: 128\nimage_height: 96\ndistortion_model: plumb_bob\n"
            "camera_matrix: {rows: 3, cols: 3, data: [140, 0, 60.5, 0, 140, 50.5, 0, 0, 1]}\n"
            "distortion_coefficients: {rows: 1, cols: 4, data: [-0.2, 0.03, 0, 0]}\n"
        )
    more = [] if camera is None else ["--camera", camera]
    assert reconstruct(folder, tmp_path / "out", checkpoint, *more) == 0
    records = list(RecordFolder(tmp_path / "out"))
    for record in records:
        np.testing.assert_array_equal(record.intrinsics, records[0].intrinsics)
        if camera is not None:
            expected = [[70, 0, 30], [0, 70, 25], [0, 0, 1]]
            np.testing.assert_allclose(record.intrinsics, expected, rtol=1e-6)
        kept = record.confidence > 0
        assert kept.mean() > 0.3
        world_to_camera = rigid_inverse(record.camera_to_world)
        points = transform_points(world_to_camera, record.points_world[kept].astype(np.float64))
        pixels, depth = project(points, record.intrinsics)
        np.testing.assert_allclose(pixels, np.argwhere(kept)[:, ::-1], atol=0.05)
        np.testing.assert_allclose(depth, record.depth[kept], rtol=1e-3)


def test_without_rosbags_all_but_the_bag_is_written(
    folder: Path,
    tmp_path: Path,
    checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bag follows when the package is there."""
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.startswith("rosbags")]:
            patch.setitem(sys.modules, name, None)
        for module in ("bag_writer", "bag_messages"):
            patch.delitem(sys.modules, f"mem4d_ros.runtime.export.{module}", raising=False)
            patch.delattr(f"mem4d_ros.runtime.export.{module}", raising=False)
        assert reconstruct(folder, out, checkpoint) == 0
    said = capsys.readouterr().err
    assert (
        "all but the bag is written: a bag for RViz and Foxglove needs the package rosbags" in said
    )
    assert not (out / "bag").exists()
    assert {"static_cloud.ply", "summary.png", "trajectory.txt"} <= {p.name for p in out.iterdir()}
    assert reconstruct(folder, out, checkpoint, "--resume") == 0
    assert (out / "bag" / "metadata.yaml").exists()


def test_a_bad_camera_is_one_line(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconstruct(folder, tmp_path / "out", checkpoint, "--camera", "1,2") == 1
    assert "--camera" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_source_without_images_fails(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = bags.Topic("/image", [bags.image_message(np.zeros((48, 64), np.uint8), "mono8")])
    source = bags.write_bag(tmp_path / "empty", image, keep=0)
    assert reconstruct(source, tmp_path / "out", checkpoint) == 1
    assert f"{source} has no images: is it the right source" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_recording_that_loops_ends_with_the_first_lap(
    tmp_path: Path, checkpoint: Path, images: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    lap = [
        bags.image_message(image, "rgb8", bags.START_NS + index * 400_000_000)
        for index, image in enumerate(images[:3])
    ]
    source = bags.write_bag(tmp_path / "loop", bags.Topic("/image", lap + lap))
    assert reconstruct(source, tmp_path / "out", checkpoint) == 0
    assert len(RecordFolder(tmp_path / "out")) == 3
    said = capsys.readouterr().err
    assert "stamps jump back by 0.800 s at /image 3 (a looped recording?)" in said


@pytest.mark.parametrize(
    ("source", "message"),
    [("nowhere", "does not exist"), ("empty", "holds no images")],
)
def test_a_source_that_cannot_be_read_is_one_line(
    source: str,
    message: str,
    tmp_path: Path,
    checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "empty").mkdir()
    assert reconstruct(tmp_path / source, tmp_path / "out", checkpoint) == 1
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ["--stride", "0"],
        ["--stride", "9" * 30],
        ["--frames", "x"],
        ["--frames", "9" * 30],
        ["--voxel", "0"],
        ["--rate", "nan"],
        ["--rate", "inf"],
        ["--rate", "1e-300"],
    ],
)
def test_numbers_are_checked_before_anything_is_done(
    wrong: list[str], folder: Path, tmp_path: Path, checkpoint: Path
) -> None:
    with pytest.raises(SystemExit):
        reconstruct(folder, tmp_path / "out", checkpoint, *wrong)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_named_and_resume_goes_on(
    folder: Path, tmp_path: Path, checkpoint: Path
) -> None:
    """Small files are allowed, as if the others found no room."""
    out = tmp_path / "out"
    command = [sys.executable, "-c", SMALL_FILES, str(folder), str(out), str(checkpoint)]
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": path}
    )
    assert done.returncode == 1
    *_, line = done.stderr.splitlines()
    assert re.fullmatch(rf"mem4d reconstruct: {out}.*: .* --resume goes on", line), done.stderr
    assert reconstruct(folder, out, checkpoint, "--resume") == 0
    assert len(RecordFolder(out)) == FRAMES


def test_a_map_is_saved_and_frames_are_found_in_it(
    tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Images of a wall, mapped once and found again, but for one of another wall."""
    noise = np.random.default_rng(0).integers(0, 256, (2, 60, 90, 3), np.uint8)
    walls = [cv2.resize(part, (360, 240), interpolation=cv2.INTER_CUBIC) for part in noise]
    source = tmp_path / "wall"
    source.mkdir()
    for index in range(6):
        cv2.imwrite(str(source / f"{index}.png"), walls[0][:, 5 * index : 5 * index + 320])
    first, again, room = tmp_path / "first", tmp_path / "again", tmp_path / "room.map"
    geometry = ("--pose-source", "geometry")
    saved = (*geometry, "--save-map", str(room), "--frames", "3")
    assert reconstruct(source, first, checkpoint, *saved) == 0
    assert len(load_map(room).world.landmarks) > 50
    cv2.imwrite(str(source / "0.png"), walls[1][:, :320])
    assert reconstruct(source, again, checkpoint, *geometry, "--map", str(room)) == 0
    assert [record.name for record in RecordFolder(again)] == [f"{i}.png" for i in range(1, 6)]
    assert "not recognised in the map" in (again / "skipped.csv").read_text()
    (room / "map.json").write_text("{")
    capsys.readouterr()
    assert reconstruct(source, tmp_path / "x", checkpoint, *geometry, "--map", str(room)) == 1
    assert "is damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "more", "reason"),
    [
        ("a.map", ("--pose-source", "head"), "only the pose source geometry has a map"),
        ("images", (), "exists and holds no map"),
        ("out", (), "are the same folder"),
    ],
)
def test_a_map_that_cannot_be_written_is_refused_before_anything_is_done(
    folder: Path,
    tmp_path: Path,
    checkpoint: Path,
    capsys: pytest.CaptureFixture[str],
    target: str,
    more: tuple[str, ...],
    reason: str,
) -> None:
    out = tmp_path / "out"
    save = ("--save-map", str(tmp_path / target))
    assert reconstruct(folder, out, checkpoint, *save, *more) == 1
    assert reason in capsys.readouterr().err
    assert not out.exists()
