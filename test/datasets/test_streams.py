"""What may be reconstructed: a folder, a video, or a sequence of a data set, as samples."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import write_nrgbd
from layout_parts import Scene, write_image

from mem4d_ros.datasets import FrameError, open_frames, open_samples


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


def shade(value: int) -> np.ndarray:
    """A BGR image whose red channel is `value`."""
    image = np.zeros((20, 32, 3), np.uint8)
    image[..., 2] = value
    return image


def write_video(path: Path, frames: int) -> None:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 12.5, (32, 20))
    for index in range(frames):
        writer.write(shade(20 * index))
    writer.release()


def test_a_folder_is_read_in_natural_order_as_rgb(tmp_path: Path) -> None:
    for number in (10, 9, 100):
        cv2.imwrite(str(tmp_path / f"image{number}.png"), shade(number))
    source = open_frames(tmp_path)
    frames = list(source)
    assert source.length == 3
    assert [frame.name for frame in frames] == ["image9.png", "image10.png", "image100.png"]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert [tuple(frame.image[0, 0]) for frame in frames] == [(9, 0, 0), (10, 0, 0), (100, 0, 0)]
    assert frames[0].image.dtype == np.uint8


@pytest.mark.parametrize("suffix", ["jpg", "jpeg", "PNG", "bmp", "tif", "tiff", "webp"])
def test_every_usual_format_is_read(tmp_path: Path, suffix: str) -> None:
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), shade(200))
    (tmp_path / "notes.txt").write_text("not an image")
    (frame,) = open_frames(tmp_path)
    assert abs(int(frame.image[10, 16, 0]) - 200) < 4


def test_only_the_colour_images_of_an_rgbd_sequence_are_taken(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "frame-000000.color.png"), shade(50))
    cv2.imwrite(str(tmp_path / "frame-000000.depth.png"), np.full((20, 32), 1500, np.uint16))
    assert [frame.name for frame in open_frames(tmp_path)] == ["frame-000000.color.png"]


def test_grey_images_become_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 32), 77, np.uint8))
    (frame,) = open_frames(tmp_path)
    assert frame.image.shape == (20, 32, 3)
    assert (frame.image == 77).all()


def test_images_are_read_one_at_a_time(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), shade(1))
    (tmp_path / "1.png").write_bytes(b"broken")
    frames = iter(open_frames(tmp_path))
    assert next(frames).index == 0
    with pytest.raises(FrameError, match=r"1\.png"):
        next(frames)


def test_a_video_is_read_with_its_rate_and_more_than_once(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    write_video(path, frames=5)
    source = open_frames(path)
    assert source.frame_rate == pytest.approx(12.5)
    for _ in range(2):
        frames = list(source)
        assert [frame.index for frame in frames] == list(range(5))
        reds = [int(frame.image[10, 16, 0]) for frame in frames]
        np.testing.assert_allclose(reds, [0, 20, 40, 60, 80], atol=4)


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="nowhere does not exist"):
        open_frames(tmp_path / "nowhere")


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FrameError, match="holds no images"):
        open_frames(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a video"])
def test_an_unreadable_video_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.mp4"
    path.write_bytes(content)
    with pytest.raises(FrameError, match=r"broken\.mp4 is not a video"):
        open_frames(path)
