"""A small network, such as a perceptron or a computational graph, with the live values of its nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from descend.engine.run.records import Graph
from descend.tui.cell_text import plain
from descend.tui.draw.colours import Scale, scale
from descend.tui.draw.network import draw_network, prefix
from descend.tui.draw.rows import Row
from descend.tui.panels.panel_data import Cell, Data, lists, stacked
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.shaded import Shaded

if TYPE_CHECKING:
    from descend.engine.run.history import History


class GraphPanel(Shaded, PicturePanel[Graph]):
    """Nodes joined by arrows. A node's shade is its first value; a line's pattern and colour tell its weight."""

    kind = Graph
    order: ClassVar[int] = 45
    HELP = (
        "A network. The shade of a node is its value. A line is dotted where its weight is negative, thick where that "
        "is large, faint where it is small; ∂ stands before gradients."
    )

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._lacking = 0

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        rows, self._lacking = draw_network(
            newest, width, height, _scale(newest), colour=self.in_colour, unicode=self.draws_unicode
        )
        return rows

    def legends(self) -> list[Row]:
        newest = self.newest()
        range = _scale(newest) if newest else None
        if newest is None or range is None:
            return []
        name = plain(next(iter(newest.values)))
        bars = [range.bar(cells, self.in_colour) for cells in (16, 10, 6)]
        return [[(f"{name} ", "muted"), *bars[0]], *bars]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when = self.when(newest.step)
        parts: Row = []
        nodes, edges = (_named(names, self.draws_unicode) for names in (newest.values, newest.weights))
        if nodes and len(newest.values) > 1:
            parts.append((f"in a node: {nodes}  ", "muted"))
        if edges:
            parts.append((f"on a line: {edges}, dotted if negative  ", "muted"))
        if self._lacking:
            parts.append((f"no room for {self._lacking} number{'s' * (self._lacking > 1)}  ", "muted"))
        return [[*parts[start:], *row] for row in when[:1] for start in range(len(parts))] + when

    def drawable(self, picture: Graph) -> bool:
        return bool(picture.labels)

    @staticmethod
    def tabulate(picture: Graph) -> Data:
        """A row for each node, then one for each edge."""
        names = list(map(plain, picture.labels))
        nodes: dict[str, list[Cell]] = {"node": list(names)}
        nodes |= lists({"x": picture.x, "y": picture.y, **picture.values})
        ends = {"node": picture.sources, "to": picture.targets}
        edges: dict[str, list[Cell]] = {k: [names[index] for index in v.numpy().tolist()] for k, v in ends.items()}
        return stacked(nodes, {"edges": edges | lists(picture.weights)})


def _named(names: Iterable[str], unicode: bool) -> str:
    """The names of the numbers as they stand there."""
    return " ".join(f"{prefix(name, unicode) if index else ''}{plain(name)}" for index, name in enumerate(names))


def _scale(record: Graph) -> Scale | None:
    """What the shades of the nodes stand for."""
    values = next(iter(record.values.values()), None)
    return None if values is None else scale(values.numpy())
