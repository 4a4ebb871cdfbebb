"""Images come out of bags as they went in, with stamps and intrinsics, from either storage."""

from __future__ import annotations

import re
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from bags import (
    START_NS,
    Topic,
    camera_info,
    compressed_message,
    image_message,
    write_bag,
    write_ros1_bag,
)
from layout_parts import Scene
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from mem4d_ros.datasets import BadFrame, FrameError, Sample, SampleStream, open_samples
from mem4d_ros.datasets.optional import zstd

RGB = np.random.default_rng(0).integers(0, 256, (18, 22, 3), np.uint8)


def images_of(scene: Scene) -> list[Any]:
    return [
        image_message(image, "rgb8", START_NS + t * 33_000_000)
        for t, image in enumerate(scene.images)
    ]


def storage_file(folder: Path) -> Path:
    (path,) = (path for path in folder.iterdir() if path.name != "metadata.yaml")
    return path


@pytest.mark.parametrize("storage", StoragePlugin)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_bag_is_read_with_stamps_and_intrinsics(
    storage: StoragePlugin, as_file: bool, scene: Scene, tmp_path: Path
) -> None:
    bag = write_bag(
        tmp_path / "walk",
        Topic("/camera/color/image_raw", images_of(scene)),
        Topic("/camera/color/camera_info", [camera_info(scene.intrinsics)]),
        storage=storage,
    )
    stream = open_samples(storage_file(bag) if as_file else bag)
    assert stream.name == "walk"
    assert stream.length == len(scene)
    for _ in range(2):
        samples = list(stream)
        assert len(samples) == len(scene)
        for t, sample in enumerate(samples):
            np.testing.assert_array_equal(sample.image, scene.images[t])
            np.testing.assert_allclose(sample.intrinsics, scene.intrinsics, rtol=1e-12)
            assert sample.stamp_s == pytest.approx(START_NS / 1e9 + 0.033 * t, abs=1e-6)
            assert sample.depth is None
            assert sample.camera_to_world is None


def test_images_without_a_stamp_have_the_time_of_recording(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", Topic("/image", [image_message(RGB, "rgb8", 0)] * 3))
    stamps = [sample.stamp_s for sample in open_samples(bag)]
    expected = START_NS / 1e9 + 1 + np.array([0, 0.01, 0.02])
    np.testing.assert_allclose(stamps, expected, rtol=0, atol=1e-6)


def several(tmp_path: Path) -> Path:
    return write_bag(
        tmp_path / "bag",
        Topic("/left/image", [image_message(RGB, "rgb8")]),
        Topic("/left/image/compressed", [compressed_message(255 - RGB, ".png")]),
        Topic("/left/camera_info", [camera_info(np.diag([9.0, 9, 1]), 22, 18)]),
        Topic("/right/image", [image_message(RGB, "rgb8")]),
        Topic("/right/camera_info", [camera_info(np.zeros((3, 3)), 22, 18)]),
    )


def only_sample(stream: SampleStream) -> Any:
    (sample,) = stream
    return sample


def test_one_of_several_topics_is_chosen(tmp_path: Path) -> None:
    bag = several(tmp_path)
    compressed = only_sample(open_samples(bag, topic="/left/image/compressed"))
    np.testing.assert_array_equal(compressed.image, 255 - RGB)
    assert compressed.intrinsics[0, 0] == 9
    assert only_sample(open_samples(bag, topic="/right/image")).intrinsics is None


def test_several_topics_are_listed(tmp_path: Path) -> None:
    bag = several(tmp_path)
    listed = "/left/image, /left/image/compressed, /right/image"
    with pytest.raises(FrameError, match=f"choose a topic; those with images: {listed}"):
        open_samples(bag)
    with pytest.raises(FrameError, match=f"no images on the topic /left/camera_info: .*{listed}"):
        open_samples(bag, topic="/left/camera_info")


def test_an_image_before_the_epoch_is_named_and_those_behind_it_come(tmp_path: Path) -> None:
    early = image_message(RGB, "rgb8")
    early.header.stamp.sec = -5
    bag = write_bag(tmp_path / "bag", Topic("/image", [early, image_message(RGB, "rgb8")]))
    first, second = open_samples(bag)
    assert isinstance(first, BadFrame)
    assert "its stamp is before the epoch (-" in first.reason
    assert isinstance(second, Sample)


def test_a_bag_without_images_is_named(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", Topic("/camera_info", [camera_info(np.eye(3))]))
    with pytest.raises(FrameError, match=r"bag has no topic of images \(sensor_msgs/msg/Image or"):
        open_samples(bag)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (image_message(RGB[..., 0].astype(np.float32), "32FC1"), "has no colours"),
        (image_message(RGB[:2, :2], "rgb8"), "image size 2x2"),
    ],
)
def test_an_image_that_cannot_be_used_is_named_and_those_behind_it_come(
    bad: Any, reason: str, tmp_path: Path
) -> None:
    good = image_message(RGB, "rgb8")
    first, second, third = open_samples(
        write_bag(tmp_path / "walk", Topic("/image", [good, bad, good]))
    )
    assert isinstance(second, BadFrame)
    assert second.name == "/image 1"
    assert re.search(rf"walk, /image 1: .*{reason}", second.reason)
    for sample in (first, third):
        np.testing.assert_array_equal(sample.image, RGB)


@pytest.mark.parametrize(
    ("info", "reason"),
    [
        (camera_info(-np.eye(3), 22, 18), "calibrate the camera"),
        (camera_info(np.diag([9.0, 9, 1]), 30, 18), "it describes 30x18 pixels, but .* 22x18"),
    ],
)
def test_a_camera_info_of_no_use_is_said(info: Any, reason: str, tmp_path: Path) -> None:
    said: list[str] = []
    topics = Topic("/image", [image_message(RGB, "rgb8")] * 2), Topic("/camera_info", [info])
    samples = list(open_samples(write_bag(tmp_path / "walk", *topics), say=said.append))
    assert [sample.intrinsics for sample in samples] == [None, None]
    assert re.fullmatch(rf"/image: CameraInfo is not used, .*: .*{reason}.*", said[0])


def test_the_first_camera_info_with_a_calibration_counts(tmp_path: Path) -> None:
    k = np.array([[20.0, 0, 10.5], [0, 20, 8.5], [0, 0, 1]])
    unset = [camera_info(np.zeros((3, 3)), 22, 18), camera_info(np.eye(3), 22, 18, p=np.zeros(12))]
    infos = [*unset, camera_info(k, 22, 18)]
    topics = Topic("/image", [image_message(RGB, "rgb8")]), Topic("/camera_info", infos)
    sample = only_sample(open_samples(write_bag(tmp_path / "walk", *topics)))
    np.testing.assert_allclose(sample.intrinsics, k)


def test_a_camera_info_of_another_size_is_followed(tmp_path: Path) -> None:
    info = camera_info(np.array([[20.0, 0, 21.5], [0, 20, 17.5], [0, 0, 1]]), 44, 36)
    topics = Topic("/image", [image_message(RGB, "rgb8")]), Topic("/camera_info", [info])
    sample = only_sample(open_samples(write_bag(tmp_path / "walk", *topics)))
    np.testing.assert_allclose(sample.intrinsics, [[10, 0, 10.5], [0, 10, 8.5], [0, 0, 1]])


@pytest.mark.parametrize("metadata", [None, b"", b"half: [", b"a string"])
@pytest.mark.parametrize("storage", StoragePlugin)
def test_a_folder_is_read_without_its_metadata(
    storage: StoragePlugin, metadata: bytes | None, scene: Scene, tmp_path: Path
) -> None:
    """Of a recorder that was killed."""
    bag = write_bag(tmp_path / "walk", Topic("/image", images_of(scene)), storage=storage)
    (bag / "metadata.yaml").unlink()
    if metadata is not None:
        (bag / "metadata.yaml").write_bytes(metadata)
    (bag / f"._{storage_file(bag).name}").write_bytes(b"of another system")
    stream = open_samples(bag)
    assert stream.length == len(scene)
    for sample, image in zip(stream, scene.images, strict=True):
        np.testing.assert_array_equal(sample.image, image)


def test_a_folder_of_several_files_is_read_in_their_order(scene: Scene, tmp_path: Path) -> None:
    folder = tmp_path / "walk"
    folder.mkdir()
    for index, message in enumerate(images_of(scene)):
        part = write_bag(tmp_path / f"part{index}", Topic("/image", [message]), late_s=index)
        storage_file(part).rename(folder / f"walk_{index + 8}.db3")  # 8, 9, 10, ...
    stream = open_samples(folder)
    assert stream.length == len(scene)
    for sample, image in zip(stream, scene.images, strict=True):
        np.testing.assert_array_equal(sample.image, image)


@pytest.mark.parametrize("compression", [None, CompressionMode.STORAGE])
@pytest.mark.parametrize("share", [0.6, 0.8, 0.999])
def test_of_a_cut_off_mcap_the_whole_messages_are_read(
    share: float, compression: CompressionMode | None, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (8, 100, 200, 3), np.uint8)
    topic = Topic(
        "/image", [image_message(image, "rgb8", START_NS + t) for t, image in enumerate(noise)]
    )
    bag = write_bag(tmp_path / "walk", topic, storage=StoragePlugin.MCAP, compression=compression)
    whole = storage_file(bag).read_bytes()
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole[: int(len(whole) * share)])
    said: list[str] = []
    samples = list(open_samples(cut, say=said.append))
    assert len(samples) == pytest.approx(8 * share, abs=2)
    for sample, image in zip(samples, noise, strict=False):
        np.testing.assert_array_equal(sample.image, image)
    assert f"{cut} is damaged or cut off: what is whole of it is read" in said


def test_a_compressed_file_is_read(scene: Scene, tmp_path: Path) -> None:
    """As `ros2 bag record --compression-mode file` leaves it where it is killed."""
    whole = storage_file(write_bag(tmp_path / "walk", Topic("/image", images_of(scene))))
    path = tmp_path / "walk.db3.zstd"
    path.write_bytes(zstd().compress(whole.read_bytes()))
    assert len(list(open_samples(path))) == len(scene)


@pytest.mark.parametrize("mode", [mode for mode in CompressionMode if mode != CompressionMode.NONE])
@pytest.mark.parametrize("has_metadata", [False, True])
def test_compressed_bags_are_read(
    mode: CompressionMode, has_metadata: bool, scene: Scene, tmp_path: Path
) -> None:
    topic = Topic("/image", images_of(scene))
    in_chunks = mode == CompressionMode.STORAGE
    storage = StoragePlugin.MCAP if in_chunks else StoragePlugin.SQLITE3
    bag = write_bag(tmp_path / "walk", topic, storage=storage, compression=mode)
    if not has_metadata:
        (bag / "metadata.yaml").unlink()
    for sample, image in zip(open_samples(bag), scene.images, strict=True):
        np.testing.assert_array_equal(sample.image, image)


def test_a_bag_of_ros_1_is_read(scene: Scene, tmp_path: Path) -> None:
    path = write_ros1_bag(tmp_path / "walk.bag", scene.images, scene.intrinsics)
    stream = open_samples(path)
    assert stream.length == len(scene)
    for t, sample in enumerate(stream):
        np.testing.assert_array_equal(sample.image, scene.images[t])
        np.testing.assert_allclose(sample.intrinsics, scene.intrinsics)
        assert sample.stamp_s == pytest.approx(START_NS / 1e9 + 0.1 * t, abs=1e-6)


@pytest.mark.parametrize(
    "name", ["broken.db3", "broken.mcap", "broken.bag", "broken/metadata.yaml", "a/broken.db3"]
)
def test_a_broken_bag_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"neither sqlite nor mcap")
    bag = path if path.parent == tmp_path else path.parent
    with pytest.raises(FrameError, match=rf"{re.escape(str(bag))}.* is not a readable ROS bag"):
        open_samples(bag)


def test_images_beside_a_bag_are_a_folder_of_images(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), RGB)
    (tmp_path / "raw.bag").touch()
    assert only_sample(open_samples(tmp_path)).name == "0.png"


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rosbags", None)
    (tmp_path / "a.mcap").touch()
    with pytest.raises(FrameError, match="a ROS bag needs the package rosbags: pip install"):
        open_samples(tmp_path / "a.mcap")


@pytest.mark.parametrize("has_metadata", [False, True])
def test_messages_in_the_log_of_a_recorder_that_was_killed_are_read(
    has_metadata: bool, scene: Scene, tmp_path: Path
) -> None:
    """As ROS 2 Foxy leaves them: SQLite writes to a log beside the file."""
    bag = write_bag(tmp_path / "open", Topic("/image", images_of(scene)))
    killed = tmp_path / "killed"
    with closing(sqlite3.connect(storage_file(bag))) as database:
        rows = database.execute("SELECT topic_id, timestamp, data FROM messages").fetchall()
        database.execute("DELETE FROM messages")
        database.commit()
        database.execute("PRAGMA journal_mode = WAL")
        insert = "INSERT INTO messages (topic_id, timestamp, data) VALUES (?, ?, ?)"
        database.executemany(insert, rows)
        database.commit()
        shutil.copytree(bag, killed)
    if not has_metadata:
        (killed / "metadata.yaml").unlink()
    before = {path: path.read_bytes() for path in killed.iterdir()}
    said: list[str] = []
    samples = list(open_samples(killed, say=said.append))
    for sample, image in zip(samples, scene.images, strict=True):
        np.testing.assert_array_equal(sample.image, image)
    assert "was not closed by its recorder: messages that wait in" in said[0]
    assert {path: path.read_bytes() for path in killed.iterdir()} == before


@pytest.mark.parametrize("name", ["100% #1?", "Küche 日本"])
@pytest.mark.parametrize("as_file", [False, True])
def test_a_bag_may_have_any_name(name: str, as_file: bool, scene: Scene, tmp_path: Path) -> None:
    written = write_bag(tmp_path / "walk", Topic("/image", images_of(scene)))
    folder = written.rename(tmp_path / name)
    stream = open_samples(
        storage_file(folder).rename(folder / f"{name}.db3") if as_file else folder
    )
    assert stream.name == name
    assert len(list(stream)) == len(scene)


def test_a_file_in_a_bag_may_have_any_name(scene: Scene, tmp_path: Path) -> None:
    """As those have of a bag that was recorded under such a name."""
    bag = write_bag(tmp_path / "walk", Topic("/image", images_of(scene)))
    storage_file(bag).rename(bag / "walk #1.db3")
    metadata = bag / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("- walk.db3", "- 'walk #1.db3'"))
    said: list[str] = []
    assert len(list(open_samples(bag, say=said.append))) == len(scene)
    assert not any("readable" in remark for remark in said)


def test_a_part_of_a_split_bag_that_is_missing_is_named(scene: Scene, tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "walk", Topic("/image", images_of(scene)))
    metadata = bag / "metadata.yaml"
    metadata.write_text(metadata.read_text().replace("- walk.db3", "- gone.db3\n  - walk.db3"))
    said: list[str] = []
    assert len(list(open_samples(bag, say=said.append))) == len(scene)
    assert re.search(r"missing.*gone\.db3.*: its files are read without metadata", said[0])


def test_a_damaged_camera_info_is_passed_over(tmp_path: Path) -> None:
    k = np.array([[20.0, 0, 10.5], [0, 20, 8.5], [0, 0, 1]])
    topics = Topic("/image", [image_message(RGB, "rgb8")]), Topic("/camera_info", [camera_info(k)])
    bag = write_bag(tmp_path / "walk", *topics, Topic("/b/camera_info", [camera_info(k, 22, 18)]))
    with closing(sqlite3.connect(storage_file(bag))) as database:
        database.execute("UPDATE messages SET data = x'00010000' WHERE topic_id = 2")
        database.execute("UPDATE messages SET topic_id = 2 WHERE topic_id = 3")
        database.commit()
    np.testing.assert_allclose(only_sample(open_samples(bag)).intrinsics, k)
