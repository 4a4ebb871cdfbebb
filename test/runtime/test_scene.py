"""What enters a scene, and what is kept out of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from reconstructions import HEIGHT, WIDTH, flat_reconstruction

from mem4d_ros.mapping import Correction
from mem4d_ros.runtime.scene import Scene
from mem4d_ros.runtime.static_map import StaticMapSettings

NOTHING = np.zeros((HEIGHT, WIDTH), bool)


def scene_of_one_frame() -> Scene:
    scene = Scene(StaticMapSettings(min_frames=1))
    scene.integrate(flat_reconstruction(0, np.eye(4)), NOTHING)
    return scene


def test_a_frame_whose_place_or_size_was_guessed_adds_nothing() -> None:
    scene = scene_of_one_frame()
    before, views = scene.points_and_views()
    away = np.eye(4)
    away[0, 3] = 5.0
    lost = replace(flat_reconstruction(1, away), pose_measured=False)
    scene.integrate(lost, NOTHING)
    scene.integrate(flat_reconstruction(2, away), NOTHING, scale_known=False)
    after, views_after = scene.points_and_views()
    np.testing.assert_array_equal(after.positions, before.positions)
    assert views_after == views


def test_points_and_views_move_with_a_correction_even_of_a_frame_that_adds_nothing() -> None:
    scene = scene_of_one_frame()
    before, _ = scene.points_and_views()
    moved = np.eye(4)
    moved[1, 3] = 2.0
    correction = Correction(np.array([0]), moved[None])
    lost = replace(flat_reconstruction(1, moved), pose_measured=False, correction=correction)
    scene.integrate(lost, NOTHING)
    after, (view,) = scene.points_and_views()
    shift = after.positions.mean(0) - before.positions.mean(0)
    np.testing.assert_allclose(shift, [0, 2, 0], atol=0.05)
    np.testing.assert_allclose(view.camera_to_world, moved)
