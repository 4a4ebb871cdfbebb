"""The map holds what stands still, where it is, for as long as it stands."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
from reconstructions import HEIGHT, INTRINSICS, WIDTH, flat_reconstruction, reconstruction_of
from scipy.spatial import cKDTree

from mem4d_ros.mapping import Correction
from mem4d_ros.runtime.motion_split import MotionSplitter
from mem4d_ros.runtime.static_map import StaticMap, StaticMapSettings
from mem4d_ros.synthetic import DEMONSTRATION, SyntheticSequence, render_sequence

WALL_M, PERSON_M = 4.0, 2.0
NOTHING = np.zeros((HEIGHT, WIDTH), bool)
AT_ONCE = StaticMapSettings(min_frames=1)


def pose_at(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> np.ndarray:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def person_at(column: int, frame: int) -> tuple:
    """A slab 2 m away, 10 pixels wide, before a wall; and where it is in the image."""
    moving = NOTHING.copy()
    moving[10:, column : column + 10] = True
    depth = np.where(moving, PERSON_M, WALL_M)
    return reconstruction_of(frame, depth, np.eye(4)), moving


def test_voxels_hold_the_weighted_means_of_their_points() -> None:
    rng = np.random.default_rng(0)
    depth = rng.uniform(1, 2, (HEIGHT, WIDTH))
    image = rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    confidence = rng.uniform(1, 5, (HEIGHT, WIDTH)).astype(np.float32)
    frame = replace(
        reconstruction_of(0, depth, np.eye(4), image=image), confidence_world=confidence
    )
    expected = defaultdict(list)
    for v in range(HEIGHT):
        for u in range(WIDTH):
            point = frame.points_world[v, u]
            cell = tuple(np.floor(point / np.float32(0.1)).astype(int))
            expected[cell].append((confidence[v, u], *point, *image[v, u], confidence[v, u]))
    built = StaticMap(StaticMapSettings(voxel_size_m=0.1, min_frames=0))
    built.integrate(frame, NOTHING)
    points = built.points()
    assert len(points.positions) == len(expected)
    for position, colour, sureness in zip(
        points.positions, points.colours, points.confidences, strict=True
    ):
        rows = np.array(expected[tuple(np.floor(position / np.float32(0.1)).astype(int))])
        mean = np.average(rows[:, 1:], axis=0, weights=rows[:, 0])
        np.testing.assert_allclose(position, mean[:3], atol=1e-5)
        np.testing.assert_allclose(colour, mean[3:6], atol=0.51)
        np.testing.assert_allclose(sureness, mean[6], rtol=1e-5)


def test_noise_averages_out() -> None:
    rng = np.random.default_rng(1)
    built = StaticMap(StaticMapSettings(voxel_size_m=0.5))
    for index in range(20):
        depth = 3.2 + rng.normal(0, 0.02, (HEIGHT, WIDTH))
        built.integrate(reconstruction_of(index, depth, np.eye(4)), NOTHING)
    assert np.abs(built.points().positions[:, 2] - 3.2).max() < 0.01


def test_a_voxel_is_shown_once_enough_frames_agree() -> None:
    built = StaticMap(StaticMapSettings(min_frames=3))
    shown = []
    for index in range(4):
        built.integrate(flat_reconstruction(index, np.eye(4)), NOTHING)
        shown.append(len(built.points().positions) > 0)
    assert shown == [False, False, True, True]


def test_a_frame_counts_as_much_as_it_is_sure() -> None:
    """Confidence 1.25 is a quarter of the way from 1, the least there is, to 2, which is enough."""
    built = StaticMap(StaticMapSettings(min_frames=1, full_confidence=2.0))
    shown = []
    for index in range(5):
        unsure = np.full(NOTHING.shape, 1.25, np.float32)
        frame = replace(flat_reconstruction(index, np.eye(4)), confidence_world=unsure)
        built.integrate(frame, NOTHING)
        shown.append(len(built.points().positions) > 0)
    assert shown == [False, False, False, True, True]


def test_all_frames_count_where_full_confidence_is_the_least_there_is() -> None:
    built = StaticMap(StaticMapSettings(min_frames=1, full_confidence=1.0))
    least = np.ones(NOTHING.shape, np.float32)
    built.integrate(replace(flat_reconstruction(0, np.eye(4)), confidence_world=least), NOTHING)
    assert len(built.points().positions) == len(built) > 0


def test_a_full_map_learns_a_new_place_from_depth_that_errs() -> None:
    """What was known is forgotten where the camera is by now, though no voxel is hit every time."""
    rng = np.random.default_rng(4)
    built = StaticMap(StaticMapSettings(max_voxels=20_000))
    for index in range(150):
        depth = 3 + rng.normal(0, 0.05, NOTHING.shape)
        built.integrate(reconstruction_of(index, depth, pose_at(x=0.08 * index)), NOTHING)
    roomy = StaticMap(StaticMapSettings(max_voxels=200_000))
    rng = np.random.default_rng(4)
    for index in range(150):
        depth = 3 + rng.normal(0, 0.05, NOTHING.shape)
        roomy.integrate(reconstruction_of(index, depth, pose_at(x=0.08 * index)), NOTHING)
    ahead = [
        int((np.abs(part.points().positions[:, 0] - 0.08 * 149) < 1).sum())
        for part in (built, roomy)
    ]
    print(f"voxels about the camera: {ahead[0]} in a full map, {ahead[1]} in one with room")
    assert ahead[0] > 0.8 * ahead[1]


@pytest.mark.parametrize("moved", [False, True])
def test_what_one_frame_claims_does_not_drive_out_what_is_known(moved: bool) -> None:
    """A wall was seen; then nothing but errors, elsewhere each time, a hundred a frame."""
    built = StaticMap(StaticMapSettings(max_voxels=9000))
    wall = np.full(NOTHING.shape, WALL_M)
    for index in range(3):
        built.integrate(reconstruction_of(index, wall, np.eye(4)), NOTHING)
    if moved:
        built.move(Correction(np.array([0]), pose_at(y=1.0)[None]))
    known = built.points().positions
    rng = np.random.default_rng(2)
    for index in range(3, 103):
        errors = np.full(NOTHING.size, np.nan)
        errors[rng.permutation(NOTHING.size)[:100]] = rng.uniform(5, 8, 100)
        frame = reconstruction_of(index, errors.reshape(NOTHING.shape), pose_at(x=-50))
        built.integrate(frame, NOTHING)
    distance, _ = cKDTree(built.points().positions).query(known)
    assert (distance < 1e-4).mean() > 0.99


def test_pixels_that_move_and_those_beside_them_stay_out() -> None:
    built = StaticMap(AT_ONCE)
    frame, moving = person_at(20, 0)
    built.integrate(frame, moving)
    positions = built.points().positions
    assert np.abs(positions[:, 2] - WALL_M).max() < 1e-5
    columns = positions[:, 0] / WALL_M * INTRINSICS[0, 0] + INTRINSICS[0, 2]
    rows = positions[:, 1] / WALL_M * INTRINSICS[1, 1] + INTRINSICS[1, 2]
    beside = (columns > 17.5) & (columns < 31.5) & (rows > 8)
    assert not beside.any()


def test_a_person_who_walks_through_unnoticed_leaves_no_trail() -> None:
    built = StaticMap(AT_ONCE)
    for index in range(27):
        built.integrate(person_at(2 * index, index)[0], NOTHING)
    assert (built.points().positions[:, 2] < PERSON_M + 0.1).any()  # there it is
    for index in range(27, 30):
        built.integrate(
            reconstruction_of(index, np.full(NOTHING.shape, WALL_M), np.eye(4)), NOTHING
        )
    np.testing.assert_allclose(built.points().positions[:, 2], WALL_M, atol=1e-5)


def test_what_stood_for_long_goes_as_fast_as_what_stood_for_a_while() -> None:
    settings = StaticMapSettings(min_frames=1, max_frames=10, carve_rate=2.0)
    for stood in (10, 60):
        built = StaticMap(settings)
        for index in range(stood):
            built.integrate(person_at(20, index)[0], NOTHING)
        wall = np.full(NOTHING.shape, WALL_M)
        for index in range(5):
            assert (built.points().positions[:, 2] < 3).any() == (index <= 4)
            built.integrate(reconstruction_of(stood + index, wall, np.eye(4)), NOTHING)
        assert not (built.points().positions[:, 2] < 3).any()


def test_only_space_seen_empty_is_carved() -> None:
    built = StaticMap(AT_ONCE)
    built.integrate(reconstruction_of(0, np.full(NOTHING.shape, WALL_M), np.eye(4)), NOTHING)
    before = {tuple(p) for p in built.points().positions.tolist()}
    hidden = reconstruction_of(1, np.full(NOTHING.shape, 1.0), np.eye(4))
    blind = reconstruction_of(2, np.full(NOTHING.shape, np.nan), np.eye(4))
    elsewhere = reconstruction_of(3, np.full(NOTHING.shape, 7.0), pose_at(z=5.0))
    for frame in (hidden, blind, elsewhere):
        built.integrate(frame, ~NOTHING)  # adds nothing
    assert {tuple(p) for p in built.points().positions.tolist()} == before


def test_an_error_within_the_margin_does_not_carve() -> None:
    built = StaticMap(replace(AT_ONCE, carve_margin=0.1))
    built.integrate(reconstruction_of(0, np.full(NOTHING.shape, WALL_M), np.eye(4)), NOTHING)
    count = len(built)
    for index in range(1, 10):
        farther = reconstruction_of(index, np.full(NOTHING.shape, 1.09 * WALL_M), np.eye(4))
        built.integrate(farther, ~NOTHING)
    assert len(built) == count


def test_far_and_unsure_and_invalid_points_stay_out() -> None:
    depth = np.full(NOTHING.shape, 2.0)
    depth[:16], depth[16:32] = np.nan, 9.0
    built = StaticMap(replace(AT_ONCE, max_range_m=5.0, min_confidence=1.5))
    built.integrate(reconstruction_of(0, depth, np.eye(4)), NOTHING)
    np.testing.assert_allclose(built.points().positions[:, 2], 2.0, atol=1e-5)
    unsure = StaticMap(replace(AT_ONCE, min_confidence=2.5))
    unsure.integrate(reconstruction_of(0, depth, np.eye(4)), NOTHING)
    assert len(unsure) == 0


def test_a_frame_with_nothing_valid_is_no_trouble() -> None:
    built = StaticMap()
    built.integrate(reconstruction_of(0, np.full(NOTHING.shape, np.nan), np.eye(4)), NOTHING)
    assert built.points().positions.shape == (0, 3)


def test_a_new_world_and_a_reset_empty_the_map() -> None:
    built = StaticMap(AT_ONCE)
    built.integrate(flat_reconstruction(7, np.eye(4)), NOTHING)
    built.integrate(flat_reconstruction(0, np.eye(4)), NOTHING)
    alone = StaticMap(AT_ONCE)
    alone.integrate(flat_reconstruction(0, np.eye(4)), NOTHING)
    assert len(built) == len(alone) > 0
    built.reset()
    assert len(built) == 0


def test_an_endless_corridor_fits_and_its_end_is_remembered() -> None:
    built = StaticMap(StaticMapSettings(max_voxels=3000, min_frames=1))
    for index in range(100):
        built.integrate(flat_reconstruction(index, pose_at(x=0.5 * index)), NOTHING)
        assert len(built) <= 3008
    alone = StaticMap(AT_ONCE)
    alone.integrate(flat_reconstruction(0, pose_at(x=0.5 * 99)), NOTHING)
    distances, _ = cKDTree(built.points().positions).query(alone.points().positions)
    assert (distances < 0.05).mean() > 0.98


@pytest.mark.parametrize(
    "wrong",
    [
        {"voxel_size_m": 0.0},
        {"max_voxels": 0},
        {"full_confidence": 0.9},
        {"min_frames": 9, "max_frames": 8},
    ],
)
def test_settings_that_make_no_map_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="static map"):
        StaticMapSettings(**wrong)


SEED, SIZE = 3, (120, 160)


@pytest.fixture(scope="module")
def room_with_walkers() -> SyntheticSequence:
    settings = replace(
        DEMONSTRATION, frame_rate=(8.0, 8.0), field_of_view=(60.0, 75.0), bodies=(3, 3)
    )
    return render_sequence(SEED, 18, *SIZE, settings=settings)


def ghosts(sequence: SyntheticSequence, split: bool, carve_rate: float) -> tuple[int, float]:
    """Voxels where nothing stood or stands, and the share of the still surface that is in the map.

    Depths and poses are true; what moves is found, or nothing is said to move.
    """
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    built = StaticMap(StaticMapSettings(carve_rate=carve_rate))
    splitter = MotionSplitter()
    for t in range(len(images)):
        frame = reconstruction_of(
            t,
            sequence.depth[t].numpy(),
            sequence.camera_to_world[t].double().numpy(),
            sequence.intrinsics[t].double().numpy(),
            np.ascontiguousarray(images[t]),
        )
        built.integrate(frame, splitter.split(frame) if split else np.zeros(SIZE, bool))
    still = sequence.points_world[~sequence.moving].numpy()
    still = still[np.isfinite(still).all(-1)]
    positions = built.points().positions
    standing = np.concatenate((still, sequence.points_world[-2:].reshape(-1, 3).numpy()))
    off, _ = cKDTree(standing[np.isfinite(standing).all(-1)]).query(positions)
    missed, _ = cKDTree(positions).query(still[::50])
    return int((off > 0.1).sum()), float((missed < 0.1).mean())


def test_people_in_a_room_leave_no_trail(room_with_walkers: SyntheticSequence) -> None:
    unheeded, _ = ghosts(room_with_walkers, split=False, carve_rate=1e-9)
    carved, _ = ghosts(room_with_walkers, split=False, carve_rate=2.0)
    left, covered = ghosts(room_with_walkers, split=True, carve_rate=2.0)
    print(f"voxels of the trail: {unheeded}, carved {carved}, split and carved {left}; {covered}")
    assert carved < 0.7 * unheeded
    assert left < 0.05 * unheeded
    assert covered > 0.95


def test_voxels_move_with_the_keyframe_that_they_were_measured_from() -> None:
    """Two walls, seen from two keyframes; the second one, and its wall, belong 1 m to the right."""
    built = StaticMap(AT_ONCE)
    left, right = pose_at(x=-20), pose_at(x=20)
    built.integrate(replace(flat_reconstruction(1, left), keyframe=0), NOTHING)
    built.integrate(replace(flat_reconstruction(2, right), keyframe=1), NOTHING)
    before = built.points().positions
    built.move(Correction(np.array([0, 1]), np.array([np.eye(4), pose_at(x=1)])))
    after = built.points().positions
    expected = np.where(before[:, :1] > 0, before + [1, 0, 0], before)
    distance, _ = cKDTree(after).query(expected)
    assert distance.max() < 1e-4


def test_a_wall_that_was_there_twice_is_there_once_in_the_end() -> None:
    """A frame from a keyframe that has drifted by 0.5 m sees the wall that the first one saw."""
    built = StaticMap(AT_ONCE)
    drifted = pose_at(z=-0.5)
    built.integrate(replace(flat_reconstruction(1, pose_at()), keyframe=0), NOTHING)
    single = len(built)
    built.integrate(replace(flat_reconstruction(2, drifted), keyframe=5), NOTHING)
    double = len(built)
    built.move(Correction(np.array([0, 5]), np.array([np.eye(4), pose_at(z=0.5)])))
    assert double > 1.8 * single
    assert len(built) <= 1.1 * single
    wall = built.points().positions[:, 2]
    np.testing.assert_allclose(wall, wall[0], atol=1e-5)


def test_what_comes_to_lie_in_one_place_belongs_where_most_was_seen() -> None:
    """A piece of a map that lies on another one by chance does not drag it along."""
    built = StaticMap(AT_ONCE)
    for number in (1, 2, 3):
        built.integrate(replace(flat_reconstruction(number, pose_at()), keyframe=0), NOTHING)
    before = built.points().positions
    drifted = pose_at(z=-0.5)
    built.integrate(replace(flat_reconstruction(4, drifted), keyframe=5), NOTHING)
    built.move(Correction(np.array([0, 5]), np.array([np.eye(4), pose_at(z=0.5)])))
    built.move(Correction(np.array([0, 5]), np.array([np.eye(4), pose_at(x=9)])))
    distance, _ = cKDTree(built.points().positions).query(before)
    assert distance.max() < 1e-4


def test_a_full_map_that_moves_loses_what_was_seen_least() -> None:
    """A wall that three frames saw, among points that one frame saw, fill the table."""
    built = StaticMap(StaticMapSettings(max_voxels=4700))
    wall = np.full(NOTHING.shape, WALL_M)
    for index in range(3):
        built.integrate(reconstruction_of(index, wall, np.eye(4)), NOTHING)
    rng = np.random.default_rng(3)
    built.integrate(reconstruction_of(3, rng.uniform(1, 3, NOTHING.shape), pose_at(x=-9)), NOTHING)
    known, everything = built.points().positions, len(built)
    assert everything > 1.8 * len(known)
    built.move(Correction(np.array([0]), pose_at(y=1.02)[None]))
    assert len(built) < 0.95 * everything
    distance, _ = cKDTree(built.points().positions).query(known + pose_at(y=1.02)[:3, 3])
    assert (distance < 1e-4).mean() > 0.98


def test_an_empty_map_moves() -> None:
    built = StaticMap(AT_ONCE)
    built.move(Correction(np.array([0]), np.eye(4)[None]))
    assert len(built) == 0
