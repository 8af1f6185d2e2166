"""Columns that give the answer away: too good to have been known beforehand."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import Column
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import Task
from descend.datasets.dataset import WARNING
from descend.datasets.near_leaks import halve_rows, tell_near

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ROWS = 100
"""Rows from which on such a column is hardly chance."""
ALONE = 0.99
"""Balanced accuracy of one column alone, from which on it is told."""
COPY = 0.9999
"""Correlation with a number to predict, from which on a column is called a copy of it."""
TOLD = 4
"""Columns that are told."""
WORK = 4_000_000
"""Values of columns looked at, for all labels together."""
FEWEST = 10
"""Rows that have a label, and rows that have not, from which on telling it is hardly chance."""


@dataclass(frozen=True)
class Leak:
    """A column that gives the answer away.

    Attributes:
        how: what it does, with what was measured where it is not sure.
        near: whether it tells nearly all, as a good column may, too.
    """

    column: Column
    how: str
    near: bool


def warn_of_leaks(
    columns: Sequence[Column], keep: NDArray[np.bool_], y: NDArray[Any], task: Task, names: Sequence[str] = ()
) -> list[str]:
    """A sentence on each of ``columns`` that alone tells nearly all of ``y``, the targets of the rows to ``keep``, or
    one of several labels: by its values, or by where it has none. ``names`` are those of the targets."""
    return [
        f"{WARNING}column '{shorten_cell(leak.column.name)}' {leak.how}; if it is known only afterwards, "
        f"ignore={leak.column.option_name} leaves it out."
        for leak in find_leaks(columns, keep, y, task, names)[:TOLD]
    ]


def find_leaks(
    columns: Sequence[Column], keep: NDArray[np.bool_], y: NDArray[Any], task: Task, names: Sequence[str] = ()
) -> list[Leak]:
    """Those of ``columns`` that alone tell all of ``y``, or nearly; arguments as of `warn_of_leaks`."""
    found: list[Leak] = []
    if task == "labels":
        keep, y = take_some(keep, y, len(columns))
    if len(y) < ROWS or (y.ndim > 1 and task != "labels"):
        return found
    labels = list(y.T) if task == "labels" else [y]
    halves = [halve_rows(keep, label, task != "regression") for label in labels]
    for column in columns:
        near = False
        if task == "classification":
            how = find_leak(column, keep, y, "the class")
            if not how and (how := tell_near(column, halves[0], True, "the class")):
                near = True
        elif task == "labels":
            counts = y.sum(0, dtype=int).tolist()
            enough = [at for at, count in enumerate(counts) if FEWEST <= count <= len(y) - FEWEST]
            each = (find_leak(column, keep, y[:, at], f"the label '{shorten_cell(names[at])}'") for at in enough)
            how = next(filter(None, each), "")
            if not how:
                again = (tell_near(column, halves[at], True, f"the label '{shorten_cell(names[at])}'") for at in enough)
                how, near = next(filter(None, again), ""), True
        elif column.numeric and correlate(column.numbers[keep], y) >= COPY:
            how = "is nearly a copy of the target"
        else:
            how, near = tell_near(column, halves[0], False, "the target"), True
        if how:
            found.append(Leak(column, how, near))
    return found


def take_some(
    keep: NDArray[np.bool_], y: NDArray[np.uint8], columns: int
) -> tuple[NDArray[np.bool_], NDArray[np.uint8]]:
    """So few of the rows to ``keep``, and of their labels ``y`` (rows, k), that looking at each of ``columns`` for each
    label takes seconds."""
    import numpy as np

    step = -(-y.size * columns // WORK) if y.size * columns > WORK else 1
    some = np.zeros_like(keep)
    some[np.flatnonzero(keep)[::step]] = True
    return some, y[::step]


def find_leak(column: Column, keep: NDArray[np.bool_], y: NDArray[Any], what: str) -> str:
    """How ``column`` alone tells ``what``, the labels ``y`` (rows,) of the rows to ``keep``; "" if it does not."""
    gone = column.missing[keep]
    if gone.any() and measure_split(gone.astype(int), y) >= ALONE:
        return f"tells {what} by where it has a value"
    return f"tells {what} all by itself" if measure_column(column, keep, y) >= ALONE else ""


def measure_column(column: Column, keep: NDArray[np.bool_], y: NDArray[np.int64]) -> float:
    """Balanced accuracy of the best guess from ``column``: by its words, by a number for each
    class, or by a threshold between two classes."""
    import numpy as np

    there = ~column.missing[keep]
    classes = len(np.unique(y))
    coded = column.numeric and classes > 2 and len(np.unique(column.numbers[keep][there])) <= 2 * classes
    if not column.numeric or coded:
        if column.free_text:
            return 0.0
        known: dict[str, int] = {}
        words = itertools.compress(column.cells, keep.tolist())
        return measure_split(np.array([known.setdefault(word, len(known)) for word in words], np.int64), y)
    if classes != 2 or not there.all():
        return 0.0
    order = np.argsort(column.numbers[keep], kind="stable")
    values, second = column.numbers[keep][order], (y[order] == y.max()).astype(float)
    below = np.cumsum(second) / second.sum(), np.cumsum(1 - second) / (1 - second).sum()
    between = np.append(values[1:] > values[:-1], False)  # a threshold lies between two values
    apart = np.abs(below[0] - below[1])[between]
    return float(0.5 + apart.max() / 2) if len(apart) else 0.0


def measure_split(places: NDArray[np.intp] | NDArray[np.int64], y: NDArray[np.int64]) -> float:
    """Balanced accuracy of saying, for each of ``places``, the class that is commonest there for its size."""
    import numpy as np

    _, labels = np.unique(y, return_inverse=True)
    counts = np.zeros((places.max() + 1, labels.max() + 1))
    np.add.at(counts, (places, labels), 1)
    shares = counts / counts.sum(0)
    guess = shares.argmax(1)
    return float(shares[np.arange(len(guess)), guess].sum() / shares.shape[1])


def correlate(values: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Absolute correlation where both are there; 0 if either never changes."""
    import numpy as np

    there = np.isfinite(values) & np.isfinite(y)
    if there.sum() < ROWS or values[there].std() == 0 or y[there].std() == 0:
        return 0.0
    return float(abs(np.corrcoef(values[there], y[there])[0, 1]))
