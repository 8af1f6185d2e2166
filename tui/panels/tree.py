"""A tree with its numbers: of an expression, of decisions, of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from descend.engine.run.records import Tree
from descend.tui.cell_text import plain
from descend.tui.draw.network import prefix
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.tree import Node, draw_outline, draw_tree, make_nodes, measure_tree, trim_row
from descend.tui.panels.panel_data import Cell, Data, lists
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.scrollable import Scrollable

if TYPE_CHECKING:
    from descend.engine.run.history import History


class TreePanel(Scrollable, PicturePanel[Tree]):
    """A tree from its root down, or as an outline where it has no room for that."""

    kind = Tree
    order: ClassVar[int] = 44
    HELP = (
        "A tree. Nodes in brackets are set off. Where there is no room for it from the root down, it is an outline: a "
        "node stands below the one it belongs to, and up and down scroll it."
    )

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._cached: tuple[Tree | None, bool, list[Node], list[Row], tuple[int, int]] = None, False, [], [], (0, 0)

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        unicode = self.draws_unicode
        if self._cached[0] is not newest or self._cached[1] != unicode:
            nodes = make_nodes(newest, unicode)
            self._cached = newest, unicode, nodes, draw_outline(nodes), measure_tree(nodes)
        nodes, rows, (wide, tall) = self._cached[2:]
        if wide <= width and tall <= height:
            self.fits(height, height)
            return draw_tree(nodes, width, height)
        top = self.fits(len(rows), height)
        shown = [trim_row(row, width) for row in rows[top : top + height]]
        return [*shown, *(sized([], width) for _ in range(height - len(shown)))]

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        count: Row = [(f"{len(newest.labels):,} node{'s' * (len(newest.labels) != 1)}", "muted")]
        signs = ["", *(prefix(name, self.draws_unicode) for name in list(newest.values)[1:])]
        names = " ".join(f"{sign}{plain(name)}" for sign, name in zip(signs, newest.values, strict=False))
        return [[(f"{names}  ", "value"), *count], [(names, "value")], count] if names else [count]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        told, when = self.place("nodes"), self.when(newest.step)
        return [[(f"{told}  ", "value"), *row] for row in when if told] + [[(told, "value")]] * bool(told) + when

    @staticmethod
    def tabulate(picture: Tree) -> Data:
        """A row for each node: its number, its label, the number of the node above it, and its values."""
        parents: list[Cell] = [None if one < 0 else one for one in picture.parents.numpy().tolist()]
        marked = set(picture.marked)
        columns: dict[str, list[Cell]] = {
            "node": list(range(len(parents))),
            "label": [plain(label) for label in picture.labels],
            "parent": parents,
            "edge": [plain(edge) for edge in picture.edges] or [None] * len(parents),
            **lists(picture.values),
            "marked": [index in marked for index in range(len(parents))],
        }
        return Data(list(columns), len(parents), zip(*columns.values(), strict=True))
