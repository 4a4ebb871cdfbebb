"""The static map's way to the browsers: the newest of each thing, and nothing waits for a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mem4d_ros.mapping import AtOnce, Worker
from mem4d_ros.runtime import ColouredPoints
from mem4d_ros.viewer.look import Look
from mem4d_ros.viewer.scene import MapCloud
from mem4d_ros.viewer.static_layer import StaticLayer
from mem4d_ros.viewer.tile_maker import MadeTiles
from mem4d_ros.viewer.tiles import Place


class Slow:
    """A worker that is busy until it is told that it is ready."""

    def __init__(self) -> None:
        self._work: Callable[[], MadeTiles] | None = None
        self._done: MadeTiles | None = None

    @property
    def is_busy(self) -> bool:
        return self._work is not None or self._done is not None

    def submit(self, work: Callable[[], MadeTiles]) -> None:
        assert not self.is_busy
        self._work = work

    def collect(self) -> MadeTiles | None:
        done, self._done = self._done, None
        return done

    def reset(self) -> None:
        self._work = self._done = None

    def be_ready(self) -> None:
        assert self._work is not None
        self._done, self._work = self._work(), None


def layer_with(worker: Worker[MadeTiles]) -> StaticLayer:
    return StaticLayer(1000, lambda: 7.0, worker)


def point(x: float, confidence: float = 5.0) -> MapCloud:
    """A map of one point."""
    return MapCloud(
        ColouredPoints(
            np.array([(x, 0.5, 0.5)], np.float32),
            np.full((1, 3), 90, np.uint8),
            np.array([confidence], np.float32),
        )
    )


def sent(layer: StaticLayer) -> dict[Place, int]:
    """Places of the tiles that are sent, and how many points each has; 0: it is removed."""
    return {place: 0 if tile is None else len(tile.positions) for place, tile in layer.changes()}


def test_a_map_is_made_and_sent_once() -> None:
    layer = layer_with(AtOnce())
    layer.put(point(0.5))
    assert not layer.is_settled
    assert layer.go_on()
    assert not layer.is_settled
    assert sent(layer) == {(0, 0, 0): 1}
    assert layer.is_settled
    assert not layer.go_on()


def test_nothing_waits_for_a_map_and_only_the_newest_of_those_that_come_meanwhile_is_made() -> None:
    worker = Slow()
    layer = layer_with(worker)
    for x in (0.5, 2.5, 4.5):
        layer.put(point(x))
        assert not layer.go_on()
        assert sent(layer) == {}
    worker.be_ready()
    assert layer.go_on()
    assert sent(layer) == {(0, 0, 0): 1}
    layer.go_on()
    worker.be_ready()
    assert layer.go_on()
    assert sent(layer) == {(0, 0, 0): 0, (2, 0, 0): 1}
    assert layer.is_settled


def test_a_choice_that_is_made_while_a_map_is_in_work_is_followed_after_it() -> None:
    worker = Slow()
    layer = layer_with(worker)
    layer.put(point(0.5, confidence=2.0))
    layer.go_on()
    layer.follow(replace(Look(), min_confidence=3.0))
    worker.be_ready()
    layer.go_on()
    assert sent(layer) == {(0, 0, 0): 1}
    assert not layer.is_settled
    layer.go_on()
    worker.be_ready()
    layer.go_on()
    assert sent(layer) == {(0, 0, 0): 0}


def test_what_concerns_only_the_browser_is_no_work() -> None:
    worker = Slow()
    layer = layer_with(worker)
    layer.follow(replace(Look(), point_scale=3.0))
    layer.go_on()
    assert not worker.is_busy


def test_what_was_seen_later_is_not_shown() -> None:
    layer = layer_with(AtOnce())
    points = replace(
        point(0.5).points,
        positions=np.array([(0.5, 0.5, 0.5), (2.5, 0.5, 0.5)], np.float32),
        colours=np.zeros((2, 3), np.uint8),
        confidences=np.ones(2, np.float32),
    )
    layer.put(MapCloud(points, np.array([1.0, 2.0])))
    layer.show_until(1.0)
    layer.go_on()
    assert sent(layer) == {(0, 0, 0): 1}
    layer.show_until(2.0)
    layer.go_on()
    assert sent(layer) == {(1, 0, 0): 1}


def test_a_world_that_was_left_does_not_come_back_from_work() -> None:
    worker = Slow()
    layer = layer_with(worker)
    layer.put(point(0.5))
    layer.go_on()
    layer.put(point(2.5))
    layer.restart()
    assert layer.is_settled
    layer.put(point(8.5))
    layer.go_on()
    worker.be_ready()
    layer.go_on()
    assert sent(layer) == {(4, 0, 0): 1}


def test_a_sample_of_a_large_map_is_known_at_once() -> None:
    layer = layer_with(Slow())
    positions = np.random.default_rng(0).uniform(-9, 9, (50_001, 3)).astype(np.float32)
    layer.put(MapCloud(ColouredPoints(positions, positions.astype(np.uint8), positions[:, 0])))
    assert 10_000 < len(layer.sample) <= 20_000
    np.testing.assert_allclose(layer.sample.mean(0), positions.mean(0), atol=0.2)
