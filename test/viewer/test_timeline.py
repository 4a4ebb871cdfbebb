"""A recording plays at its rate, from where it was left, and stops at its end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.viewer.timeline import Playback

TEN = Playback(length=10, rate_hz=2.0)


def test_it_stands_until_it_plays() -> None:
    assert [TEN.position(now) for now in (0.0, 5.0, 100.0)] == [0, 0, 0]


def test_it_plays_at_its_rate() -> None:
    playing = TEN.played(100.0)
    assert [playing.position(100.0 + s) for s in (0.0, 0.4, 0.5, 1.0, 2.9)] == [0, 0, 1, 2, 5]


def test_it_stops_at_the_last_frame_and_begins_anew() -> None:
    playing = TEN.played(0.0)
    assert playing.position(1000.0) == 9
    assert playing.has_ended(1000.0)
    assert not playing.has_ended(1.0)
    stopped = playing.paused(1000.0)
    assert not stopped.has_ended(1000.0)
    assert stopped.played(2000.0).position(2000.0) == 0


def test_a_pause_keeps_the_frame() -> None:
    paused = TEN.played(0.0).paused(2.0)
    assert paused.position(50.0) == 4
    assert paused.played(60.0).position(60.5) == 5


def test_another_speed_goes_on_from_the_frame() -> None:
    faster = TEN.played(0.0).at_rate(4.0, 2.0)
    assert [faster.position(2.0 + s) for s in (0.0, 0.25, 1.0)] == [4, 5, 8]


@pytest.mark.parametrize(("wanted", "found"), [(3, 3), (-5, 0), (99, 9)])
def test_frames_beyond_the_ends_are_the_ends(wanted: int, found: int) -> None:
    assert TEN.sought(wanted, 0.0).position(0.0) == found


@given(
    st.integers(1, 500),
    st.floats(0.1, 100),
    st.lists(st.tuples(st.sampled_from("spq"), st.floats(0, 10), st.integers(-5, 600)), max_size=9),
)
def test_whatever_is_done_there_is_a_frame_to_show(
    length: int, rate_hz: float, actions: list[tuple[str, float, int]]
) -> None:
    playback, now = Playback(length, rate_hz), 0.0
    for action, seconds, position in actions:
        now += seconds
        moves = {"s": playback.paused, "p": playback.played}
        playback = moves[action](now) if action in moves else playback.sought(position, now)
        assert 0 <= playback.position(now) < length
