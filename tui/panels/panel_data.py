"""What a panel shows as a table of plain numbers and words, for a clipboard or a file."""

from __future__ import annotations

import csv
import functools
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.records import Array
from descend.tui.cell_text import plain

if TYPE_CHECKING:
    from descend.engine.run.history import Series

Cell = str | int | float | bool | None
BLOCK = 4096
"""Steps that are turned into rows at a time."""


class Data(NamedTuple):
    """A table: its header, how many rows it has, and the rows, which are read once."""

    header: list[str]
    total: int
    rows: Iterable[Sequence[Cell]]


def write_table(data: Data, delimiter: str = ",", limit: int | None = None) -> tuple[str, int]:
    """``data`` as delimited text, and how many of its rows are in it: as many as make at most ``limit`` bytes of
    UTF-8. Numbers read back exactly, ``nan`` and ``inf`` included; a cell of None is empty."""
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=delimiter, lineterminator="\n")
    writer.writerow(data.header)
    kept, size, count = lines.getvalue(), 0, 0
    parts = [kept]
    size = len(kept.encode())
    if limit is not None and size > limit:
        return "", 0
    for row in data.rows:
        lines.seek(0)
        lines.truncate()
        writer.writerow(row)
        line = lines.getvalue()
        size += len(line.encode())
        if limit is not None and size > limit:
            break
        parts.append(line)
        count += 1
    return "".join(parts), count


def tabulate_series(series: Mapping[str, Series], span: tuple[float, float] | None = None) -> Data:
    """A row for each step of any of ``series``, from the first to the second step of ``span``: the step and the values
    recorded at it."""
    found = {name: one for name, one in series.items() if one.size}
    steps = functools.reduce(np.union1d, [one.steps for one in found.values()]) if found else np.empty(0, np.int64)
    if span is not None:
        steps = steps[(steps >= span[0]) & (steps <= span[1])]

    def rows() -> Iterable[list[Cell]]:
        for start in range(0, len(steps), BLOCK):
            block = steps[start : start + BLOCK]
            columns: list[list[Cell]] = [block.tolist()]
            for one in found.values():
                places = one.steps.searchsorted(block)
                there = (places < one.size) & (one.steps[np.minimum(places, one.size - 1)] == block)
                values = one.values[np.minimum(places, one.size - 1)].tolist()
                columns.append([value if held else None for value, held in zip(values, there.tolist(), strict=True)])
            yield from map(list, zip(*columns, strict=True))

    return Data(["step", *map(plain, found)], len(steps), rows())


def words(names: Iterable[str]) -> list[Cell]:
    return [plain(name) for name in names]


def lists(columns: Mapping[str, Array]) -> dict[str, list[Cell]]:
    return {plain(name): list(map(known, values.numpy().tolist())) for name, values in columns.items()}


def known(value: float) -> float | None:
    """``value``; None, whose cell is empty, if it is not computed yet."""
    return None if is_not_yet(value) else value


def pair(spots: Array, x: str, y: str) -> dict[str, list[Cell]]:
    places = spots.numpy()
    return {x: places[:, 0].tolist(), y: places[:, 1].tolist()}


def columns(columns: dict[str, list[Cell]]) -> Data:
    count = max(map(len, columns.values()), default=0)
    return Data(list(columns), count, itertools.zip_longest(*columns.values()))


def stacked(columns: dict[str, list[Cell]], below: Mapping[str, dict[str, list[Cell]]]) -> Data:
    """Blocks of columns below each other; those of one name share a column."""
    header = list(dict.fromkeys(itertools.chain(columns, *below.values())))
    blocks = [columns, *below.values()]
    counts = [max(map(len, block.values()), default=0) for block in blocks]
    rows = (
        [block[name][index] if name in block else None for name in header]
        for block, count in zip(blocks, counts, strict=True)
        for index in range(count)
    )
    return Data(header, sum(counts), rows)


def matrix(corner: str, rows: Sequence[Cell], columns: list[str], values: Array, classes: Sequence[str] = ()) -> Data:
    """A row of ``values`` for each of ``rows``; where there are ``classes``, their names instead of their indices."""
    names = dict(enumerate(map(plain, classes)))
    lines = values.numpy().tolist()
    body = ([name, *(names.get(cell, known(cell)) for cell in line)] for name, line in zip(rows, lines, strict=True))
    return Data([corner, *columns], len(lines), body)
