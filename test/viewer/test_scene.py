"""The scene keeps the newest of everything, and nothing of a world that was left."""

from __future__ import annotations

import numpy as np

from mem4d_ros.viewer.scene import NOTHING, Changes, Facts, Scene


def test_the_newest_is_taken_once() -> None:
    scene = Scene()
    for frame in range(3):
        scene.put(Changes(path=np.full((frame, 3), frame)))
    scene.put(Changes(facts=Facts("running")))
    taken = scene.take()
    assert len(taken.path) == 2
    assert taken.facts == Facts("running")
    assert scene.take() is NOTHING


def test_a_new_world_forgets_what_was_not_yet_taken() -> None:
    scene = Scene()
    scene.put(Changes(path=np.zeros((5, 3))))
    scene.put(Changes(restarted=True))
    scene.put(Changes(until=3.0))
    taken = scene.take()
    assert taken.restarted
    assert taken.path is None
    assert taken.until == 3.0


def test_facts_outlive_a_new_world() -> None:
    scene = Scene()
    scene.put(Changes(restarted=True, facts=Facts("running")))
    assert scene.take().facts == Facts("running")
