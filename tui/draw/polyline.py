"""Lines of any length, reduced to what a canvas of Braille dots can show before they are drawn."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

LONGEST = 6000
"""Dots that a path passes through at most before places are left out of it."""
DOTTED = 600
"""Dots of a dotted line at most."""


class Line(NamedTuple):
    """Points in fractions of the canvas, (n,) each."""

    x: np.ndarray
    y: np.ndarray
    breaks: np.ndarray
    """Indices of the points that are not joined to the one before, ascending."""


def function(x: np.ndarray, y: np.ndarray, columns: int) -> Line:
    """The line of a function: ``x`` ascending; where ``y`` is NaN the line is broken.

    More than two points a column are reduced to the minimum and maximum of each column, in the order that follows the
    line, so that a spike stays whatever the number of points.
    """
    held = np.flatnonzero(~np.isnan(y))
    missing = np.cumsum(np.isnan(y))[held]
    x, y = x[held], y[held]
    if len(x) <= 2 * columns:
        return Line(x, y, np.flatnonzero(np.diff(missing, prepend=missing[:1]) > 0))
    column = np.minimum((x * columns).astype(np.int64), columns - 1)
    firsts = np.flatnonzero(np.diff(column, prepend=-1))
    lasts = np.append(firsts[1:], len(x)) - 1
    low, high = np.minimum.reduceat(y, firsts), np.maximum.reduceat(y, firsts)
    rising = y[lasts] >= y[firsts]
    ends = np.stack((np.where(rising, low, high), np.where(rising, high, low)), 1)
    kept = np.stack((np.ones(len(firsts), bool), high > low), 1)
    starts = np.concatenate(([0], np.cumsum(kept.sum(1))))[:-1]
    broken = np.diff(missing[firsts], prepend=missing[:1]) > 0
    middle = (column[firsts] + 0.5) / columns
    return Line(np.repeat(middle, 2)[kept.ravel()], ends[kept], starts[broken])


def path(x: np.ndarray, y: np.ndarray, columns: int, lines: int) -> Line:
    """The line through places in their order, broken at each that is NaN; those that would draw the same dot as the
    one before are left out, and of paths that go to and fro for very long, so many that about `LONGEST` dots stay."""
    held = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
    missing = np.cumsum(np.isnan(x) | np.isnan(y))[held]
    x, y = x[held], y[held]
    moved = np.diff((x * columns).astype(int) * (lines + 1) + (y * lines).astype(int), prepend=-1) != 0
    kept = np.flatnonzero(moved | (np.diff(missing, prepend=-1) > 0))
    dots = float(np.maximum(np.abs(np.diff(x[kept])) * columns, np.abs(np.diff(y[kept])) * lines).sum())
    if dots > LONGEST:
        kept = kept[np.linspace(0, len(kept) - 1, max(2, int(len(kept) * LONGEST / dots))).astype(int)]
    return Line(x[kept], y[kept], np.flatnonzero(np.diff(missing[kept], prepend=missing[:1]) > 0))


def dotted(line: Line, columns: int, lines: int, every: float = 2.5) -> tuple[np.ndarray, np.ndarray]:
    """Places along ``line``, ``every`` so many dots apart, or farther if they would be more than `DOTTED`."""
    if len(line.x) < 2:
        return line.x, line.y
    lengths = np.hypot(np.diff(line.x) * columns, np.diff(line.y) * lines)
    joined = np.ones(len(lengths), bool)
    joined[line.breaks[line.breaks > 0] - 1] = False
    along = np.concatenate(([0.0], np.cumsum(np.where(joined, lengths, every))))
    places = np.arange(0.0, along[-1] + every / 2, max(every, along[-1] / DOTTED))
    segment = np.clip(np.searchsorted(along, places, "right") - 1, 0, len(lengths) - 1)
    places = places[joined[segment] | (places == along[segment])]
    return np.interp(places, along, line.x), np.interp(places, along, line.y)
