"""Groups of a table's columns, for models with several inputs: ``inputs=x_num:age,hours;x_cat:job,city``."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from descend.datasets.columns import Column, ColumnFinder, quote_columns
from descend.datasets.csv_reader import shorten_cell
from descend.datasets.date_parts import DateColumn
from descend.engine.base.errors import UsageError

REST = "*"
KINDS = "numbers", "categories"
"""What stands for all columns of a kind that no group names, unless a column is called so."""


def split_inputs(text: str) -> dict[str, list[str]]:
    """The groups that ``text`` tells, each with what it says of its columns; `REST` where it says nothing.

    Raises:
        UsageError: it is not of that form.
    """
    found: dict[str, list[str]] = {}
    for entry in filter(None, map(str.strip, text.split(";"))):
        name, colon, listed = map(str.strip, entry.partition(":"))
        words = [word for word in map(str.strip, listed.split(",")) if word] if colon else [REST]
        if not name:
            raise UsageError(f"A group of inputs= is NAME:COLUMN,…, such as x_num:age,hours, not '{entry}'.")
        if not words:
            raise UsageError(
                f"inputs= gives {name} no column; write {name}:COLUMN,… or {name}:{REST} for all that are left."
            )
        if name in found:
            raise UsageError(f"inputs= has the group {name} twice; write its columns in one.")
        found[name] = words
    if not found:
        raise UsageError("inputs= names no group; write NAME:COLUMN,… for each, with ; between them.")
    return found


def read_inputs(
    text: str,
    find: ColumnFinder,
    features: Sequence[Column],
    codes: Collection[str],
    dates: Sequence[DateColumn],
    notes: list[str],
) -> dict[str, tuple[str, ...]]:
    """The names of the columns in each group that ``text`` tells, in the order in which it does.

    Args:
        features: the columns that can be learned from, dates as their parts.
        codes: names of columns of numbers that are categories.

    Raises:
        UsageError: a group is empty, or a column is unknown, cannot be learned from, or is in two groups.
    """
    groups = split_inputs(text)
    known = {column.name for column in features}
    numbers = {column.name for column in features if column.numeric and column.name not in codes}
    parts = {date.name: date.features for date in dates}
    home: dict[str, str] = {}
    found: dict[str, list[str]] = {name: [] for name in groups}

    def put(name: str, column: str) -> None:
        if column in home:
            where = "twice" if home[column] == name else f"and in {home[column]}"
            raise UsageError(f"Column '{shorten_cell(column)}' is in {name} {where}; name it once in inputs=.")
        home[column] = name
        found[name].append(column)

    kinds = [kind for kind in KINDS if kind not in find.named]
    for name, words in groups.items():
        for word in words:
            if word in (REST, *kinds):
                continue
            told = word if word in known else find(word).name
            if lost := [column for column in parts.get(told, [told]) if column not in known]:
                raise UsageError(
                    f"Column '{shorten_cell(lost[0])}' is to predict or left out, so {name} of inputs= cannot have it."
                )
            for part in parts.get(told, [told]):
                put(name, part)
    for wanted in (*kinds, REST):  # what is told of kinds before what is left
        for name, words in groups.items():
            if wanted in words:
                for column in features:
                    if column.name not in home and (wanted == REST or (column.name in numbers) == (wanted == KINDS[0])):
                        put(name, column.name)
    if empty := [name for name, columns in found.items() if not columns]:
        what = " and ".join("columns" if word == REST else f"columns of {word}" for word in groups[empty[0]])
        raise UsageError(f"No {what} are left for {empty[0]} of inputs=.")
    if left := [column.name for column in features if column.name not in home]:
        notes.append(f"Left out, as inputs= does not name it: {quote_columns(left)}.")
    notes.append(f"Inputs: {'; '.join(f'{name} of {quote_columns(columns)}' for name, columns in found.items())}.")
    return {name: tuple(columns) for name, columns in found.items()}
