"""Arrays in ``.npy`` files that are too large for memory: read a piece at a time from where they are mapped, and kept
as what is learned from, numbers of 32 bits or bytes, a file for each part, from which every run reads its batches."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import npz, table_cache
from descend.datasets.brightness import arrange_axes, find_scale, scale_to_bytes, split_chunks
from descend.datasets.data_shape import Task
from descend.datasets.dataset import Dataset
from descend.datasets.labels import warn_of_constant
from descend.datasets.npz_file import (
    ArrayOptions,
    choose_arrays,
    choose_parts,
    decide_gaps,
    is_table_shape,
    join_arrays,
    list_constant,
    name_targets,
    read_outputs,
    require_finite,
    require_numbers,
)
from descend.datasets.reporting import tell
from descend.datasets.row_parts import write_parts
from descend.datasets.table_cache import KeptTable
from descend.engine.base.errors import DescendError
from descend.engine.base.units import format_size

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Read = Callable[[npz.ArrayHeader], NDArray[Any]]

NUMBERS = 1 << 20
"""Looked at at once, about."""
JUDGED = 0.4
"""Share of the time after which all of x was looked at."""


@dataclass(frozen=True)
class Joined:
    """Mapped arrays as one, of which a piece at a time is read.

    Attributes:
        without: a column to leave out; None for none.
    """

    arrays: tuple[NDArray[Any], ...]
    without: int | None = None

    def __len__(self) -> int:
        return sum(map(len, self.arrays))

    @cached_property
    def dtype(self) -> np.dtype[Any]:
        import numpy as np

        return np.result_type(*self.arrays)

    @property
    def shape(self) -> tuple[int, ...]:
        rest = self.arrays[0].shape[1:]
        return (len(self), *rest) if self.without is None else (len(self), rest[0] - 1)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def __getitem__(self, chosen: slice) -> NDArray[Any]:
        import numpy as np

        found, begin = [], 0
        first, last, _ = chosen.indices(len(self))
        for array in self.arrays:
            if (part := array[max(0, first - begin) : max(0, last - begin)]).size:
                found.append(part)
            begin += len(array)
        whole = np.concatenate(found) if len(found) != 1 else found[0]
        return whole if self.without is None else np.delete(whole, self.without, 1)


def read_mapped(
    place: Path,
    files: Sequence[Path],
    known: Sequence[npz.ArrayHeader],
    read: Read,
    name: str,
    options: ArrayOptions,
    form: str,
    without: int | None = None,
) -> Dataset:
    """The arrays in ``files``, which stay on disk, as a dataset called ``name``; as `npz_file.make_dataset`.

    Args:
        without: a column of x to leave out.

    Raises:
        DescendError: they cannot be learned from, or there is no room for them.
    """
    folder = table_cache.name_folder(place, tuple(files), {**asdict(options), "arrays": ""})
    if (found := table_cache.load_table(folder, name)) is None:
        make_arrays(place, folder, known, read, options, form, without)
        found = table_cache.load_table(folder, name)
    if found is None:
        raise DescendError(f"{folder} cannot be read, where {place.name} was kept; remove it.")
    return found


def make_arrays(
    place: Path,
    folder: Path,
    known: Sequence[npz.ArrayHeader],
    read: Read,
    options: ArrayOptions,
    form: str,
    without: int | None,
) -> None:
    """Write what is learned from to ``folder``."""
    notes: list[str] = []
    file, parts = place.name, choose_arrays(known, place.name, notes, form)
    task, y, classes = read_outputs(join_arrays([read(y) for _, y in parts], "y", file), options.task, file, notes)
    arrays = tuple(read(x) for x, _ in parts)
    x = Joined(arrays, without)
    require_numbers(x.dtype, file)
    is_table = is_table_shape(x.shape)
    if is_table:
        x = Joined(tuple(array.reshape(len(array), -1) for array in arrays), without)
    else:
        x = Joined(tuple(arrange_axes(array, file) for array in arrays))
    size = x.size * (4 if is_table else 1)
    tell(f"{file}: {len(x):,} samples become {format_size(size)} on disk", 0)
    new = table_cache.begin_table(folder, size, file)
    try:
        Maker(place, new, x, task, y, classes, len(arrays[0]) if len(parts) == 2 else 0, options, notes).make(folder)
    except OSError as error:
        raise DescendError(f"{new.parent} cannot be written to ({error.strerror}).") from None
    finally:
        shutil.rmtree(new, ignore_errors=True)


@dataclass
class Maker:
    """Writes the samples ``x`` with targets ``y`` to the folder ``new``.

    Attributes:
        trained: how many are to train on, the first ones; 0 if that is not said.
    """

    place: Path
    new: Path
    x: Joined
    task: Task
    y: NDArray[Any]
    classes: tuple[str, ...]
    trained: int
    options: ArrayOptions
    notes: list[str]

    def make(self, folder: Path) -> None:
        """Write everything, and give it the name ``folder``."""
        import numpy as np

        table, kept, missing = is_table_shape(self.x.shape), None, dict[str, int]()
        if table:
            kept, missing = self._look()
        keep = np.ones(len(self.x), bool) if kept is None else kept
        y = self.y[keep]
        test = np.arange(len(self.x))[keep] >= self.trained if self.trained else None
        train_at, test_at = choose_parts(self.task, y, self.classes, test, self.options, self.place.name, self.notes)
        tested = np.zeros(len(y), bool)
        tested[test_at] = True
        more: dict[str, Any] = {}
        blocks: Iterator[NDArray[Any]]
        if table:
            blocks = self._fill(keep, tested, missing)
            more = {"features": tuple(f"x{place}" for place in range(1, self.x.shape[1] + 1))}
        else:
            low, factor, scale = find_scale(self.x, train_at, test_at, self.place.name, self.notes)
            blocks = (scale_to_bytes(images, low, factor) for _, images in split_chunks(self.x))
            more = {"kind": "image", "scale": scale, "values": (low, factor)}
        dtype = np.float32 if table else np.uint8
        what = f"making {self.place.name} into what is learned from"
        for done in write_parts(self.new, blocks, tested, self.x.shape[1:], dtype):
            tell(what, JUDGED + (1 - JUDGED) * done / len(y))
        np.save(self.new / "train_y.npy", y[train_at])
        np.save(self.new / "test_y.npy", y[test_at])
        targets = name_targets(y, self.classes)
        if self.task == "labels":
            self.notes += warn_of_constant(targets, y, train_at)
        self.notes.append(f"{self.place.name} does not fit into memory, so its samples are read from disk.")
        said = KeptTable(
            source=str(self.place),
            task=self.task,
            classes=self.classes,
            dates=(),
            targets=targets,
            label="",
            missing=missing,
            notes=tuple(self.notes),
            **more,
        )
        table_cache.finish_table(self.new, folder, said)

    def _iterate(self) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """The rows of a table in single precision, some at a time, and where they begin."""
        import numpy as np

        step = max(1, NUMBERS // self.x.shape[1])
        for begin in range(0, len(self.x), step):
            piece = self.x[begin : begin + step]
            with np.errstate(over="ignore"):
                single = piece.astype(np.float32)
            require_finite(piece, single, self.place.name, begin)
            yield begin, single

    def _look(self) -> tuple[NDArray[np.bool_] | None, dict[str, int]]:
        """Which rows of a table to keep (None: all), and the NaN of each column."""
        import numpy as np

        width = self.x.shape[1]
        low, high, counts = np.full(width, np.nan), np.full(width, np.nan), np.zeros(width, np.int64)
        lacking, first = np.zeros(len(self.x), bool), (0, 0)
        for begin, single in self._iterate():
            low, high = np.fmin(low, np.fmin.reduce(single, 0)), np.fmax(high, np.fmax.reduce(single, 0))
            gaps = np.isnan(single)
            if gaps.any() and not counts.any():
                row, column = np.argwhere(gaps)[0].tolist()
                first = begin + row, column
            counts += gaps.sum(0)
            lacking[begin : begin + len(single)] = gaps.any(1)
            tell(f"looking through {self.place.name}", JUDGED * (begin + len(single)) / len(self.x))
        self.notes += list_constant(low, high)
        found = {f"x{place + 1}": int(count) for place, count in enumerate(counts) if count}
        if not found:
            return None, found
        return decide_gaps(counts, lacking, first, self.options.missing, self.place.name, self.notes), found

    def _fill(
        self, keep: NDArray[np.bool_], tested: NDArray[np.bool_], missing: dict[str, int]
    ) -> Iterator[NDArray[np.float32]]:
        """The rows of a table to ``keep``, NaN filled with the mean of those that are not ``tested``."""
        import numpy as np

        means = self._average(tested) if missing and self.options.missing == "mean" else None
        for begin, single in self._iterate():
            some = single[keep[begin : begin + len(single)]]
            yield some if means is None else np.where(np.isnan(some), means, some)

    def _average(self, tested: NDArray[np.bool_]) -> NDArray[np.float32]:
        """The mean of each column over the rows that are not ``tested``, or over all where those have no number."""
        import numpy as np

        total, known = np.zeros((2, self.x.shape[1])), np.zeros((2, self.x.shape[1]))
        for begin, single in self._iterate():
            trained = single[~tested[begin : begin + len(single)]]
            for at, rows in enumerate((trained, single)):
                total[at] += np.nansum(rows, 0, dtype=np.float64)
                known[at] += (~np.isnan(rows)).sum(0)
        means = total / np.maximum(known, 1)
        found: NDArray[np.float32] = np.where(known[0] > 0, means[0], means[1]).astype(np.float32)
        return found
