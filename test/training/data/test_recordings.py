"""A recording becomes sequences whose truth fits their pixels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from dataset_layouts import LAYOUTS, WITH_DEPTH, WITH_POSES
from layout_parts import Scene, scene_of

from mem4d_ros.datasets import Sample
from mem4d_ros.datasets.indexed import IndexedRecording
from mem4d_ros.geometry import ImageTransform, project
from mem4d_ros.synthetic import render_sequence
from mem4d_ros.training.config_errors import TrainingConfigError
from mem4d_ros.training.data.batches import as_clip
from mem4d_ros.training.data.clips import truth_of
from mem4d_ros.training.data.pools import training_pool
from mem4d_ros.training.data.recordings import RecordedSequences, nearest_pixels, open_recordings
from mem4d_ros.training.data.sequences import CorruptSequence
from mem4d_ros.training.data_config import DataConfig, RecordingConfig

HEIGHT, WIDTH, FRAMES = 48, 64, 11
NORMAL, DISTANCE_M = np.array([0.2, -0.1, 1.0]), 3.0
K = np.array([[60.0, 0, 31.5], [0, 60.0, 23.5], [0, 0, 1]])


@pytest.fixture(scope="module")
def rendered_scene() -> Scene:
    return scene_of(render_sequence(3, 4, HEIGHT, WIDTH))


def plane_depth(pose: np.ndarray) -> np.ndarray:
    """Depth (H, W) in m of the plane normal·x = distance, seen from `pose`."""
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    rays = np.stack([(x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], np.ones(x.shape)], -1)
    normal = pose[:3, :3].T @ NORMAL
    return (DISTANCE_M - NORMAL @ pose[:3, 3]) / (rays @ normal)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A camera slides along a plane, in the layout of 7-Scenes."""
    folder = tmp_path / "office"
    folder.mkdir()
    np.savetxt(folder / "camera-intrinsics.txt", K)
    for index in range(FRAMES):
        pose = np.eye(4)
        pose[0, 3] = 0.05 * index + 0.3
        stem = f"{folder}/frame-{index:06d}"
        cv2.imwrite(f"{stem}.color.png", np.full((HEIGHT, WIDTH, 3), 10 * index, np.uint8))
        depth_mm = (plane_depth(pose) * 1000).round().astype(np.uint16)
        depth_mm[0, 0] = 0
        cv2.imwrite(f"{stem}.depth.png", depth_mm)
        np.savetxt(f"{stem}.pose.txt", pose)
    return folder


def data_of(folder: Path, **values: object) -> DataConfig:
    settings = {"pool": 0, "frames": 2, "height": 48, "width": 64} | values
    recording = RecordingConfig(str(folder), stride=2)
    return DataConfig(cache=str(folder.parent / "cache"), recordings=(recording,), **settings)


def recording_of(folder: Path, **values: object) -> RecordedSequences:
    data = data_of(folder, **values)
    (recording,) = open_recordings(data.recordings[0], data)
    return recording


def test_it_is_cut_into_sequences(folder: Path) -> None:
    recording = recording_of(folder)
    assert len(recording) == FRAMES // 4
    for index in range(2):
        levels = recording[index].images[:, 0, 0, 0].tolist()
        assert levels == [40 * index, 40 * index + 20]
    with pytest.raises(IndexError, match="sequence 2 of 2"):
        recording[2]


@pytest.mark.parametrize("size", [(48, 64), (16, 32)], ids=["as it is", "halved and cropped"])
def test_world_points_lie_on_the_plane(size: tuple[int, int], folder: Path) -> None:
    """Whatever the size: depth, pose and intrinsics still describe one surface."""
    sequence = recording_of(folder, height=size[0], width=size[1])[1]
    truth = truth_of(as_clip(sequence))
    normal = torch.tensor(NORMAL).float()
    first = torch.tensor([0.05 * 4 + 0.3, 0, 0])  # where the sequence's first camera stood
    heights = (truth.points_world[truth.valid] + first) @ normal
    torch.testing.assert_close(heights, torch.full_like(heights, DISTANCE_M), rtol=0, atol=0.03)
    pixels, _ = project(truth.points_camera[0], sequence.intrinsics.expand(2, 3, 3))
    assert pixels[truth.valid[0]].max() < size[1]


def test_depth_is_never_mixed() -> None:
    transform = ImageTransform.fit(64, 48, 32)
    depth = np.random.default_rng(0).choice([1.0, 9.0], (48, 64))
    found = nearest_pixels(depth, transform)
    assert found.shape == (16, 32)
    assert set(found.flat) == {1.0, 9.0}
    identity = ImageTransform.fit(64, 48, 64)
    np.testing.assert_array_equal(nearest_pixels(depth, identity), depth)


def test_it_is_read_once(folder: Path) -> None:
    first = recording_of(folder)[0]
    for path in folder.glob("*.color.png"):
        path.write_bytes(b"")
    again = recording_of(folder)[0]
    for name, value in vars(first).items():
        torch.testing.assert_close(vars(again)[name], value, rtol=0, atol=0, equal_nan=True)


def test_a_corrupt_frame_is_named_and_its_sequence_skipped(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "frame-000000.depth.png").write_bytes(b"broken")
    pool = training_pool(data_of(folder), torch.device("cpu"))
    pool_of_all_others = recording_of(folder)
    with pytest.raises(CorruptSequence, match=r"frame-000000\.depth\.png"):
        pool_of_all_others[0]
    with caplog.at_level(logging.WARNING):
        assert len(pool) == 2
        assert torch.equal(pool[0].images, pool_of_all_others[1].images)
    assert pool.corrupt == 1
    assert caplog.text.count("frame-000000.depth.png") == 1


def test_procedural_and_recorded_sequences_are_one_pool(folder: Path) -> None:
    pool = training_pool(data_of(folder, pool=3), torch.device("cpu"))
    assert len(pool) == 5
    assert torch.equal(pool[3].images, recording_of(folder)[0].images)
    assert not torch.equal(pool[0].images, pool[1].images)
    with pytest.raises(IndexError, match="sequence 5 of 5"):
        pool[5]


def test_in_the_place_of_a_corrupt_sequence_comes_the_next(folder: Path) -> None:
    (folder / "frame-000006.depth.png").write_bytes(b"broken")
    pool = training_pool(data_of(folder, pool=1), torch.device("cpu"))
    assert torch.equal(pool[2].images, pool[0].images)
    assert pool.corrupt == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"folder": "/nowhere"}, "/nowhere is not a folder"),
        ({"reader": "8scenes"}, "no data set is called '8scenes': choose from 7scenes, tum"),
        ({"stride": 100}, "has 11 frames, fewer than the 200 of one sequence"),
    ],
)
def test_what_cannot_be_trained_on_is_named(
    change: dict[str, object], message: str, folder: Path
) -> None:
    settings = {"folder": str(folder), **change}
    data = DataConfig(
        pool=0,
        frames=2,
        cache=str(folder.parent / "cache"),
        recordings=(RecordingConfig(**settings),),
    )
    with pytest.raises(TrainingConfigError, match=message):
        training_pool(data, torch.device("cpu"))


def test_a_folder_of_another_kind_is_named(folder: Path) -> None:
    (folder / "frame-000003.pose.txt").unlink()
    with pytest.raises(TrainingConfigError, match=r"frame-000003\.pose\.txt is missing"):
        recording_of(folder)


def test_images_of_another_shape_are_refused(folder: Path) -> None:
    with pytest.raises(TrainingConfigError, match=r"64x48 px becomes 64x48 px, which data.width"):
        recording_of(folder, height=64)[0]


@pytest.mark.parametrize("reader", [name for name in WITH_DEPTH if name in WITH_POSES])
def test_any_data_set_with_depth_and_poses_can_be_trained_on(
    reader: str, tmp_path: Path, rendered_scene: Scene
) -> None:
    _, write = LAYOUTS[reader]
    write(rendered_scene, tmp_path / "data")
    data = DataConfig(
        pool=0,
        frames=2,
        height=HEIGHT,
        width=WIDTH,
        cache=str(tmp_path / "cache"),
        recordings=(RecordingConfig(str(tmp_path / "data"), reader),),
    )
    pool = training_pool(data, torch.device("cpu"))
    assert len(pool) == len(rendered_scene.images) // 2
    truth = torch.from_numpy(rendered_scene.depth[:2])
    found = pool[0].depth.float()
    both = found.isfinite() & truth.isfinite()
    assert both.float().mean() > 0.5
    torch.testing.assert_close(found[both], truth[both], rtol=0.01, atol=0.01)


def sample_of(number: int, **parts: object) -> Sample:
    """A frame of a wall that the camera looks at."""
    whole = {
        "image": np.zeros((HEIGHT, WIDTH, 3), np.uint8),
        "depth": np.full((HEIGHT, WIDTH), 2.0, np.float32),
        "camera_to_world": np.eye(4),
        "intrinsics": K,
    }
    return Sample(f"wall/{number}", **{**whole, **parts})


class Wall(IndexedRecording):
    """Samples in memory."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        super().__init__("wall")
        self._samples = samples

    def __len__(self) -> int:
        return len(self._samples)

    def _read(self, index: int) -> Sample:
        return self._samples[index]


def opened(
    samples: Sequence[Sample], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> RecordedSequences:
    """The samples as the recording of a data set."""
    monkeypatch.setattr(
        "mem4d_ros.training.data.recordings.open_dataset", lambda *_: [Wall(samples)]
    )
    return recording_of(folder)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"depth": None}, "wall/2 has no depth"),
        ({"camera_to_world": None, "intrinsics": None}, "wall/2 has no pose and no intrinsics"),
        ({"intrinsics": K * 1.1}, "wall/2 has other intrinsics than wall/0"),
        (
            {"image": np.zeros((24, 32, 3), np.uint8), "depth": np.ones((24, 32))},
            "wall/2 is of another size than wall/0",
        ),
    ],
    ids=["no depth", "lost", "zoomed", "smaller"],
)
def test_a_frame_that_is_unlike_the_others_costs_its_sequence_alone(
    change: dict[str, object],
    reason: str,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    samples = [sample_of(i, **(change if i == 2 else {})) for i in range(8)]
    recording = opened(samples, folder, monkeypatch)
    with pytest.raises(CorruptSequence, match=reason):
        recording[0]
    assert len(recording[1].images) == 2


def test_a_sequence_of_another_shape_than_its_recording_is_skipped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    square = {"image": np.zeros((64, 64, 3), np.uint8), "depth": np.ones((64, 64))}
    samples = [sample_of(i, **(square if i >= 4 else {})) for i in range(8)]
    recording = opened(samples, folder, monkeypatch)
    with pytest.raises(CorruptSequence, match="wall/4 of 64x64 px becomes 64x64 px"):
        recording[1]


def test_intrinsics_may_change_as_little_as_by_focusing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [sample_of(i, intrinsics=K * (1 + 0.005 * (i % 2))) for i in range(4)]
    assert len(opened(samples, folder, monkeypatch)[0].images) == 2


def test_a_recording_without_any_truth_is_refused_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = [sample_of(i, depth=None) for i in range(8)]
    with pytest.raises(TrainingConfigError, match=r"no frame of wall can be .* has no depth"):
        opened(samples, folder, monkeypatch)


def test_recordings_need_a_cache() -> None:
    with pytest.raises(TrainingConfigError, match="recordings need a cache"):
        DataConfig(recordings=(RecordingConfig("office"),))
