"""Rows of numbers and categories of a table that is too large for memory, made into features on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from descend.datasets.columns import Column
from descend.datasets.csv_reader import CsvTable
from descend.datasets.dataset import Dataset
from descend.datasets.date_parts import DateColumn, learn_forms, parse_dates
from descend.datasets.new_rows import RowEncoder
from descend.datasets.preparation import Preparation, prepare_dataset
from descend.datasets.row_parts import read_rows, write_parts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TrainingEncoder(RowEncoder):
    """Makes features of rows to train on, whose dates are read in every form, which is kept.

    Attributes:
        dates: how they become numbers, by the names of their columns.
    """

    def __init__(self, prepared: Preparation, options: Mapping[str, Any]) -> None:
        super().__init__(prepared, options)
        self.dates = {how.name: how for how in prepared.dates}

    def read_dates(self, how: DateColumn, column: Column, file: str) -> list[datetime | None]:
        """The date in each row of ``column``; raises as `parse_dates` does."""
        found = parse_dates(column, how.day_first, file)
        self.dates[how.name] = learn_forms(self.dates[how.name], column, found)
        return found


class NumberRows:
    """Writes the features of rows as they pass, NaN where a number is missing; then the parts, with the means in place
    of that.

    Attributes:
        lacking: which of the rows that were read last lack a value, (rows,).
    """

    def __init__(self, judged: Dataset, asked: Mapping[str, Any]) -> None:
        self.judged = judged
        open_ = tuple(
            each if each.words else msgspec.structs.replace(each, fill=float("nan")) for each in judged.encoders
        )
        self.encoder = TrainingEncoder(msgspec.structs.replace(prepare_dataset(judged), encoders=open_), asked)
        self._x: NDArray[np.float32] | None = None

    @property
    def missing(self) -> dict[str, int]:
        """How many values each column lacks."""
        return dict(self.encoder.missing)

    @property
    def lacking(self) -> NDArray[np.bool_]:
        return self.encoder.lacking

    @property
    def unseen(self) -> list[str]:
        """Columns with a word that has become no category."""
        return list(self.encoder.unseen)

    def estimate(self, rows: int, sample: CsvTable) -> tuple[int, int]:
        """Bytes on disk of so many rows, and while they are made."""
        size = 4 * rows * len(self.judged.features)
        return size, 2 * size

    def read(self, piece: CsvTable) -> None:
        """Look at the next rows."""
        self._x = self.encoder.encode(piece)

    def write(self, target: BinaryIO, keep: NDArray[np.bool_]) -> None:
        """Write those of them to ``keep``, (rows,)."""
        import numpy as np

        assert self._x is not None
        target.write(np.ascontiguousarray(self._x[keep], np.float32).tobytes())

    def finish(
        self, file: Path, tested: NDArray[np.bool_], tell: Callable[[float], None]
    ) -> tuple[dict[str, Any], list[str]]:
        """Write the parts of the rows in ``file``; returns what a `KeptTable` says of them, and sentences.

        Args:
            tested: which rows are for the test, (rows,).
            tell: takes the share that is done, in (0, 1].
        """
        import numpy as np

        width = len(self.judged.features)
        total, known, begin = np.zeros(width), np.zeros(width), 0
        for x in read_rows(file, width, np.float32):
            trained = x[~tested[begin : begin + len(x)]]
            total += np.nansum(trained, 0, dtype=np.float64)
            known += (~np.isnan(trained)).sum(0)
            begin += len(x)
        means = (total / np.maximum(known, 1)).astype(np.float32)

        def fill() -> Iterator[NDArray[np.float32]]:
            for x in read_rows(file, width, np.float32):
                yield np.where(np.isnan(x), means, x)

        for done in write_parts(file.parent, fill(), tested, (width,), np.float32):
            tell(done / len(tested))
        encoders, place = [], 0
        for each in self.judged.encoders:
            encoders.append(each if each.words else msgspec.structs.replace(each, fill=float(means[place])))
            place += len(each.features)
        dates = tuple(self.encoder.dates.values())
        return {"encoders": tuple(encoders), "features": self.judged.features, "dates": dates}, []
