"""Learning-rate schedules, as a factor of the highest rate.

A schedule is a function of the step alone, so that a resumed run needs no state for it and a live turn of ``lr`` moves
the whole course.
"""

from __future__ import annotations

import math

FIRST, LAST = 1 / 25, 1e-4
"""The factors at which one-cycle begins and ends."""
RISE = 0.3
"""Share of the training in which one-cycle rises, unless told."""


def compute_factor(schedule: str, step: int, steps: int, warmup: float = 0.0) -> float:
    """The factor at ``step``, of ``steps`` in all.

    Args:
        schedule: *constant*; *step*: a tenth after one half, a hundredth after three quarters; *cosine*: down to zero
            along half a cosine; *one-cycle*: from 1/25 up to 1 and down to 1/10,000.
        warmup: share of the steps in which the rate first rises, along a line, or for one-cycle a cosine.

    Raises:
        ValueError: there is no such schedule.

    Sources: I. Loshchilov, F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017; L. N. Smith,
    N. Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2018; P. Goyal et
    al., Accurate, Large Minibatch SGD: Training ImageNet in 1 Hour, 2017 (warm-up).
    """
    if schedule == "one-cycle":
        rise = max(1, round((warmup or RISE) * steps))
        if step < rise:
            return FIRST + (1 - FIRST) * (1 - math.cos(math.pi * step / rise)) / 2
        return LAST + (1 - LAST) * compute_cosine(step - rise, steps - rise)
    rise = round(warmup * steps)
    if step < rise:
        return (step + 1) / (rise + 1)
    if schedule == "cosine":
        return compute_cosine(step - rise, steps - rise)
    if schedule == "step":
        return 1.0 if step < steps / 2 else 0.1 if step < 3 * steps / 4 else 0.01
    if schedule == "constant":
        return 1.0
    raise ValueError(f"there is no schedule '{schedule}'")


def compute_cosine(step: int, steps: int) -> float:
    """Half a cosine from 1 down to zero, which it would reach at ``steps``."""
    return (1 + math.cos(math.pi * step / max(1, steps))) / 2
