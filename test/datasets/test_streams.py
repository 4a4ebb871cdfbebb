"""What may be reconstructed: a folder, a video, or a sequence of a data set, as samples."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from dataset_layouts import write_nrgbd
from layout_parts import Scene, write_image
from uneven_video import write_uneven_video

from mem4d_ros.datasets import BadFrame, FrameError, open_frames, open_samples, usable_frames


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
    with pytest.raises(FrameError, match="is not a ROS bag, so it has no topic /image"):
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
        writer.write(shade(20 * index % 256))
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


@pytest.mark.parametrize(
    "suffix",
    ["jpg", "jpeg", "PNG", "bmp", "tif", "tiff", "webp", "ppm", "pnm", "jp2", "gif", "dib", "hdr"],
)
def test_every_usual_format_is_read(tmp_path: Path, suffix: str) -> None:
    image = cv2.resize(shade(200), (160, 100))  # smaller ones JPEG 2000 refuses
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), image)
    (tmp_path / "notes.txt").write_text("not an image")
    (frame,) = open_frames(tmp_path)
    assert abs(int(frame.image[10, 16, 0]) - 200) < 30  # GIF has few colours


def test_only_the_colour_images_of_an_rgbd_sequence_are_taken(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "frame-000000.color.png"), shade(50))
    cv2.imwrite(str(tmp_path / "frame-000000.depth.png"), np.full((20, 32), 1500, np.uint16))
    assert [frame.name for frame in open_frames(tmp_path)] == ["frame-000000.color.png"]


def test_of_a_pair_of_cameras_the_left_images_are_taken(tmp_path: Path) -> None:
    for side, value in (("left", 10), ("right", 200)):
        for number in range(2):
            cv2.imwrite(str(tmp_path / f"{number}_{side}.png"), shade(value))
    cv2.imwrite(str(tmp_path / "0_depth.png"), shade(0))
    said: list[str] = []
    frames = list(open_frames(tmp_path, said.append))
    assert [frame.name for frame in frames] == ["0_left.png", "1_left.png"]
    assert said == [f"{tmp_path}: left out, as depth or of a second camera: 3, such as 0_depth.png"]


@pytest.mark.parametrize("names", [["right_0.png", "right_1.png"], ["depth_0.png", "depth_1.png"]])
def test_images_without_others_beside_them_are_taken(names: list[str], tmp_path: Path) -> None:
    for name in names:
        cv2.imwrite(str(tmp_path / name), shade(1))
    assert [frame.name for frame in open_frames(tmp_path)] == names


def write_animation(
    path: Path, shades: list[int], durations_ms: tuple[int, ...] = (40, 500, 40)
) -> None:
    if not hasattr(cv2, "imwriteanimation"):
        pytest.skip("needs OpenCV 4.11, which writes animations")
    animation = cv2.Animation()
    animation.frames = [np.dstack([shade(value), shade(255)[..., 2]]) for value in shades]
    animation.durations = np.array(durations_ms)
    assert cv2.imwriteanimation(str(path), animation, [cv2.IMWRITE_WEBP_QUALITY, 101])


def test_an_animated_webp_is_a_video(tmp_path: Path) -> None:
    write_animation(tmp_path / "walk.webp", [20, 90, 160])
    frames = list(open_samples(tmp_path / "walk.webp"))
    np.testing.assert_allclose([frame.stamp_s for frame in frames], [0, 0.04, 0.54])
    np.testing.assert_allclose([frame.image[5, 5] for frame in frames], [
        [20, 0, 0], [90, 0, 0], [160, 0, 0]
    ], atol=2)  # fmt: skip


def test_frames_of_an_animation_without_durations_have_stamps_of_their_own(tmp_path: Path) -> None:
    write_animation(tmp_path / "walk.webp", [20, 90, 160], durations_ms=(0, 0, 0))
    stamps_s = [frame.stamp_s for frame in open_samples(tmp_path / "walk.webp")]
    np.testing.assert_allclose(stamps_s, [0, 0.1, 0.2])


def test_of_an_animated_webp_in_a_folder_the_first_image_is_taken(tmp_path: Path) -> None:
    write_animation(tmp_path / "a.webp", [20, 90, 160])
    said: list[str] = []
    (frame,) = open_frames(tmp_path, said.append)
    assert abs(int(frame.image[5, 5, 0]) - 20) < 3
    assert said == [
        f"{tmp_path / 'a.webp'} is animated: its first image is taken, as of the others"
    ]


def test_a_broken_animation_is_named(tmp_path: Path) -> None:
    write_animation(tmp_path / "walk.webp", [20, 90, 160])
    whole = (tmp_path / "walk.webp").read_bytes()
    (tmp_path / "walk.webp").write_bytes(whole[:40])
    with pytest.raises(FrameError, match=r"walk\.webp is not a video"):
        open_frames(tmp_path / "walk.webp")


def test_grey_images_become_rgb(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 32), 77, np.uint8))
    (frame,) = open_frames(tmp_path)
    assert frame.image.shape == (20, 32, 3)
    assert (frame.image == 77).all()


def broken(kind: str) -> bytes:
    whole = cv2.imencode(".jpg" if kind == "half a JPEG" else ".png", shade(90))[1].tobytes()
    return {"empty": b"", "nonsense": b"nonsense"}.get(kind, whole[: len(whole) * 2 // 3])


@pytest.mark.parametrize("kind", ["empty", "nonsense", "half a JPEG", "half a PNG"])
def test_a_broken_image_is_named_and_those_behind_it_come(kind: str, tmp_path: Path) -> None:
    for number in (0, 2):
        cv2.imwrite(str(tmp_path / f"{number}.png"), shade(1))
    (tmp_path / "1.png").write_bytes(broken(kind))
    first, second, third = open_frames(tmp_path)
    assert (first.name, first.index, third.name, third.index) == ("0.png", 0, "2.png", 2)
    assert isinstance(second, BadFrame)
    assert second.name == "1.png"
    assert second.reason.endswith("1.png is not a readable image: replace or remove it")
    said: list[str] = []
    assert [frame.index for frame in usable_frames(open_frames(tmp_path), said.append)] == [0, 2]
    assert said == [f"1.png is left out: {second.reason}"]


def test_all_images_broken_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "0.png").touch()
    with pytest.raises(FrameError, match="none of the frames can be used"):
        list(usable_frames(open_frames(tmp_path)))


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), shade(1))
    for name in ("a.heic", "b.HEIC", "notes.txt", "._0.png", ".DS_Store"):
        (tmp_path / name).write_bytes(b"?")
    said: list[str] = []
    (frame,) = open_frames(tmp_path, said.append)
    assert frame.name == "0.png"
    assert said == [f"{tmp_path}: left out, as no images that can be read: 2 .heic, 1 .txt"]
    (tmp_path / "0.png").unlink()
    with pytest.raises(FrameError, match=r"holds no images, only 2 \.heic, 1 \.txt: give a folder"):
        open_frames(tmp_path)


def test_links_to_nothing_are_said(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), shade(1))
    (tmp_path / "1.png").symlink_to("1.png")
    (tmp_path / "2.png").symlink_to("nowhere.png")
    (tmp_path / "again").symlink_to(".")
    said: list[str] = []
    assert [frame.name for frame in open_frames(tmp_path, said.append)] == ["0.png"]
    assert re.fullmatch(rf"{tmp_path}: left out, as links to nothing: 2, such as .*", said[0])


def test_a_huge_image_is_not_decoded(tmp_path: Path) -> None:
    png = bytearray(cv2.imencode(".png", shade(1))[1].tobytes())
    png[16:24] = struct.pack(">II", 20_000, 20_000)
    (tmp_path / "0.png").write_bytes(png)
    (frame,) = open_frames(tmp_path)
    assert isinstance(frame, BadFrame)
    assert frame.reason.endswith("0.png has 20000x20000 pixels: at most 64 megapixels are read")


def test_what_some_cameras_write_before_and_behind_a_jpeg_is_passed_over(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", shade(90))[1].tobytes()
    (tmp_path / "0.jpg").write_bytes(jpeg)
    (tmp_path / "1.jpg").write_bytes(bytes(64) + jpeg + bytes(5000))
    plain, padded = open_frames(tmp_path)
    np.testing.assert_array_equal(padded.image, plain.image)


def test_images_of_a_camera_with_12_bits_are_not_black(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (20, 32), np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), grey.astype(np.uint16) << 4)
    said: list[str] = []
    (frame,) = open_frames(tmp_path, said.append)
    np.testing.assert_array_equal(frame.image, grey[..., None].repeat(3, -1))
    assert said == [
        f"{tmp_path}: images of 16 bits are nearly black: they use 12 of them, and are made"
        " brighter to suit"
    ]


@pytest.mark.parametrize(
    ("names", "stamps"),
    [
        (["1305031102.5.png", "1305031102.25.png"], [1305031102.25, 1305031102.5]),
        (
            ["1403636579763555584.png", "1403636579813555584.png"],
            [1403636579.763556, 1403636579.813556],
        ),
        (["cam0_1403636579763.png", "cam0_1403636579813.png"], [1403636579.763, 1403636579.813]),
        (
            ["frame_1403636579813555584_left.png", "frame_1403636579763555584_left.png"],
            [1403636579.763556, 1403636579.813556],
        ),
        (
            ["rgb_1305031102.25_cam0.png", "rgb_1305031102.5_cam0.png"],
            [1305031102.25, 1305031102.5],
        ),
        (
            ["1403636579_763555584.png", "img_1403636579-813555584.png"],
            [1403636579.763556, 1403636579.813556],
        ),
        (["0.5.png", "10.25.png"], [0.5, 10.25]),
        (["walk_1403636579_0001.png", "walk_1403636579_0002.png"], [None, None]),
        (["000001.png", "000002.png"], [None, None]),
        (["shot1.0001.png", "shot1.0002.png"], [None, None]),
        (["1305031102.png", "cover.png"], [None, None]),
    ],
)
def test_names_that_are_stamps_stamp(
    names: list[str], stamps: list[float | None], tmp_path: Path
) -> None:
    for name in names:
        cv2.imwrite(str(tmp_path / name), shade(1))
    found = [sample.stamp_s for sample in open_samples(tmp_path)]
    assert found == (pytest.approx(stamps, abs=1e-6) if stamps[0] else stamps)


def test_a_video_is_read_with_its_rate_and_more_than_once(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    write_video(path, frames=5)
    source = open_frames(path)
    for _ in range(2):
        frames = list(source)
        stamps = [frame.stamp_s for frame in frames]
        np.testing.assert_allclose(stamps, np.arange(5) / 12.5, atol=1e-3)
        assert [frame.index for frame in frames] == list(range(5))
        reds = [int(frame.image[10, 16, 0]) for frame in frames]
        np.testing.assert_allclose(reds, [0, 20, 40, 60, 80], atol=4)


def test_frames_of_uneven_length_keep_their_stamps(tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    lengths_s = [0.04, 0.5, 0.04, 1.0, 0.04]
    write_uneven_video(path, [shade(40 * index) for index in range(5)], lengths_s)
    stamps = [sample.stamp_s for sample in open_samples(path)]
    np.testing.assert_allclose(stamps, np.cumsum([0, *lengths_s[:-1]]), atol=2e-3)


def test_a_video_that_is_cut_off_is_said(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    write_video(path, frames=40)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    said: list[str] = []
    count = len(list(open_frames(path, said.append)))
    assert 0 < count < 36
    assert said == [f"{path} ends after {count} of 40 frames: it is cut off"]


def test_a_whole_video_whose_container_counts_time_not_frames_is_not_cut_off(
    tmp_path: Path,
) -> None:
    """Of a Matroska file, as screen recorders and browsers write it."""
    path = tmp_path / "screen.mkv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (32, 20))
    for index in range(5):
        writer.write(shade(40 * index))
    writer.release()
    stamps_ms = [0, 40, 600, 640, 1600]
    data = bytearray(path.read_bytes())
    blocks = list(re.finditer(rb"\xa3[\x40-\x7f].\x81(..)\x80", data, re.DOTALL))
    for block, stamp_ms in zip(blocks, stamps_ms, strict=True):
        struct.pack_into(">h", data, block.start(1), stamp_ms)
    struct.pack_into(">d", data, data.index(b"\x44\x89\x88") + 3, stamps_ms[-1] + 40)
    path.write_bytes(data)
    said: list[str] = []
    stamps = [frame.stamp_s for frame in open_frames(path, said.append)]
    np.testing.assert_allclose(stamps, np.array(stamps_ms) / 1e3, atol=2e-3)
    assert said == []


def test_a_folder_of_folders_is_said_to_be_one(tmp_path: Path) -> None:
    for name in ("seq-02", "seq-01"):
        (tmp_path / name).mkdir()
    with pytest.raises(FrameError, match="holds no images, only folders such as seq-01: give a"):
        open_frames(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(FrameError, match=r"no images, only 1 \.txt and folders such as seq-01: g"):
        open_frames(tmp_path)


def test_a_video_whose_name_is_no_utf_8_is_named(tmp_path: Path) -> None:
    """OpenCV would end the process."""
    write_video(tmp_path / "video.avi", frames=2)
    path = tmp_path / os.fsdecode(b"caf\xe9.avi")
    (tmp_path / "video.avi").rename(path)
    with pytest.raises(FrameError, match="name that is no UTF-8: rename it"):
        open_frames(path)


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


def test_a_data_set_that_is_taken_for_a_folder_of_images_is_pointed_out(tmp_path: Path) -> None:
    """Its camera lies beside the images."""
    cv2.imwrite(str(tmp_path / "frame-000000.color.png"), shade(1))
    said: list[str] = []
    open_samples(tmp_path, say=said.append)
    assert said == [f"{tmp_path} looks like 7-Scenes: --dataset 7scenes reads its camera as well"]
