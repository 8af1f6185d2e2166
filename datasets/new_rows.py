"""Rows of a new table, prepared as those of a training were."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from descend.datasets.columns import Column, quote_columns
from descend.datasets.compressed import find_suffix
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.csv_stream import stream_csv
from descend.datasets.data_shape import format_count
from descend.datasets.date_parts import expand_table
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
        return stream_records(file, nests=lambda names: Nesting(frozenset(names) - frozenset(learned)))
    given = {name: options[name] for name in READING if options.get(name)}
    return stream_csv(file, named=not unnamed, **given)


class RowEncoder:
    """Makes features of new rows as they were made of the training's.

    Columns may come in any order and there may be others. A missing value becomes the training's mean or most frequent
    category, and so does a category that was not trained on; both are counted.

    Attributes:
        lacking: which rows of the last table lacked a value, (rows,).
    """

    lacking: NDArray[np.bool_]

    def __init__(self, prepared: Preparation, options: Mapping[str, Any]) -> None:
        self.prepared, self.options = prepared, options
        self.missing: Counter[str] = Counter()
        self.unseen: dict[str, Counter[str]] = {}

    def encode(self, table: CsvTable) -> NDArray[np.float32]:
        """The features of the rows of ``table``, float32, (rows, d), not scaled yet.

        Raises:
            DescendError: a column is missing, or has a word where there were numbers.
        """
        import numpy as np

        table = expand_table(
            table,
            self.prepared.dates,
            lambda place: make_column(table, place, self.options),
            self.options.get("decimal") or ".",
        )
        places = {name: place for place, name in enumerate(table.names)}
        encoders = self.prepared.encoders
        if gone := [encoder.name for encoder in encoders if encoder.name not in places]:
            raise DescendError(f"{table.file.name} lacks {quote_columns(gone)}, which the model was trained on.")
        keep = np.ones(len(table.lines), bool)
        self.lacking = np.zeros(len(table.lines), bool)
        parts = []
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
            parts.append(encoder.encode(column, keep))
        return np.ascontiguousarray(np.concatenate(parts, 1))

    def tell(self) -> list[str]:
        """Sentences on what stood in for what."""
        fills = {encoder.name: encoder.fill for encoder in self.prepared.encoders}
        said = []
        for name, count in self.missing.items():
            fill = fills[name]
            written = f"{fill:g}" if isinstance(fill, float) else f"'{shorten_cell(fill)}'"
            said.append(
                f"{format_count(count, 'row')} without '{shorten_cell(name)}': {written} stands in, of the training."
            )
        for name, words in self.unseen.items():
            listed = ", ".join(f"'{shorten_cell(word)}'" for word in list(words)[:4])
            said.append(
                f"{format_count(words.total(), 'row')} with {listed} in '{shorten_cell(name)}', which the training did "
                f"not have: '{shorten_cell(str(fills[name]))}' stands in."
            )
        return said


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
