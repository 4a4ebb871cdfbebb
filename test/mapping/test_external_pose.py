"""What another odometry tells between keyframes, alone and in an adjustment."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bundle_problems import KEYFRAMES, disturbed, exact_problem, moved
from told_poses import METRE, told

from mem4d_ros.geometry import pose_from_rotation
from mem4d_ros.mapping.bundle import BundleProblem, solve
from mem4d_ros.mapping.external_pose import NO_WAYS, ToldWays


def ways_of(problem: BundleProblem) -> ToldWays:
    """True ones."""
    return ToldWays.between(range(KEYFRAMES), [told(pose) for pose in problem.camera_to_world])


def test_true_ways_are_without_error_wherever_the_odometry_began() -> None:
    problem = exact_problem()
    errors, _, _ = ways_of(problem).linearised(problem.camera_to_world)
    assert errors.shape == (KEYFRAMES - 1, 6)
    np.testing.assert_allclose(errors, 0, atol=1e-9)


def test_derivatives_are_those_of_finite_differences() -> None:
    exact, step = exact_problem(), 1e-6
    problem, ways = disturbed(exact), ways_of(exact)
    _, by_earlier, by_later = ways.linearised(problem.camera_to_world)
    for column in range(6):
        for number, index in enumerate(np.flatnonzero(problem.is_free)):
            change = np.zeros((KEYFRAMES - 1, 6))
            change[number, column] = step
            ahead, behind = (
                ways.linearised(moved(problem, sign * change).camera_to_world)[0]
                for sign in (1, -1)
            )
            expected = by_earlier[..., column] * (ways.earlier == index)[:, None]
            expected = expected + by_later[..., column] * (ways.later == index)[:, None]
            # Derivatives by turns are those at no error, of which there is little.
            np.testing.assert_allclose((ahead - behind) / (2 * step), expected, rtol=0.1, atol=10)


@pytest.mark.parametrize("numbers", [(0, 2), (3, 5)])
def test_between_keyframes_that_do_not_follow_each_other_nothing_is_told(
    numbers: tuple[int, int],
) -> None:
    assert len(ToldWays.between(numbers, [told(np.eye(4))] * 2).earlier) == 0


def test_a_keyframe_of_which_nothing_is_told_has_no_way() -> None:
    ways = ToldWays.between(range(4), [told(np.eye(4)), None, told(np.eye(4)), told(np.eye(4))])
    assert ways.earlier.tolist() == [2]
    assert ways.later.tolist() == [3]


def test_a_metre_that_is_hardly_known_makes_ways_uncertain() -> None:
    ahead = pose_from_rotation(np.eye(3), np.array([0.0, 0.0, 0.8]))
    known = [told(np.eye(4)), told(ahead)]
    guessed = [replace(pose, metre_deviation=0.3) for pose in known]
    sure, unsure = (ToldWays.between(range(2), poses).deviations[0] for poses in (known, guessed))
    np.testing.assert_array_equal(sure[:3], unsure[:3])
    assert unsure[3:] == pytest.approx(0.3 * 0.8, rel=0.03)


def test_what_is_told_grows_with_the_map() -> None:
    ahead = pose_from_rotation(np.eye(3), np.array([0.0, 0.0, 0.8]))
    way = told(ahead).rescaled(3.0).since(told(np.eye(4)))
    np.testing.assert_allclose(way[:3, 3], [0, 0, 2.4], atol=1e-9)


def shrunken(problem: BundleProblem) -> BundleProblem:
    """All of it at half the size, about the first camera: no observation tells."""
    poses = problem.camera_to_world.copy()
    poses[:, :3, 3] /= 2
    return replace(problem, camera_to_world=poses, log_inverse=problem.log_inverse + np.log(2))


def length(problem: BundleProblem) -> float:
    return float(np.linalg.norm(problem.camera_to_world[-1, :3, 3]))


def without_priors(problem: BundleProblem) -> BundleProblem:
    """The network says nothing of depth."""
    return replace(problem, log_prior=np.full(len(problem.host), np.nan))


def test_the_metre_that_no_observation_tells_is_the_odometrys() -> None:
    exact = exact_problem()
    small = without_priors(shrunken(exact))
    untold = solve(small, iterations=30).problem
    found = solve(replace(small, ways=ways_of(exact)), iterations=30).problem
    assert length(untold) == pytest.approx(length(exact) / 2, rel=0.05)
    assert length(found) == pytest.approx(length(exact), rel=0.01)


def test_a_wheel_that_spins_does_not_bend_what_is_seen_well() -> None:
    exact = exact_problem()
    slipping = [told(pose) for pose in exact.camera_to_world]
    for index in range(2, KEYFRAMES):  # a metre too far, from there on
        slipping[index].odom_from_camera[0, 3] += 1 / METRE
    ways = ToldWays.between(range(KEYFRAMES), slipping)
    found = solve(replace(disturbed(exact), ways=ways), iterations=30).problem
    np.testing.assert_allclose(found.camera_to_world, exact.camera_to_world, atol=0.01)


def test_no_ways_change_nothing() -> None:
    problem = disturbed(exact_problem())
    found = solve(replace(problem, ways=NO_WAYS)).problem
    np.testing.assert_array_equal(found.camera_to_world, solve(problem).problem.camera_to_world)


def test_between_what_an_odometry_said_before_and_after_it_was_set_to_zero_is_no_way() -> None:
    before, after = told(np.eye(4)), replace(told(np.eye(4)), beginning=1)
    assert len(ToldWays.between((0, 1), (before, after)).earlier) == 0
    assert len(ToldWays.between((0, 1), (after, after)).earlier) == 1
