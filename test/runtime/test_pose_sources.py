"""Poses from exact, disturbed and useless pointmaps of procedural sequences."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from mem4d_ros.geometry import (
    ImageTransform,
    align_rigid,
    align_similarity,
    rigid_inverse,
    transform_points,
    unproject,
)
from mem4d_ros.mapping import Map, StoredMap, scale_of
from mem4d_ros.mapping.drift import FIRST_LOOKS, TOLERANCE
from mem4d_ros.mapping.growth import depth_at
from mem4d_ros.model import PRESETS
from mem4d_ros.runtime.pose_sources import (
    CHOICES,
    MAKERS,
    CameraFrame,
    GeometryPose,
    HeadPose,
    PoseEstimate,
    PoseFrame,
    PoseSource,
    ProcrustesPose,
    geometry,
    make_pose_source,
    suitable_source,
)
from mem4d_ros.runtime.pose_sources.geometry import LOOK_EVERY
from mem4d_ros.synthetic import SequenceSettings, SyntheticSequence, render_sequence
from mem4d_ros.synthetic.cameras.paths import CameraMaker, hand_held, standing
from mem4d_ros.synthetic.places.room import make_room
from mem4d_ros.synthetic.settings import Place

FRAMES, HEIGHT, WIDTH = 24, 192, 256


def render(seed: int, camera: CameraMaker, bodies: int) -> SyntheticSequence:
    settings = SequenceSettings(
        frame_rate=(15.0, 15.0),
        field_of_view=(60.0, 75.0),
        bodies=(bodies, bodies),
        places=(Place(make_room, {camera: 1.0}),),
    )
    return render_sequence(seed, FRAMES, HEIGHT, WIDTH, settings=settings)


@pytest.fixture(scope="module")
def still_room() -> SyntheticSequence:
    return render(0, hand_held, bodies=0)


@pytest.fixture(scope="module")
def busy_room() -> SyntheticSequence:
    return render(1, hand_held, bodies=3)


@pytest.fixture(scope="module")
def watched_room() -> SyntheticSequence:
    """Bodies move before a camera that stands."""
    return render(3, standing, bodies=3)


def exact_frames(sequence: SyntheticSequence) -> list[PoseFrame]:
    """What a network without any error would say; the head knows the pose, too."""
    images = (sequence.images * 255).round().byte().permute(0, 2, 3, 1).numpy()
    confidence = np.where(np.isfinite(sequence.depth.numpy()), 2.0, 0.0).astype(np.float32)
    return [
        PoseFrame(
            image=np.ascontiguousarray(images[t]),
            points_camera=sequence.points_camera[t].numpy(),
            confidence_camera=confidence[t],
            points_world=sequence.points_world[t].numpy(),
            confidence_world=confidence[t],
            intrinsics=sequence.intrinsics[t].double().numpy(),
            head_pose=sequence.camera_to_world[t].double().numpy(),
        )
        for t in range(len(images))
    ]


def blank(frame: PoseFrame) -> PoseFrame:
    return replace(frame, image=np.full_like(frame.image, 90))


def estimate(
    source: PoseSource, frame: PoseFrame, odom_from_camera: np.ndarray | None = None
) -> PoseEstimate:
    """The camera's image is the network's."""
    height, width = frame.image.shape[:2]
    transform = ImageTransform.fit(width, height, max(width, height))
    source.foresee(CameraFrame(frame.image, transform, frame.intrinsics, odom_from_camera))
    return source.estimate(frame)


def run(source: PoseSource, frames: list[PoseFrame]) -> np.ndarray:
    return np.stack([estimate(source, frame).camera_to_world for frame in frames])


def truth(frames: list[PoseFrame]) -> np.ndarray:
    return np.stack([frame.head_pose for frame in frames])


def error_share(poses: np.ndarray, true: np.ndarray) -> float:
    """ATE after a rigid alignment, without a change of scale, by the path's length."""
    found, expected = poses[:, :3, 3], true[:, :3, 3]
    off = align_rigid(found, expected).apply(found) - expected
    length = np.linalg.norm(np.diff(expected, axis=0), axis=-1).sum()
    return float(np.sqrt((off**2).sum(-1).mean()) / length)


def largest_turn_deg(poses: np.ndarray, true: np.ndarray) -> float:
    turns = Rotation.from_matrix((rigid_inverse(true) @ poses)[:, :3, :3])
    return float(np.rad2deg(turns.magnitude()).max())


def test_the_head_is_taken_at_its_word(busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    np.testing.assert_array_equal(run(HeadPose(), frames), truth(frames))


@pytest.mark.parametrize("source", [ProcrustesPose, GeometryPose])
@pytest.mark.parametrize("room", ["still_room", "busy_room"])
@pytest.mark.long
def test_exact_pointmaps_give_the_path_in_metres(
    source: Callable[[], PoseSource], room: str, request: pytest.FixtureRequest
) -> None:
    frames = exact_frames(request.getfixturevalue(room))
    poses = run(source(), frames)
    assert error_share(poses, truth(frames)) < 0.02
    assert largest_turn_deg(poses, truth(frames)) < 1.5


def noisy_network(frames: list[PoseFrame], scale: float, seed: int) -> list[PoseFrame]:
    """What a network says whose metre is another, and whose depth is off by 10 % here and there."""
    rng, said = np.random.default_rng(seed), []
    for frame in frames:
        pose = frame.head_pose.copy()
        pose[:3, 3] *= scale
        maps = []
        for _ in range(2):  # of the two heads
            noise = rng.normal(0, 1, (HEIGHT // 8, WIDTH // 8)).astype(np.float32)
            noise = cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
            factor = scale * np.exp(0.1 * noise / noise.std())
            maps.append((frame.points_camera * factor[..., None]).astype(np.float32))
        world = transform_points(pose, maps[1]).astype(np.float32)
        said.append(replace(frame, points_camera=maps[0], points_world=world, head_pose=pose))
    return said


@pytest.mark.parametrize("source", MAKERS)
@pytest.mark.long
def test_the_path_has_the_scale_of_the_depth(source: str, still_room: SyntheticSequence) -> None:
    frames = exact_frames(still_room)
    true = truth(frames)[:, :3, 3]
    scales = []
    for seed in range(3):
        said = noisy_network(frames, 1.3, seed)
        found = run(make_pose_source(source), said)[:, :3, 3]
        depths = [
            np.nanmedian(one.points_camera[..., 2] / other.points_camera[..., 2])
            for one, other in zip(said, frames, strict=True)
        ]
        scales.append(align_similarity(true, found).scale / np.median(depths))
    assert np.exp(np.mean(np.log(scales))) == pytest.approx(1, abs=0.05)


def test_procrustes_is_exact(busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    np.testing.assert_allclose(run(ProcrustesPose(), frames), truth(frames), atol=1e-5)


def test_procrustes_is_not_moved_by_a_third_of_wrong_points(busy_room: SyntheticSequence) -> None:
    frame = exact_frames(busy_room)[10]
    points = frame.points_world.copy()
    points[: round(0.3 * HEIGHT)] += [0.3, -1.0, 2.0]
    pose = estimate(ProcrustesPose(), replace(frame, points_world=points)).camera_to_world
    np.testing.assert_allclose(pose, frame.head_pose, atol=1e-3)


def test_procrustes_heeds_confidence(busy_room: SyntheticSequence) -> None:
    frame = exact_frames(busy_room)[10]
    wrong = np.arange(HEIGHT) < 0.7 * HEIGHT
    points, confidence = frame.points_world.copy(), frame.confidence_world.copy()
    points[wrong] += [0.3, -1.0, 2.0]
    confidence[~wrong] *= 1e4
    changed = replace(frame, points_world=points, confidence_world=confidence)
    pose = estimate(ProcrustesPose(), changed).camera_to_world
    np.testing.assert_allclose(pose, frame.head_pose, atol=1e-2)


def test_procrustes_keeps_its_pose_where_nothing_is_valid(busy_room: SyntheticSequence) -> None:
    source, frames = ProcrustesPose(), exact_frames(busy_room)
    before = estimate(source, frames[5])
    invalid = replace(
        frames[6],
        points_world=np.full_like(frames[6].points_world, np.nan),
        confidence_world=np.zeros_like(frames[6].confidence_world),
    )
    after = estimate(source, invalid)
    assert before.measured
    assert not after.measured
    np.testing.assert_array_equal(after.camera_to_world, before.camera_to_world)


def test_odometry_starts_at_the_origin(busy_room: SyntheticSequence) -> None:
    first = estimate(GeometryPose(), exact_frames(busy_room)[7])
    np.testing.assert_array_equal(first.camera_to_world, np.eye(4))


def test_odometry_is_not_moved_by_what_moves(watched_room: SyntheticSequence) -> None:
    assert watched_room.moving.float().mean() > 0.03
    frames = exact_frames(watched_room)
    poses = run(GeometryPose(), frames)
    assert np.abs(poses[:, :3, 3]).max() < 0.01
    assert largest_turn_deg(poses, truth(frames)) < 0.3


def test_odometry_keeps_the_scale_from_one_keyframe_to_the_next() -> None:
    """A plane passes sideways, so far that nothing of the first view is left."""
    rng = np.random.default_rng(0)
    wall = np.kron(rng.integers(0, 256, (48, 200)), np.ones((4, 4))).astype(np.uint8)
    intrinsics = np.array([[200.0, 0, 127.5], [0, 200.0, 95.5], [0, 0, 1]])
    source, positions = GeometryPose(), []
    for index, shift in enumerate(range(0, 480, 8)):  # pixels; 1 pixel is 0.01 m at 2 m
        depth = np.full((HEIGHT, WIDTH), 2.0 * (1 if index == 0 else rng.uniform(0.8, 1.2)))
        points = unproject(depth, intrinsics).astype(np.float32)
        view = np.repeat(wall[:, shift : shift + WIDTH, None], 3, axis=-1)
        confidence = np.full(depth.shape, 2.0, np.float32)
        found = estimate(
            source,
            PoseFrame(view, points, confidence, points, confidence, intrinsics, np.eye(4)),
        )
        assert found.measured
        positions.append(found.camera_to_world[:3, 3])
    expected = np.arange(0, 480, 8)[:, None] * [0.01, 0, 0]
    np.testing.assert_allclose(positions, expected, atol=0.1)


def look_at(source: GeometryPose, frame: PoseFrame, told_by_own: float) -> bool:
    """Process a frame with the own depth that is wanted; whether it was."""
    height, width = frame.image.shape[:2]
    transform = ImageTransform.fit(width, height, max(width, height))
    wants = source.foresee(CameraFrame(frame.image, transform, frame.intrinsics)).wants_own_depth
    own = frame.points_camera[..., 2] / np.float32(told_by_own) if wants else None
    source.estimate(replace(frame, own_depth=own))
    return wants


def test_odometry_looks_at_the_own_depth_of_some_keyframes(still_room: SyntheticSequence) -> None:
    """Not of the first one, whose depth is the own one."""
    source, frames = GeometryPose(), exact_frames(still_room)
    before, looked = [0], []
    for number, frame in enumerate(frames):
        if look_at(source, frame, 1.0):
            looked.append(number)
            assert max(source.map.keyframes) > before[-1]
        before.append(max(source.map.keyframes))
    assert looked
    assert looked[0] > 0
    assert all(b - a > LOOK_EVERY for a, b in itertools.pairwise(looked))


def test_a_map_that_stays_as_it_is_asks_for_no_own_depth(still_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(still_room)
    run(source, frames)
    assert source.camera is not None
    source.use_map(StoredMap(source.map.copy(), source.camera), extends=False)
    assert not any(look_at(source, frame, 1.0) for frame in frames)


def test_what_begins_in_a_depth_that_has_grown_begins_nearer(
    still_room: SyntheticSequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geometry, "LOOK_EVERY", 0)
    source, frames = GeometryPose(), exact_frames(still_room)
    looks = 0
    for frame in frames:
        looks += look_at(source, frame, 1.0 if looks == 0 else 2.0)
    assert looks > 1
    keyframe, table = source.map.newest, source.map.landmarks
    begun = keyframe.landmarks[table.host[keyframe.landmarks] == keyframe.number]
    shown = next(f for f in frames if np.array_equal(f.image, keyframe.dense.image))
    told = replace(keyframe.dense, depth=shown.points_camera[..., 2])
    nearer = np.log(depth_at(told, table.pixel[begun])) - table.log_prior[begun]
    kept = np.log(depth_at(keyframe.dense, table.pixel[begun]))
    np.testing.assert_allclose(kept, table.log_prior[begun], atol=1e-3)
    reference = (looks - 1) * np.log(2) / looks  # of fewer than ten looks all count
    assert looks <= FIRST_LOOKS
    np.testing.assert_allclose(
        nearer[np.isfinite(nearer)], np.log(2) - reference - TOLERANCE, atol=1e-3
    )


def test_odometry_uses_no_invalid_pixel(still_room: SyntheticSequence) -> None:
    frames = exact_frames(still_room)
    invalid = np.zeros((HEIGHT, WIDTH, 1), bool)
    invalid[:60] = invalid[:, ::9] = True
    nan = np.float32("nan")
    holed = [replace(f, points_camera=np.where(invalid, nan, f.points_camera)) for f in frames]
    poses = run(GeometryPose(), holed)
    assert np.isfinite(poses).all()
    assert error_share(poses, truth(frames)) < 0.03


@pytest.mark.parametrize("source", [ProcrustesPose, GeometryPose])
def test_an_image_without_texture_is_no_failure(
    source: Callable[[], PoseSource], still_room: SyntheticSequence
) -> None:
    frames = [blank(frame) for frame in exact_frames(still_room)]
    assert np.isfinite(run(source(), frames)).all()


def test_odometry_says_when_it_is_blind_and_comes_to_rest(busy_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(busy_room)
    seen = run(source, frames[:12])
    step = np.linalg.norm(seen[-1, :3, 3] - seen[-2, :3, 3])
    blind = [estimate(source, blank(frame)) for frame in frames[12:]]
    assert not any(found.measured for found in blind)
    way = [found.camera_to_world[:3, 3] - seen[-1, :3, 3] for found in blind]
    assert np.linalg.norm(way, axis=-1).max() <= step * 1.1
    np.testing.assert_allclose(way[-1], way[-2], atol=1e-4)


def test_odometry_finds_its_way_after_a_covered_lens(still_room: SyntheticSequence) -> None:
    source, frames = GeometryPose(), exact_frames(still_room)
    frames = [blank(f) if t in (10, 11) else f for t, f in enumerate(frames)]
    estimates = [estimate(source, frame) for frame in frames]
    assert [t for t, e in enumerate(estimates) if not e.measured] == [10, 11]
    poses = np.stack([e.camera_to_world for e in estimates])
    assert error_share(poses[12:], truth(frames)[12:]) < 0.05


def test_a_covered_lens_is_where_another_odometry_takes_it(
    still_room: SyntheticSequence,
) -> None:
    """Whose metres are its own; how long they are is seen before the lens is covered."""
    frames, source = exact_frames(still_room), GeometryPose()
    true, covered = truth(frames), range(14, 20)
    odom = true.copy()
    odom[:, :3, 3] *= 4.0
    found = [
        estimate(source, blank(frame) if index in covered else frame, odom[index])
        for index, frame in enumerate(frames)
    ]
    assert all(found[index].measured == (index not in covered) for index in range(covered.stop))
    ways, true_ways = (
        poses[covered, :3, 3] - poses[covered.start - 1, :3, 3]
        for poses in (np.stack([pose.camera_to_world for pose in found]), true)
    )
    off = np.linalg.norm(ways - true_ways, axis=-1).max()
    assert off < 0.15 * np.linalg.norm(true_ways[-1])


def positions(world: Map) -> np.ndarray:
    return np.array([keyframe.camera_to_world[:3, 3] for keyframe in world.keyframes.values()])


def test_the_world_takes_the_metres_of_another_odometry(still_room: SyntheticSequence) -> None:
    """Once, and only where it is known how long they are."""
    frames, source = exact_frames(still_room), GeometryPose()
    odom = truth(frames)
    odom[:, :3, 3] *= 4.0
    estimate(source, frames[0], odom[0])
    assert source.take_odometry_metres() is None
    for frame, pose in zip(frames[1:], odom[1:], strict=True):
        estimate(source, frame, pose)
    before = positions(source.map)
    correction = source.take_odometry_metres()
    assert correction is not None
    scale = scale_of(correction.motions)[0]
    assert 3.8 < scale < 4.2
    np.testing.assert_allclose(positions(source.map), scale * before, rtol=1e-9)
    assert source.take_odometry_metres() is None


def test_a_map_that_was_given_keeps_its_metres(still_room: SyntheticSequence) -> None:
    frames, source = exact_frames(still_room), GeometryPose()
    run(source, frames[:12])
    assert source.camera is not None
    source.use_map(StoredMap(source.map.copy(), source.camera), extends=True)
    odom = truth(frames)
    odom[:, :3, 3] *= 4.0
    for frame, pose in zip(frames, odom, strict=True):
        estimate(source, frame, pose)
    assert source.knows_odometry_metres
    assert source.take_odometry_metres() is None


@pytest.mark.parametrize("name", MAKERS)
def test_a_reset_starts_a_new_world(name: str, busy_room: SyntheticSequence) -> None:
    frames = exact_frames(busy_room)
    source = make_pose_source(name)
    first = run(source, frames[:6])
    run(source, frames[15:])
    source.reset()
    np.testing.assert_array_equal(run(source, frames[:6]), first)


def test_each_preset_has_a_source_that_suits_it() -> None:
    assert suitable_source(PRESETS["large"]) == "head"
    assert suitable_source(PRESETS["lite"]) == "geometry"


def test_an_unknown_source_is_named_with_the_choices() -> None:
    assert list(CHOICES) == ["auto", *MAKERS]
    with pytest.raises(ValueError, match="'orb' is unknown: use one of auto, head"):
        make_pose_source("orb")
    with pytest.raises(ValueError, match="'pnp' is no more: use geometry"):
        make_pose_source("pnp")


def test_self_view_and_pose_agree_with_the_world(busy_room: SyntheticSequence) -> None:
    """What is published where the pose is not the head's: the self-view moved by the pose."""
    frames = exact_frames(busy_room)
    pose = run(GeometryPose(), frames)[-1]
    moved = transform_points(pose, frames[-1].points_camera)
    off = np.linalg.norm(moved - frames[-1].points_world, axis=-1)
    assert np.nanmedian(off / frames[-1].points_camera[..., 2]) < 0.02


def test_of_a_map_in_pieces_the_largest_is_saved(
    still_room: SyntheticSequence, busy_room: SyntheticSequence
) -> None:
    source, there, elsewhere = GeometryPose(), exact_frames(still_room), exact_frames(busy_room)
    run(source, there)
    before = set(source.map.keyframes)
    run(source, elsewhere[:14])
    assert len(source.pieces) == 2
    assert 0 < len(source.map.keyframes) < len(before)
    assert set(source.main_piece.keyframes) == before


def test_of_a_map_that_is_extended_the_piece_that_grew_from_it_is_saved(
    still_room: SyntheticSequence, busy_room: SyntheticSequence
) -> None:
    source, there, elsewhere = GeometryPose(), exact_frames(still_room), exact_frames(busy_room)
    run(source, there[:12])
    assert source.camera is not None
    given = StoredMap(source.map.copy(), source.camera)
    source.use_map(given, extends=True)
    run(source, there[:2])
    for _ in range(2):
        run(source, elsewhere)
    assert len(source.pieces) == 2
    assert len(source.map.keyframes) > len(source.main_piece.keyframes)
    assert source.main_piece.keyframes.keys() >= given.world.keyframes.keys()
