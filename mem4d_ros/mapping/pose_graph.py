"""Pose graph: similarities of keyframes that agree best with what is known between pairs of them.

A node is a camera-to-world pose with a scale of its own, x_world = e^λ R x + t, for a camera alone
does not notice that its metres grow (Strasdat, Montiel & Davison, "Scale drift-aware large scale
monocular SLAM", RSS 2010). Gauss-Newton with Levenberg's damping; the normal equations are dense,
since a map has at most some hundred keyframes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from mem4d_ros.mapping.rotations import exponential, logarithm, orthonormal, skew

ROBUST_SIGMAS = 3.0
"""Edges that may be wrong lose weight by Cauchy's function of this scale, in the end."""
NARROWING = 4.0
ITERATIONS = 10
FIRST_DAMPING, LARGEST_DAMPING = 1e-6, 1e6
CONVERGED = 1e-4
"""Relative decrease of the cost after which nothing is gained any more."""


@dataclass(frozen=True)
class Edges:
    """M measurements: where and how large the second node is, as the first one has it.

    Attributes:
        first, second: (M,) indices of nodes.
        motion: (M, 4, 4), the second's pose in metres of the first.
        log_scale: (M,), log of the second's scale by the first's.
        deviation: (M, 3), of the turn in rad, the position in m, the log scale.
        may_be_wrong: (M,) bool; the others are believed however large their error.
    """

    first: np.ndarray
    second: np.ndarray
    motion: np.ndarray
    log_scale: np.ndarray
    deviation: np.ndarray
    may_be_wrong: np.ndarray

    def joined(self, others: Edges) -> Edges:
        """These and others."""
        return Edges(
            *(np.concatenate(pair) for pair in zip(_fields(self), _fields(others), strict=True))
        )


@dataclass(frozen=True)
class PoseGraph:
    """K nodes, the first of which stays where it is, and the edges between them.

    Attributes:
        camera_to_world: (K, 4, 4), without the scale. log_scale: (K,).
    """

    camera_to_world: np.ndarray
    log_scale: np.ndarray
    edges: Edges

    def motions(self, other: PoseGraph) -> np.ndarray:
        """Similarities (K, 4, 4) of the world that take each node from here to where another is."""
        scale = np.exp(other.log_scale - self.log_scale)
        turn = other.camera_to_world[:, :3, :3] @ self.camera_to_world[:, :3, :3].swapaxes(-1, -2)
        motion = np.tile(np.eye(4), (len(scale), 1, 1))
        motion[:, :3, :3] = scale[:, None, None] * turn
        moved = np.einsum("kij,kj->ki", motion[:, :3, :3], self.camera_to_world[:, :3, 3])
        motion[:, :3, 3] = other.camera_to_world[:, :3, 3] - moved
        return motion


def edges_between(
    graph_poses: np.ndarray, first: np.ndarray, second: np.ndarray, deviation: np.ndarray
) -> Edges:
    """Edges that say what poses (K, 4, 4) of one scale say already; `deviation` is (M, 3)."""
    turn = graph_poses[first, :3, :3].swapaxes(-1, -2)
    motion = np.tile(np.eye(4), (len(first), 1, 1))
    motion[:, :3, :3] = turn @ graph_poses[second, :3, :3]
    way = graph_poses[second, :3, 3] - graph_poses[first, :3, 3]
    motion[:, :3, 3] = np.einsum("mij,mj->mi", turn, way)
    count = len(first)
    return Edges(first, second, motion, np.zeros(count), deviation, np.zeros(count, bool))


def relax(graph: PoseGraph) -> tuple[PoseGraph, np.ndarray]:
    """The graph at rest, and the errors (M,) of its edges in standard deviations.

    The robust kernel is wide at first, so that a right edge is believed however far the graph has
    drifted, and then narrows, so that a wrong one among right ones loses its weight (graduated
    non-convexity: Yang, Antonante, Tzoumas & Carlone, RA-L 2020).
    """
    doubted = graph.edges.may_be_wrong
    width = float(max(_errors(graph)[doubted], default=0.0))
    while width > ROBUST_SIGMAS:
        graph = _descend(graph, width)
        width /= NARROWING
    graph = _descend(graph, ROBUST_SIGMAS)
    return graph, _errors(graph)


def _descend(graph: PoseGraph, width: float) -> PoseGraph:
    damping = FIRST_DAMPING
    system = _linearise(graph, width)
    for _ in range(ITERATIONS):
        moved = _step(graph, system, damping)
        after = _linearise(moved, width)
        if not after.cost < system.cost:
            damping *= 10
            if damping > LARGEST_DAMPING:
                break
            continue
        gain = (system.cost - after.cost) / system.cost
        graph, system, damping = moved, after, damping / 10
        if gain < CONVERGED:
            break
    return graph


def _errors(graph: PoseGraph) -> np.ndarray:
    return np.linalg.norm(_residuals(graph)[0], axis=-1)


@dataclass(frozen=True)
class _System:
    """Normal equations; a node has seven unknowns: turn in its camera, position, log scale."""

    cost: float
    block: np.ndarray  # (7 K, 7 K)
    gradient: np.ndarray  # (7 K,)


def _linearise(graph: PoseGraph, width: float) -> _System:
    """`width` is that of the robust kernel, in standard deviations."""
    edges, count = graph.edges, len(graph.log_scale)
    residual, by_first, by_second = _residuals(graph)
    errors = np.linalg.norm(residual, axis=-1)  # (M,)
    relative = (errors / width) ** 2
    cauchy = width**2 * np.log1p(relative)
    cost = np.where(edges.may_be_wrong, cauchy, errors**2).sum()
    weight = np.where(edges.may_be_wrong, 1 / (1 + relative), 1.0)[:, None, None]
    block, gradient = np.zeros((count, count, 7, 7)), np.zeros((count, 7))
    sides = ((edges.first, by_first), (edges.second, by_second))
    for row, by_row in sides:
        weighted = (by_row * weight).swapaxes(-1, -2)
        np.add.at(gradient, row, np.einsum("mij,mj->mi", weighted, residual))
        for column, by_column in sides:
            np.add.at(block, (row, column), weighted @ by_column)
    whole = block.transpose(0, 2, 1, 3).reshape(7 * count, 7 * count)
    return _System(float(cost), whole, gradient.reshape(-1))


def _residuals(graph: PoseGraph) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Errors (M, 7) in deviations, and their derivatives (M, 7, 7) by both nodes."""
    edges, poses, scale = graph.edges, graph.camera_to_world, graph.log_scale
    first, second = edges.first, edges.second
    turn = poses[first, :3, :3].swapaxes(-1, -2)
    shrunk = np.exp(-scale[first])[:, None, None] * turn
    between = turn @ poses[second, :3, :3]
    way = np.einsum("mij,mj->mi", shrunk, poses[second, :3, 3] - poses[first, :3, 3])
    rotated = logarithm(edges.motion[:, :3, :3].swapaxes(-1, -2) @ between)
    residual = np.concatenate(
        (
            rotated,
            way - edges.motion[:, :3, 3],
            (scale[second] - scale[first] - edges.log_scale)[:, None],
        ),
        -1,
    )
    by_first, by_second = np.zeros((2, len(first), 7, 7))
    by_second[:, :3, :3] = np.eye(3) + skew(rotated) / 2  # the logarithm's, to first order
    by_first[:, :3, :3] = -by_second[:, :3, :3] @ between.swapaxes(-1, -2)
    by_second[:, 3:6, 3:6], by_first[:, 3:6, 3:6] = shrunk, -shrunk
    by_first[:, 3:6, :3], by_first[:, 3:6, 6] = skew(way), -way
    by_second[:, 6, 6], by_first[:, 6, 6] = 1, -1
    whiten = 1 / np.repeat(edges.deviation, (3, 3, 1), axis=-1)  # (M, 7)
    return residual * whiten, by_first * whiten[..., None], by_second * whiten[..., None]


def _step(graph: PoseGraph, system: _System, damping: float) -> PoseGraph:
    block = system.block[7:, 7:]
    block = block + np.diag(damping * block.diagonal() + 1e-9)
    change = -np.linalg.solve(block, system.gradient[7:]).reshape(-1, 7)
    poses, log_scale = graph.camera_to_world.copy(), graph.log_scale.copy()
    poses[1:, :3, :3] = orthonormal(poses[1:, :3, :3] @ exponential(change[:, :3]))
    poses[1:, :3, 3] += change[:, 3:6]
    log_scale[1:] += change[:, 6]
    return replace(graph, camera_to_world=poses, log_scale=log_scale)


def _fields(edges: Edges) -> tuple[np.ndarray, ...]:
    return tuple(vars(edges).values())
