"""A saved map as a recording of its keyframes, in the frame of its user."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from made_up_maps import made_up_map

from mem4d_ros.geometry import transform_points
from mem4d_ros.mapping import MapError, StoredMap, save_map
from mem4d_ros.viewer.saved_map import FARTHEST_M, SavedMap
from mem4d_ros.viewer.scene import Changes, Scene


@pytest.fixture
def stored() -> StoredMap:
    stored = made_up_map(seed=3)
    table = stored.world.landmarks
    table.hits[:], table.variance[:] = 5, 0.01  # all but the last are sure
    table.hits[-1] = 1
    return stored


@pytest.fixture
def folder(stored: StoredMap, tmp_path: Path) -> Path:
    folder = tmp_path / "office"
    save_map(folder, stored)
    return folder


def opened(folder: Path) -> tuple[SavedMap, Changes, Scene]:
    scene = Scene()
    saved = SavedMap(folder, scene)
    return saved, scene.take(), scene


def test_a_landmark_is_where_its_pixel_and_depth_say(stored: StoredMap, folder: Path) -> None:
    _, shown, _ = opened(folder)
    table, camera = stored.world.landmarks, stored.camera
    assert len(shown.landmarks.positions) == len(table) - 1
    for number, position in enumerate(shown.landmarks.positions):
        host = stored.world.keyframes[int(table.host[number])]
        to_camera = np.linalg.inv(stored.frame_from_world @ host.camera_to_world)
        seen = transform_points(to_camera, position)
        pixel = camera.intrinsics @ seen / seen[2]
        np.testing.assert_allclose(pixel[:2], table.pixel[number], atol=1e-2)
        np.testing.assert_allclose(seen[2], np.exp(-table.log_inverse[number]), rtol=1e-4)


def test_keyframes_are_where_they_were(stored: StoredMap, folder: Path) -> None:
    saved, shown, _ = opened(folder)
    assert saved.length == len(shown.keyframes) == len(stored.world.keyframes)
    for camera, keyframe in zip(shown.keyframes, stored.world.keyframes.values(), strict=True):
        expected = stored.frame_from_world @ keyframe.camera_to_world
        np.testing.assert_allclose(camera.map_from_camera, expected)


def test_a_loop_links_the_keyframes_that_it_has_joined(stored: StoredMap, folder: Path) -> None:
    _, shown, _ = opened(folder)
    ((old, new),) = stored.world.joined
    ends = [stored.frame_from_world @ stored.world.keyframes[n].camera_to_world for n in (old, new)]
    np.testing.assert_allclose(shown.loops, [[pose[:3, 3] for pose in ends]])


def test_dense_points_are_where_their_pixels_look_in_the_maps_metres(
    stored: StoredMap, folder: Path
) -> None:
    saved, _, scene = opened(folder)
    saved.show(1, grows=True)
    shown, keyframe = scene.take(), list(stored.world.keyframes.values())[1]
    depth = keyframe.dense.depth.astype(np.float64) * np.exp(keyframe.log_scale)
    rows, columns = np.nonzero(depth < FARTHEST_M)
    to_camera = np.linalg.inv(stored.frame_from_world @ keyframe.camera_to_world)
    seen = transform_points(to_camera, shown.frame.positions)
    pixels = (stored.camera.intrinsics @ (seen / seen[:, 2:]).T).T[:, :2]
    in_dense = keyframe.dense.transform.to_model(pixels)
    np.testing.assert_allclose(in_dense, np.stack((columns, rows), -1), atol=1e-2)
    np.testing.assert_allclose(seen[:, 2], depth[rows, columns], rtol=1e-4)
    np.testing.assert_array_equal(shown.frame.colours, keyframe.dense.image[rows, columns])
    assert shown.until == 1.0
    assert len(shown.path) == 2


def test_the_points_of_all_keyframes_are_the_map(folder: Path) -> None:
    saved, first, scene = opened(folder)
    count = 0
    for index in range(saved.length):
        saved.show(index, grows=False)
        frame = scene.take().frame
        here = first.static_map.times == index
        np.testing.assert_array_equal(first.static_map.points.positions[here], frame.positions)
        count += len(frame.positions)
    assert len(first.static_map.times) == count


def test_a_map_that_is_damaged_is_named(folder: Path) -> None:
    (folder / "map.json").write_text("{")
    with pytest.raises(MapError, match="office is damaged"):
        SavedMap(folder, Scene())
