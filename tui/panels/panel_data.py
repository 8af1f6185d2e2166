"""What a panel shows as a table of plain numbers and words, for a clipboard or a file."""

from __future__ import annotations

import csv
import functools
import io
import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from descend.engine.run import records
from descend.engine.run.records import Array, Picture
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


def written(data: Data, delimiter: str = ",", limit: int | None = None) -> tuple[str, int]:
    """``data`` as delimited text, and how many of its rows are in it: as many as make at most ``limit`` bytes of
    UTF-8. Numbers read back exactly, ``nan`` and ``inf`` among them; a cell of None is empty."""
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


def of_series(series: Mapping[str, Series], span: tuple[float, float] | None = None) -> Data:
    """A row for each step of any of ``series``, from the first to the second step of ``span``: the step and the values
    recorded at it."""
    import numpy as np

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


@functools.singledispatch
def of(picture: Picture) -> Data | None:
    """The numbers of a picture; None for a kind that has none."""
    return None


@of.register
def _(picture: records.Layers) -> Data:
    columns = {"gradient": picture.gradient, "weight": picture.weight}
    if picture.update is not None:
        columns["update"] = picture.update
    return _columns({"layer": _words(picture.names), **_lists(columns)})


@of.register
def _(picture: records.Confusion) -> Data:
    names = list(map(plain, picture.classes))
    return _matrix("true class", names, names, picture.counts)


@of.register
def _(picture: records.Curve) -> Data:
    """Marks stand below the lines, each with its own ``x``."""
    lines = {"x": picture.x.numpy().tolist()} | _lists(picture.lines)
    return _stacked(lines, {name: _pair(spots, "x", f"mark {plain(name)}") for name, spots in picture.marks.items()})


@of.register
def _(picture: records.Points) -> Data:
    """Paths stand below the points, and say which they are."""
    columns: dict[str, list[Cell]] = _lists({"x": picture.x, "y": picture.y})
    if picture.labels is not None:
        names = list(map(plain, picture.classes))
        columns["class"] = [names[index] for index in picture.labels.numpy().tolist()]
    if picture.dx is not None and picture.dy is not None:
        columns |= _lists({"dx": picture.dx, "dy": picture.dy})
    return _stacked(columns, _paths(picture.paths, "path"))


@of.register
def _(picture: records.Field) -> Data:
    """The values, and nothing of what is drawn upon them; rows as in the record."""
    import numpy as np

    rows, columns = picture.values.shape
    if picture.x is None or picture.y is None:
        lines = _words(picture.rows or map(str, range(rows)))
        heads = [plain(name) for name in picture.columns] or list(map(str, range(columns)))
        return _matrix("row", lines, heads, picture.values, picture.classes)
    heights, places = np.linspace(*picture.y, rows).tolist(), np.linspace(*picture.x, columns).tolist()
    return _matrix("y, then x", heights, list(map(str, places)), picture.values, picture.classes)


@of.register
def _(picture: records.Bars) -> Data:
    return _columns({"label": _words(picture.labels), **_lists(picture.groups)})


@of.register
def _(picture: records.Histogram) -> Data:
    edges = picture.edges.numpy().tolist()
    return _columns({"from": edges[:-1], "to": edges[1:]} | _lists(picture.counts))


@of.register
def _(picture: records.Images) -> Data:
    """A row an image: its caption and its pixels, row by row, red, green and blue beside each other."""
    pixels = picture.pixels.numpy()
    flat = pixels.reshape(len(pixels), -1)
    captions = list(map(plain, picture.captions)) or [str(index) for index in range(len(flat))]
    header = ["image", *(f"pixel {index}" for index in range(flat.shape[1]))]
    return Data(header, len(flat), ([name, *row.tolist()] for name, row in zip(captions, flat, strict=True)))


@of.register
def _(picture: records.Table) -> Data:
    rows = ([plain(cell) if isinstance(cell, str) else cell for cell in row] for row in picture.rows)
    return Data(list(map(plain, picture.columns)), len(picture.rows), rows)


@of.register
def _(picture: records.Text) -> Data:
    lines = picture.text.split("\n")
    return Data(["text"], len(lines), ([plain(line)] for line in lines))


@of.register
def _(picture: records.Graph) -> Data:
    """A row for each node, then one for each edge."""
    names = list(map(plain, picture.labels))
    nodes: dict[str, list[Cell]] = {"node": list(names)}
    nodes |= _lists({"x": picture.x, "y": picture.y, **picture.values})
    ends = {"node": picture.sources, "to": picture.targets}
    edges: dict[str, list[Cell]] = {k: [names[index] for index in v.numpy().tolist()] for k, v in ends.items()}
    return _stacked(nodes, {"edges": edges | _lists(picture.weights)})


def _words(names: Iterable[str]) -> list[Cell]:
    return [plain(name) for name in names]


def _lists(columns: Mapping[str, Array]) -> dict[str, list[Cell]]:
    return {plain(name): values.numpy().tolist() for name, values in columns.items()}


def _pair(spots: Array, x: str, y: str) -> dict[str, list[Cell]]:
    places = spots.numpy()
    return {x: places[:, 0].tolist(), y: places[:, 1].tolist()}


def _paths(paths: Mapping[str, Array], column: str) -> dict[str, dict[str, list[Cell]]]:
    return {
        name: _pair(spots, "x", "y") | {column: [plain(name)] * len(spots.numpy())} for name, spots in paths.items()
    }


def _columns(columns: dict[str, list[Cell]]) -> Data:
    count = max(map(len, columns.values()), default=0)
    return Data(list(columns), count, itertools.zip_longest(*columns.values()))


def _stacked(columns: dict[str, list[Cell]], below: Mapping[str, dict[str, list[Cell]]]) -> Data:
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


def _matrix(corner: str, rows: Sequence[Cell], columns: list[str], values: Array, classes: Sequence[str] = ()) -> Data:
    """A row of ``values`` for each of ``rows``; where there are ``classes``, their names instead of their indices."""
    names = dict(enumerate(map(plain, classes)))
    lines = values.numpy().tolist()
    body = ([name, *(names.get(cell, cell) for cell in line)] for name, line in zip(rows, lines, strict=True))
    return Data([corner, *columns], len(lines), body)
