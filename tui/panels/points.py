"""Points in the plane as they are at a step: a data set and its classes, an embedding, steps of a descent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from descend.engine.run.records import Points
from descend.tui.cell_text import plain
from descend.tui.draw.legend import draw_key, legends, spaced
from descend.tui.draw.rows import Row
from descend.tui.draw.scatter import Scatter, draw_scatter, entries, prepare_points
from descend.tui.draw.ticks import counted
from descend.tui.panels.panel_data import Cell, Data, lists, pair, stacked
from descend.tui.panels.picture_panel import PicturePanel

if TYPE_CHECKING:
    from descend.engine.run.history import History


class PointsPanel(PicturePanel[Points]):
    """A scatter plot with classes, arrows and paths."""

    kind = Points
    order: ClassVar[int] = 36

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._scattered: tuple[Points, Scatter] | None = None
        self._omitted: list[str] = []

    def content(self, width: int, height: int) -> list[Row]:
        scatter = self._scatter()
        if scatter is None:
            return []
        title = f"{self.number} {self.label}" if self.number else self.label
        named = draw_key(entries(scatter, self.draws_unicode), title, width, (height - 4) // 3)
        rows, self._omitted = draw_scatter(scatter, width, height - len(named), self.draws_unicode)
        return [*named, *rows]

    def legends(self) -> list[Row]:
        scatter = self._scatter()
        if scatter is None:
            return []
        total: Row = [(f"{len(scatter.x):,}", "value"), (" points", "muted")]
        return [*(row for row in legends(entries(scatter, self.draws_unicode)) if row), total]

    def axes(self) -> tuple[str, str] | None:
        newest = self.newest()
        return newest.axes if newest else None

    def notes(self) -> list[Row]:
        newest, scatter = self.newest(), self._scatter()
        if newest is None or scatter is None:
            return [self.past()]
        when = self.when(newest.step)
        parts: list[Row] = [[(f"{counted(scatter.bad)} not finite", "error")]] if scatter.bad else []
        if scatter.shrunk != 1:
            parts.append([(f"arrows drawn at {scatter.shrunk:.0e} of their length", "warning")])
        parts += [[(text, "muted")] for text in self._omitted]
        return [spaced([*parts, when[0]]), *([spaced(parts)] if parts and self.cursor is None else []), *when]

    def _scatter(self) -> Scatter | None:
        """The picture, ready to draw."""
        newest = self.newest()
        if newest is None:
            return None
        if self._scattered is None or self._scattered[0] is not newest:
            self._scattered = newest, prepare_points(newest)
        return self._scattered[1]

    @staticmethod
    def tabulate(picture: Points) -> Data:
        """Paths stand below the points, and say which they are."""
        columns: dict[str, list[Cell]] = lists({"x": picture.x, "y": picture.y})
        if picture.labels is not None:
            names = list(map(plain, picture.classes))
            columns["class"] = [names[index] for index in picture.labels.numpy().tolist()]
        if picture.dx is not None and picture.dy is not None:
            columns |= lists({"dx": picture.dx, "dy": picture.dy})
        paths = {
            name: pair(spots, "x", "y") | {"path": [plain(name)] * spots.shape[0]}
            for name, spots in picture.paths.items()
        }
        return stacked(columns, paths)
