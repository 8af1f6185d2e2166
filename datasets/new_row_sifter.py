"""Rows of new tables that are no samples, left out as the training's own were: names of columns that are repeated,
units, and totals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import Column
from descend.datasets.csv_reader import CsvTable
from descend.datasets.data_shape import format_count
from descend.datasets.new_rows import make_column
from descend.datasets.odd_rows import MIN_ROWS, TOTAL, find_totals, has_units_row, is_grand_total
from descend.datasets.preparation import Preparation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FEW = 3
"""Rows from which on one with a word for totals can be their total."""


class RowSifter:
    """Tells which rows of a table, which comes in pieces, are samples.

    A first or last row with a word for totals that the model does not know as a category is none, nor is a last one
    that sums up all others; of a table in several pieces only the word tells.
    """

    def __init__(self, prepared: Preparation, options: Mapping[str, Any]) -> None:
        self.options = options
        words = {encoder.name: encoder.words for encoder in prepared.encoders} | {prepared.label: prepared.classes}
        self.known = {name for name, known in words.items() if any(map(TOTAL.fullmatch, known))} | {prepared.text}
        self.lines: dict[str, list[int]] = {"the names of the columns": [], "units": [], "totals": []}

    def sift(self, pieces: Iterator[CsvTable]) -> Iterator[tuple[CsvTable, NDArray[np.bool_]]]:
        """Each of ``pieces``, and which of its rows are samples, (rows,)."""
        first, waiting = True, next(pieces, None)
        while waiting is not None:
            piece, waiting = waiting, next(pieces, None)
            yield piece, self._find_samples(piece, first, waiting is None)
            first = False

    def _find_samples(self, piece: CsvTable, first: bool, last: bool) -> NDArray[np.bool_]:
        import numpy as np

        keep = np.ones(len(piece.lines), bool)
        if piece.named:
            again = [row for row, cell in enumerate(piece.columns[0]) if cell == piece.names[0]]
            self._leave_out(
                "the names of the columns",
                [row for row in again if [column[row] for column in piece.columns] == piece.names],
                piece,
                keep,
            )
        if not len(rest := keep.nonzero()[0]):
            return keep
        sound = CsvTable(
            piece.file,
            piece.names,
            [[column[row] for row in rest.tolist()] for column in piece.columns]
            if len(rest) < len(keep)
            else piece.columns,
            [piece.lines[row] for row in rest.tolist()],
            piece.named,
        )
        columns = [
            make_column(sound, place, self.options) for place, name in enumerate(sound.names) if name not in self.known
        ]
        if first and self._begins_with_units(columns, sound):
            self._leave_out("units", rest[:1].tolist(), piece, keep)
        totals = [row for row in rest[self._find_totals(columns, first, last)].tolist() if keep[row]] if columns else []
        self._leave_out("totals", totals, piece, keep)
        return keep

    def _begins_with_units(self, columns: Sequence[Column], piece: CsvTable) -> bool:
        asked = self.options.get("units") or ("" if piece.named else "no")
        fewest = 2 if asked == "yes" else MIN_ROWS
        return asked != "no" and len(piece.lines) >= fewest and has_units_row(columns)

    def _find_totals(self, columns: Sequence[Column], first: bool, last: bool) -> list[int]:
        import numpy as np

        count, asked = len(columns[0].cells), self.options.get("totals")
        if asked == "keep" or count < FEW:
            return []
        if first and last and (found := find_totals(columns)):
            return found
        if first and last and count >= MIN_ROWS:
            return [count - 1] if is_grand_total(columns, np.ones(count, bool), count - 1) else []
        rows = range(count) if asked == "drop" else [0] * first + [count - 1] * last
        return [row for row in rows if any(TOTAL.fullmatch(column.cells[row]) for column in columns)]

    def _leave_out(self, what: str, rows: Sequence[int], piece: CsvTable, keep: NDArray[np.bool_]) -> None:
        keep[list(rows)] = False
        self.lines[what] += [piece.lines[row] for row in rows]

    def tell(self) -> list[str]:
        """Sentences on what was left out."""
        said = []
        for what, lines in self.lines.items():
            if lines:
                unless = "; ?totals=keep after the file's name keeps it" if what == "totals" else ""
                first = f", the first in line {lines[0]:,}" if len(lines) > 1 else f" in line {lines[0]:,}"
                said.append(f"{format_count(len(lines), 'row')} with {what}{first}: left out{unless}.")
        return said
