"""Points with their classes, arrows and paths, ready to draw: what is not finite is sorted out, and arrows that would
dwarf the points are shortened."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from descend.engine.run.records import Points
from descend.tui.cell_text import plain
from descend.tui.draw.axes import spread

if TYPE_CHECKING:
    import numpy as np

NAMED = 300
"""Points at most that bear names, where each is a class of its own."""
REACH = 4.0
"""Arrows are drawn shorter where the longest is this many times the extent of the points."""


class Scatter(NamedTuple):
    """A record, ready to draw: its points that have a place, (n,) each."""

    x: np.ndarray
    y: np.ndarray
    labels: np.ndarray
    """Zeros where there are no classes."""
    classes: list[str]
    counts: list[int]
    """How many points each class has."""
    dx: np.ndarray
    dy: np.ndarray
    """Arrows, (n,), or (0,) where there are none; NaN for one that is not finite."""
    shrunk: float
    """Length of the arrows drawn ÷ their true length."""
    paths: dict[str, np.ndarray]
    bad: int
    """How many points and arrows are not finite."""

    @property
    def named(self) -> bool:
        """Whether points bear names instead of belonging to classes."""
        return bool(self.counts) and len(self.x) <= NAMED and max(self.counts) == 1

    def ends(self) -> tuple[np.ndarray, np.ndarray]:
        """Where the arrows point to."""
        import numpy as np

        count = len(self.dx)
        with np.errstate(over="ignore"):
            return self.x[:count] + self.dx, self.y[:count] + self.dy


def scattered(record: Points) -> Scatter:
    """The arrays of a record."""
    import numpy as np

    x, y = record.x.numpy().astype(float), record.y.numpy().astype(float)
    finite = np.isfinite(x) & np.isfinite(y)
    x, y, bad = x[finite], y[finite], int((~finite).sum())
    labels, counts = np.zeros(len(x), int), []
    if record.labels is not None:
        labels = record.labels.numpy().astype(int)[finite]
        counts = np.bincount(labels, minlength=len(record.classes)).tolist()
    paths = {plain(name): places.numpy().astype(float) for name, places in record.paths.items()}
    dx = dy = np.zeros(0)
    shrunk = 1.0
    if record.dx is not None and record.dy is not None:
        dx, dy = (part.numpy().astype(float)[finite] for part in (record.dx, record.dy))
        straight = np.isfinite(dx) & np.isfinite(dy)
        bad += int((~straight).sum())
        dx, dy = np.where(straight, dx, np.nan), np.where(straight, dy, np.nan)
        extent = max((high / 2 - low / 2 for low, high in (spread(x), spread(y))), default=0.0) * 2
        longest = max(spread(np.abs(dx))[1], spread(np.abs(dy))[1])
        if 0 < extent < np.inf and longest / REACH > extent:
            shrunk = 10.0 ** math.floor(math.log10(extent) - math.log10(longest))
            dx, dy = dx * shrunk, dy * shrunk
    return Scatter(x, y, labels, [plain(name) for name in record.classes], counts, dx, dy, shrunk, paths, bad)
