"""What the units of a network see of a plane, as pictures in two colours, joined by lines for its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
NEGATIVE, NOTHING, POSITIVE, GROUND = (95, 175, 255), 28, (255, 165, 60), 12
"""Blue, nearly black and orange, which also differ in brightness from what is between them; and what is no picture."""


def tint(values: Any) -> Pixels:
    """Colours (…, 3) of numbers (…): blue below 0, dark at 0, orange above; full at the largest, at least 1."""
    share = values / max(1.0, float(np.abs(values).max()))
    ends = np.where(share[..., None] < 0, NEGATIVE, POSITIVE)
    colours: Pixels = (NOTHING + (ends - NOTHING) * np.abs(share)[..., None]).astype(np.uint8)
    return colours


def join_maps(maps: Sequence[Any], weights: Sequence[Any], wide: int, high: int) -> Pixels:
    """One image of a network: a small picture for each feature and unit, left to right, and a large one of its output.

    Args:
        maps: for each layer, the features first, what its units say at the pixels of the plane: (units, fine, fine).
        weights: for each layer after the first, (units, units before): a line each, the largest drawn last.
        wide, high: pixels of the part with the small pictures; the output stands to its right, in the middle.

    Returns:
        (high, wide + fine, 3). The output's picture begins at row ``(high - fine) // 2``.
    """
    columns, most, fine = len(maps) - 1, max(map(len, maps)), maps[-1].shape[-1]
    size = min(18, (high // most - 1) // 2 * 2, wide // columns * 2 // 3 // 2 * 2)  # even, as a cell is two pixels high
    left = [round(wide * (i + 0.4) / columns - size / 2) // 2 * 2 for i in range(columns)] + [wide]
    middle = [[round(high * (i + 0.5) / len(layer) / 2) * 2 for i in range(len(layer))] for layer in maps]
    image = np.full((high, wide + fine, 3), GROUND, np.uint8)
    for depth, weight in enumerate(weights):
        across = np.arange(left[depth] + size, left[depth + 1])
        share = weight / (np.abs(weight).max() + 1e-9)
        order = np.unravel_index(np.abs(share).argsort(None, kind="stable"), share.shape)
        for target, source in zip(*order, strict=True):
            down = np.linspace(middle[depth][source], middle[depth + 1][target], len(across)).astype(int) // 2 * 2
            image[[down, down + 1], across] = tint(share[target, source])
    for layer, x, centres in zip(maps, left[:-1], middle, strict=False):
        for one, centre in zip(layer, centres, strict=True):
            pick, up = np.linspace(0, fine - 1, size).astype(int), centre - size // 4 * 2
            image[up : up + size, x : x + size] = tint(one[np.ix_(pick, pick)])
    top = (high - fine) // 2
    image[top : top + fine, wide:] = tint(maps[-1][0])
    return image


def mark_points(picture: Pixels, points: Any, labels: Any, reach: float) -> None:
    """Mark points (n, 2) in the ``picture`` (fine, fine, 3) of the square from -``reach`` to ``reach``, y up: those
    with a label in light orange, others in light blue, four pixels each."""
    fine = len(picture)
    spots = np.round((np.asarray(points) * (1, -1) + reach) / (2 * reach) * (fine - 1)).astype(int)
    for (column, row), label in zip(spots, labels, strict=True):
        if min(row, column) >= 0 and max(row, column) < fine:
            picture[row : row + 2, column : column + 2] = (255, 235, 200) if label else (200, 230, 255)
