"""Pose graphs against closed forms, SciPy's least squares, and wrong edges."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from mem4d_ros.mapping.pose_graph import Edges, PoseGraph, edges_between, relax
from mem4d_ros.mapping.rotations import exponential, logarithm

DEVIATION = np.array([0.01, 0.02, 0.01])


def square(side: int) -> np.ndarray:
    """Poses (4 side + 1, 4, 4) of a camera that goes around a square and turns at its corners."""
    poses = [np.eye(4)]
    for step in range(4 * side):
        pose = poses[-1].copy()
        pose[:3, 3] += pose[:3, 0]
        if step % side == side - 1:
            pose[:3, :3] = pose[:3, :3] @ exponential(np.array([0, 0, np.pi / 2]))
        poses.append(pose)
    return np.array(poses)


def chain(poses: np.ndarray) -> Edges:
    first = np.arange(len(poses) - 1)
    return edges_between(poses, first, first + 1, np.tile(DEVIATION, (len(first), 1)))


def travelled(edges: Edges) -> PoseGraph:
    """Where a camera thinks it is that adds its steps up."""
    poses, log_scale = [np.eye(4)], [0.0]
    for motion, step in zip(edges.motion, edges.log_scale, strict=True):
        pose = poses[-1].copy()
        pose[:3, 3] += np.exp(log_scale[-1]) * pose[:3, :3] @ motion[:3, 3]
        pose[:3, :3] = pose[:3, :3] @ motion[:3, :3]
        poses.append(pose)
        log_scale.append(log_scale[-1] + step)
    return PoseGraph(np.array(poses), np.array(log_scale), edges)


def loop(first: int, second: int, motion: np.ndarray, log_scale: float = 0.0) -> Edges:
    return Edges(
        np.array([first]), np.array([second]), motion[None], np.array([log_scale]),
        DEVIATION[None] / 10, np.array([True]),
    )  # fmt: skip


def with_edges(graph: PoseGraph, *edges: Edges) -> PoseGraph:
    for more in edges:
        graph = replace(graph, edges=graph.edges.joined(more))
    return graph


def noisy(edges: Edges, seed: int) -> Edges:
    rng = np.random.default_rng(seed)
    motion, count = edges.motion.copy(), len(edges.first)
    motion[:, :3, :3] = motion[:, :3, :3] @ exponential(rng.normal(0, DEVIATION[0], (count, 3)))
    motion[:, :3, 3] += rng.normal(0, DEVIATION[1], (count, 3))
    return replace(edges, motion=motion, log_scale=rng.normal(0, DEVIATION[2], count))


def far_off(graph: PoseGraph, true: np.ndarray) -> float:
    return float(np.linalg.norm(graph.camera_to_world[:, :3, 3] - true[:, :3, 3], axis=-1).max())


def test_what_agrees_stays() -> None:
    poses = square(3)
    graph = with_edges(travelled(chain(poses)), loop(0, 12, poses[12]))
    relaxed, errors = relax(graph)
    np.testing.assert_allclose(relaxed.camera_to_world, poses, atol=1e-9)
    np.testing.assert_allclose(errors, 0, atol=1e-6)


def test_a_square_that_turns_a_little_too_much_at_each_step_closes() -> None:
    """The same error in every step: the best square is the true one."""
    true = square(5)
    edges = chain(true)
    motion = edges.motion.copy()
    motion[:, :3, :3] = motion[:, :3, :3] @ exponential(np.array([0, 0, 0.02]))
    drifted = travelled(replace(edges, motion=motion))
    assert far_off(drifted, true) > 0.5
    relaxed, _ = relax(with_edges(drifted, loop(0, 20, true[20])))
    assert far_off(relaxed, true) < 0.1 * far_off(drifted, true)


def test_a_scale_that_grows_is_taken_back_evenly() -> None:
    """On a straight way without errors of position, logs of scale are on a line in the end."""
    poses = np.tile(np.eye(4), (11, 1, 1))
    edges = replace(chain(poses), log_scale=np.full(10, 0.03))
    graph = with_edges(travelled(edges), loop(0, 10, np.eye(4)))
    relaxed, _ = relax(graph)
    closed = np.linspace(0, relaxed.log_scale[-1], 11)
    np.testing.assert_allclose(relaxed.log_scale, closed, atol=1e-6)
    # 0.3 of ten springs of deviation 0.01, against one of 0.001.
    assert relaxed.log_scale[-1] == pytest.approx(0.3 * 1e-6 / (10 * 1e-4 + 1e-6), rel=0.1)


def test_the_cost_is_as_low_as_scipys() -> None:
    true = square(3)
    edges = noisy(chain(true), seed=1)
    graph = with_edges(
        travelled(edges), replace(loop(0, 12, true[12]), may_be_wrong=np.zeros(1, bool))
    )
    relaxed, errors = relax(graph)

    def residuals(unknowns: np.ndarray) -> np.ndarray:
        values = np.concatenate((np.zeros((1, 7)), unknowns.reshape(-1, 7)))
        turns = Rotation.from_rotvec(values[:, :3])
        every = []
        for index, (i, j) in enumerate(zip(graph.edges.first, graph.edges.second, strict=True)):
            motion = graph.edges.motion[index]
            between = turns[i].inv() * turns[j]
            turn = (Rotation.from_matrix(motion[:3, :3]).inv() * between).as_rotvec()
            way = turns[i].inv().apply(values[j, 3:6] - values[i, 3:6]) * np.exp(-values[i, 6])
            log_scale = values[j, 6] - values[i, 6] - graph.edges.log_scale[index]
            error = np.concatenate((turn, way - motion[:3, 3], [log_scale]))
            every.append(error / np.repeat(graph.edges.deviation[index], (3, 3, 1)))
        return np.concatenate(every)

    start = np.concatenate(
        (
            logarithm(graph.camera_to_world[1:, :3, :3]),
            graph.camera_to_world[1:, :3, 3],
            graph.log_scale[1:, None],
        ),
        -1,
    )
    best = least_squares(residuals, start.ravel())
    assert (errors**2).sum() == pytest.approx(2 * best.cost, rel=1e-3)
    found = best.x.reshape(-1, 7)
    np.testing.assert_allclose(relaxed.camera_to_world[1:, :3, 3], found[:, 3:6], atol=2e-3)
    np.testing.assert_allclose(relaxed.log_scale[1:], found[:, 6], atol=1e-3)


def test_a_wrong_edge_among_right_ones_is_refused() -> None:
    true = square(5)
    drifted = travelled(noisy(chain(true), seed=2))
    right = (loop(0, 20, true[20]), loop(1, 20, np.linalg.inv(true[1]) @ true[20]))
    without, _ = relax(with_edges(drifted, *right))
    elsewhere = np.eye(4)
    elsewhere[:3, 3] = 0, 0, 3
    relaxed, errors = relax(with_edges(drifted, *right, loop(3, 11, elsewhere)))
    assert errors[-1] > 100
    assert (errors[-3:-1] < 3).all()
    assert np.abs(relaxed.camera_to_world - without.camera_to_world).max() < 0.02


def test_motions_take_the_nodes_from_one_graph_to_the_other() -> None:
    before, after = travelled(chain(square(2))), travelled(noisy(chain(square(2)), seed=3))
    motions = before.motions(after)
    point = np.array([0.3, -0.2, 2.0])  # as each camera sees it
    for motion, old, new, scale in zip(
        motions, before.camera_to_world, after.camera_to_world, after.log_scale, strict=True
    ):
        there = old[:3, :3] @ point + old[:3, 3]
        moved = motion[:3, :3] @ there + motion[:3, 3]
        np.testing.assert_allclose(
            moved, np.exp(scale) * new[:3, :3] @ point + new[:3, 3], atol=1e-9
        )
