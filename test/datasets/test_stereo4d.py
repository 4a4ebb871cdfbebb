"""Stereo4D's frames come from a video, in any order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from dataset_layouts import write_stereo4d
from layout_parts import Scene

from mem4d_ros.datasets import FrameError, open_dataset
from mem4d_ros.datasets.video import Video, VideoCursor


def test_a_cursor_finds_every_frame_in_any_order(scene: Scene, tmp_path: Path) -> None:
    video = write_stereo4d(scene, tmp_path).images[0]
    frames = [frame.image for frame in Video(video)]
    cursor = VideoCursor(video)
    for index in (0, 2, 2, 1, 3, 0):
        np.testing.assert_array_equal(cursor.read(index), frames[index])
    assert cursor.read(len(frames)) is None
    np.testing.assert_array_equal(cursor.read(1), frames[1])


def test_a_video_that_ends_early_is_named(scene: Scene, tmp_path: Path) -> None:
    written = write_stereo4d(scene, tmp_path)
    poses = np.tile(np.eye(3, 4), (6, 1, 1))
    np.savez(written.poses[0], timestamps=np.arange(6), camera2world=poses)
    (recording,) = open_dataset("stereo4d", tmp_path)
    with pytest.raises(FrameError, match=r"left_rectified\.mp4 ends before frame 4 of the 6"):
        list(recording)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"timestamps": np.arange(4)}, "camera2world"),
        ({"timestamps": np.arange(4), "camera2world": np.zeros((4, 4))}, r"not \(n, \(3, 4\)\)"),
        ({"timestamps": np.arange(3), "camera2world": np.zeros((4, 3, 4))}, "4 entries, but 3"),
    ],
)
def test_cameras_of_another_shape_are_named(
    arrays: dict[str, np.ndarray], message: str, scene: Scene, tmp_path: Path
) -> None:
    written = write_stereo4d(scene, tmp_path)
    np.savez(written.poses[0], **arrays)
    with pytest.raises(FrameError, match=rf"9876543210b_66957\.npz.*{message}"):
        len(open_dataset("stereo4d", tmp_path)[0])


def test_a_file_that_is_no_video_is_named(scene: Scene, tmp_path: Path) -> None:
    written = write_stereo4d(scene, tmp_path)
    written.images[0].write_bytes(b"no video")
    (recording,) = open_dataset("stereo4d", tmp_path)
    with pytest.raises(FrameError, match=r"left_rectified\.mp4 is not a video"):
        recording[0]
