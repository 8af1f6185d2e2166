"""Boxes and arrows: a small network drawn in cells, its nodes where the record puts them.

As much is written into the boxes as keeps them separate. Lines are drawn behind boxes, the strongest last; a number
stands on its own line, where it covers neither another line nor a box.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len, set_cell_size

from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.records import Array, Graph
from descend.tui.cell_text import note_cut, plain
from descend.tui.draw.canvas import Canvas, Dots
from descend.tui.draw.colours import Scale
from descend.tui.draw.rows import Row
from descend.tui.draw.ticks import number

ROOMY = 7, 2
"""Cells next to, or lines between, two nodes that an edge joins, so that it can be seen."""
TIGHT = 3, 1
LONGEST = 24
"""Cells of a node's name, at most."""
SHORT = 6
"""Cells to which it is cut for the sake of the node's numbers."""
PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8)
"""Where on an edge its number may stand, as shares of its length."""
STRONG, WEAK = 2 / 3, 1 / 3
"""Shares of the largest weight from which a line is thick, and below which it is faint."""


class Box(NamedTuple):
    """Where a node is drawn, in cells, and what is written in it."""

    x: int
    y: int
    width: int
    lines: list[str]

    @property
    def height(self) -> int:
        return len(self.lines)

    @property
    def middle(self) -> tuple[int, int]:
        return self.x + self.width // 2, self.y + self.height // 2


class Edge(NamedTuple):
    """A line between two boxes, in cells, and its arrowhead."""

    start: tuple[float, float]
    end: tuple[float, float]
    head: tuple[int, int]
    sign: str


def draw_network(
    record: Graph, width: int, height: int, scale: Scale | None, *, colour: bool, unicode: bool
) -> tuple[list[Row], int]:
    """The network in ``width`` × ``height`` cells, and how many edges are without their number.

    Args:
        scale: what the shades of nodes stand for; None if they have no values.
    """
    cells = Canvas(width, height)
    boxes = layout(record, width, height, unicode)
    shaded = colour and scale is not None
    weights = _weights(record)
    edges = [_edge(boxes[a], boxes[b]) for a, b in zip(*_ends(record), strict=True)]
    order = sorted(range(len(edges)), key=lambda index: _size(weights, index))
    most = max((_size(weights, index) for index in order), default=0.0)
    dots = Dots(width, height, unicode)
    tracks: dict[int, set[tuple[int, int]]] = {}
    pens = [_pen(weights, index, most) for index in range(len(edges))]
    for index in order:
        edge = edges[index]
        if edge is not None:
            tracks[index] = _trace(dots, edge, index, weights, most)
    for x, y in dots.drawn():
        cells.put(x, y, dots.character(x, y), pens[int(dots.owners[y, x])])
    taken = set()
    for index in order:
        edge = edges[index]
        if edge is not None:
            cells.put(*edge.head, edge.sign if unicode else _ASCII[edge.sign], pens[index].removeprefix("faint-"))
            taken.add(edge.head)
    levels = scale.levels(_values(record)[0]).tolist() if scale is not None else [0] * len(boxes)
    for box, level in zip(boxes, levels, strict=True):
        _draw_box(cells, box, f"shade ink {scale.map}{level}" if shaded and scale else "value", shaded)
        taken |= {(x, box.y + line) for line in range(box.height) for x in range(box.x, box.x + box.width)}
    lacking = _write_weights(cells, record, edges, order, tracks, taken, pens, unicode)
    return cells.rows(), lacking


def layout(record: Graph, width: int, height: int, unicode: bool) -> list[Box]:
    """The boxes of the nodes, with the most in them that leaves room for the edges; names cut short if necessary."""
    sources, targets = _ends(record)
    joined = set(zip(sources, targets, strict=True))
    names = [plain(label).strip() or "·" for label in record.labels]
    short = [[[_cut(name, room)] for name in names] for room in (8, 5, 3, 2, 1)]
    for forms in (*_forms(names, record, unicode), short):  # numbers matter more than long edges
        for beside, between in (ROOMY, TIGHT):
            for form in forms:
                boxes = _placed(record, form, width, height)
                if _apart(boxes, joined, beside, between, width, height):
                    return boxes
    return boxes


def _cut(name: str, room: int) -> str:
    left = set_cell_size(name, min(cell_len(name), room)).strip() or "·"
    note_cut(name, left)
    return left


def _forms(names: Sequence[str], record: Graph, unicode: bool) -> Iterator[list[list[list[str]]]]:
    """Lines of text for every node in forms that tell as much, from those that tell most to those that tell least."""
    names = [_cut(name, LONGEST) for name in names]
    numbers = write_numbers(record.values, unicode)
    if numbers:
        every = [" ".join(parts) for parts in zip(*numbers, strict=True)]
        first = [part.strip() for part in numbers[0]]
        each = [[part.strip() for part in parts] for parts in zip(*numbers, strict=True)]
        less = [
            [[f"{name} {text}"] for name, text in zip(names, first, strict=True)],
            [[name, text] for name, text in zip(names, first, strict=True)],
        ]
        yield [
            [[f"{name}  {text}"] for name, text in zip(names, every, strict=True)],
            [[name, text] for name, text in zip(names, every, strict=True)],
            [[name, *parts] for name, parts in zip(names, each, strict=True)],
            *(less if len(numbers) == 1 else []),
        ]
        short = [_cut(name, SHORT) for name in names]
        if short != names:
            yield [[[name, *parts] for name, parts in zip(short, each, strict=True)]]
        yield less
    yield [[[name] for name in names]]


def _placed(record: Graph, form: Sequence[Sequence[str]], width: int, height: int) -> list[Box]:
    """The boxes at their nodes' places. Those above each other have one width, if their names differ little."""
    x, y = (np.nan_to_num(axis.numpy().astype(float), nan=0.5).clip(0, 1).tolist() for axis in (record.x, record.y))
    widest: dict[int, int] = {}
    for place, lines in zip(x, form, strict=True):
        longest = max(map(cell_len, lines)) + 2
        widest[round(place * 100)] = max(longest, widest.get(round(place * 100), 0))
    boxes = []
    for across, up, lines in zip(x, y, form, strict=True):
        cells = min(width, widest[round(across * 100)])
        shown = list(lines[:height])
        left, top = round(across * (width - cells)), round((1 - up) * (height - len(shown)))
        boxes.append(Box(left, top, cells, shown))
    return boxes


def _apart(
    boxes: Sequence[Box], joined: set[tuple[int, int]], beside: int, between: int, width: int, height: int
) -> bool:
    """Whether boxes do not touch, and those joined by an edge leave room for it."""
    for (i, a), (j, b) in itertools.combinations(enumerate(boxes), 2):
        across = max(b.x - a.x - a.width, a.x - b.x - b.width)
        down = max(b.y - a.y - a.height, a.y - b.y - b.height)
        if across < 1 and down < (1 if max(a.height, b.height) > 1 else 0):
            return False
        if ((i, j) in joined or (j, i) in joined) and across < beside and down < between:
            return False
    longest = max((cell_len(line) for box in boxes for line in box.lines), default=0)
    return longest + 2 <= width and all(box.height <= height for box in boxes)


_ASCII = {"▸": ">", "◂": "<", "▾": "v", "▴": "^", "↻": "@"}


def _edge(a: Box, b: Box) -> Edge | None:
    """The line from one box to another; None where there is no room between them."""
    (ax, ay), (bx, by) = a.middle, b.middle
    if b.x - a.x - a.width >= 2:
        return Edge((a.x + a.width, ay + 0.5), (b.x - 1, by + 0.5), (b.x - 1, by), "▸")
    if a.x - b.x - b.width >= 2:
        return Edge((a.x - 0.01, ay + 0.5), (b.x + b.width + 1, by + 0.5), (b.x + b.width, by), "◂")
    if b.y - a.y - a.height >= 1:
        return Edge((ax + 0.5, a.y + a.height), (bx + 0.5, b.y - 1), (bx, b.y - 1), "▾")
    if a.y - b.y - b.height >= 1:
        return Edge((ax + 0.5, a.y - 0.01), (bx + 0.5, b.y + b.height + 1), (bx, b.y + b.height), "▴")
    if a == b:
        return Edge((a.x + a.width, ay + 0.5), (a.x + a.width, ay + 0.5), (a.x + a.width, ay), "↻")
    return None


def _trace(dots: Dots, edge: Edge, index: int, weights: np.ndarray | None, most: float) -> set[tuple[int, int]]:
    """Draw a line: dotted if its weight is negative, thick if that is large."""
    weight = 0.0 if weights is None else float(weights[index])
    strong = weights is not None and math.isfinite(weight) and abs(weight) > STRONG * most
    across, down = zip(edge.start, edge.end, strict=True)
    return dots.line(across, down, index, every=2 if weight < 0 else 1, thick=strong)


def _pen(weights: np.ndarray | None, index: int, most: float) -> str:
    if weights is None:
        return "muted"
    weight = float(weights[index])
    if not (math.isfinite(weight) or is_not_yet(weight)):
        return "error"
    if weight == 0 or is_not_yet(weight):
        return "faint-muted"
    pen = "series-1" if weight > 0 else "series-2"
    return f"faint-{pen}" if abs(weight) < WEAK * most else pen


def _draw_box(cells: Canvas, box: Box, pen: str, shaded: bool) -> None:
    for line, text in enumerate(box.lines):
        room = max(0, box.width - 2)
        text = set_cell_size(text, min(room, cell_len(text)))
        left = (room - cell_len(text)) // 2
        inner = " " * left + text + " " * (room - left - cell_len(text))
        cells.put(box.x, box.y + line, f" {inner} " if shaded else f"[{inner}]", pen)


def _write_weights(
    cells: Canvas,
    record: Graph,
    edges: Sequence[Edge | None],
    order: Sequence[int],
    tracks: dict[int, set[tuple[int, int]]],
    taken: set[tuple[int, int]],
    pens: Sequence[str],
    unicode: bool,
) -> int:
    """Write the edges' numbers, the largest first; return how many have no room."""
    numbers = write_numbers(record.weights, unicode)
    if not numbers:
        return 0
    used: dict[tuple[int, int], int] = {}
    for track in tracks.values():
        for cell in track:
            used[cell] = used.get(cell, 0) + 1
    lacking = 0
    for index in reversed(order):
        edge, own = edges[index], tracks.get(index, set())
        parts = [part[index].strip() for part in numbers]
        for text in dict.fromkeys((" ".join(parts), parts[0])):
            place = edge and _free(edge, text, cells, own, used, taken)
            if place:
                x, y = place
                cells.put(x, y, text, pens[index].removeprefix("faint-"))
                taken |= {(x + k, y) for k in range(-1, len(text) + 1)}
                break
        else:
            lacking += 1
    return lacking


def _free(
    edge: Edge,
    text: str,
    cells: Canvas,
    own: set[tuple[int, int]],
    used: dict[tuple[int, int], int],
    taken: set[tuple[int, int]],
) -> tuple[int, int] | None:
    """Where a number can stand on its edge without hiding more than a half of that or anything else."""
    for share in PLACES:
        middle = [a + (b - a) * share for a, b in zip(edge.start, edge.end, strict=True)]
        x, y = int(middle[0] - len(text) / 2 + 0.5), int(middle[1])
        spots = {(x + k, y) for k in range(len(text))}
        if x < 0 or x + len(text) > cells.width or not 0 <= y < cells.height or spots & taken:
            continue
        if any(used.get(spot, 0) > (spot in own) for spot in spots):
            continue
        if 2 * len(spots & own) <= len(own):
            return x, y
    return None


def write_numbers(values: Mapping[str, Array], unicode: bool) -> list[list[str]]:
    """Every number by name, as text; gradients with a sign of their own."""
    result = []
    for index, (name, array) in enumerate(values.items()):
        written = _format(array.numpy())
        texts = [written(value) for value in array.numpy().tolist()]
        result.append([f"{prefix(name, unicode) if index else ''}{text}" for text in texts])
    return result


def prefix(name: str, unicode: bool) -> str:
    """What stands before the second and further numbers: gradients have a sign of their own."""
    gradient = name.lower().startswith(("grad", "∂"))
    return ("∂" if unicode else "d") if gradient else ("·" if unicode else "/")


def _format(values: np.ndarray) -> Callable[[float], str]:
    finite = values[np.isfinite(values)]
    whole = bool((finite == np.floor(finite)).all()) and bool((np.abs(finite) < 1e4).all())

    def written(value: float) -> str:
        size = abs(value)
        if not math.isfinite(value) or value == 0 or size >= 1e4:
            return number(value)
        if whole:
            return str(int(value))
        if size < 0.005:
            return f"{value:.0e}".replace("e-0", "e-")
        return f"{value:.{2 if size < 10 else 1 if size < 100 else 0}f}"

    return written


def _values(record: Graph) -> list[np.ndarray]:
    return [array.numpy() for array in record.values.values()]


def _weights(record: Graph) -> np.ndarray | None:
    """The first number of each edge."""
    return next((array.numpy() for array in record.weights.values()), None)


def _size(weights: np.ndarray | None, index: int) -> float:
    """How strong an edge is; what is not finite is stronger than all."""
    if weights is None:
        return 0.0
    size = abs(float(weights[index]))
    return size if math.isfinite(size) else 0.0


def _ends(record: Graph) -> tuple[list[int], list[int]]:
    return record.sources.numpy().tolist(), record.targets.numpy().tolist()
