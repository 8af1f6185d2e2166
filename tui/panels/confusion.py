"""The confusion matrix of a split: which classes are taken for which."""

from __future__ import annotations

from typing import ClassVar

from rich.color import Color
from rich.style import Style
from textual.binding import Binding, BindingType

from descend.engine.run.records import Confusion
from descend.tui.cell_text import plain
from descend.tui.draw.colours import readable
from descend.tui.draw.confusion_matrix import (
    LEVELS,
    counts_of,
    draw_largest_matrix,
    draw_matrix,
    draw_pairs,
    draw_scores,
)
from descend.tui.draw.rows import Row, sized
from descend.tui.panels import panel_data
from descend.tui.panels.panel_data import Data
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.scrollable import Scrollable

VIEWS = ("all", "matrix", "scores", "pairs")
"""What there is to see: what fits best, or one of the three alone."""


class ConfusionPanel(Scrollable, PicturePanel[Confusion]):
    """Rows are true classes, columns predicted ones; each row is shaded by its shares.

    Attributes:
        view: one of `VIEWS`.
    """

    kind = Confusion
    order: ClassVar[int] = 30
    HELP = (
        "Which classes are taken for which: a row for each true class, a column for each predicted one, and counts of "
        "cases, shaded by their share of the row. Precision: of what was called so, how much was right. Recall: of "
        "what is so, how much was found. F1: their harmonic mean. Enter shows the matrix, the scores and the most "
        "confused pairs, each alone."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "view", "View", tooltip="Matrix, scores or most confused pairs alone, or what fits of all"),
    ]
    view = VIEWS[0]

    @property
    def label(self) -> str:
        return f"confusion {plain(self.subject.partition('/')[2])}"

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        counts, classes = counts_of(newest), [plain(name) for name in newest.classes]
        self._lines = 0
        match self.view:
            case "matrix":
                return draw_largest_matrix(counts, classes, width, height)
            case "scores":
                top = self.fits(len(classes), height - 1)
                return draw_scores(counts, classes, width, height, top)
            case "pairs":
                found = draw_pairs(counts, classes, len(classes) ** 2, width)
                top = self.fits(len(found), height - 1)
                head: Row = [("most often confused, true → predicted" if found else "no mistakes", "muted")]
                return [sized(row, width) for row in [head, *found[top : top + height - 1], *([[]] * height)][:height]]
        return draw_matrix(counts, classes, width, height)

    def action_view(self) -> None:
        """Show the next of `VIEWS`."""
        self.view, self.top = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)], 0
        self.redraw()

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None or not (counts := counts_of(newest)).sum():
            return []
        share: Row = [(f"{counts.trace() / counts.sum():.1%}", "value")]
        return [[*share, (f" of {counts.sum()} right", "muted")], share]

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        fullest, *shorter = self.when(newest.step)
        if self.view in ("scores", "pairs"):
            place = self.place(self.view)
            told: Row = [(f"{place}  " if place else "", "value"), ("enter: next view  ", "muted")]
            return [[*told, *fullest], *([[(place, "value")]] if place else []), fullest, *shorter]
        sides = "rows: true class  columns: predicted"
        full: Row = [(f"{sides}  ", "muted"), *fullest]
        if self.cursor is not None:
            return [full, fullest, *shorter]
        return [full, [(sides, "muted")], [("rows: true", "muted")]]

    def style(self, pen: str) -> Style:
        """Also ``hit-0`` … ``hit-10`` and ``miss-0`` … ``miss-10``: counts on a shade of their share."""
        kind, _, level = pen.partition("-")
        if kind not in ("hit", "miss"):
            return super().style(pen)
        background = self.background_colors[1]
        if background.ansi is not None:  # the terminal's own background, whose colour is not known
            return super().style("value" if kind == "hit" else "text")
        shade = self.get_component_styles("panel--series-1" if kind == "hit" else "panel--series-2").color
        mixed = background.blend(shade, 0.12 + 0.78 * int(level) / LEVELS)
        return Style(color=Color.from_rgb(*readable(mixed.rgb)), bgcolor=mixed.rich_color, bold=kind == "hit")

    def drawable(self, picture: Confusion) -> bool:
        return bool(picture.classes)

    @staticmethod
    def tabulate(picture: Confusion) -> Data:
        names = list(map(plain, picture.classes))
        return panel_data.matrix("true class", names, names, picture.counts)
