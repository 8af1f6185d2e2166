"""Numbers for axes and legends: round tick positions, short labels, speeds and times."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from descend.engine.run.packed_array import is_not_yet

ABSENT = "·"
"""What stands for a number that is not computed yet."""


def number(value: float) -> str:
    """``value`` in at most nine characters, four significant digits."""
    if math.isnan(value):
        return ABSENT if is_not_yet(value) else "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e6:
        return _exponential(value, 2)
    if value == int(value) and size < 1e5:
        return str(int(value))
    return f"{value:.{max(0, 3 - math.floor(math.log10(size)))}f}"


def counted(value: float) -> str:
    """A count, such as a step, in at most six characters: 950, 1.5k, 9,999, 20k, 3.25M."""
    if 1000 < abs(value) < 1e5 and value == int(value) and value % 100:
        return f"{value:,.0f}"
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.4g}{suffix}"
    return f"{value:.4g}"


def speed(rate: float) -> str:
    """A rate in a few characters."""
    return f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}"


def duration(seconds: float) -> str:
    """``0:04``, ``12:30`` or ``3:05:09``."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def spacing(span: float, count: int) -> float:
    """The round distance (1, 2, 2.5 or 5 times a power of ten) that puts at most ``count`` intervals into ``span``."""
    rough = span / max(1, count)
    power = 10.0 ** math.floor(math.log10(rough))
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= rough * 0.999999:
            return factor * power
    return 10 * power


def linear(low: float, high: float, count: int) -> tuple[float, float, list[float]]:
    """A range with rounded ends that holds ``low`` … ``high``, and round positions in it, about ``count`` apart.

    A range that begins a little above zero begins at zero."""
    if not high - low > 1e-300:
        margin = abs(low) * 0.1 or 1.0
        low, high = low - margin, high + margin
    step = spacing(high - low, count)
    fine = step / 5
    if high + fine == high or low - fine == low:  # closer together than floats can tell
        return low, high, [low, high]
    start = 0.0 if 0 <= low < step else math.floor(low / fine + 1e-6) * fine
    end = math.ceil(high / fine - 1e-6) * fine
    first, last = math.ceil(start / step - 1e-6), math.floor(end / step + 1e-6)
    return start, end, [index * step for index in range(first, last + 1)]


def logarithmic(low: float, high: float, count: int) -> tuple[float, float, list[float]]:
    """A range with rounded ends that holds the positive ``low`` … ``high``, and positions in it for at most about
    ``count`` labels: powers of ten, with 2, 3 and 5 between them where there is room."""
    bottom, top = math.floor(math.log10(low) + 1e-9), math.ceil(math.log10(high) - 1e-9)
    start = math.floor(low / 10.0**bottom + 1e-6) * 10.0**bottom
    end = math.ceil(high / 10.0 ** (top - 1) - 1e-6) * 10.0 ** (top - 1)
    if end <= start:
        start, end = 10.0**bottom, 10.0 ** (bottom + 1)
    decades = range(bottom, top + 1)
    grids = [[f * 10.0**e for e in decades for f in factors] for factors in ((1, 2, 3, 5), (1, 2, 5), (1, 3))]
    grids += [[10.0**e for e in decades if e % stride == 0] for stride in range(1, len(decades))]
    for grid in grids:
        inside = [value for value in grid if start * 0.999999 <= value <= end * 1.000001]
        if 2 <= len(inside) <= count + 1:
            return start, end, inside
    return start, end, [start, end]


def labels(positions: Sequence[float]) -> list[str]:
    """One label a position, in one form, with the decimals needed to distinguish neighbours."""
    largest = max((abs(p) for p in positions), default=0.0)
    gap = min((abs(b - a) for a, b in itertools.pairwise(positions) if a != b), default=largest or 1.0)
    if largest and (largest >= 1e5 or largest < 1e-3):
        digits = min(6, max(0, math.ceil(math.log10(largest / gap) - 1e-9)))
        return [_exponential(p, digits) for p in positions]
    decimals = min(8, max(0, -math.floor(math.log10(gap) + 1e-9)))
    if decimals < 8 and abs(gap * 10**decimals - round(gap * 10**decimals)) > 1e-6:
        decimals += 1  # steps of 2.5
    return [f"{p:.{decimals}f}" if p else "0" for p in positions]


def decade_labels(positions: Sequence[float]) -> list[str]:
    """Labels of a logarithmic axis."""
    return [f"{p:g}" if 1e-3 <= p < 1e4 else _exponential(p, 0) for p in positions]


def _exponential(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    return f"{value:.{digits}e}".replace("e-0", "e-").replace("e+0", "e").replace("e+", "e")
