"""Of bags that are cut off or damaged, what is whole is read, and nothing else comes out."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from bags import START_NS, Topic, camera_info, image_message, write_bag, write_ros1_bag
from hypothesis import given, settings
from hypothesis import strategies as st
from rosbags.rosbag1 import Writer as Ros1Writer

from mem4d_ros.datasets import FrameError, Sample, open_samples
from mem4d_ros.datasets.optional import zstd


def noise_bag(folder: Path) -> tuple[Path, np.ndarray]:
    """A bag's file, and its images."""
    noise = np.random.default_rng(0).integers(0, 256, (30, 60, 50, 3), np.uint8)
    topic = Topic(
        "/image", [image_message(image, "rgb8", START_NS + t) for t, image in enumerate(noise)]
    )
    bag = write_bag(folder, topic, Topic("/info", [camera_info(np.eye(3))]))
    return next(bag.glob("*.db3")), noise


def check_whole_ones(path: Path, said: list[str], images: np.ndarray, least: int) -> None:
    samples = list(open_samples(path, topic="/image", say=said.append))
    assert least <= len(samples) < len(images)
    stamps_ns = [round(sample.stamp_s * 1e9) for sample in samples]
    assert stamps_ns == sorted(stamps_ns)
    for sample in samples:
        assert any(np.array_equal(sample.image, image) for image in images)


@pytest.mark.parametrize("share", [0.6, 0.8, 0.97])
@pytest.mark.parametrize("is_compressed", [False, True])
def test_of_a_cut_off_db3_the_whole_messages_are_read(
    share: float, is_compressed: bool, tmp_path: Path
) -> None:
    whole, images = noise_bag(tmp_path / "walk")
    cut = tmp_path / ("cut.db3.zstd" if is_compressed else "cut.db3")
    content = whole.read_bytes()
    if is_compressed:  # noise, which stays about as long
        content = zstd().compress(content)
    cut.write_bytes(content[: int(len(content) * share)])
    said: list[str] = []
    lost = 20 if is_compressed else 8  # the last block of the compression; the last leaf of rows
    check_whole_ones(cut, said, images, least=max(1, int(share * len(images)) - lost))
    assert any("what is whole of it is read" in remark for remark in said)


def test_of_a_cut_off_db3_in_a_folder_the_whole_messages_are_read(tmp_path: Path) -> None:
    whole, images = noise_bag(tmp_path / "walk")
    whole.write_bytes(whole.read_bytes()[:-20_000])
    check_whole_ones(tmp_path / "walk", [], images, least=20)


@given(st.integers(0, 2**31), st.integers(1, 3000), st.floats(0.3, 1))
@settings(max_examples=30, deadline=None)
def test_a_damaged_db3_is_read_in_part_or_named(seed: int, length: int, share: float) -> None:
    """Never an image that is not in it, and never another error."""
    with TemporaryDirectory() as folder:
        whole, images = noise_bag(Path(folder) / "walk")
        rng = np.random.default_rng(seed)
        data = bytearray(whole.read_bytes())
        position = int(rng.integers(100, len(data)))
        data[position : position + length] = rng.bytes(length)
        path = Path(folder) / "damaged.db3"
        path.write_bytes(data[: int(share * len(data))])
        try:
            samples = [s for s in open_samples(path, topic="/image") if isinstance(s, Sample)]
        except FrameError:
            return
        assert len(samples) <= len(images)


@pytest.mark.parametrize("compression", [None, *Ros1Writer.CompressionFormat])
@pytest.mark.parametrize("name", ["walk.bag", "walk.bag.active"])
@pytest.mark.parametrize("share", [0.8, 0.95, 1.0])
def test_of_a_bag_of_ros_1_without_index_the_whole_messages_are_read(
    share: float, name: str, compression: Ros1Writer.CompressionFormat | None, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 100, 160, 3), np.uint8)
    path = write_ros1_bag(tmp_path / "whole.bag", noise, np.eye(3), compression)
    data = bytearray(path.read_bytes())
    index = data.index(b"index_pos=") + len(b"index_pos=")
    data[index : index + 8] = bytes(8)
    cut = tmp_path / name
    cut.write_bytes(data[: int(len(data) * share)])
    said: list[str] = []
    samples = list(open_samples(cut, say=said.append))
    in_a_chunk = 0 if compression is None else 22  # of a bzip2 block nothing can be read in part
    assert share * len(noise) - 2 - in_a_chunk < len(samples) <= share * len(noise)
    for t, sample in enumerate(samples):
        np.testing.assert_array_equal(sample.image, noise[t])
    assert said[0] == f"{cut} is damaged: what is whole of it is read"
