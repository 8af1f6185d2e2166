"""The user's table: a CSV file with a column to predict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets import cells as text
from descend.datasets.columns import Column, check_columns, quoted
from descend.datasets.dataset import Dataset
from descend.datasets.gaps import LEAST_ROWS, without_gaps
from descend.datasets.labelled import texts_of
from descend.datasets.options import option
from descend.datasets.shape import Task, counted
from descend.datasets.split import shuffled, stratified
from descend.engine.errors import DescendError, UsageError, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".csv", ".tsv", ".tab", ".data")
MOST_CLASSES = 1000
FEW_CLASSES = 20
"""Whole numbers with at most so many different values are taken for classes."""

ANOTHER = "choose another with target=…"
NARROW = 2**-12
"""The span of a column, of its largest value, below which less than half of a 32-bit number's digits tell its rows
apart."""


@dataclass(frozen=True)
class TableOptions:
    """What can be said of a table."""

    target: str = option("", "the column to predict, by name or number; default: the last")
    task: str = option("", "what to learn; default: by what is in the target", among=("classification", "regression"))
    missing: str = option("error", "what to do about missing values", among=("error", "drop", "mean"))
    text: str = option("", "the column with texts to learn from, as characters; the others are left out")
    length: int = option(0, "characters of each text at most; 0 is the longest, up to 128", least=0, most=4096)
    ignore: tuple[str, ...] = option((), "columns to leave out")
    gaps: tuple[str, ...] = option((), "what stands for a missing value, beside an empty cell, NA, ? and the like")
    categories: tuple[str, ...] = option((), "columns of numbers that are codes")
    encode: str = option("onehot", "categories as a column for each, or as one of ranks", among=("onehot", "ordinal"))
    header: str = option("", "whether the first line names the columns", among=("yes", "no"))
    delimiter: str = option("", "what stands between cells: comma, semicolon, tab, bar, space or a character")
    skip: int = option(0, "lines above the table to pass over", least=0)
    encoding: str = option("", "how characters are stored, such as utf-8 or latin-1")
    decimal: str = option(".", "the decimal mark", among=(".", ","))
    thousands: str = option("", "the mark between groups of digits")
    limit: int = option(0, "rows to read at most; 0 is all", least=0)
    test: float = option(0.2, "share of the rows that is kept for the test", least=0.01, most=0.9)
    seed: int = option(0, "seed of the split", least=0, most=2**31 - 1)


def read(file: Path, name: str, options: TableOptions) -> Dataset:
    """Read a CSV file as a dataset called ``name``.

    Numbers stay as they are. A column of words becomes a column of 0 and 1 for each word but for the first of two, or
    with ``encode=ordinal`` one column of the words' ranks. With ``missing=mean`` a number that is missing becomes the
    mean of its column in the training set, a word the most frequent there; rows that lack the target are left out.
    With ``text`` that column alone is learned from, as characters.

    Raises:
        DescendError: the file is no such table; the sentence says where and what to do.
        UsageError: an option does not fit the file.
    """
    import numpy as np

    table = text.read(
        file,
        delimiter=options.delimiter,
        encoding=options.encoding,
        header=options.header,
        limit=options.limit,
        skip=options.skip,
    )
    notes, where = table.notes, file.name
    columns = [
        Column(
            name,
            ["" if cell in options.gaps else cell for cell in cells] if options.gaps else cells,
            table.lines,
            options.decimal,
            options.thousands,
            place,
        )
        for place, (name, cells) in enumerate(zip(table.names, table.columns, strict=True), 1)
    ]
    if len(table.lines) < LEAST_ROWS:
        raise DescendError(
            f"{where} has {counted(len(table.lines), 'row')} of data; a training and a test set take at least "
            f"{LEAST_ROWS}."
        )
    wanted = wanted_of(columns, options.target, where)
    texts = [found(columns, options.text, where)] if options.text else []
    if texts and texts[0] in wanted:
        raise UsageError(
            f"Column '{texts[0].name}' of {where} is to be learned from and to be predicted; choose another."
        )
    kept = usable(columns, options.ignore, [*wanted, *texts], where, notes)
    targets = chosen([column for column in kept if column not in texts], wanted, where, notes)
    features = texts or [column for column in kept if column not in targets]
    if not features:
        raise DescendError(f"{where} has no column left to learn from beside {quoted([t.name for t in targets])}.")
    codes = [found(columns, name, where).name for name in options.categories]
    if not texts:
        check_columns(features, where, codes, options.ignore)
    elif texts[0].empty:
        raise DescendError(f"{where} has no text at all in {quoted([texts[0].name])}; choose another with text=….")
    elif left := [column.name for column in kept if column not in (*texts, *targets)]:
        notes.append(f"Left out beside the text: {quoted(left)}.")
    task = task_of(targets, options.task, where, notes)

    keep, missing = without_gaps(features, targets, options.missing, options.ignore, table.lines, where, notes)
    classes: tuple[str, ...] = ()
    if task == "classification":
        classes, y = labels(targets[0], keep, where, notes)
        train, test = stratified(y, options.test, options.seed)
    else:
        numbers = [target.numbers[keep] for target in targets]
        y = (numbers[0] if len(numbers) == 1 else np.stack(numbers, 1)).astype(np.float64)
        train, test = shuffled(len(y), options.test, options.seed)
    if classes and len(classes) == len(y):
        raise DescendError(
            f"{where} has one row of each class of '{targets[0].name}', and so none for the test; {ANOTHER}."
        )
    if not len(train) or not len(test):
        raise DescendError(
            f"{where} leaves no row to train on or none for the test; add rows, or choose another test=…."
        )
    if texts:
        cells = [cell for cell, kept_row in zip(texts[0].cells, keep.tolist(), strict=True) if kept_row]
        named = {"classes": classes, "targets": () if classes else tuple(target.name for target in targets)}
        return texts_of(name, cells, y, (train, test), options.length, notes, task=task, missing=missing, **named)
    x, names = numbers_of(features, codes, keep, train, options.encode, notes)
    return Dataset(
        name,
        classes,
        x[train],
        y[train],
        x[test],
        y[test],
        kind="table",
        task=task,
        features=tuple(names),
        targets=() if classes else tuple(target.name for target in targets),
        missing=missing,
        notes=tuple(notes),
    )


def usable(
    columns: list[Column], ignore: Sequence[str], wanted: Sequence[Column], file: str, notes: list[str]
) -> list[Column]:
    """The columns without those to ``ignore`` and without unnamed ones that are empty or only number or name the rows,
    unless they are ``wanted``."""
    left_out = [found(columns, name, file) for name in ignore]
    kept = []
    for place, column in enumerate(columns, 1):
        if column in left_out:
            continue
        if column in wanted:
            kept.append(column)
        elif column.name == f"column {place}" and column.empty:
            notes.append(f"Column {place} has no name and no value, and was left out.")
        elif column.name == "column 1" and len(columns) > 2 and column.counts_rows():
            notes.append("Column 1 has no name and only numbers the rows, and was left out.")
        elif column.name == "column 1" and len(columns) > 2 and column.names_rows():
            notes.append("Column 1 has no name and another word in every row, and was left out.")
        else:
            kept.append(column)
            if len(columns) > 2 and column.name != f"column {place}" and column.counts_rows():
                notes.append(f"Column '{column.name}' only numbers the rows; ignore={column.spelled} leaves it out.")
    if len(kept) < 2:
        raise DescendError(f"{file} has {counted(len(kept), 'column')} left; one is to predict and one to learn from.")
    return kept


def found(columns: Sequence[Column], name: str, file: str) -> Column:
    """The column called ``name``, or whose number that is, from 1, or from the end if negative.

    Raises:
        UsageError: there is none.
    """
    for column in columns:
        if column.name == name:
            return column
    for column in columns:
        if column.name.lower() == name.lower():
            return column
    if name.lstrip("-").isdecimal():
        place = int(name)
        if 0 < place <= len(columns) or 0 < -place <= len(columns):
            return columns[place - 1 if place > 0 else place]
        raise UsageError(f"{file} has no column {name}, only {len(columns)}.")
    guess = nearest(name, [column.name for column in columns])
    raise UsageError(f"{file} has no column '{name}'{guess or f', among {len(columns)}.'}")


def wanted_of(columns: Sequence[Column], target: str, file: str) -> list[Column]:
    """The columns that ``target`` names, several with commas between; none if it is empty."""
    whole = any(column.name == target for column in columns)  # a name may have a comma in it
    names = [target] if whole else [name for name in map(str.strip, target.split(",")) if name]
    return [found(columns, name, file) for name in names]


def chosen(kept: Sequence[Column], wanted: Sequence[Column], file: str, notes: list[str]) -> list[Column]:
    """The columns to predict: those that are ``wanted``, else the last that is ``kept``."""
    if not wanted:
        notes.append(f"The last column, '{kept[-1].name}', is what to predict; target=… chooses another.")
        return [kept[-1]]
    if gone := [column.name for column in wanted if column not in kept]:
        raise UsageError(f"The target {quoted(gone)} of {file} is left out; take it from ignore or choose another.")
    if len({column.name for column in wanted}) < len(wanted):
        raise UsageError(f"The target {quoted([column.name for column in wanted])} is named twice.")
    return list(wanted)


def task_of(targets: Sequence[Column], task: str, file: str, notes: list[str]) -> Task:
    """What is learned: numbers are predicted, words are classes, and so are whole numbers of few different values.

    Raises:
        DescendError: the target does not fit the task.
    """
    target = targets[0]
    if any(column.empty for column in targets):
        empty = quoted([column.name for column in targets if column.empty])
        raise DescendError(f"{file} has no value at all in the target {empty}; choose another with target=….")
    if task == "regression" or (not task and len(targets) > 1):
        if words := [column for column in targets if len(column.wrong)]:
            row = int(words[0].wrong[0])
            raise DescendError(
                words[0].problem(file, ANOTHER, "task=classification")
                or f"Regression predicts numbers, but column '{words[0].name}' of {file} has "
                f"'{text.shown(words[0].cells[row])}' in line {words[0].lines[row]:,}; say task=classification."
            )
        check_columns(targets, file)
        return "regression"
    if len(targets) > 1:
        raise UsageError("Classification has one target column, not several.")
    different, rows = len(target.words), int((~target.missing).sum())
    if not task and target.numeric:
        check_columns(targets, file)
        whole = not (target.numbers[~target.missing] % 1).any()
        if not whole or different > FEW_CLASSES or different > max(2, rows / 2):
            notes.append(f"The target '{target.name}' holds numbers, so the task is regression; task=… changes that.")
            return "regression"
    elif not target.numeric and not task and (sentence := target.problem(file, ANOTHER, "task=classification")):
        raise DescendError(sentence)
    if different > MOST_CLASSES or different > max(FEW_CLASSES, rows / 2):
        raise DescendError(
            f"Column '{target.name}' of {file} has {different:,} different values in {rows:,} rows, too many for "
            f"classes; choose another with target=…{', or say task=regression' if target.numeric else ''}."
        )
    if different < 2:
        raise DescendError(
            f"Column '{target.name}' of {file} has the single value '{text.shown(target.words[0])}'; classification "
            "takes two classes or more, so choose another column with target=…."
        )
    if not task:
        notes.append(
            f"The target '{target.name}' has {different} different values, so the task is classification; task=… "
            "changes that."
        )
    return "classification"


def labels(target: Column, keep: NDArray[np.bool_], file: str, notes: list[str]) -> tuple[tuple[str, ...], NDArray]:
    """The classes in order, and their indices in the rows to ``keep``, int64, (rows,)."""
    import numpy as np

    written = [cell for cell, kept in zip(target.cells, keep.tolist(), strict=True) if kept]
    if target.numeric:  # 1, 1.0 and 01 are one class
        values, y = np.unique(target.numbers[keep], return_inverse=True)
        names = tuple(str(int(value)) if value % 1 == 0 else str(value) for value in values.tolist())
    else:
        present = set(written)
        names = tuple(word for word in target.words if word in present)
        places = {word: place for place, word in enumerate(names)}
        y = np.array([places[word] for word in written])
    if len(names) < 2:
        raise DescendError(
            f"Column '{target.name}' of {file} has the single class '{text.shown(names[0])}' in the rows that are "
            "left; say missing=mean instead of drop."
        )
    counts = np.bincount(y)
    if rare := [name for name, count in zip(names, counts, strict=True) if count < 2]:
        notes.append(f"Of one sample only, trained on and not tested: class {', '.join(map(repr, rare))}.")
    if len({name.casefold() for name in names}) < len(names):
        notes.append("Some classes differ in capital letters only; if they are meant to be one, mend the file.")
    return names, y.astype(np.int64)


def numbers_of(
    features: Sequence[Column],
    codes: Sequence[str],
    keep: NDArray[np.bool_],
    train: NDArray[np.intp],
    encode: str,
    notes: list[str],
) -> tuple[NDArray[np.float32], list[str]]:
    """The features as numbers, (rows, d), and the name of each of the d columns.

    Args:
        codes: names of columns of numbers that are categories.
        keep: the rows, of all that were read.
        train: which of those are trained on; what is missing is filled from them.
    """
    import numpy as np

    parts: list[NDArray[np.float32]] = []
    names: list[str] = []
    constant, narrow, categorical = [], [], []
    for column in features:
        missing = column.missing[keep]
        if column.numeric and column.name not in codes:
            values = column.numbers[keep]
            known = values[train][~missing[train]]
            values[missing] = (known if len(known) else values[~missing]).mean() if missing.any() else 0
            if values.min() == values.max():
                constant.append(column.name)
            elif np.ptp(values) < NARROW * np.abs(values).max():
                narrow.append(column.name)
            parts.append(values.astype(np.float32)[:, None])
            names.append(column.name)
            continue
        categorical.append(column.name)
        cells = np.array([cell if not gone else "" for cell, gone in zip(column.cells, column.missing, strict=True)])
        cells = cells[keep]
        if missing.any():
            known = cells[train][~missing[train]].tolist() or cells[~missing].tolist()
            cells[missing] = min(Counter(sorted(known)).most_common(1))[0] if known else ""
        places = {word: place for place, word in enumerate(column.words)}
        ranks = np.array([places[word] for word in cells.tolist()])
        if encode == "ordinal":
            parts.append(ranks.astype(np.float32)[:, None])
            names.append(column.name)
            continue
        shown = range(1, 2) if len(column.words) == 2 else range(len(column.words))
        parts.append((ranks[:, None] == np.array(shown)).astype(np.float32))
        names.extend(f"{column.name}={column.words[place]}" for place in shown)
    if categorical:
        how = "one number, the rank of the word" if encode == "ordinal" else "a column of 0 and 1 for each word"
        notes.append(f"Categories, in {quoted(categorical)}: {how}.")
    if constant:
        notes.append(f"The same in every row, and so of no use: {quoted(constant)}.")
    if narrow:
        notes.append(f"So nearly the same everywhere that 32-bit numbers lose digits: {quoted(narrow)}.")
    return np.ascontiguousarray(np.concatenate(parts, 1)), names
