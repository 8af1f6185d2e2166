"""A tree in cells: from the root down where there is room, else as an outline whose lines can be scrolled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from descend.engine.run.records import Tree
from descend.tui.cell_text import fit, plain
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.network import write_numbers
from descend.tui.draw.rows import Row, sized

GAP = 2
"""Cells between two subtrees."""
LONGEST = 40
"""Cells of a label at most."""
DEEPEST = 600
"""Cells of indentation that are kept: more than a terminal is wide."""
INDENT = 3
"""Cells by which a level of the outline is indented."""


class Node(NamedTuple):
    """What is written for a node, and where it belongs."""

    label: str
    numbers: str
    edge: str
    marked: bool
    children: list[int]

    @property
    def width(self) -> int:
        """Cells that it takes at least, with what stands on the line above it."""
        return max(cell_len(self.label), cell_len(self.numbers), cell_len(self.edge))


def make_nodes(record: Tree, unicode: bool) -> list[Node]:
    """The nodes in the record's order; those set off have brackets around their labels."""
    numbers = write_numbers(record.values, unicode)
    written = [" ".join(parts) for parts in zip(*numbers, strict=True)] or [""] * len(record.labels)
    marked, children = set(record.marked), list_children(record)
    nodes = []
    for index, label in enumerate(record.labels):
        name = plain(label).strip() or "·"
        name = fit(name, LONGEST) if cell_len(name) > LONGEST else name
        edge = plain(record.edges[index]).strip() if record.edges else ""
        edge = fit(edge, LONGEST) if cell_len(edge) > LONGEST else edge
        text = f"[{name}]" if index in marked else name
        nodes.append(Node(text, written[index].strip(), edge, index in marked, children[index]))
    return nodes


def list_children(record: Tree) -> list[list[int]]:
    """The indices of the nodes below each."""
    found: list[list[int]] = [[] for _ in record.labels]
    for index, parent in enumerate(record.parents.numpy().tolist()):
        if parent >= 0:
            found[parent].append(index)
    return found


def measure_tree(nodes: Sequence[Node]) -> tuple[int, int]:
    """Cells across and down that the tree takes from its root down."""
    tall, pitch = _measure_heights(nodes)
    return _measure_spans(nodes)[0], max(_measure_depths(nodes)) * pitch + tall


def _measure_heights(nodes: Sequence[Node]) -> tuple[int, int]:
    """Rows of a node, and from one level to the next."""
    tall = 1 + any(node.numbers for node in nodes)
    return tall, tall + 1 + any(node.edge for node in nodes)


def draw_tree(nodes: Sequence[Node], width: int, height: int) -> list[Row]:
    """The tree from its root down, in the middle of ``width`` × ``height`` cells, which must be enough."""
    spans, depths = _measure_spans(nodes), _measure_depths(nodes)
    tall, pitch = _measure_heights(nodes)
    used = max(depths) * pitch + tall
    centres = _find_centres(nodes, spans, (width - spans[0]) // 2)
    top, cells = max(0, (height - used) // 2), Canvas(width, height)
    for index, node in enumerate(nodes):
        y = top + depths[index] * pitch
        _draw_branches(cells, centres[index], [centres[child] for child in node.children], y + tall)
        for line, (words, pen) in enumerate(_make_lines(node, tall)):
            cells.put(centres[index] - cell_len(words) // 2, y + line, words, pen)
        if node.edge:
            cells.put(centres[index] - cell_len(node.edge) // 2, y - 1, node.edge, "muted")
    return cells.rows()


def _make_lines(node: Node, tall: int) -> list[tuple[str, str]]:
    label = (node.label, "cursor" if node.marked else "text")
    return [label, (node.numbers, "value")][:tall]


def _measure_spans(nodes: Sequence[Node]) -> list[int]:
    """Cells that each node takes with all that is below it."""
    spans = [node.width for node in nodes]
    for index in range(len(nodes) - 1, -1, -1):  # children come after their parents
        below = sum(spans[child] for child in nodes[index].children) + GAP * (len(nodes[index].children) - 1)
        spans[index] = max(spans[index], below)
    return spans


def _measure_depths(nodes: Sequence[Node]) -> list[int]:
    depths = [0] * len(nodes)
    for index, node in enumerate(nodes):
        for child in node.children:
            depths[child] = depths[index] + 1
    return depths


def _find_centres(nodes: Sequence[Node], spans: Sequence[int], left: int) -> list[int]:
    """The middle of each node: of a parent, that between its outer children, moved so that its own words have room."""
    starts, centres = [left] * len(nodes), [0] * len(nodes)
    for index, node in enumerate(nodes):
        below = sum(spans[child] for child in node.children) + GAP * (len(node.children) - 1)
        place = starts[index] + spans[index] // 2 - below // 2
        for child in node.children:
            starts[child], place = place, place + spans[child] + GAP
    for index in range(len(nodes) - 1, -1, -1):
        node, half = nodes[index], nodes[index].width // 2
        middle = starts[index] + spans[index] // 2
        if node.children:
            middle = (centres[node.children[0]] + centres[node.children[-1]]) // 2
        last = starts[index] + spans[index] - (node.width - half)
        centres[index] = min(max(middle, starts[index] + half), last)
    return centres


def _draw_branches(cells: Canvas, parent: int, children: Sequence[int], y: int) -> None:
    """The line from a node to those below it."""
    if not children:
        return
    left, right = min(parent, *children), max(parent, *children)
    if left == right:
        cells.put(parent, y, "│", "axis")
        return
    for x in range(left, right + 1):
        up, down = x == parent, x in children
        before, after = x > left, x < right
        sign = {
            (True, True): "┼" if before and after else "├" if after else "┤",
            (True, False): "┴" if before and after else "└" if after else "┘",
            (False, True): "┬" if before and after else "┌" if after else "┐",
        }.get((up, down), "─")
        cells.put(x, y, sign, "axis")


def draw_outline(nodes: Sequence[Node]) -> list[Row]:
    """A line for each node, indented below the one it belongs to."""
    rows: list[Row] = []
    left: list[tuple[int, str, str]] = [(0, "", "")]
    while left:
        index, before, branch = left.pop()
        node = nodes[index]
        row: Row = [(before + branch, "axis")]
        if node.edge:
            row.append((f"{node.edge}: ", "muted"))
        row.append((node.label, "cursor" if node.marked else "text"))
        if node.numbers:
            row += [(" = ", "muted"), (node.numbers, "value")]
        rows.append(row)
        inner = (before + ("" if not branch else "   " if branch.startswith("└") else "│  "))[-DEEPEST:]
        for place, child in enumerate(reversed(node.children)):
            left.append((child, inner, "├─ " if place else "└─ "))
    return rows


def trim_row(row: Row, width: int) -> Row:
    """A line of the outline in ``width`` cells; of one that is indented too deep, the end of the indentation."""
    (indent, pen), *rest = row
    words = sum(cell_len(part) for part, _ in rest)
    room = max(INDENT, width - words)
    if len(indent) > room:
        indent = f"…{indent[len(indent) - room + 1 :]}" if room > 1 else indent[-1:]
    return sized([(indent, pen), *rest], width)
