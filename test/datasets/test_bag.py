"""Images come out of bags as they went in, with stamps and intrinsics, from either storage."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bags import START_NS, Topic, camera_info, compressed_message, image_message, write_bag
from layout_parts import Scene
from rosbags.rosbag2 import StoragePlugin

from mem4d_ros.datasets import FrameError, SampleStream, open_samples

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


def test_a_bag_without_images_is_named(tmp_path: Path) -> None:
    bag = write_bag(tmp_path / "bag", Topic("/camera_info", [camera_info(np.eye(3))]))
    with pytest.raises(FrameError, match="bag: choose a topic; those with images: none"):
        open_samples(bag)


@pytest.mark.parametrize(
    ("image", "info", "error"),
    [
        (image_message(RGB[..., 0].astype(np.float32), "32FC1"), np.eye(3), "has no colours"),
        (image_message(RGB, "rgb8"), -np.eye(3), "calibrate the camera"),
    ],
)
def test_an_image_that_cannot_be_used_is_named(
    image: Any, info: np.ndarray, error: str, tmp_path: Path
) -> None:
    topics = Topic("/image", [image]), Topic("/camera_info", [camera_info(info, 22, 18)])
    stream = open_samples(write_bag(tmp_path / "walk", *topics))
    with pytest.raises(FrameError, match=rf"walk, /image 0: .*{error}"):
        list(stream)


@pytest.mark.parametrize(
    "name", ["broken.db3", "broken.mcap", "broken/metadata.yaml", "folder.mcap/notes.txt"]
)
def test_a_broken_bag_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"neither sqlite nor mcap")
    bag = path if path.parent == tmp_path else path.parent
    with pytest.raises(FrameError, match=rf"{re.escape(str(bag))} is not a readable ROS 2 bag"):
        open_samples(bag)


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rosbags", None)
    (tmp_path / "a.mcap").touch()
    with pytest.raises(FrameError, match="a ROS 2 bag needs the package rosbags: pip install"):
        open_samples(tmp_path / "a.mcap")
