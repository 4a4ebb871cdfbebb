"""Cells stand under their titles."""

from __future__ import annotations

from mem4d_ros.cli.evaluate.report import NAME_WIDTH, table_header, table_row

COLUMNS = ["frames", "AbsRel (scale)", "x"]


def test_cells_end_where_their_titles_end() -> None:
    titles = table_header(COLUMNS)
    row = table_row("alley_2", ["50", "0.421", "1"], COLUMNS)
    for title, cell in zip(COLUMNS, ["50", "0.421", "1"], strict=True):
        end = titles.index(title) + len(title)
        assert row[:end].endswith(cell)
    assert row.startswith("alley_2 ")


def test_a_long_name_is_not_cut() -> None:
    name = "rgbd_dataset_freiburg3_walking_halfsphere"
    assert len(name) > NAME_WIDTH
    assert table_row(name, ["1", "2", "3"], COLUMNS).startswith(name + "  ")
