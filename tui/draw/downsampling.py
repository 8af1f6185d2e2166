"""Long curves, reduced to as many columns as a panel has before anything is drawn.

A column keeps the minimum and maximum of its points, so that a spike never disappears. A pyramid of blocks of
16, 256, 4096, … points is kept up to date as a curve grows; a redraw reads a few blocks a column, so it costs
the same for a thousand points and a million.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from descend.engine.run.history import Series

FACTOR = 16
FINE = 8
"""Blocks a column holds at least, so that its boundaries are off by at most an eighth of a column."""
LOW, HIGH, TOTAL, FINITE, BAD = range(5)
"""Rows of a block table: minimum, maximum, sum and number of the finite values, number of others."""


class Columns(NamedTuple):
    """What each of n columns holds: (n,) arrays, NaN where a column has no finite point."""

    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    bad: np.ndarray
    """How many points are NaN or infinite."""


class Envelope:
    """Minimum, maximum and mean of one growing curve, at every scale."""

    def __init__(self) -> None:
        self._levels: list[_Table] = []
        self._size = 0
        self._source: tuple[Series, int] | None = None

    def range(self, series: Series) -> tuple[float, float]:
        """Minimum and maximum of the finite values; (inf, -inf) if there is none."""
        top = self._top(series)
        return float(np.fmin.reduce(top[LOW], initial=np.inf)), float(np.fmax.reduce(top[HIGH], initial=-np.inf))

    def bad(self, series: Series) -> int:
        """How many values are NaN or infinite."""
        return int(self._top(series)[BAD].sum())

    def columns(self, series: Series, start: float, end: float, count: int) -> Columns:
        """``count`` columns of equal width over the steps ``start`` … ``end``, both included."""
        self._update(series)
        # Whole numbers: comparing the steps with floats would copy them all.
        edges = np.searchsorted(series.steps, np.ceil(np.linspace(start, end, count + 1)).astype(np.int64))
        edges[-1] = np.searchsorted(series.steps, math.floor(end), "right")
        depth, block = 0, 1
        while depth < len(self._levels) and edges[-1] - edges[0] >= count * block * FACTOR * FINE:
            depth, block = depth + 1, block * FACTOR
        if depth:
            last = -(-edges[-1] // block)
            edges = edges // block
            edges[-1] = last
            table = self._levels[depth - 1].rows[:, edges[0] : edges[-1]]
        else:
            table = _points(series.values[edges[0] : edges[-1]])
        return _columns(table, edges - edges[0])

    def _top(self, series: Series) -> np.ndarray:
        self._update(series)
        return self._levels[-1].rows if self._levels else _points(series.values)

    def _update(self, series: Series) -> None:
        """Bring the blocks up to date with ``series``, starting again if its points were replaced."""
        if self._source != (series, series.rewinds):
            self._levels, self._size, self._source = [], 0, (series, series.rewinds)
        if series.size == self._size:
            return
        first, depth = self._size // FACTOR, 0
        finer = _points(series.values[first * FACTOR :])
        while True:
            if depth == len(self._levels):
                self._levels.append(_Table())
            level = self._levels[depth]
            level.replace(first, _join(finer))
            if level.size <= FACTOR:
                break
            depth += 1
            first = min(first // FACTOR, self._levels[depth].size) if depth < len(self._levels) else 0
            finer = level.rows[:, first * FACTOR :]
        self._size = series.size


class _Table:
    """A block table that grows: rows of (5, size), room doubled as needed."""

    def __init__(self) -> None:
        self._rows = np.empty((5, 64))
        self.size = 0

    @property
    def rows(self) -> np.ndarray:
        return self._rows[:, : self.size]

    def replace(self, first: int, blocks: np.ndarray) -> None:
        """Put ``blocks`` from index ``first`` on."""
        self.size = first + blocks.shape[1]
        if self.size > self._rows.shape[1]:
            room = np.empty((5, 2 * self.size))
            room[:, :first] = self._rows[:, :first]
            self._rows = room
        self._rows[:, first : self.size] = blocks


def _points(values: np.ndarray) -> np.ndarray:
    """Single points as a block table."""
    table = np.empty((5, len(values)))
    finite = np.isfinite(values)
    table[LOW] = table[HIGH] = np.where(finite, values, np.nan)
    table[TOTAL] = np.where(finite, values, 0.0)
    table[FINITE] = finite
    table[BAD] = ~finite
    return table


def _join(table: np.ndarray) -> np.ndarray:
    """Every ``FACTOR`` blocks as one; the last may be of fewer."""
    return _reduce(table, np.arange(0, table.shape[1], FACTOR))


def _reduce(table: np.ndarray, starts: np.ndarray) -> np.ndarray:
    joined = np.empty((5, len(starts)))
    joined[LOW] = np.fmin.reduceat(table[LOW], starts)
    joined[HIGH] = np.fmax.reduceat(table[HIGH], starts)
    with np.errstate(over="ignore", invalid="ignore"):
        joined[TOTAL:] = np.add.reduceat(table[TOTAL:], starts, axis=1)
    return joined


def _columns(table: np.ndarray, edges: np.ndarray) -> Columns:
    """Join the blocks between neighbouring ``edges``, which lead from 0 to the end of ``table``."""
    joined = np.full((5, len(edges) - 1), np.nan)
    joined[TOTAL:] = 0.0
    held = np.flatnonzero(edges[1:] > edges[:-1])
    if len(held):
        joined[:, held] = _reduce(table, edges[held])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = joined[TOTAL] / joined[FINITE]
        mean = np.where(np.isfinite(mean), mean, joined[LOW] / 2 + joined[HIGH] / 2)  # a sum too large for a float
    return Columns(joined[LOW], joined[HIGH], mean, joined[BAD].astype(np.int64))
