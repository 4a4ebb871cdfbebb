"""Stamps that recorders write as names of files."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

SINCE_1970 = re.compile(r"(?:.*?[^0-9.])?([0-9]{10,19}(?:\.[0-9]+)?)(?:[^0-9.].*)?")
IN_TWO_PARTS = re.compile(r"((?:^|.*[^0-9])[0-9]{10})[_-]([0-9]{9})(?![0-9])")
"""Seconds and nanoseconds."""
SECONDS = re.compile(r"([0-9]+\.[0-9]+)")
DIGITS_OF_UNITS = {10: 1, 13: 10**3, 16: 10**6, 19: 10**9}
"""Digits of the time since 1970, from 2001 to 2286, in seconds, ms, µs and ns."""


def stamps_in_names(paths: Sequence[Path]) -> list[float] | None:
    """In seconds, of files whose names are or hold stamps; None where not all do.

    A stamp is a time since 1970, in seconds with or without a fraction, as in
    1305031102.175304.png, in whole ms, µs or ns, as in frame_1403636579763555584_left.png, or in
    seconds and ns, as in 1403636579_763555584.png; or a name that is nothing but seconds with a
    fraction. Stamps that repeat are none.
    """
    stems = [IN_TWO_PARTS.sub(r"\1\2", path.stem) for path in paths]
    found = [SINCE_1970.fullmatch(stem) or SECONDS.fullmatch(stem) for stem in stems]
    texts = [match[1] for match in found if match]
    if len(texts) < len(paths) or len(set(texts)) < len(paths):
        return None
    if all("." in text for text in texts):
        return [float(text) for text in texts]
    digits = {len(text) for text in texts}
    if len(digits) > 1 or not digits <= DIGITS_OF_UNITS.keys():
        return None
    unit = DIGITS_OF_UNITS[digits.pop()]
    return [int(text) / unit for text in texts]
