"""Under which licence CUT3R's weights, and what is made of them, are."""

from __future__ import annotations

LICENCE = "CC BY-NC-SA 4.0"
NOTICE = (
    f"CUT3R's weights, and all that is made from them, are under {LICENCE}: "
    "name CUT3R, not for commercial use, share alike"
)
