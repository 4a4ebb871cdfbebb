"""Learning rate: linear warm-up, then a cosine to zero."""

import math


def learning_rate(step: int, steps: int, warm_up: int, peak: float) -> float:
    """Rate of the step number `step` (from 0) of `steps`."""
    if step < warm_up:
        return peak * (step + 1) / warm_up
    progress = (step - warm_up) / max(1, steps - warm_up)
    return peak * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
