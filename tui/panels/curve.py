"""Functions of one variable as they are at a step: a target and the network's fit, an activation and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from descend.engine.run.records import Curve
from descend.tui.cell_text import plain
from descend.tui.draw.curve import Plot, draw_curve, entries, flaws, prepare_curve
from descend.tui.draw.legend import draw_key, legends, spaced
from descend.tui.draw.rows import Row
from descend.tui.panels.panel_data import Data, lists, pair, stacked
from descend.tui.panels.picture_panel import PicturePanel

if TYPE_CHECKING:
    from descend.engine.run.history import History


class CurvePanel(PicturePanel[Curve]):
    """The lines of a `Curve`, its marks and its key.

    Attributes:
        log_axis: whether the vertical axis is logarithmic.
    """

    kind = Curve
    order: ClassVar[int] = 35
    BINDINGS: ClassVar[list[BindingType]] = [Binding("l", "log", "Log axis")]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.log_axis = False
        self._plotted: tuple[Curve, Plot] | None = None

    def content(self, width: int, height: int) -> list[Row]:
        plot = self._plot()
        if plot is None:
            return []
        title = f"{self.number} {self.label}" if self.number else self.label
        named = draw_key(entries(plot, width, self.draws_unicode), title, width, (height - 4) // 3)
        return [*named, *draw_curve(plot, width, height - len(named), self.log_axis, self.draws_unicode)]

    def legends(self) -> list[Row]:
        plot = self._plot()
        return legends(entries(plot, self.size.width, self.draws_unicode)) if plot else []

    def axes(self) -> tuple[str, str] | None:
        newest = self.newest()
        return newest.axes if newest else None

    def notes(self) -> list[Row]:
        newest, plot = self.newest(), self._plot()
        if newest is None or plot is None:
            return [self.past()]
        when = self.when(newest.step)
        parts: list[Row] = [[("log axis", "muted")]] if self.log_axis else []
        parts += [[told] for told in flaws(plot, self.log_axis)]
        return [spaced([*parts, when[0]]), *([spaced(parts)] if parts and self.cursor is None else []), *when]

    def action_log(self) -> None:
        """Switch between a linear and a logarithmic vertical axis."""
        self.log_axis = not self.log_axis
        self.redraw()

    def _plot(self) -> Plot | None:
        """The picture, ready to draw."""
        newest = self.newest()
        if newest is None:
            return None
        if self._plotted is None or self._plotted[0] is not newest:
            self._plotted = newest, prepare_curve(newest)
        return self._plotted[1]

    @staticmethod
    def tabulate(picture: Curve) -> Data:
        """Marks stand below the lines, each with its own ``x``."""
        lines = lists({"x": picture.x}) | lists(picture.lines)
        return stacked(lines, {name: pair(spots, "x", f"mark {plain(name)}") for name, spots in picture.marks.items()})
