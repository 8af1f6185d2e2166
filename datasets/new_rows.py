"""Rows of a new table, prepared as those of a training were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from descend.datasets.columns import Column, quote_columns
from descend.datasets.compressed import find_suffix
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.csv_stream import stream_csv
from descend.datasets.data_shape import format_count
from descend.datasets.date_parts import DateColumn, expand_table
from descend.datasets.number_signs import drop_signs
from descend.datasets.preparation import Preparation
from descend.datasets.records import SUFFIXES, Nesting, stream_records
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNNAMED = re.compile(r"column \d+")
READING = ("delimiter", "encoding", "skip", "footer", "comment")
"""Options of a table that say how its file is written."""


def read_rows(file: Path, prepared: Preparation, options: Mapping[str, Any]) -> Iterator[CsvTable]:
    """The text of ``file``, which is written as the training's table was, in pieces.

    Args:
        options: those of the training's table.

    Raises:
        DescendError: it cannot be read.
    """
    learned = [prepared.text] if prepared.text else [encoder.name for encoder in prepared.encoders]
    unnamed = all(map(UNNAMED.fullmatch, learned))
    if find_suffix(file) in SUFFIXES:
        return stream_records(
            file,
            nests=lambda names: Nesting(frozenset(names) - frozenset(learned)),
            decimal=options.get("decimal") or ".",
        )
    given = {name: options[name] for name in READING if options.get(name)}
    return stream_csv(file, named=not unnamed, **given)


class RowEncoder:
    """Makes features of new rows as they were made of the training's.

    Columns may come in any order and there may be others. A missing value becomes the training's mean or most frequent
    category, and so does a category that was not trained on; both are counted.

    Args:
        lenient: whether dates that are not written as the training's were count as missing, and are counted.

    Attributes:
        lacking: which rows of the last table lacked a value, (rows,).
    """

    lacking: NDArray[np.bool_]

    def __init__(self, prepared: Preparation, options: Mapping[str, Any], lenient: bool = False) -> None:
        self.prepared, self.options, self.lenient = prepared, options, lenient
        self.missing: Counter[str] = Counter()
        self.unseen: dict[str, Counter[str]] = {}
        self.undated: dict[str, Counter[str]] = {}
        self.far: dict[str, Counter[str]] = {}
        self._dated = {name for how in prepared.dates if how.years is not None for name in how.features}

    def encode(self, table: CsvTable) -> NDArray[np.float32]:
        """The features of the rows of ``table``, float32, (rows, d), not scaled yet.

        Raises:
            DescendError: a column is missing, or has a word where there were numbers, or no date where there were some.
        """
        import numpy as np

        table = expand_table(
            table,
            self.prepared.dates,
            lambda place: make_column(table, place, self.options),
            lambda how, column: self.read_dates(how, column, table.file.name),
            self.options.get("decimal") or ".",
        )
        places = {name: place for place, name in enumerate(table.names)}
        encoders = self.prepared.encoders
        if gone := [encoder.name for encoder in encoders if encoder.name not in places]:
            raise DescendError(f"{table.file.name} lacks {quote_columns(gone)}, which the model was trained on.")
        keep = np.ones(len(table.lines), bool)
        self.lacking = np.zeros(len(table.lines), bool)
        parts: list[NDArray[np.float32]] = []
        for encoder in encoders:
            column = make_column(table, places[encoder.name], self.options)
            if not encoder.words and len(column.wrong):
                row = int(column.wrong[0])
                cell, line = shorten_cell(column.cells[row]), column.lines[row]
                raise DescendError(
                    f"Column '{shorten_cell(encoder.name)}' of {table.file.name} has '{cell}' in line {line:,}, where "
                    "the training had numbers."
                )
            if not encoder.words and len(large := np.flatnonzero(np.abs(column.numbers) > np.finfo(np.float32).max)):
                row = int(large[0])
                cell, line = shorten_cell(column.cells[row]), column.lines[row]
                raise DescendError(
                    f"Column '{shorten_cell(encoder.name)}' of {table.file.name} has '{cell}' in line {line:,}, more "
                    "than the 32-bit numbers that models take can hold."
                )
            if missing := int(column.missing.sum()):
                self.missing[encoder.name] += missing
                self.lacking |= column.missing
            if unseen := encoder.find_unseen(column):
                self.unseen.setdefault(encoder.name, Counter()).update(unseen)
            if not encoder.words and encoder.name not in self._dated and self.prepared.mean:
                at = sum(part.shape[1] for part in parts)
                if far := self._find_far(column, self.prepared.mean[at], self.prepared.std[at]):
                    self.far.setdefault(encoder.name, Counter()).update(far)
            parts.append(encoder.encode(column, keep))
        return np.ascontiguousarray(np.concatenate(parts, 1))

    def read_dates(self, how: DateColumn, column: Column, file: str) -> list[datetime | None]:
        """The date in each row of ``column``; None where there is none.

        Raises:
            DescendError: one is not written as the training's were, and may not count as missing.
        """
        found: list[datetime | None] = []
        for row, (cell, gone) in enumerate(zip(column.cells, column.missing.tolist(), strict=True)):
            date = None if gone else how.read(cell)
            found.append(date)
            if date is not None:
                if how.is_far(date):
                    self.far.setdefault(how.name, Counter())[cell] += 1
            elif not gone and self.lenient:
                self.undated.setdefault(how.name, Counter())[cell] += 1
            elif not gone:
                raise DescendError(
                    f"Column '{shorten_cell(how.name)}' of {file} has '{shorten_cell(cell)}' in line "
                    f"{column.lines[row]:,}, which is no date as the training's were written; 2026-03-31 is always one."
                )
        return found

    def _find_far(self, column: Column, mean: float, std: float) -> Counter[str]:
        """Cells that are farther from the training's mean than any of its n rows can be: √(n − 1) deviations
        (Samuelson's inequality)."""
        import numpy as np

        bound = 1.01 * std * max(1, self.prepared.train) ** 0.5  # with room for rounding
        rows = np.flatnonzero(np.abs(column.numbers - mean) > bound).tolist()
        return Counter(column.cells[row] for row in rows)

    def tell(self) -> list[str]:
        """Sentences on what stood in for what, and on what the training had nothing like."""
        fills = {encoder.name: encoder.fill for encoder in self.prepared.encoders}
        said = []
        for name, cells in self.undated.items():
            said.append(
                f"{format_count(cells.total(), 'row')} with {list_cells(cells)} in '{shorten_cell(name)}', no date as "
                "the training's were written: it counts as missing."
            )
        for name, count in self.missing.items():
            fill = fills[name]
            written = f"{fill:g}" if isinstance(fill, float) else f"'{shorten_cell(fill)}'"
            said.append(
                f"{format_count(count, 'row')} without '{shorten_cell(name)}': {written} stands in, of the training."
            )
        for name, words in self.unseen.items():
            said.append(
                f"{format_count(words.total(), 'row')} with {list_cells(words)} in '{shorten_cell(name)}', which the "
                f"training did not have: '{shorten_cell(str(fills[name]))}' stands in."
            )
        for name, cells in self.far.items():
            said.append(
                f"{format_count(cells.total(), 'row')} with {list_cells(cells)} in '{shorten_cell(name)}', far from "
                "all that the training had: what is predicted there is hardly more than a guess."
            )
        return said


def list_cells(cells: Counter[str]) -> str:
    """The first of them, for a sentence."""
    return ", ".join(f"'{shorten_cell(cell)}'" for cell in list(cells)[:4])


def make_column(table: CsvTable, place: int, options: Mapping[str, Any]) -> Column:
    """The column at ``place``, from 0, of ``table``, which is written as the training's table was."""
    cells, gaps = table.columns[place], frozenset(options.get("gaps") or ())
    if options.get("case") and table.names[place] != options.get("text"):
        cells, gaps = fold_case(cells), gaps | frozenset(fold_case(list(gaps)))
    if (signs := options.get("signs")) and table.names[place] != options.get("text"):
        cells = drop_signs(cells, fold_case(signs) if options.get("case") else signs)
    return Column(
        table.names[place],
        cells,
        table.lines,
        options.get("decimal") or ".",
        options.get("thousands") or "",
        place + 1,
        gaps,
        frozenset(word.lower() for word in options.get("values") or ()),
        bool(table.of),
    )


def fold_case(cells: Sequence[str]) -> list[str]:
    """``cells`` in lower case, and with single blanks between words."""
    return [" ".join(normalize("NFC", cell).casefold().split()) for cell in cells]
