"""Tiles: nothing is lost by cutting, and only what looks different is sent anew."""

from __future__ import annotations

import numpy as np

from mem4d_ros.viewer.tiles import MOST_TILES, Tile, TileStream, cut, side_for


def some_points(count: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    positions = random.uniform(-5, 5, (count, 3)).astype(np.float32)
    return positions, random.integers(0, 256, (count, 3)).astype(np.uint8)


def sent(stream: TileStream) -> list[tuple[int, int, int]]:
    return [place for place, _ in stream.next()]


def test_the_tiles_together_are_the_points() -> None:
    positions, colours = some_points()
    tiles = cut(positions, colours, 2.0).values()
    back = np.concatenate([tile.positions + tile.centre for tile in tiles])
    rows = np.concatenate([tile.colours for tile in tiles])
    for found, expected in ((back, positions), (rows, colours)):
        order, wanted = np.lexsort(back.T), np.lexsort(positions.T)
        np.testing.assert_allclose(found[order], expected[wanted], atol=1e-5)


def test_points_lie_within_their_tile() -> None:
    for tile in cut(*some_points(), 2.0).values():
        assert np.abs(tile.positions).max() <= 1.0 + 1e-5


def test_no_points_are_no_tiles() -> None:
    assert cut(np.empty((0, 3)), np.empty((0, 3), np.uint8), 2.0) == {}


def test_half_floats_tell_a_tile_to_the_millimetre() -> None:
    for tile in cut(*some_points(), 2.0).values():
        told = tile.positions.astype(np.float16).astype(np.float32)
        assert np.abs(told - tile.positions).max() < 1e-3


def test_wide_maps_have_wide_tiles() -> None:
    positions = some_points()[0]
    assert side_for(positions / 2) == 2.0
    side_m = side_for(100 * positions)
    assert len(cut(100 * positions, some_points()[1], side_m)) <= MOST_TILES
    assert side_m > 2.0


def test_what_is_new_is_sent_once() -> None:
    stream = TileStream()
    tiles = cut(*some_points(), 2.0)
    stream.want(tiles)
    assert sorted(sent(stream)) == sorted(tiles)
    stream.want(tiles)
    assert sent(stream) == []


def test_only_a_tile_with_another_point_is_sent_anew() -> None:
    stream = TileStream()
    positions, colours = some_points()
    stream.want(cut(positions, colours, 2.0))
    sent(stream)
    more = np.vstack((positions, [[0.5, 0.5, 0.5]])).astype(np.float32)
    stream.want(cut(more, np.vstack((colours, colours[:1])), 2.0))
    assert sent(stream) == [(0, 0, 0)]


def test_moves_and_colours_that_nobody_sees_are_not_sent() -> None:
    stream = TileStream()
    centre, positions = np.zeros(3), np.zeros((4, 3), np.float32)
    grey = np.full((4, 3), 100, np.uint8)
    stream.want({(0, 0, 0): Tile(centre, positions, grey)})
    sent(stream)
    stream.want({(0, 0, 0): Tile(centre, positions + np.float32(0.005), grey + 5)})
    assert sent(stream) == []
    stream.want({(0, 0, 0): Tile(centre, positions, grey + 100)})
    assert sent(stream) == [(0, 0, 0)]


def test_small_steps_add_up() -> None:
    """What counts is what the browser has, not what was wanted last."""
    stream = TileStream()
    grey = np.full((1, 3), 100, np.uint8)
    for step in range(10):
        position = np.full((1, 3), 0.008 * step, np.float32)
        stream.want({(0, 0, 0): Tile(np.zeros(3), position, grey)})
        if sent(stream) and step:
            break
    else:
        raise AssertionError("a point moved by 7 cm and was never sent anew")


def test_a_tile_that_is_gone_is_removed() -> None:
    stream = TileStream()
    stream.want(cut(*some_points(), 2.0))
    sent(stream)
    stream.want({})
    assert {tile for _, tile in stream.next()} == {None}
    assert len(stream) == 0


def test_what_waits_longest_comes_first() -> None:
    stream = TileStream()
    tiles = cut(*some_points(), 2.0)
    stream.want(tiles)
    early = next(stream.next())[0]
    again = Tile(tiles[early].centre, tiles[early].positions + 1, tiles[early].colours)
    stream.want({**tiles, early: again})
    assert sent(stream)[-1] == early
