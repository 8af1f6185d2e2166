"""Numbers in cells: how many decimals they have where all of an array are written in one form."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from descend.tui.draw.ticks import number


def number_forms(values: np.ndarray) -> list[Callable[[float], str]]:
    """Ways to write ``values``, the same for all of them, from the fullest to the shortest."""
    finite = np.abs(values[np.isfinite(values)].astype(np.float64))
    most = float(finite.max(initial=0.0))
    if most and (most < 1e-3 or most >= 1e6):
        return [number, lambda value: fixed(value, 0, "e") if math.isfinite(value) else number(value)]
    if (finite == np.floor(finite)).all():
        return [lambda value: fixed(value, 0)]
    size = math.floor(math.log10(most))
    fine, coarse = max(0, min(2, 2 - size)), max(0, 1 - size)
    fine = max(fine, coarse)

    def bare(value: float) -> str:
        return fixed(value, coarse).replace("0.", ".", 1) if abs(value) < 1 else fixed(value, coarse)

    return [lambda value: fixed(value, fine), lambda value: fixed(value, coarse), bare]


def fixed(value: float, decimals: int, form: str = "f") -> str:
    """``value`` with so many decimals, without the sign of a zero."""
    if not math.isfinite(value):
        return number(value)
    text = f"{value:.{decimals}{form}}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
    return text.lstrip("-") if form == "f" and float(text) == 0 else text
