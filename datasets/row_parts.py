"""The rows of a table that stays on disk, in a file each for training and test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import DTypeLike, NDArray

NUMBERS = 1 << 22
"""Numbers copied at once, about."""


def read_rows(file: Path, width: int, dtype: DTypeLike) -> Iterator[NDArray[Any]]:
    """The rows that were written to ``file`` one after the other, ``width`` numbers each, some at a time."""
    import numpy as np

    with open(file, "rb") as source:
        while raw := source.read(np.dtype(dtype).itemsize * width * max(1, NUMBERS // width)):
            yield np.frombuffer(raw, dtype).reshape(-1, width)


def write_parts(
    folder: Path, blocks: Iterator[NDArray[Any]], tested: NDArray[np.bool_], shape: tuple[int, ...], dtype: DTypeLike
) -> Iterator[int]:
    """Write the rows of ``blocks``, each of that ``shape``, to ``train_x.npy``, and to ``test_x.npy`` those that are
    ``tested``, (rows,); yields how many are written."""
    import numpy as np

    counts = {"train_x": int((~tested).sum()), "test_x": int(tested.sum())}
    outputs = {
        key: np.lib.format.open_memmap(folder / f"{key}.npy", "w+", dtype, (count, *shape))
        for key, count in counts.items()
    }
    begin, at = 0, dict.fromkeys(outputs, 0)
    for x in blocks:
        of_test = tested[begin : begin + len(x)]
        for key, rows in (("train_x", x[~of_test]), ("test_x", x[of_test])):
            outputs[key][at[key] : at[key] + len(rows)] = rows
            at[key] += len(rows)
        begin += len(x)
        yield begin
    for output in outputs.values():
        output.flush()
