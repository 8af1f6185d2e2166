"""A small network, such as a perceptron or a computational graph, with the live values of its nodes and edges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from descend.engine.run.records import Graph
from descend.tui.cell_text import plain
from descend.tui.draw.colours import Scale, in_colour, scale, shaded
from descend.tui.draw.network import network, prefix
from descend.tui.draw.rows import Row
from descend.tui.panels.panel import Panel

if TYPE_CHECKING:
    from rich.style import Style

    from descend.engine.run.history import History


class GraphPanel(Panel):
    """Nodes joined by arrows. A node's shade is its first value; a line's pattern and colour tell its weight."""

    order: ClassVar[int] = 45
    HELP = (
        "A network. The shade of a node is its value. A line is dotted where its weight is negative, thick where that "
        "is large, faint where it is small; ∂ stands before gradients."
    )

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._lacking = 0

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return [name for name in pictures if name.startswith("graph/")]

    @property
    def label(self) -> str:
        return plain(self.subject.partition("/")[2])

    def content(self, width: int, height: int) -> list[Row]:
        newest = self._newest()
        if newest is None:
            return []
        rows, self._lacking = network(
            newest, width, height, _scale(newest), colour=in_colour(self), unicode=self.draws_unicode
        )
        return rows

    def legends(self) -> list[Row]:
        newest = self._newest()
        range = _scale(newest) if newest else None
        if newest is None or range is None:
            return []
        name = plain(next(iter(newest.values)))
        bars = [range.bar(cells, in_colour(self)) for cells in (16, 10, 6)]
        return [[(f"{name} ", "muted"), *bars[0]], *bars]

    def notes(self) -> list[Row]:
        newest = self._newest()
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

    def style(self, pen: str) -> Style:
        """Also ``shade …``: see `descend.tui.draw.colours`."""
        return shaded(self, pen) or super().style(pen)

    def _newest(self) -> Graph | None:
        newest = self.picture()
        return newest if isinstance(newest, Graph) and newest.labels else None


def _named(names: Iterable[str], unicode: bool) -> str:
    """The names of the numbers as they stand there."""
    return " ".join(f"{prefix(name, unicode) if index else ''}{plain(name)}" for index, name in enumerate(names))


def _scale(record: Graph) -> Scale | None:
    """What the shades of the nodes stand for."""
    values = next(iter(record.values.values()), None)
    return None if values is None else scale(values.numpy())
