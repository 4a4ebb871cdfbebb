"""What may be reconstructed: a folder, a video, or a sequence of a data set, as samples."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import write_nrgbd
from layout_parts import Scene, write_image

from mem4d_ros.datasets import FrameError, open_samples


def test_a_folder_of_images(scene: Scene, tmp_path: Path) -> None:
    for index, image in enumerate(scene.images):
        write_image(tmp_path / "walk" / f"{index}.png", image)
    stream = open_samples(tmp_path / "walk")
    samples = list(stream)
    assert stream.name == "walk"
    assert stream.length == len(samples) == len(scene)
    for sample, image in zip(samples, scene.images, strict=True):
        np.testing.assert_array_equal(sample.image, image)
    assert {sample.stamp_s for sample in samples} == {None}
    assert samples[1].name == "1.png"


def test_a_video_has_stamps(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "walk.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 12.5, (32, 24))
    for image in scene.images:
        writer.write(image)
    writer.release()
    stream = open_samples(path)
    assert stream.name == "walk"
    assert stream.length is None
    stamps = [sample.stamp_s for sample in stream]
    np.testing.assert_allclose(stamps, np.arange(len(scene)) / 12.5)


def test_a_sequence_of_a_data_set(scene: Scene, tmp_path: Path) -> None:
    write_nrgbd(scene, tmp_path)
    stream = open_samples(tmp_path, dataset="nrgbd")
    assert stream.name == "whiteroom"
    assert stream.length == len(scene)
    for sample, pose in zip(stream, scene.camera_to_world, strict=True):
        np.testing.assert_allclose(sample.camera_to_world, pose, atol=1e-9)


def test_several_sequences_are_listed(scene: Scene, tmp_path: Path) -> None:
    for part in ("a", "b"):
        write_nrgbd(scene, tmp_path / part)
    with pytest.raises(FrameError, match=r"several sequences \(a/whiteroom, b/whiteroom\)"):
        open_samples(tmp_path, dataset="nrgbd")


def test_a_topic_is_for_bags(scene: Scene, tmp_path: Path) -> None:
    write_image(tmp_path / "0.png", scene.images[0])
    with pytest.raises(FrameError, match="is not a ROS 2 bag, so it has no topic /image"):
        open_samples(tmp_path, topic="/image")


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="nowhere does not exist: give a folder of images, a vid"):
        open_samples(tmp_path / "nowhere")
