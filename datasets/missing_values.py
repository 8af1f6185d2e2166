"""Missing values of a table: which rows to keep, and the sentences on what cannot be filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from descend.datasets.columns import Column, quote_columns
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import Task, format_count
from descend.datasets.forms import EVERY
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MIN_ROWS = 5


def drop_or_fill(
    features: Sequence[Column],
    targets: Sequence[Column],
    task: Task,
    do: str,
    ignored: Sequence[str],
    lines: Sequence[int],
    file: str,
    notes: list[str],
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Which rows to keep, (rows,), and the number of values that each column lacks.

    Args:
        task: what is learned.
        do: error, drop or mean.
        ignored: what is left out already; a sentence that says what else to leave out repeats it.

    Raises:
        DescendError: values are missing and nothing was said about that, or too few rows or no values are left.
    """
    import numpy as np

    missing = {column.name: int(column.missing.sum()) for column in [*features, *targets] if column.missing.any()}
    if not missing:
        return np.ones(len(lines), bool), missing
    lacking = np.any([column.missing for column in [*features, *targets]], axis=0)
    if do == "error":
        raise DescendError(describe_refusal(features, targets, task, missing, lacking, lines, file))
    mean = do == "mean"
    drop = np.any([target.missing for target in targets], axis=0) if mean else lacking
    if drop.any():
        notes.append(f"{format_count(int(drop.sum()), 'row')} of {len(drop):,} with missing values left out.")

    def leaving(columns: Sequence[Column]) -> str:
        return f"ignore={','.join([*ignored, *(column.option_name for column in columns)])}"

    if (left := int((~drop).sum())) < MIN_ROWS:
        short = [column for column in [*([] if mean else features), *targets] if column.name in missing]
        remedy = f"say missing=mean, or {leaving([c for c in short if c not in targets])}"
        raise DescendError(
            f"{file} has {format_count(left, 'row')} without a gap in "
            f"{quote_columns([column.name for column in short])}, and "
            f"{MIN_ROWS} are needed; {'choose another target=…' if mean else remedy}."
        )
    if gone := [column for column in features if column.missing[~drop].all()]:
        raise DescendError(
            f"{file} has values in {quote_columns([column.name for column in gone])} only where the "
            f"target is missing; leave "
            f"{'it' if len(gone) == 1 else 'them'} out with {leaving(gone)}."
        )
    if mean and any(column.missing[~drop].any() for column in features):
        notes.append(
            "Missing numbers are the mean of their column, missing words the most frequent, or a category of their own "
            "where they are more than that."
        )
    return ~drop, missing


def describe_refusal(
    features: Sequence[Column],
    targets: Sequence[Column],
    task: Task,
    missing: dict[str, int],
    lacking: NDArray[np.bool_],
    lines: Sequence[int],
    file: str,
) -> str:
    """The sentence on missing values about which nothing was said: how many there are, and what each remedy costs."""
    import numpy as np

    listed = ", ".join(f"'{shorten_cell(name)}' {count:,}" for name, count in list(missing.items())[:8])
    more = f" and {len(missing) - 8} other columns" if len(missing) > 8 else ""
    rows, row = int(lacking.sum()), int(lacking.argmax())
    classified = task == "classification"
    remedies = []
    if len(lines) - rows >= MIN_ROWS:
        classes = describe_lost(targets[0], lacking) if classified else ""
        remedies.append(f"missing=drop to leave out {format_count(rows, 'row')} of {len(lines):,}{classes}")
    if any(column.missing.any() for column in features):
        without = int(np.any([column.missing for column in targets], axis=0).sum())
        more_rows = f" and leave out {format_count(without, 'row')} without the target" if without else ""
        remedies.append(f"missing=mean to fill the gaps{more_rows}")
    empty = [column for column in targets if "" in column.cells] if task == "labels" else []
    if empty:
        remedies.append(
            f"empty=none if an empty cell in {quote_columns([c.name for c in empty])} says that there is none"
        )
    words = {
        cell: None
        for column in (*features, *(targets if classified else ()))
        if column.missing.any()
        for cell, gone in zip(column.cells, column.missing.tolist(), strict=True)
        if gone and cell and cell not in column.gaps
    }
    if words:
        they = "that is a value" if len(words) == 1 else "those are values"
        remedies.append(f"values={','.join(words) if len(words) <= 4 else EVERY} if {they}")
    word = next(column.cells[row] for column in (*features, *targets) if column.missing[row])
    first = f"the first{f', {shorten_cell(word)!r},' if word else ''} in line {lines[row]:,}"
    said = f"say {', or '.join(remedies)}" if remedies else "choose another target=…"
    return (
        f"{file} lacks {format_count(sum(missing.values()), 'value')} in "
        f"{format_count(rows, 'row')} ({listed}{more}; {first}); "
        f"{said}."
    )


def describe_lost(target: Column, lacking: NDArray[np.bool_]) -> str:
    """Which classes go with the rows that are ``lacking``, as they are in no other row."""
    there = list(zip(target.cells, lacking.tolist(), strict=True))
    gone = {cell for cell, lacks in there if lacks and cell} - {cell for cell, lacks in there if not lacks}
    listed = ", ".join(repr(shorten_cell(cell)) for cell in sorted(gone)[:8])
    more = f" and {len(gone) - 8} more" if len(gone) > 8 else ""
    return f", and with them all of {listed}{more}" if gone else ""
