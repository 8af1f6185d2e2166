"""Which curves are noisy, and the moving average that is drawn through them."""

from __future__ import annotations

import math

import numpy as np

LIGHT = 0.6
"""Weight of the past in the moving average of a noisy curve."""
NOISE = 0.02
"""Share of the axis by which a quarter of a noisy curve's points lie off the line between their neighbours."""
ERRATIC = -0.9, -0.25
"""How such distances of neighbours are correlated in a noisy curve: in white noise by -2/3, in a random walk by -1/2;
in a curve with bends more, up to 1; in a zigzag, which is no noise, by -1."""
SAMPLES = 40, 256
"""Points from which on a curve can be called noisy, and how many are looked at."""


def is_noisy(steps: np.ndarray, heights: np.ndarray) -> bool:
    """Whether a curve is noisy, by its ``heights`` on the axis, 0 … 1, some of which may be NaN: a quarter of its
    points or more lie by `NOISE` off the line between their neighbours, to either side as by chance (`ERRATIC`)."""
    if len(heights) < SAMPLES[0]:
        return False
    share = (steps[1:-1] - steps[:-2]) / np.maximum(1, steps[2:] - steps[:-2])
    kinks = heights[1:-1] - (heights[:-2] * (1 - share) + heights[2:] * share)
    pairs = kinks[1:] * kinks[:-1]
    kinks, pairs = kinks[~np.isnan(kinks)], pairs[~np.isnan(pairs)]
    if not len(pairs) or np.quantile(np.abs(kinks), 0.75) < NOISE:
        return False
    return bool(ERRATIC[0] < pairs.mean() / np.square(kinks).mean() < ERRATIC[1])


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Moving average of ``values`` that gives the n-th before and after ``weight`` ** n: to both sides, so that it does
    not lag behind a curve that falls. Before the first, the curve is taken to have come as it goes, so that an average
    of a steep start does not begin lower."""
    if weight <= 0:
        return values
    values = values / 4  # so that sums of the largest floats are floats
    before = min(len(values) - 1, math.ceil(math.log(0.01) / math.log(weight)))
    longer = np.concatenate((2 * values[:1] - values[before:0:-1], values))
    past, future = _sum_past(longer, weight), _sum_past(longer[::-1], weight)[:, ::-1]
    total, norm = past + future - (1 - weight) * np.stack((longer, np.ones(len(longer))))
    return np.asarray(total / norm * 4)[before:]


def _sum_past(values: np.ndarray, weight: float) -> np.ndarray:
    """Sums of ``values`` up to each, and of the weights in them: (2, n)."""
    result = np.empty((2, len(values)))
    total = norm = 0.0
    for index, value in enumerate(values.tolist()):
        total = weight * total + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        result[:, index] = total, norm
    return result
