"""Several labels of a sample, each of which it has or not: in a table a column of yes and no for each, or one column
of words with a mark between them."""

from __future__ import annotations

import ast
import json
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from descend.datasets.columns import Column, quote_columns
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import Task, format_count
from descend.datasets.dataset import WARNING
from descend.datasets.forms import is_number
from descend.datasets.options import option
from descend.datasets.order import find_lookalikes, sort_classes
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

YES = frozenset(("1", "yes", "y", "true", "t", "on", "x"))
NO = frozenset(("0", "-1", "no", "n", "false", "f", "off"))
"""How a column says that a sample has its label, and that it has not; in any case of letters."""
UNKNOWN = -1
"""Of a cell that says neither."""
MARKS = ("|", ";", ",", "/", "+", " ")
"""What can stand between words; the first that enough cells have is taken."""
COMMA = ","
"""What stands between words in lists as JSON and Python write them."""
OFTEN = 0.05
"""Share of the cells that have it."""
MAX_LABELS = 1000


def read_answer(cell: str) -> int:
    """1 for yes, 0 for no, `UNKNOWN` for anything else."""
    word = cell.lower()
    if word not in YES and word not in NO and is_number(word):
        word = f"{float(word):g}"  # 1.0 is 1
    return 1 if word in YES else 0 if word in NO else UNKNOWN


def read_answers(column: Column) -> NDArray[np.int8]:
    """What each cell of ``column`` says, (rows,); `UNKNOWN` also where it is missing."""
    import numpy as np

    known = {cell: read_answer(cell) for cell in set(column.cells)}
    return np.array([known[cell] for cell in column.cells], np.int8)


def find_strange(column: Column) -> int | None:
    """The first row of ``column`` that says neither yes nor no; None if all that is there does, in two words.

    Where a column has 0, a -1 is neither: such columns mark what is uncertain with it.
    """
    cells = column.cells
    strange = (read_answers(column) == UNKNOWN) & ~column.missing
    if not strange.any() and {"0", "-1"} <= {cell.partition(".")[0] for cell in set(cells)}:
        return next(row for row, cell in enumerate(cells) if cell.partition(".")[0] == "-1")
    return int(strange.argmax()) if strange.any() else None


def are_answers(columns: Sequence[Column]) -> bool:
    """Whether each of ``columns`` holds yes and no only."""
    return all(not column.empty and find_strange(column) is None for column in columns)


def find_mark(column: Column, among: Sequence[str] = MARKS, least: float = OFTEN) -> str:
    """What stands between words in ``column``, the first of ``among`` that at least this share of its cells have; ""
    if there is nothing."""
    if are_lists(column):
        return COMMA
    filled = [cell for cell, gone in zip(column.cells, column.missing.tolist(), strict=True) if not gone]
    enough = max(1, least * len(filled))
    return next((mark for mark in among if sum(mark in cell for cell in filled) >= enough), "")


def split_words(cell: str, mark: str) -> list[str]:
    """The words in a ``cell``, each once; also of a list as JSON and Python write it."""
    if (words := read_list(cell)) is not None:
        return list(dict.fromkeys(words))
    if cell.startswith("[") and cell.endswith("]"):
        cell = cell[1:-1]
    found = (word.strip().strip("'\"").strip() for word in cell.split(mark))
    return list(dict.fromkeys(filter(None, found)))


def read_list(cell: str) -> list[str] | None:
    """The words of a list of single values as JSON or Python writes it; None if ``cell`` is no such list."""
    if not (cell.startswith("[") and cell.endswith("]")):
        return None
    try:
        values = json.loads(cell, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        try:
            with warnings.catch_warnings(action="ignore"):  # of signs after a \\
                values = ast.literal_eval(cell)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            return None
    if not all(isinstance(value, (str, int, float)) or value is None for value in values):
        return None
    words = ("" if value is None else str(value).strip() for value in values)
    return list(filter(None, words))


def are_lists(column: Column) -> bool:
    """Whether every cell of ``column`` that is filled is a list of single values."""
    filled = {cell for cell, gone in zip(column.cells, column.missing.tolist(), strict=True) if not gone}
    return bool(filled) and all(cell.startswith("[") for cell in filled) and None not in map(read_list, filled)


def prepare_labels(targets: Sequence[Column], task: Task, mark: str, empty: str, file: str) -> tuple[list[Column], str]:
    """The columns ``targets``, ready to be encoded, and how they hold labels, if the ``task`` is these: the mark
    between the words of a single column, "" of a column of yes and no for each label.

    Args:
        mark: what was said to stand between words; "" finds it.
        empty: "none" if an empty cell says that a row has no label; else it is a missing value.

    Raises:
        DescendError: a column holds something else.
        UsageError: a mark is given, and there are several columns; or something is said of labels where there are none.
    """
    if task != "labels":
        if said := (mark and "mark") or (empty and "empty"):
            raise UsageError(f"{said}= is for task=labels, and here the task is {task}.")
        return list(targets), ""
    mark = choose_mark(targets, mark, file)
    return fill_empty(targets, mark) if empty else list(targets), mark


def choose_mark(targets: Sequence[Column], mark: str, file: str) -> str:
    """The mark between words, as `prepare_labels` says, which also says what is raised."""
    if len(targets) == 1 and not mark and are_answers(targets):
        raise UsageError(
            f"The target '{targets[0].name}' is one label of yes and no, which is classification; leave task= out, or "
            "name several columns with commas between."
        )
    if len(targets) == 1:
        found = mark or find_mark(targets[0])
        if are_lists(targets[0]):
            if mark not in ("", COMMA):
                raise UsageError(f"mark= is for words in a cell, and '{targets[0].name}' of {file} holds lists.")
            return COMMA
        if not any(found in cell for cell in targets[0].cells):
            raise DescendError(f"No cell in column '{targets[0].name}' of {file} has '{mark}'; choose another mark=….")
        if not found:
            raise DescendError(
                f"Column '{targets[0].name}' of {file} has one word in each cell, which is classification; leave task= "
                "out, or say what stands between words with mark=…."
            )
        return found
    if mark:
        raise UsageError(
            f"mark= is for one target column with several words in a cell, and here are {len(targets)} targets."
        )
    for column in targets:
        if (row := find_strange(column)) is not None:
            raise describe_strange(column, row, file)
    return ""


def describe_strange(column: Column, row: int, file: str) -> DescendError:
    """The error that ``column`` says neither yes nor no in ``row``."""
    return DescendError(
        f"Column '{shorten_cell(column.name)}' of {file} has '{shorten_cell(column.cells[row])}' in line "
        f"{column.lines[row]:,}; a label's column holds 1 and 0, yes and no, true and false, or y and n."
    )


def fill_empty(targets: Sequence[Column], mark: str) -> list[Column]:
    """``targets`` whose empty cells, and those that were said to mark a gap, say that a row has no label."""
    none = "[]" if mark else "0"
    return [
        replace(column, cells=[none if not cell or cell in column.gaps else cell for cell in column.cells])
        for column in targets
    ]


def encode_labels(
    targets: Sequence[Column], mark: str, keep: NDArray[np.bool_], file: str, notes: list[str]
) -> tuple[tuple[str, ...], NDArray[np.uint8]]:
    """The labels, and which of them each of the rows to ``keep`` has, uint8, (rows, k).

    Raises:
        DescendError: there are too many, or all rows have the same.
    """
    import numpy as np

    if mark:
        words = [split_words(cell, mark) for cell, kept in zip(targets[0].cells, keep.tolist(), strict=True) if kept]
        names = tuple(sort_classes({word for row in words for word in row}))
        lists = are_lists(targets[0])
        shown = "blanks" if mark == " " else f"'{mark}'"
        if not 2 <= len(names) <= MAX_LABELS:
            if lists:
                raise DescendError(
                    f"The lists in '{targets[0].name}' of {file} have {format_count(len(names), 'word')}; from 2 to "
                    f"{MAX_LABELS:,} can be labels, so choose another target=…."
                )
            raise DescendError(
                f"Column '{targets[0].name}' of {file}, cut at {shown}, has {format_count(len(names), 'word')}; from 2 "
                f"to {MAX_LABELS:,} can be labels, so choose another mark=… or target=…."
            )
        notes.append(
            f"'{targets[0].name}' lists {len(names):,} labels, of which a row can have several."
            if lists
            else f"'{targets[0].name}' is cut at {shown} into {len(names):,} labels, of which a row can have several; "
            "mark=… changes that."
        )
        if alike := find_lookalikes(names):
            notes.append(f"{WARNING}the labels {alike}; if they are meant to be one, fix the file.")
        y = encode_words(words, names)
    else:
        names = tuple(column.name for column in targets)
        y = np.stack([read_answers(column)[keep] for column in targets], 1).astype(np.uint8)
    if (y == y[0]).all():
        raise DescendError(f"All rows of {file} have the same labels, so there is nothing to learn.")
    return names, y


def encode_words(rows: Sequence[Sequence[str]], names: Sequence[str]) -> NDArray[np.uint8]:
    """Which of the labels ``names`` each of ``rows`` of words has, uint8, (rows, k); other words count for nothing."""
    import numpy as np

    places = {name: place for place, name in enumerate(names)}
    y = np.zeros((len(rows), len(names)), np.uint8)
    for row, words in enumerate(rows):
        y[row, [places[word] for word in words if word in places]] = 1
    return y


def read_ticks(y: NDArray[Any]) -> NDArray[np.uint8] | None:
    """Numbers (n, k) that are all 0 and 1, or all -1 and 1, as 1 for each label that a sample has and else 0; None if
    they are others."""
    import numpy as np

    if y.dtype.kind not in "buif" or not (np.isin(y, (0, 1)).all() or np.isin(y, (-1, 1)).all()):
        return None
    return (y > 0).astype(np.uint8)


def mark_option() -> Any:
    """The option that says what stands between labels."""
    return option("", "of a target with several labels in a cell: what stands between them; default: found")


def empty_option() -> Any:
    """The option that says what an empty cell of labels means."""
    return option(
        "", "of labels: whether an empty cell says that there is none; default: it is missing", among=("none",)
    )


def warn_of_constant(names: Sequence[str], y: NDArray[Any], train: NDArray[np.intp]) -> list[str]:
    """Sentences on labels that no row has, or every row, in all of ``y`` (rows, k) or in its part to ``train``."""
    said: list[str] = []
    counts, trained = y.sum(0, dtype=int), y[train].sum(0, dtype=int)
    for count, rows, where in ((counts, len(y), ""), (trained, len(train), " of the training part")):
        for full, what in ((0, "no row"), (rows, "every row")):
            same = [
                name
                for name, own, whole in zip(names, count.tolist(), counts.tolist(), strict=True)
                if own == full and (not where or 0 < whole < len(y))
            ]
            if same:
                said.append(f"{WARNING}{what}{where} has {list_names(same)}, so nothing can be learned of that.")
    if rare := [name for name, count in zip(names, counts.tolist(), strict=True) if count == 1]:
        said.append(f"In one row only, trained on and not tested: {list_names(rare)}.")
    return said


def list_names(names: Sequence[str]) -> str:
    """``the label 'a'`` or ``the labels 'a', 'b' and 3 more``."""
    return quote_columns(names).replace("column", "the label", 1)


def name_labels(row: Sequence[Any], names: Sequence[str]) -> str:
    """The labels that a sample has, as its ``row`` of 0 and 1 says; ``none`` if it has none."""
    return ", ".join(name for name, has in zip(names, row, strict=True) if has) or "none"


def find_rarest(y: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rarest label of each row of ``y`` (rows, k), int64, (rows,); k where it has none.

    A split that takes its share of the rows of each of these has about that share of every label, and of a rare one to
    within one row.
    """
    import numpy as np

    order = np.argsort(y.sum(0, dtype=int), kind="stable")
    first = y[:, order].argmax(1)
    rarest: NDArray[np.int64] = np.where(y.any(1), order[first], y.shape[1]).astype(np.int64)
    return rarest


def suggest_labels(column: Column) -> str:
    """A note if ``column``, taken for classes, seems to hold several words in a cell that are labels; else ""."""
    if not (mark := find_mark(column, MARKS[:3], 2 * OFTEN)):
        return ""
    found = Counter(word for cell in column.cells for word in split_words(cell, mark))
    if not 2 <= len(found) < len(column.words):
        return ""
    return (
        f"{WARNING}'{column.name}' has words with '{mark}' between them; task=labels learns each of the {len(found):,} "
        "as a label, of which a row can have several."
    )
