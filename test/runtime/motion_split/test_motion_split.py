"""Textured walls and things of known motion, seen exactly and inexactly."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from reconstructions import reconstruction_of

from mem4d_ros.runtime import Reconstruction
from mem4d_ros.runtime.motion_split import CueWeights, MotionSplitter

HEIGHT, WIDTH = 96, 128
INTRINSICS = np.array([[110.0, 0.0, 63.5], [0.0, 110.0, 47.5], [0.0, 0.0, 1.0]])
WALL_M, THING_M = 4.0, 2.0
SIDE = 36
FRAMES = 8


def texture(seed: int) -> np.ndarray:
    """(256, 256) grey, blobs of about 5 pixels."""
    noise = np.random.default_rng(seed).uniform(0, 255, (256, 256)).astype(np.float32)
    blobs = cv2.GaussianBlur(noise, (0, 0), 2.0)
    return cv2.normalize(blobs, None, 20, 235, cv2.NORM_MINMAX)


WALL, THING = texture(0), texture(1)


def frame(
    index: int, camera_x: float = 0.0, thing_x: float | None = None
) -> tuple[Reconstruction, np.ndarray]:
    """A textured wall, a textured square before it, and where that is in the image (H, W) bool.

    Both lie across the view; camera and square are at x metres to the right.
    """
    rows, columns = np.indices((HEIGHT, WIDTH)).astype(np.float32)
    shift = INTRINSICS[0, 0] * camera_x / WALL_M
    grey = cv2.remap(WALL, columns + np.float32(shift + 60), rows + 60, cv2.INTER_LINEAR)
    depth = np.full((HEIGHT, WIDTH), WALL_M)
    there = np.zeros((HEIGHT, WIDTH), bool)
    if thing_x is not None:
        left = 63.5 + INTRINSICS[0, 0] * (thing_x - camera_x) / THING_M - SIDE / 2
        x, y = columns - np.float32(left), rows - 30
        there = (x >= 0) & (x < SIDE) & (y >= 0) & (y < SIDE)
        thing = cv2.remap(THING, x + 100, y + 100, cv2.INTER_LINEAR)
        grey, depth = np.where(there, thing, grey), np.where(there, THING_M, depth)
    image = np.repeat(grey.round().astype(np.uint8)[..., None], 3, -1)
    pose = np.eye(4)
    pose[0, 3] = camera_x
    return reconstruction_of(index, depth, pose, INTRINSICS, image), there


def last_split(
    frames: list[tuple[Reconstruction, np.ndarray]], weights: CueWeights | None = None
) -> np.ndarray:
    splitter = MotionSplitter(weights)
    return [splitter.split(reconstruction) for reconstruction, _ in frames][-1]


def scores(found: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Precision and recall."""
    hit = np.count_nonzero(found & true)
    return hit / max(np.count_nonzero(found), 1), hit / np.count_nonzero(true)


PASSING = [frame(t, camera_x=0.05 * t, thing_x=-0.3 + 0.1 * t) for t in range(FRAMES)]
STANDING = [frame(t, camera_x=0.05 * t, thing_x=0.1) for t in range(FRAMES)]


@pytest.mark.parametrize(
    "weights", [CueWeights(), CueWeights(depth=0.0), CueWeights(image=0.0)], ids=str
)
def test_what_passes_is_found_by_each_cue(weights: CueWeights) -> None:
    precision, recall = scores(last_split(PASSING, weights), PASSING[-1][1])
    assert precision > 0.6
    assert recall > 0.6


def test_both_cues_together_are_good() -> None:
    precision, recall = scores(last_split(PASSING), PASSING[-1][1])
    assert precision > 0.75
    assert recall > 0.85


def test_a_thing_that_stands_is_still_although_it_shifts_before_the_wall() -> None:
    shift_px = 0.05 * (FRAMES - 1) * 110 * (1 / THING_M - 1 / WALL_M)
    assert shift_px > 9
    assert last_split(STANDING).mean() < 0.01


def test_nothing_moves_in_the_first_frame_of_a_world() -> None:
    splitter = MotionSplitter()
    for reconstruction, _ in PASSING:
        splitter.split(reconstruction)
    assert not splitter.split(replace(PASSING[3][0], frame_index=0)).any()
    splitter.reset()
    assert not splitter.split(PASSING[4][0]).any()


def test_people_count_as_moving_from_the_first_frame_on_also_while_they_stand() -> None:
    people = [(replace(r, people=there), there) for r, there in STANDING]
    for frames in (people[:1], people):
        precision, recall = scores(last_split(frames), frames[-1][1])
        assert precision > 0.75
        assert recall > 0.75
    assert last_split(people, CueWeights(people=0.0)).mean() < 0.01


@pytest.mark.parametrize("factor", [0.85, 1.15])
def test_a_depth_that_is_wrong_as_a_whole_makes_nothing_move(factor: float) -> None:
    wrong = [(replace(r, depth=r.depth * np.float32(factor)), there) for r, there in STANDING]
    assert last_split(wrong).mean() < 0.02


def test_a_pose_that_is_wrong_is_corrected_by_the_image() -> None:
    rng = np.random.default_rng(0)
    wrong = []
    for reconstruction, there in PASSING:
        pose = reconstruction.camera_to_world.copy()
        pose[:3, :3] = cv2.Rodrigues(rng.normal(0, 0.02, 3))[0]  # 2 pixels
        wrong.append((replace(reconstruction, camera_to_world=pose), there))
    precision, recall = scores(last_split(wrong, CueWeights(depth=0.0)), PASSING[-1][1])
    assert precision > 0.6
    assert recall > 0.6


def test_rough_depths_are_not_trusted() -> None:
    rng = np.random.default_rng(1)
    rough = []
    for reconstruction, there in STANDING:
        noise = cv2.GaussianBlur(rng.normal(0, 1, (HEIGHT, WIDTH)), (0, 0), 8)
        factor = np.exp(0.2 * noise / noise.std()).astype(np.float32)
        rough.append((replace(reconstruction, depth=reconstruction.depth * factor), there))
    assert last_split(rough).mean() < 0.1


def test_pixels_without_depth_never_move() -> None:
    blind = []
    for reconstruction, there in PASSING:
        depth, confidence = reconstruction.depth.copy(), reconstruction.confidence_camera.copy()
        depth[:, 64:], confidence[:, 64:] = np.nan, 0
        blind.append((replace(reconstruction, depth=depth, confidence_camera=confidence), there))
    assert not last_split(blind)[:, 64:].any()


def test_frames_without_any_depth_or_texture_are_no_trouble() -> None:
    splitter = MotionSplitter()
    for index in range(4):
        nothing = reconstruction_of(index, np.full((HEIGHT, WIDTH), np.nan), np.eye(4), INTRINSICS)
        assert not splitter.split(nothing).any()
