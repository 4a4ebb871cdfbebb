"""The table against a dictionary, and at its limits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mem4d_ros.runtime.static_map.voxel_table import GRACE, REACH, WAYS, VoxelTable, voxel_keys

KEYS = st.lists(st.integers(0, 60), min_size=1, max_size=30, unique=True)


def test_cells_have_keys_of_their_own_up_to_the_corners_of_the_reach() -> None:
    side = [-REACH, -1, 0, 1, REACH - 1]
    cells = np.stack(np.meshgrid(side, side, side), -1).reshape(-1, 3)
    keys = voxel_keys(cells)
    assert (keys >= 0).all()
    assert len(np.unique(keys)) == len(cells)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), KEYS), max_size=8))
def test_behaves_as_a_dictionary_while_there_is_room(calls: list[tuple[bool, list[int]]]) -> None:
    table, expected = VoxelTable(61 * WAYS), {}
    for removing, numbers in calls:
        keys = np.array(numbers, np.int64)
        slots, new = table.claim(keys)
        assert len(set(slots.tolist())) == len(keys)
        for key, slot, is_new in zip(keys.tolist(), slots.tolist(), new.tolist(), strict=True):
            assert is_new == (key not in expected)
            assert expected.setdefault(key, slot) == slot
        if removing:
            table.remove(slots)
            for key in keys.tolist():
                del expected[key]
        assert sorted(expected.values()) == table.occupied().tolist()


def test_never_holds_more_than_it_may_and_keeps_what_came_last() -> None:
    table = VoxelTable(1000)
    rng = np.random.default_rng(0)
    for _ in range(100):
        keys = rng.choice(1 << 40, 200, replace=False)
        slots, _ = table.claim(keys)
        assert len(table.occupied()) <= table.capacity == 1008
        again, new = table.claim(keys)
        np.testing.assert_array_equal(again[slots >= 0], slots[slots >= 0])
        assert not new[slots >= 0].any()
        assert (slots >= 0).mean() > 0.99
    assert len(table.occupied()) > 990


def test_what_was_used_longest_ago_gives_way() -> None:
    table = VoxelTable(WAYS)  # one bucket
    for key in range(WAYS):
        table.claim(np.array([key]))
    table.claim(np.array([0]))  # used again: now 1 is the oldest
    table.claim(np.array([100]))
    _, new = table.claim(np.array([0]))
    assert not new[0]
    _, new = table.claim(np.array([1]))
    assert new[0]


def test_what_is_not_settled_gives_way_first_once_it_has_waited() -> None:
    table = VoxelTable(WAYS)  # one bucket
    slots, _ = table.claim(np.arange(WAYS))
    table.settle(slots, np.arange(WAYS) != 5)
    for _ in range(GRACE):
        table.claim(np.array([5]))  # the newest of all
    for _ in range(GRACE + 1):
        table.claim(np.empty(0, np.int64))
    table.claim(np.array([100]))
    _, new = table.claim(np.arange(WAYS))
    assert np.flatnonzero(new).tolist() == [5]


def test_what_has_come_just_now_outlives_what_was_settled_long_ago() -> None:
    """Else nothing new could settle in a table that is full of other places."""
    table = VoxelTable(WAYS)  # one bucket
    slots, _ = table.claim(np.arange(WAYS))
    table.settle(slots, np.ones(WAYS, bool))
    for key in range(100, 105):
        table.claim(np.array([key]))
    _, new = table.claim(np.arange(100, 105))
    assert not new.any()


def test_a_slot_that_was_emptied_is_free_before_all_others() -> None:
    table = VoxelTable(WAYS)  # one bucket
    slots, _ = table.claim(np.arange(WAYS))
    table.settle(slots, np.arange(WAYS) < 8)
    for _ in range(GRACE + 2):
        table.claim(np.array([0]))
    table.remove(slots[3:4])
    slot, new = table.claim(np.array([100]))
    assert (slot, new) == (slots[3], True)


def test_keys_of_one_call_do_not_drive_each_other_out() -> None:
    table = VoxelTable(WAYS)
    slots, new = table.claim(np.arange(WAYS + 5))
    assert sorted(slots[slots >= 0].tolist()) == list(range(WAYS))
    assert (new == (slots >= 0)).all()


def test_half_full_it_loses_hardly_any() -> None:
    table = VoxelTable(20_000)
    rng = np.random.default_rng(1)
    keys = voxel_keys(np.unique(rng.integers(-60, 60, (10_000, 3)), axis=0))
    for part in np.array_split(keys, 50):
        table.claim(part)
    assert len(table.occupied()) > 0.99 * len(keys)
