"""`mem4d reconstruct`: a video, a folder or a bag in, a folder of results out."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from small_networks import SMALL_VIT, small_model

from mem4d_ros.cli.main import main
from mem4d_ros.geometry import project, rigid_inverse, transform_points
from mem4d_ros.mapping import load_map
from mem4d_ros.model.checkpoint import save_checkpoint
from mem4d_ros.runtime import OnlineReconstructor, Reconstruction
from mem4d_ros.runtime.export import RecordFolder, read_ply
from mem4d_ros.runtime.pose_sources import make_pose_source

pytest.importorskip("rosbags")

import bags
from rosbags.highlevel import AnyReader

FRAMES = 6
RATE_HZ = 12.5
LARGEST_STAMP_ERROR_NS = 300
"""Of seconds since 1970 in double precision."""


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    """RGB (48, 64, 3): a camera that moves along a wall."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 24, 3), np.uint8)
    wall = cv2.resize(noise, (96, 48), interpolation=cv2.INTER_CUBIC)
    return [np.ascontiguousarray(wall[:, 2 * i : 2 * i + 64]) for i in range(FRAMES)]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    save_checkpoint(path, small_model(SMALL_VIT))
    return path


@pytest.fixture
def folder(tmp_path: Path, images: list[np.ndarray]) -> Path:
    source = tmp_path / "images"
    source.mkdir()
    for index, image in enumerate(images):
        cv2.imwrite(str(source / f"{index}.png"), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    return source


@pytest.fixture
def video(tmp_path: Path, images: list[np.ndarray]) -> Path:
    path = tmp_path / "video.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), RATE_HZ, (64, 48))
    for image in images:
        writer.write(cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture
def bag(tmp_path: Path, images: list[np.ndarray]) -> Path:
    stamps_ns = [bags.START_NS + index * 80_000_000 for index in range(FRAMES)]
    images_with_stamps = zip(images, stamps_ns, strict=True)
    seen = [bags.image_message(image, "rgb8", stamp) for image, stamp in images_with_stamps]
    return bags.write_bag(tmp_path / "recording", bags.Topic("/camera/image_raw", seen))


@pytest.fixture(params=["folder", "video", "bag"])
def source(request: pytest.FixtureRequest) -> Path:
    return request.getfixturevalue(request.param)


def reconstruct(source: Path, out: Path, checkpoint: Path, *more: str) -> int:
    arguments = ["reconstruct", str(source), "--out", str(out), "--checkpoint", str(checkpoint)]
    arguments += ["--device", "cpu", "--precision", "fp32", "--voxel", "0.05"]
    arguments += ["--pose-source", "geometry"]
    return main([*arguments, *more])


def contents(out: Path) -> dict[str, bytes]:
    """All files to the byte, but the state to go on from."""
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "state.pt"]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


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


def test_another_camera_is_another_run(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert reconstruct(folder, out, checkpoint, "--camera", "70,70,30,25", "--frames", "2") == 0
    assert reconstruct(folder, out, checkpoint, "--camera", "80,80,30,25", "--resume") == 1
    assert "begun with camera" in capsys.readouterr().err


def test_a_bad_camera_is_one_line(
    folder: Path, tmp_path: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert reconstruct(folder, tmp_path / "out", checkpoint, "--camera", "1,2") == 1
    assert "--camera" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def interrupt(patch: pytest.MonkeyPatch, frame: int) -> None:
    """Ctrl-C while a frame is worked on."""
    process = OnlineReconstructor.process

    def interrupted(
        self: OnlineReconstructor,
        image: np.ndarray,
        stamp_ns: int,
        intrinsics: np.ndarray | None = None,
    ) -> Reconstruction:
        found = process(self, image, stamp_ns, intrinsics)
        if found.frame_index == frame:
            os.kill(os.getpid(), signal.SIGINT)
        return found

    patch.setattr(OnlineReconstructor, "process", interrupted)


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
        interrupt(patch, frame=2)
        assert reconstruct(folder, parts, checkpoint) == 0
    assert f"stopped: 3 frames are in {parts}, --resume goes on" in capsys.readouterr().out
    assert len(RecordFolder(parts)) == 3
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
    "wrong", [["--stride", "0"], ["--frames", "x"], ["--voxel", "0"], ["--rate", "nan"]]
)
def test_numbers_are_checked_before_anything_is_done(
    wrong: list[str], folder: Path, tmp_path: Path, checkpoint: Path
) -> None:
    with pytest.raises(SystemExit):
        reconstruct(folder, tmp_path / "out", checkpoint, *wrong)
    assert not (tmp_path / "out").exists()


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
