"""The columns of a table to predict: which they are, what is learned, and the classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from descend.datasets.columns import Column, ColumnFinder, check_columns, quote_columns
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.data_shape import Task, format_count
from descend.datasets.dataset import WARNING
from descend.datasets.forms import is_number
from descend.datasets.identifiers import explain_identifier
from descend.datasets.labels import are_answers, are_lists, suggest_labels
from descend.datasets.order import find_lookalikes
from descend.datasets.precision import DOUBLE, FAR, is_merged, is_narrow, standardise
from descend.engine.base.errors import DescendError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_CLASSES = 1000
FEW_CLASSES = 20
"""Whole numbers with at most so many unique values are taken as classes."""
ANOTHER = "choose another with target=…"
WHOLE = re.compile(r"(-?(?:0|[1-9]\d*))\.0+")
"""A whole number as programs write floats."""


def find_targets(columns: Sequence[Column], target: str, find: ColumnFinder) -> list[Column]:
    """The columns that ``target`` names, several with commas between; none if it is empty."""
    whole = any(column.name == target for column in columns)  # a name may have a comma in it
    names = [target] if whole else [name for name in map(str.strip, target.split(",")) if name]
    return [find(name) for name in names]


def choose_targets(kept: Sequence[Column], wanted: Sequence[Column], file: str, notes: list[str]) -> list[Column]:
    """The columns to predict: those that are ``wanted``, else the last that is ``kept``."""
    if not wanted:
        notes.append(f"The last column, '{kept[-1].name}', is what to predict; target=… chooses another.")
        return [kept[-1]]
    there = set(kept)
    if gone := [column.name for column in wanted if column not in there]:
        raise UsageError(
            f"The target {quote_columns(gone)} of {file} is left out; take it from ignore or choose another."
        )
    if len(set(wanted)) < len(wanted):
        twice = next(column.name for column in wanted if wanted.count(column) > 1)
        raise UsageError(f"The target {quote_columns([twice])} is named twice.")
    return list(wanted)


def decide_task(targets: Sequence[Column], task: str, file: str, notes: list[str]) -> Task:
    """What is learned: numbers are predicted, words are classes, and so are whole numbers of few unique values and
    numbers written as codes are; several columns of yes and no are labels.

    Raises:
        DescendError: the target does not fit the task.
    """
    if task == "labels":
        return "labels"
    target = targets[0]
    if any(column.empty for column in targets):
        empty = quote_columns([column.name for column in targets if column.empty])
        unless = next((column.unless for column in targets if column.empty), "")
        raise DescendError(f"{file} has no values in the target {empty}; {ANOTHER}{unless}.")
    if not task and len(targets) == 1 and are_lists(target):
        notes.append(f"The target '{target.name}' holds lists, so the task is labels.")
        return "labels"
    if not task and len(targets) > 1 and are_answers(targets):
        other = "task=regression predicts them as numbers" if all(column.numeric for column in targets) else ""
        notes.append(
            f"The {len(targets)} targets hold only yes and no, so the task is labels: each is predicted by itself, and "
            f"a row can have several{other and f'; {other}'}."
        )
        return "labels"
    if task == "regression" or (not task and len(targets) > 1):
        if words := [column for column in targets if len(column.wrong)]:
            first, one = words[0], len(targets) == 1
            row, instead = int(first.wrong[0]), "task=classification" if one else "task=labels if each is yes or no"
            known = "" if not one and first.form == "mixed" else first.problem(file, ANOTHER, "task=classification")
            raise DescendError(
                known
                or f"Regression predicts numbers, but column '{first.name}' of {file} has "
                f"'{shorten_cell(first.cells[row])}' in line {first.lines[row]:,}; say {instead}."
            )
        check_columns(targets, file, measured=True)
        return "regression"
    if len(targets) > 1:
        raise UsageError("Classification has one target column, not several; task=labels has one for each label.")
    different, rows = len(target.words), int((~target.missing).sum())
    if not task and target.numeric and target.padded is None:
        check_columns(targets, file)
        whole = not (target.numbers[~target.missing] % 1).any()
        if not whole or different > FEW_CLASSES or different > max(2, rows / 2):
            notes.append(f"The target '{target.name}' holds numbers, so the task is regression; task=… changes that.")
            if why := explain_identifier(target, target=True):
                notes.append(f"{WARNING}the target '{target.name}' {why}, as identifiers do; {ANOTHER}.")
            if ways := target.two_ways:
                notes.append(
                    f"{WARNING}the target '{target.name}' has '{ways[0]}' and '{ways[1]}', which are one number; "
                    "task=classification makes two classes of them, as of versions."
                )
            return "regression"
    elif not target.numeric and not task and (sentence := target.problem(file, ANOTHER, "task=classification")):
        raise DescendError(sentence)
    if different > MAX_CLASSES or different > max(FEW_CLASSES, rows / 2):
        if not task and target.quantity:
            raise DescendError(
                f"Column '{target.name}' of {file} has more than numbers in its cells, as {target.quantity}; "
                f"{target.advice}, or {ANOTHER}."
            )
        alike = ", as identifiers have" if target.inexact is not None or target.padded is not None else ""
        raise DescendError(
            f"Column '{target.name}' of {file} has {target.least}{different:,} unique values in {rows:,} rows{alike}, "
            "too many for classes; choose another with target=…"
            f"{'' if len(target.wrong) else ', or say task=regression'}"
            f"{', or task=labels if each has several words' if suggest_labels(target) else ''}."
        )
    if different < 2:
        raise DescendError(
            f"Column '{target.name}' of {file} has the single value '{shorten_cell(target.words[0])}'; classification "
            "takes two classes or more, so choose another column with target=…."
        )
    if not task:
        notes.append(
            f"The target '{target.name}' has {different} unique values, so the task is classification; task=… "
            "changes that."
        )
    if not task and (note := suggest_labels(target)):
        notes.append(note)
    return "classification"


def convert_targets(targets: Sequence[Column], keep: NDArray[np.bool_], notes: list[str]) -> NDArray[np.float64]:
    """The numbers of the rows to ``keep``, (rows,) for one target and (rows, k) for k; notes what is lost."""
    import numpy as np

    numbers = [target.numbers[keep] for target in targets]
    lost = [
        target.name
        for target, values in zip(targets, numbers, strict=True)
        if target.inexact is not None or is_narrow(values, DOUBLE)
    ]
    if lost:
        notes.append(
            f"{WARNING}more digits than 64-bit numbers hold, so that the last are lost: {quote_columns(lost)}."
        )
    if gone := [t.name for t, values in zip(targets, numbers, strict=True) if is_merged(values, standardise(values))]:
        notes.append(f"{WARNING}{FAR.format('the target, ' + quote_columns(gone))}")
    return numbers[0] if len(numbers) == 1 else np.stack(numbers, 1)


def encode_classes(
    target: Column, keep: NDArray[np.bool_], file: str, notes: list[str]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The classes as they are written, in order, and their indices in the rows to ``keep``, int64, (rows,)."""
    import numpy as np

    written = [cell for cell, kept in zip(target.cells, keep.tolist(), strict=True) if kept]
    present = set(written)
    names = tuple(word for word in target.words if word in present)
    places = {word: place for place, word in enumerate(names)}
    y = np.array([places[word] for word in written], np.int64)
    if len(names) < 2:
        raise DescendError(
            f"Column '{target.name}' of {file} has the single class '{shorten_cell(names[0])}' in the rows that are "
            "left; say missing=mean instead of drop."
        )
    if gone := [word for word in target.words if word not in present]:
        listed = ", ".join(repr(shorten_cell(word)) for word in gone[:8])
        notes.append(f"{WARNING}no row is left of {format_count(len(gone), 'class', 'classes')}, {listed}.")
    counts = np.bincount(y)
    if rare := [name for name, count in zip(names, counts, strict=True) if count < 2]:
        notes.append(f"Of one sample only, trained on and not tested: class {', '.join(map(repr, rare))}.")
    if alike := find_lookalikes(names):
        notes.append(f"{WARNING}the classes {alike}; if they are meant to be one, say case=fold.")
    if same := find_equal_numbers(names):
        notes.append(
            f"{WARNING}the classes {' and '.join(map(repr, same))} are one number written in two ways; if they are "
            "meant to be one, fix the file."
        )
    floats = [WHOLE.fullmatch(name) for name in names]
    return tuple(match[1] for match in floats if match) if all(floats) else names, y


def find_equal_numbers(names: Sequence[str]) -> list[str]:
    """The first two of ``names`` that are one number, to the last digit; none if there are no such two."""
    first: dict[Decimal, str] = {}
    for name in filter(is_number, names):
        if (other := first.setdefault(Decimal(name), name)) != name:
            return [other, name]
    return []
