"""What is to be predicted, in rows and folders of pictures where it is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets import image_table
from descend.datasets.columns import Column, quote_columns
from descend.datasets.csv_reader import CsvTable, shorten_cell
from descend.datasets.data_shape import format_count
from descend.datasets.forms import is_number
from descend.datasets.labels import (
    describe_strange,
    encode_words,
    fill_empty,
    find_strange,
    read_answers,
    split_words,
)
from descend.datasets.new_rows import make_column
from descend.datasets.preparation import Preparation
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

UNKNOWN = -1
"""In place of a label: there is none, or it is of no class."""


class AnswerReader:
    """Finds the class, the labels, or the numbers to predict, of the rows of a table.

    Rows without one, and those of a class that the training did not have, are counted: they cannot be judged. A label
    that it did not have is counted and left out.
    """

    def __init__(self, prepared: Preparation, options: Mapping[str, Any]) -> None:
        self.prepared, self.options = prepared, options
        self.missing = 0
        self.strange: Counter[str] = Counter()
        self.strange_labels: Counter[str] = Counter()
        self._labels = number_classes(prepared.classes)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that hold them."""
        return (self.prepared.label,) if self.prepared.classes or self.prepared.mark else self.prepared.targets

    def read(self, table: CsvTable) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """The classes, int64, (rows,), labels, uint8, (rows, k), or numbers, float64, (rows, k), and which rows have
        them, (rows,).

        Raises:
            DescendError: a column is missing, or has a word where there were numbers, or yes and no.
        """
        import numpy as np

        if not all(self.names):
            raise DescendError(
                "The run does not say which column holds the classes: it is older than that; train anew."
            )
        if gone := [name for name in self.names if name not in table.names]:
            raise DescendError(f"{table.file.name} lacks {quote_columns(gone)}, which is what to predict.")
        columns = [make_column(table, table.names.index(name), self.options) for name in self.names]
        if self.prepared.classes:
            labels = self._find_labels(columns[0].cells, columns[0].missing)
            return labels, labels != UNKNOWN
        if self.prepared.task == "labels":
            return self._read_labels(columns, table.file.name)
        for column in columns:
            if len(column.wrong):
                row = int(column.wrong[0])
                cell, line = shorten_cell(column.cells[row]), column.lines[row]
                raise DescendError(
                    f"Column '{shorten_cell(column.name)}' of {table.file.name} has '{cell}' in line {line:,}, where "
                    "there are numbers to predict."
                )
        values = (
            np.stack([column.numbers for column in columns], 1) if len(table.lines) else np.empty((0, len(columns)))
        )
        known = np.isfinite(values.sum(1))
        self.missing += int((~known).sum())
        return values, known

    def _read_labels(self, columns: list[Column], file: str) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
        import numpy as np

        mark, names = self.prepared.mark, self.prepared.targets
        if self.options.get("empty"):
            columns = fill_empty(columns, mark)
        known = ~np.any([column.missing for column in columns], 0)
        self.missing += int((~known).sum())
        if mark:
            rows = [split_words(cell, mark) for cell in columns[0].cells]
            there = frozenset(names)
            self.strange_labels.update(word for words in rows for word in words if word not in there)
            return encode_words(rows, names), known
        for column in columns:
            if (row := find_strange(column)) is not None:
                raise describe_strange(column, row, file)
        return np.stack([read_answers(column) == 1 for column in columns], 1).astype(np.uint8), known

    def _find_labels(self, cells: Sequence[str], missing: NDArray[np.bool_]) -> NDArray[np.int64]:
        import numpy as np

        labels = np.full(len(cells), UNKNOWN, np.int64)
        for row, (cell, gone) in enumerate(zip(cells, missing.tolist(), strict=True)):
            if gone:
                self.missing += 1
            elif (label := find_label(cell, self._labels)) == UNKNOWN:
                self.strange[cell] += 1
            else:
                labels[row] = label
        return labels

    def tell(self) -> list[str]:
        """Sentences on what was left out."""
        said = []
        if self.missing:
            said.append(f"{format_count(self.missing, 'row')} without {quote_columns(list(self.names))}: left out.")
        if self.strange:
            said.append(tell_strange(self.strange, "row"))
        if self.strange_labels:
            listed = ", ".join(f"'{shorten_cell(word)}'" for word, _ in self.strange_labels.most_common(4))
            count = format_count(self.strange_labels.total(), "row")
            said.append(f"{count} with {listed}, no label of the training: judged by the other labels alone.")
        return said


def number_classes(classes: Sequence[str]) -> dict[str, int]:
    """The label of each class by its name; where all are numbers also by its value, as 1.0 is 1."""
    labels = {name: label for label, name in enumerate(classes)}
    if all(map(is_number, classes)):
        labels.update({repr(float(name)): label for label, name in enumerate(classes)})
    return labels


def find_label(name: str, labels: Mapping[str, int]) -> int:
    """The label of the class called ``name``, `UNKNOWN` if there is none."""
    if name not in labels and is_number(name):
        name = repr(float(name))
    return labels.get(name, UNKNOWN)


def label_pictures(files: Sequence[Path], place: Path, classes: Sequence[str]) -> tuple[list[int], Counter[str]]:
    """The label of each of ``files`` by a folder between it and ``place`` that has the name of a class, `UNKNOWN` if
    there is none; and how many are in folders of no class, by the folder's name."""
    labels, strange = {name: label for label, name in enumerate(classes)}, Counter[str]()
    found = []
    for file in files:
        folders = file.relative_to(place).parts[:-1]
        label = next((labels[name] for name in folders if name in labels), UNKNOWN)
        if label == UNKNOWN:
            strange[folders[-1] if folders else place.name] += 1
        found.append(label)
    return found, strange


def find_answers(
    place: Path, prepared: Preparation, options: Mapping[str, Any]
) -> tuple[list[Path], NDArray[Any], list[str]] | None:
    """The pictures that a table in the folder ``place`` names, their classes, (n,), labels or numbers, (n, k), and
    sentences on what was left out; None if no table says what they show.

    Args:
        options: those of the training's data.

    Raises:
        DescendError: the table is no such, or lacks the column.
    """
    import numpy as np

    if not prepared.label and not prepared.targets:
        return None
    if (found := image_table.find_table(place, {"image": options["image"]} if options.get("image") else {})) is None:
        return None
    there = found.places >= 0
    reader = AnswerReader(prepared, {"empty": options.get("empty")})
    names = [column.name for column in found.columns]
    cells = [list(column.cells) for column in found.columns]
    values, known = reader.read(CsvTable(found.files[0], names, cells, list(found.image.lines), True))
    said = reader.tell()
    if gone := int((~there).sum()):
        said.append(f"{format_count(gone, 'image')} that {found.name} names and {place.name} does not hold: left out.")
    rows = np.flatnonzero(known & there)
    return [found.pictures[at] for at in found.places[rows].tolist()], values[rows], said


def tell_strange(strange: Counter[str], what: str) -> str:
    """A sentence on samples of classes that the training did not have."""
    listed = ", ".join(f"'{shorten_cell(name)}'" for name, _ in strange.most_common(4))
    count = format_count(strange.total(), what)
    return f"{count} of {listed}, no class of the training: left out, though the model is wrong about all of them."
