"""Learning rate: linear warm-up, then a cosine to zero."""

import math


def learning_rate(
    step: int, steps: int, warm_up: int, peak: float, position: float | None = None
) -> float:
    """Rate of the step number `step` (from 0) of `steps`.

    Args:
        position: how many of the `steps` are over, where that is not for `step` to say.
    """
    if step < warm_up:
        return peak * (step + 1) / warm_up
    if position is None:
        progress = (step - warm_up) / max(1, steps - warm_up)
    else:
        progress = position / steps
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
