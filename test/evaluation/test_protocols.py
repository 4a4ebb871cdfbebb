"""Which frames and sequences are measured, against the slices that the field's code takes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mem4d_ros.evaluation.protocols import (
    DepthProtocol,
    FrameSelection,
    PoseProtocol,
    chosen,
    depth_protocol,
    pose_protocol,
    reconstruction_protocol,
)

LENGTHS = (0, 1, 31, 110, 140, 269, 270, 271, 1000)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    ("selection", "published"),
    [
        (depth_protocol("bonn").frames, lambda frames: frames[30:140]),
        (depth_protocol("kitti").frames, lambda frames: frames[:110]),
        (depth_protocol("sintel").frames, lambda frames: frames),
        (pose_protocol("tum").frames, lambda frames: frames[::3][:90]),
        (pose_protocol("scannet").frames, lambda frames: frames[:270:3]),
        (pose_protocol("stereo4d").frames, lambda frames: frames[::5]),
        (reconstruction_protocol("7scenes").frames, lambda frames: frames[::200]),
        (reconstruction_protocol("nrgbd").frames, lambda frames: frames[::500]),
    ],
)
def test_frames_are_those_of_the_published_code(
    selection: FrameSelection, published: Callable[[list[int]], list[int]], length: int
) -> None:
    assert list(selection.of(length)) == published(list(range(length)))


def test_masks_are_those_of_the_published_code() -> None:
    assert (depth_protocol("sintel").max_depth_m, depth_protocol("sintel").clip_m) == (70, 70)
    assert (depth_protocol("bonn").max_depth_m, depth_protocol("bonn").clip_m) == (70, None)
    assert (depth_protocol("kitti").max_depth_m, depth_protocol("kitti").clip_m) == (None, None)


def test_a_data_set_without_a_published_protocol_is_measured_whole() -> None:
    for protocol in (
        depth_protocol("procedural"),
        pose_protocol("procedural"),
        reconstruction_protocol("procedural"),
    ):
        assert protocol.frames == FrameSelection()
        assert protocol.sequences == ()


def test_sequences_are_found_by_their_names_and_by_the_ends_of_them() -> None:
    names = ["rgbd_bonn_crowd", "rgbd_bonn_crowd2", "rgbd_bonn_crowd3", "test/crowd3"]
    assert chosen(names, ["crowd2", "crowd3"]) == (names[1:], [])
    assert chosen(names, ["test/crowd3", "rgbd_bonn_crowd"]) == ([names[0], names[3]], [])


def test_what_is_wanted_but_not_there_is_named() -> None:
    assert chosen(["alley_1", "alley_2"], ["alley_2", "cave_2"]) == (["alley_2"], ["cave_2"])


def test_all_are_taken_where_nothing_in_particular_is_wanted() -> None:
    assert chosen(["b", "a"], []) == (["b", "a"], [])


def test_a_folder_stands_for_all_that_is_in_it() -> None:
    assert chosen(["seq-01"], ["chess/seq-03"]) == ([], ["chess/seq-03"])
    assert chosen(["kitti/seq-01", "kitti2/seq-01"], ["kitti"]) == (["kitti/seq-01"], [])


@pytest.mark.parametrize("protocol", [depth_protocol, pose_protocol])
def test_sintel_has_the_fields_fourteen_sequences(
    protocol: Callable[[str], DepthProtocol | PoseProtocol],
) -> None:
    assert len(set(protocol("sintel").sequences)) == 14
