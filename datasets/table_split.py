"""Which rows of a table are kept for the test: some of each class, whole groups, or the latest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from descend.datasets.columns import Column
from descend.datasets.data_shape import format_count
from descend.datasets.date_parts import read_seconds
from descend.datasets.labels import find_rarest
from descend.datasets.split import PARTS, split_by_time, split_groups, split_shuffled, split_stratified
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Parts = tuple["NDArray[np.intp]", "NDArray[np.intp]"]
"""Indices of the training rows and of the test rows, both ascending."""


def split_rows(
    y: NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.float64],
    classified: bool,
    share: float,
    seed: int,
    group: Sequence[str] = (),
    times: NDArray[np.float64] | None = None,
    fold: int = 0,
) -> Parts:
    """The parts of rows with targets ``y``: by ``group`` or by time, if given; else some of each class, of each rarest
    label, or of all.

    Args:
        classified: whether ``y`` are classes, (rows,), or labels, (rows, k).
        share: of the rows, for the test.
        group: the group of each row, (rows,).
        times: when each row is from, (rows,).
        fold: which of the 1 / ``share`` test parts it is, from 0; by time there is one.
    """
    if group:
        return split_groups(group, share, seed, fold)
    if times is not None:
        return split_by_time(times, share)
    if classified:
        strata = find_rarest(y) if y.ndim > 1 else y  # type: ignore[arg-type]
        return split_stratified(strata.astype("int64", copy=False), share, seed, fold)
    return split_shuffled(len(y), share, seed, fold)


def read_groups(column: Column, keep: NDArray[np.bool_], file: str, notes: list[str]) -> list[str]:
    """The group of each row to ``keep``.

    Raises:
        DescendError: a row has none, or all have one.
    """
    check_complete(column, keep, file, "group")
    cells = [cell for cell, kept in zip(column.cells, keep.tolist(), strict=True) if kept]
    if (count := len(set(cells))) < 2:
        raise DescendError(f"All rows of {file} are of one group of '{column.name}', so none is left for the test.")
    notes.append(
        f"Rows with the same '{column.name}', of {count:,} groups, are trained on or tested together; it is not "
        "learned from."
    )
    return cells


def read_times(column: Column, keep: NDArray[np.bool_], order: str, file: str, notes: list[str]) -> NDArray[np.float64]:
    """When each row to ``keep`` is from: its number, or the seconds of its date, read in this ``order``.

    Raises:
        DescendError: a row has neither.
        UsageError: its dates can be read in two ways.
    """
    check_complete(column, keep, file, "time")
    times = (read_seconds(column, order, file) if len(column.wrong) else column.numbers)[keep]
    if times.min() == times.max():
        raise DescendError(f"All rows of {file} have one '{column.name}', so that none is later than the others.")
    notes.append(f"The latest rows by '{column.name}' are the test part; it is not learned from.")
    return times


def find_part(word: str) -> str:
    """The part that ``word`` names, a key of `PARTS`; "" if it names none."""
    return next((part for part, words in PARTS.items() if word.strip().lower() in words), "")


def read_parts(column: Column, keep: NDArray[np.bool_], file: str, notes: list[str]) -> tuple[Parts, NDArray[np.bool_]]:
    """The parts that a column says for each row to ``keep``, and which training rows are for validation.

    Raises:
        DescendError: a row has no word there, or one that names no part; or a part is empty.
    """
    import numpy as np

    check_complete(column, keep, file, "split")
    said = [(cell, line) for cell, line, kept in zip(column.cells, column.lines, keep.tolist(), strict=True) if kept]
    if odd := next((one for one in said if not find_part(one[0])), None):
        raise DescendError(
            f"Column '{column.name}' of {file} says '{odd[0]}' in line {odd[1]:,}, which is none of train, validation "
            "and test."
        )
    parts = np.array([find_part(cell) for cell, _ in said])
    train, test = np.flatnonzero(parts != "test"), np.flatnonzero(parts == "test")
    if not len(test) or not (parts == "train").any():
        raise DescendError(f"Column '{column.name}' of {file} leaves no row to train on, or none for the test.")
    notes.append(f"'{column.name}' says which rows are for training, validation and test; it is not learned from.")
    return (train, test), parts[train] == "validation"


def check_complete(column: Column, keep: NDArray[np.bool_], file: str, option: str) -> None:
    """Check that every row to ``keep`` has a value.

    Raises:
        DescendError: one has not.
    """
    gone = (column.missing & keep).nonzero()[0]
    if len(gone):
        raise DescendError(
            f"Column '{column.name}' of {file} has no value in {format_count(len(gone), 'row')}, first in line "
            f"{column.lines[int(gone[0])]:,}; {option}= takes a column without gaps."
        )


def check_choice(**ways: str) -> None:
    """Check that at most one of the ``ways`` to split rows is asked for.

    Raises:
        UsageError: two are.
    """
    if len(given := [f"{name}=" for name, column in ways.items() if column]) > 1:
        raise UsageError(f"{given[0]} and {given[1]} are two ways to choose the test rows; say one of them.")
