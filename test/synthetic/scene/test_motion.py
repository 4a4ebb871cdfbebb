from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.geometry import transform_points
from mem4d_ros.synthetic.scene.motion import (
    Bounce,
    Chain,
    Circuit,
    Fixed,
    Roll,
    Shuttle,
    Spin,
    Straight,
    Swing,
)

TIMES = np.linspace(0, 10, 2001)
STEP = TIMES[1] - TIMES[0]
ROUND = Circuit(centre=(1.0, 2.0, 0.0), radii=(2.0, 0.8), yaw=0.7, period=9.0, phase=0.4)
PATH = Shuttle(start=(0.0, 0.0, 0.2), end=(1.0, 2.0, 0.2), period=3.0, phase=0.5)
MOTIONS = {
    "circuit": ROUND,
    "reverse": Circuit((0.0, 0.0, 0.0), (1.0, 2.0), 0.0, -7.0),
    "shuttle": PATH,
    "straight": Straight((1.0, 2.0, 0.0), velocity=(-3.0, 1.0, 0.0)),
    "fixed": Fixed(ROUND(np.array([0.3]))[0]),
    "roll": Roll(PATH, radius=0.2),
    "swing": Swing((0.1, 0.2, 1.0), axis=1, amplitude=0.5, period=1.1, phase=0.2, rest=-0.3),
    "spin": Spin((1.0, 0.0, 0.0), axis=0, rate=2.0),
    "chain": Chain(ROUND, Swing((0.0, 0.0, 1.0), axis=1, amplitude=0.4, period=1.0)),
    "bounce": Bounce(height=0.5, phase=0.3),
}


def velocity(positions: np.ndarray) -> np.ndarray:
    return np.gradient(positions, STEP, axis=0)[1:-1]


@pytest.mark.parametrize("name", MOTIONS)
def test_poses_are_rigid_and_steady(name: str) -> None:
    poses = MOTIONS[name](TIMES)
    assert poses.shape == (len(TIMES), 4, 4)
    rotations = poses[:, :3, :3]
    identity = np.broadcast_to(np.eye(3), rotations.shape)
    np.testing.assert_allclose(rotations @ rotations.swapaxes(1, 2), identity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotations), 1.0)
    assert np.abs(np.diff(poses, axis=0)).max() < 0.1  # no jumps within 5 ms


@pytest.mark.parametrize("name", ["circuit", "reverse", "straight"])
def test_a_walker_faces_the_way_it_goes(name: str) -> None:
    poses = MOTIONS[name](TIMES)
    going = velocity(poses[:, :3, 3])
    going /= np.linalg.norm(going, axis=-1, keepdims=True)
    np.testing.assert_allclose(poses[1:-1, :3, 0], going, atol=1e-3)


def test_a_circuit_stays_on_its_ellipse() -> None:
    offset = ROUND(TIMES)[:, :2, 3] - ROUND.centre[:2]
    cos, sin = np.cos(ROUND.yaw), np.sin(ROUND.yaw)
    x, y = offset @ [cos, sin], offset @ [-sin, cos]
    np.testing.assert_allclose((x / ROUND.radii[0]) ** 2 + (y / ROUND.radii[1]) ** 2, 1.0)


def test_a_straight_way_has_one_velocity() -> None:
    positions = MOTIONS["straight"](TIMES)[:, :3, 3]
    np.testing.assert_allclose(positions[0], [1.0, 2.0, 0.0])
    expected = np.tile([-3.0, 1.0, 0.0], (len(TIMES) - 2, 1))
    np.testing.assert_allclose(velocity(positions), expected, atol=1e-9)


def test_a_shuttle_turns_back_at_both_ends() -> None:
    positions = PATH(TIMES)[:, :3, 3]
    for end in (PATH.start, PATH.end):
        assert np.linalg.norm(positions - end, axis=-1).min() < 1e-3
    assert np.linalg.norm(velocity(positions), axis=-1).min() < 1e-2


def test_a_rolling_ball_does_not_slip() -> None:
    """The point that touches the floor stands still."""
    ball = MOTIONS["roll"]
    for moment in (0.3, 0.9, 1.7):
        now, later = ball(np.array([moment, moment + 1e-5]))
        contact = now[:3, 3] - [0, 0, 0.2]
        on_ball = transform_points(np.linalg.inv(now), contact[None])
        moved = transform_points(later, on_ball)[0]
        going = np.linalg.norm(later[:3, 3] - now[:3, 3]) / 1e-5
        assert going > 0.1
        assert np.linalg.norm(moved - contact) / 1e-5 < 1e-3 * going


@pytest.mark.parametrize("name", ["swing", "spin"])
def test_a_hinge_keeps_its_pivot(name: str) -> None:
    motion = MOTIONS[name]
    pivot = np.tile(motion.pivot, (len(TIMES), 1))
    np.testing.assert_allclose(transform_points(motion(TIMES), pivot), pivot, atol=1e-12)


def test_a_swing_reaches_its_amplitude_about_its_rest() -> None:
    poses = MOTIONS["swing"](TIMES)
    angle = np.arctan2(poses[:, 0, 2], poses[:, 0, 0])
    assert angle.min() == pytest.approx(-0.8, abs=1e-3)
    assert angle.max() == pytest.approx(0.2, abs=1e-3)


def test_a_bouncing_ball_falls_as_the_earth_pulls() -> None:
    height = MOTIONS["bounce"](TIMES)[:, 2, 3]
    assert height.min() >= 0
    assert height.max() == pytest.approx(0.5, abs=1e-3)
    acceleration = np.diff(height, 2) / STEP**2
    assert np.median(acceleration) == pytest.approx(-9.81, rel=1e-3)


def test_chained_motions_carry_each_other() -> None:
    inner = MOTIONS["swing"]
    chained = Chain(ROUND, inner)(TIMES)
    np.testing.assert_allclose(chained[7], ROUND(TIMES)[7] @ inner(TIMES)[7])
