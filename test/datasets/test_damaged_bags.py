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
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from mem4d_ros.datasets import FrameError, Sample, open_samples
from mem4d_ros.datasets.damaged_mcap import MAGIC, DamagedMcap
from mem4d_ros.datasets.optional import zstd
from mem4d_ros.datasets.unindexed_ros1 import UnindexedRos1


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
    assert said[0] == f"{cut} is damaged or cut off: what is whole of it is read"


NOISE = np.random.default_rng(0).integers(0, 256, (40, 100, 160, 3), np.uint8)
TOPIC = "/camera/image_raw"


def noise_file(folder: Path, kind: str) -> Path:
    """A bag's file with the noise, of a kind of storage and compression."""
    if kind.startswith("ros1"):
        compressions = {"ros1": None} | {f"ros1 {c.name}": c for c in Ros1Writer.CompressionFormat}
        return write_ros1_bag(folder / "walk.bag", NOISE, np.eye(3), compressions[kind])
    messages = [image_message(image, "rgb8", START_NS + t) for t, image in enumerate(NOISE)]
    bag = write_bag(
        folder / "walk",
        Topic(TOPIC, messages),
        storage=StoragePlugin.SQLITE3 if kind == "db3" else StoragePlugin.MCAP,
        compression=CompressionMode.STORAGE if kind == "zstd" else None,
    )
    return next(path for path in bag.iterdir() if path.name != "metadata.yaml")


@pytest.mark.parametrize("name", ["db3", "mcap", "zstd", "ros1", "ros1 LZ4", "ros1 BZ2"])
@pytest.mark.parametrize("fill", ["noise", "zeros"])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.7])
def test_what_lies_behind_damage_is_read_and_what_is_lost_is_said(
    name: str, fill: str, share: float, tmp_path: Path
) -> None:
    path = noise_file(tmp_path, name)
    data = bytearray(path.read_bytes())
    start, length = int(share * len(data)), 60_000  # over more than one message's head
    noise = np.random.default_rng(1).bytes(length)
    data[start : start + length] = noise if fill == "noise" else bytes(length)
    path.write_bytes(data)
    said: list[str] = []
    samples = [
        sample
        for sample in open_samples(path, topic=TOPIC, say=said.append)
        if isinstance(sample, Sample)
    ]
    whole = [any(np.array_equal(sample.image, image) for image in NOISE) for sample in samples]
    # Of a compressed chunk all is lost behind the damage; such a one has 22 images.
    lost = {"db3": 11, "mcap": 4, "ros1": 4}.get(name, 23)
    assert len(NOISE) - lost <= len(samples) < len(NOISE)
    assert whole.count(False) <= 1  # the one whose pixels alone are hit
    assert any("damaged" in remark for remark in said)


@pytest.mark.parametrize("name", ["db3", "mcap", "ros1"])
@pytest.mark.parametrize("share", [0.0005, 0.002, 0.01, 0.05])
def test_a_bag_that_is_cut_off_early_has_few_images_or_is_named(
    name: str, share: float, tmp_path: Path
) -> None:
    path = noise_file(tmp_path, name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    said: list[str] = []
    try:
        samples = list(open_samples(path, topic=TOPIC, say=said.append))
    except FrameError as error:
        assert str(path) in str(error)  # noqa: PT017
    else:
        assert len(samples) <= share * len(NOISE)
        assert any("damaged or cut off" in remark for remark in said)


@pytest.mark.parametrize("is_chunked", [True, False])
def test_behind_a_record_of_an_mcap_whose_length_is_broken_all_is_read(
    is_chunked: bool, tmp_path: Path
) -> None:
    """In a file without an index, as of a recorder that was killed."""
    chunk = _first_chunk(noise_file(tmp_path, "mcap").read_bytes())
    records = chunk[9 + 40 :]  # behind the head, times, sizes and the name of no compression
    messages = _positions_of_messages(records)
    broken = bytearray(MAGIC + (2 * chunk if is_chunked else records))
    head = len(MAGIC) + (0 if is_chunked else messages[5])
    broken[head + 5] ^= 0x40  # terabytes
    path = tmp_path / "broken.mcap"
    path.write_bytes(broken)
    reader = DamagedMcap(path)
    found = len(list(reader.messages(reader.connections)))
    reader.close()
    assert len(messages) > 10
    assert found == (2 * len(messages) if is_chunked else len(messages) - 1)


def test_an_mcap_whose_recorder_was_killed_may_be_out_of_order(tmp_path: Path) -> None:
    """As several topics make it; only an index could tell the order."""
    noise = np.random.default_rng(0).integers(0, 256, (3, 60, 50, 3), np.uint8)
    parts = [
        write_bag(
            tmp_path / f"part{t}",
            Topic("/image", [image_message(image, "rgb8", START_NS + t)]),
            storage=StoragePlugin.MCAP,
            late_s=late_s,
        )
        / f"part{t}.mcap"
        for t, (image, late_s) in enumerate(zip(noise, (1, 0, 2), strict=True))
    ]
    chunks = [_first_chunk(part.read_bytes()) for part in parts]
    killed = tmp_path / "killed.mcap"
    killed.write_bytes(b"\x89MCAP0\r\n" + b"".join(chunks))
    samples = list(open_samples(killed))
    for sample, image in zip(samples, noise, strict=True):
        np.testing.assert_array_equal(sample.image, image)


@pytest.mark.parametrize("compression", [None, *Ros1Writer.CompressionFormat])
def test_behind_a_chunk_of_ros_1_whose_length_is_broken_all_is_read_once(
    compression: Ros1Writer.CompressionFormat | None, tmp_path: Path
) -> None:
    path = write_ros1_bag(tmp_path / "walk.bag", NOISE, np.eye(3), compression)
    data = bytearray(path.read_bytes())
    header = data.index(b"\x04\0\0\0op=\x05") - 4  # of the first chunk; its length is before it
    length = header + 4 + int.from_bytes(data[header : header + 4], "little")
    data[length + 3] ^= 0x40  # a gigabyte
    path.write_bytes(data)
    reader = UnindexedRos1(path)
    images = [c for c in reader.connections if c.topic == TOPIC]
    stamps_ns = [recorded_ns for _, recorded_ns, _ in reader.messages(images)]
    reader.close()
    assert len(stamps_ns) == len(set(stamps_ns)) == len(NOISE)


def _first_chunk(mcap: bytes) -> bytes:
    position = 8
    while mcap[position] != 6:
        position += 9 + int.from_bytes(mcap[position + 1 : position + 9], "little")
    return mcap[
        position : position + 9 + int.from_bytes(mcap[position + 1 : position + 9], "little")
    ]


def _positions_of_messages(records: bytes) -> list[int]:
    positions, at = [], 0
    while at < len(records):
        if records[at] == 5:
            positions.append(at)
        at += 9 + int.from_bytes(records[at + 1 : at + 9], "little")
    return positions
