from __future__ import annotations

import numpy as np
import pytest

from mem4d_ros.viz import contact_sheet


def shade(value: int, height: int = 60, width: int = 80) -> np.ndarray:
    return np.full((height, width, 3), (value, 0, 255), np.uint8)


def area_of(sheet: np.ndarray, value: int) -> np.ndarray:
    """Pixels (K, 2) of a shade; text is grey, so it has none."""
    return np.argwhere((sheet == (value, 0, 255)).all(-1))


def test_pictures_stand_in_rows_in_their_order() -> None:
    sheet = contact_sheet([("a", shade(10)), ("b", shade(120)), ("c", shade(200))], 2, width=80)
    tops = {value: area_of(sheet, value).min(0) for value in (10, 120, 200)}
    assert tops[10][0] == tops[120][0] < tops[200][0]
    assert tops[10][1] == tops[200][1] < tops[120][1]
    assert len(area_of(sheet, 200)) == 60 * 80


def test_pictures_of_any_size_keep_their_proportions() -> None:
    sheet = contact_sheet(
        [("wide", shade(10, 20, 160)), ("tall", shade(200, 160, 40))], 2, width=40
    )
    assert len(area_of(sheet, 10)) == 40 * 5
    assert len(area_of(sheet, 200)) == 40 * 160


def test_names_are_written() -> None:
    sheets = [contact_sheet([(name, shade(128))], 1) for name in ("depth", "colour")]
    assert (sheets[0] != sheets[1]).any()


def test_no_picture_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one picture"):
        contact_sheet([], 3)
