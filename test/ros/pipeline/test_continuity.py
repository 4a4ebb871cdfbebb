"""Where a stream of images breaks: its stamps and its kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mem4d_ros.mapping import MapCamera
from mem4d_ros.ros.pipeline.continuity import Continuity, Kind
from mem4d_ros.runtime import FrameRejected
from mem4d_ros.sensor_messages.stamps import JUMP_NS

SECOND = 1_000_000_000
RGB = Kind(64, 48, "rgb8", "camera")


LATER_S = 1e6
"""Between two images, so that no stamp is ahead of time."""


def breaks(*stamps: int) -> list[bool]:
    stream = Continuity()
    return [bool(stream.break_by_stamp(stamp, i * LATER_S)) for i, stamp in enumerate(stamps)]


def test_stamps_that_grow_are_one_stream() -> None:
    assert breaks(5 * SECOND, 5 * SECOND + 1, 900 * SECOND) == [False] * 3


def test_a_jump_back_starts_a_new_stream_from_there() -> None:
    stamps = (100 * SECOND, 3 * SECOND, 4 * SECOND, 50 * SECOND)
    assert breaks(*stamps) == [False, True, False, False]


@pytest.mark.parametrize("behind_ns", [0, 1, JUMP_NS - 1])
def test_repeated_and_late_stamps_are_refused_and_change_nothing(behind_ns: int) -> None:
    stream = Continuity()
    stream.break_by_stamp(100 * SECOND, 0.0)
    with pytest.raises(FrameRejected, match="twice or out of order"):
        stream.break_by_stamp(100 * SECOND - behind_ns, 0.1)
    assert not stream.break_by_stamp(100 * SECOND + 1, 0.2)


def test_a_single_image_ahead_is_said_and_no_break() -> None:
    said: list[str] = []
    stream = Continuity(said.append)
    for index, stamp in enumerate((10.0, 10.1, 19.0, 10.3, 10.4, 10.5)):
        assert not stream.break_by_stamp(round(stamp * SECOND), 0.1 * index)
    assert said == [
        "the stamp of one image was 8.700 s ahead of the next one's, which goes on as those before"
    ]
    assert stream.break_by_stamp(3 * SECOND, 0.7)


def test_a_single_image_far_ahead_is_refused_and_changes_nothing() -> None:
    """TF would take nothing that is older than that by its cache of 10 s."""
    said: list[str] = []
    stream = Continuity(said.append)
    for index, stamp in enumerate((10.0, 10.1, 9000, 10.3, 10.4)):
        if stamp == 9000:
            with pytest.raises(FrameRejected, match=r"8989.800 s further ahead .* left out"):
                stream.break_by_stamp(stamp * SECOND, 0.1 * index)
        else:
            assert not stream.break_by_stamp(round(stamp * SECOND), 0.1 * index)
    assert not said


def test_stamps_that_leap_ahead_and_stay_there_cost_one_image() -> None:
    """A recording that is wound on."""
    stream = Continuity()
    stream.break_by_stamp(10 * SECOND, 0.0)
    with pytest.raises(FrameRejected):
        stream.break_by_stamp(9000 * SECOND, 0.1)
    for index in range(1, 4):
        assert not stream.break_by_stamp(9000 * SECOND + index, 0.1 + 0.1 * index)


def test_images_that_come_far_apart_faster_than_time_cost_one() -> None:
    """A film of one image a minute, played fast."""
    stream, refused = Continuity(), []
    for minute in range(6):
        try:
            assert not stream.break_by_stamp((10 + 60 * minute) * SECOND, 0.1 * minute)
        except FrameRejected:
            refused.append(minute)
    assert refused == [1]


def test_a_pause_of_the_camera_is_no_leap() -> None:
    stream = Continuity()
    stream.break_by_stamp(10 * SECOND, 0.0)
    assert not stream.break_by_stamp(9010 * SECOND, 9000.0)


def test_no_stamp_says_nothing() -> None:
    assert breaks(0, 0, 7 * SECOND, 0, 8 * SECOND, 0) == [False] * 6


@given(st.lists(st.integers(0, 2**31 * SECOND), max_size=30))
def test_a_stream_follows_any_stamps(stamps: list[int]) -> None:
    """What is no break is not older than anything since the last one, but for one that is ahead."""
    stream, newest, before = Continuity(), 0, 0
    for index, stamp in enumerate(stamps):
        try:
            is_break = bool(stream.break_by_stamp(stamp, 2**31 * index))
        except FrameRejected:
            assert 0 < stamp <= newest < stamp + JUMP_NS
            continue
        if stamp:
            assert is_break <= (stamp <= newest)
            if stamp <= newest and not is_break:
                assert before < stamp
                newest = stamp
            else:
                newest, before = stamp, 0 if is_break else newest


def test_a_change_of_size_or_encoding_is_a_break_once() -> None:
    stream = Continuity()
    grey, narrow = Kind(64, 48, "mono8", "camera"), Kind(32, 48, "mono8", "camera")
    kinds = [RGB, RGB, grey, grey, narrow]
    found = [stream.break_by_kind(kind) for kind in kinds]
    assert [bool(cause) for cause in found] == [False, False, True, False, True]
    assert found[2] == "images changed from 64x48 rgb8 of 'camera' to 64x48 mono8 of 'camera'"


def camera(focal_length: float) -> MapCamera:
    return MapCamera(np.array([[focal_length, 0, 32], [0, focal_length, 24], [0, 0, 1]]), 64, 48)


def test_another_camera_frame_is_another_camera() -> None:
    stream = Continuity()
    stream.break_by_kind(RGB)
    cause = stream.break_by_kind(Kind(64, 48, "rgb8", "rear_camera"))
    assert cause == "images changed from 64x48 rgb8 of 'camera' to 64x48 rgb8 of 'rear_camera'"


def test_a_world_is_seen_by_one_calibration() -> None:
    """One that was guessed is another than the one that comes; numbers that waver are not."""
    stream = Continuity()
    cameras = [None, None, camera(50), camera(50.2), camera(100), camera(100), None, camera(100)]
    found = [stream.break_by_camera(each) for each in cameras]
    assert [bool(cause) for cause in found] == [0, 0, 1, 0, 1, 0, 0, 1]
    assert "CameraInfo has come" in found[2]
    assert "focal lengths 50.2, 50.2" in found[4]
