"""Missing values of a table: which rows to keep, and the sentences on what cannot be filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from descend.datasets.columns import Column, quoted
from descend.datasets.shape import counted
from descend.engine.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEAST_ROWS = 5


def without_gaps(
    features: Sequence[Column],
    targets: Sequence[Column],
    do: str,
    ignored: Sequence[str],
    lines: Sequence[int],
    file: str,
    notes: list[str],
) -> tuple[NDArray[np.bool_], dict[str, int]]:
    """Which rows to keep, (rows,), and the number of values that each column lacks.

    Args:
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
        fill = any(column.name in missing for column in features)
        raise DescendError(refusal(missing, int(lacking.sum()), lines[int(lacking.argmax())], file, fill))
    mean = do == "mean"
    drop = np.any([target.missing for target in targets], axis=0) if mean else lacking
    if drop.any():
        notes.append(f"{counted(int(drop.sum()), 'row')} of {len(drop):,} with missing values left out.")

    def leaving(columns: Sequence[Column]) -> str:
        return f"ignore={','.join([*ignored, *(column.spelled for column in columns)])}"

    if (left := int((~drop).sum())) < LEAST_ROWS:
        short = [column for column in [*([] if mean else features), *targets] if column.name in missing]
        remedy = f"say missing=mean, or {leaving([c for c in short if c not in targets])}"
        raise DescendError(
            f"{file} has {counted(left, 'row')} without a gap in {quoted([column.name for column in short])}, and "
            f"{LEAST_ROWS} are needed; {'choose another target=…' if mean else remedy}."
        )
    if gone := [column for column in features if column.missing[~drop].all()]:
        raise DescendError(
            f"{file} has values in {quoted([column.name for column in gone])} only where the target is missing; leave "
            f"{'it' if len(gone) == 1 else 'them'} out with {leaving(gone)}."
        )
    if mean and any(column.missing[~drop].any() for column in features):
        notes.append("Missing numbers are the mean of their column, missing words the most frequent.")
    return ~drop, missing


def refusal(missing: dict[str, int], rows: int, line: int, file: str, fill: bool) -> str:
    """The sentence on missing values about which nothing was said; those of a target alone are nothing to ``fill``."""
    listed = ", ".join(f"'{name}' {count:,}" for name, count in list(missing.items())[:8])
    more = f" and {len(missing) - 8} other columns" if len(missing) > 8 else ""
    mean = ", or missing=mean to fill the gaps" if fill else ""
    return (
        f"{file} lacks {counted(sum(missing.values()), 'value')} in {counted(rows, 'row')} ({listed}{more}; the first "
        f"in line {line:,}); say missing=drop to leave those rows out{mean}."
    )
