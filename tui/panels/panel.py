"""What every live panel has in common: a frame with a title and the latest values, and rows that are only redrawn
when its data changed, and only sent to the terminal where they differ."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual import log
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from descend.tui.cell_text import ascii_only, fit, plain, shows_unicode
from descend.tui.draw.rows import Row, Run, changed, joined, length, sized, wrapped
from descend.tui.draw.ticks import counted

if TYPE_CHECKING:
    from textual.color import Color

    from descend.engine.run.history import History, Series
    from descend.engine.run.records import Picture
    from descend.tui.panels.panel_data import Data

LIVE = ("starting", "running", "paused")
"""States of a run that may continue."""
PENS = (
    *("text", "muted", "value", "title", "frame", "axis", "tick", "mark", "cursor", "error", "good", "warning"),
    *(f"series-{index}" for index in range(1, 7)),
)


class Panel(Widget, can_focus=True):
    """One view of a run, framed.

    A kind of panel is a subclass in a module of its own in this package; nothing else has to name it. It says which
    panels a run needs (`subjects`), what changes them (`touches`) and what they show (`content`).

    Args:
        history: the run.
        subject: what of the run this panel shows.

    Attributes:
        cursor: the step that is looked back at; None follows the run.
        failed: what went wrong when it was drawn last; None if nothing did.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False, tooltip="Copy what the panel shows to the clipboard, as a table"),
        Binding("S,ctrl+s", "save", "Save", show=False, tooltip="Save the panel: its data as CSV, its picture as SVG"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"panel--{pen}" for pen in PENS}
    # The series colours are Okabe and Ito's, which stay apart for colour-blind eyes; darker ones on light themes.
    DEFAULT_CSS = """
    Panel {
        width: 1fr; height: 1fr; min-width: 8; min-height: 3; color: $foreground;
        & > .panel--text { color: $foreground; }
        & > .panel--muted { color: $foreground 70%; }
        & > .panel--value { color: $foreground; text-style: bold; }
        & > .panel--title { color: $foreground; text-style: bold; }
        & > .panel--frame { color: $foreground 45%; }
        & > .panel--axis { color: $foreground 55%; }
        & > .panel--tick { color: $foreground 70%; }
        & > .panel--mark { color: $foreground 70%; text-style: italic; }
        & > .panel--cursor { color: $foreground; text-style: bold; }
        & > .panel--error { color: $text-error; text-style: bold; }
        & > .panel--good { color: $text-success; }
        & > .panel--warning { color: $text-warning; text-style: bold; }
        & > .panel--series-1 { color: #56B4E9; }
        & > .panel--series-2 { color: #E69F00; }
        & > .panel--series-3 { color: #00B585; }
        & > .panel--series-4 { color: #D98DB5; }
        & > .panel--series-5 { color: #F0E442; }
        & > .panel--series-6 { color: #F07832; }
        &:light > .panel--series-1 { color: #0064A0; }
        &:light > .panel--series-2 { color: #B84F00; }
        &:light > .panel--series-3 { color: #00745A; }
        &:light > .panel--series-4 { color: #9A3F73; }
        &:light > .panel--series-5 { color: #6E6200; }
        &:light > .panel--series-6 { color: #3A3A3A; }
        &:focus > .panel--frame { color: $primary; }
        &:focus > .panel--title { text-style: bold reverse; }
    }
    """
    order: ClassVar[int] = 100
    """Panels of lower order come first."""
    shown_by_default: ClassVar[bool] = True
    """Whether the panel is there without being asked for."""
    unicode: bool | None = None
    """Whether to draw with more than ASCII; None: whether the terminal can."""

    def __init__(self, history: History, subject: str) -> None:
        super().__init__()
        self.history = history
        self.subject = subject
        self.cursor: int | None = None
        self.number: int | None = None
        self.dirty = True
        self.later: Callable[[Panel], None] | None = None
        """Has the panel redrawn soon; without it a new size is drawn when it is painted."""
        self._title = ""
        self._rows: list[Row] = []
        self._strips: dict[int, Strip] = {}
        self._styles_of: dict[str, Style] = {}
        self._drawn = (0, 0)
        self.failed: Exception | None = None

    class Looked(Message):
        """The user pointed at ``step``, to look back at it."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        """The subjects of the panels of this kind for a run with these series and pictures, in order."""
        return []

    @property
    def label(self) -> str:
        """The panel's name, for its title and its tab."""
        return plain(self.subject)

    def touches(self, changed: set[str]) -> bool:
        """Whether this panel shows any of the ``changed`` names of a `History`."""
        return self.subject in changed

    def content(self, width: int, height: int) -> list[Row]:
        """What is inside the frame: at most ``height`` rows of exactly ``width`` cells, as `sized` makes them. Missing
        rows stay blank. [] while there is nothing to show."""
        raise NotImplementedError

    def legends(self) -> list[Row]:
        """What stands at the right of the title, from the fullest version to the shortest."""
        return []

    def notes(self) -> list[Row]:
        """What stands at the right of the frame's foot, from the fullest version to the shortest."""
        return []

    @property
    def points_down(self) -> bool:
        """Whether the vertical axis runs down, as rows do."""
        return False

    def axes(self) -> tuple[str, str] | None:
        """What stands along the horizontal and the vertical axis, empty where that is not known; None if the panel has
        no axes, or names them itself."""
        return None

    def table(self) -> Data | None:
        """What the panel shows as a table; None while there is nothing to show."""
        return None

    def look(self, step: int | None) -> None:
        """Show the run as it was at ``step``, from the next time on that the panel is drawn; None follows it."""
        self.cursor = step
        self.dirty = True

    def picture(self) -> Picture | None:
        """The panel's newest picture, up to the cursor."""
        return self.history.picture_at(self.subject, self.cursor)

    def past(self) -> Row:
        """Says which step is looked back at; empty where the run is followed."""
        ends = self.history.ends
        if self.cursor is None or ends is None:
            return []
        return [(f"at step {self.cursor:,} of {ends[1]:,}", "cursor")]

    def when(self, step: int) -> list[Row]:
        """Says that what is shown is of ``step``, from the fullest version to the shortest."""
        if self.cursor is None:
            return [[(f"step {counted(step)}", "muted")]]
        if step == self.cursor:
            return [self.past()]
        return [[(f"as of step {step:,}, ", "value"), *self.past()], self.past(), [(f"as of step {step:,}", "value")]]

    def span(self, *more: Series) -> tuple[float, float]:
        """The steps that the axes of all panels of the run reach over, wide enough for ``more`` curves."""
        from descend.tui.draw.linechart import extent

        status, progress = self.history.status, self.history.progress
        live = status is not None and status.state in LIVE
        return extent([*self.history.series.values(), *more], live, progress.steps if progress else 0)

    def follow(self, history: History) -> None:
        """Show another run."""
        self.history = history
        self.dirty = True

    def draw(self, width: int, height: int) -> list[Strip]:
        """The whole panel at a size, for the run as it is now."""
        return [self._strip(row) for row in self.rows(width, height)]

    def rows(self, width: int, height: int) -> list[Row]:
        """The whole panel as text and pens."""
        pad = 1 if width >= 30 else 0
        inner, lines = width - 2 - 2 * pad, height - 2
        if inner < 1 or lines < 1:
            return [sized([], width) for _ in range(height)]
        title, rows, legends, notes, named = self._parts(inner, lines)
        blank: list[Run] = [(" " * pad, "text")]
        return self._framed(width, title, [[*blank, *row, *blank] for row in rows], legends, notes, named)

    def _framed(
        self,
        width: int,
        title: str,
        inside: list[Row],
        legends: Sequence[Row] = (),
        notes: Sequence[Row] = (),
        named: str = "",
    ) -> list[Row]:
        """``inside``, rows of ``width`` - 2 cells, in a frame with ``named`` at the left of its foot."""
        side: Run = ("│", "frame")
        if named and self.cursor is not None and not any(_fits(note, width, named) for note in notes):
            named = ""  # which step is looked back at matters more
        framed = [
            _edge("╭╮", width, (title, "title"), legends),
            *(joined([side, *row, side]) for row in inside),
            _edge("╰╯", width, (named, "muted"), notes),
        ]
        if self.draws_unicode:
            return framed
        return [[(ascii_only(part), pen) for part, pen in row] for row in framed]

    def _parts(self, width: int, height: int) -> tuple[str, list[Row], list[Row], list[Row], str]:
        """Title, content, legends, notes and axes; an apology if the panel cannot draw what it is given."""
        title = self._title = ""
        try:
            title = self._title = plain(f"{self.number} {self.label}" if self.number else self.label)
            rows = self.content(width, height) or wrapped(self._missing(), width, height)
            rows = [*rows, *([(" " * width, "text")] for _ in range(height - len(rows)))]
            parts = title, rows, self.legends(), self.notes(), self._axes_in_words()
        except Exception as error:  # whatever is wrong with this panel, the others continue
            if self.failed is None or repr(error) != repr(self.failed):
                log.error(f"panel {self.subject!r} cannot be drawn", "".join(traceback.format_exception(error)))
            self.failed = error
            apology = f"This panel cannot show its data ({type(error).__name__}); the run and other panels continue."
            return title or plain(self.subject), wrapped(apology, width, height, "error"), [], [], ""
        self.failed = None
        return parts

    def _axes_in_words(self) -> str:
        """The names of the axes; one that is called as the panel goes without saying."""
        across, up = map(plain, self.axes() or ("", ""))
        vertical = "↓" if self.points_down else "↑"
        return "  ".join(
            f"{sign} {name}" for sign, name in ((vertical, up), ("→", across)) if name not in ("", self.label)
        )

    def action_copy(self) -> None:
        """Copy the table to the clipboard."""
        from descend.tui.panels.panel_export import copy_table

        copy_table(self)

    def action_save(self) -> None:
        """Ask where to save the panel."""
        from descend.tui.panels.panel_export import save_panel

        save_panel(self)

    def _missing(self) -> str:
        """What stands where there is nothing to show."""
        return "waiting for data" if self.cursor is None else f"nothing recorded up to step {self.cursor:,}"

    @property
    def draws_unicode(self) -> bool:
        return shows_unicode() if self.unicode is None else self.unicode

    def redraw(self) -> None:
        """Draw the panel for the run as it is now and repaint the cells that changed."""
        self.dirty = False
        before, size = self._rows, (self.size.width, self.size.height)
        self._rows = self.rows(*size)
        if self._drawn != size or len(before) != len(self._rows):
            self._drawn = size
            self._strips.clear()
            self.refresh()
            return
        regions = []
        for y, (old, new) in enumerate(zip(before, self._rows, strict=True)):
            if span := changed(old, new):
                self._strips.pop(y, None)
                regions.append(Region(span[0], y, span[1] - span[0], 1))
        if regions:
            self.refresh(*regions)

    def render_line(self, y: int) -> Strip:
        """One line of the panel; at a new size, of the old one cut to it if the panel is soon drawn `later`."""
        size = (self.size.width, self.size.height)
        if self._drawn != size:
            if self._rows and self.later is not None:
                self._rows = self._fitted(*size)
                self.dirty = True
                self.later(self)
            else:
                self._rows = self.rows(*size)
                self.dirty = False
            self._drawn = size
            self._strips.clear()
        if y not in self._strips:
            self._strips[y] = self._strip(self._rows[y] if y < len(self._rows) else sized([], size[0]))
        return self._strips[y]

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines within ``crop``. A panel draws its own frame up to its edges, so that Textual has no border or
        padding to add to each, which would take longer than drawing the line."""
        filters, background = self.get_line_filters(), self.background_colors[1]
        strips = []
        for y in crop.line_range:
            strip = self.render_line(y)
            for each in filters:
                strip = strip.apply_filter(each, background)
            strips.append(strip.crop(crop.x, crop.right))
        return strips

    def _fitted(self, width: int, height: int) -> list[Row]:
        """What is drawn already, in a frame of another size: takes no time, so that the answer to a key does not."""
        if width < 4 or height < 2:
            return [sized([], width) for _ in range(height)]
        inside = [sized([*_inside(row)], width - 2) for row in self._rows[1:-1]]
        blank: Row = sized([], width - 2)
        return self._framed(width, self._title, [*inside, *[blank] * height][: height - 2])

    def notify_style_update(self) -> None:
        """Forget colours; what is drawn stays."""
        super().notify_style_update()
        self._styles_of.clear()
        self._strips.clear()

    def style(self, pen: str) -> Style:
        """The style of ``pen``: one of `PENS`, or ``faint-`` and one of them."""
        background = self.background_colors[1]
        name = pen.removeprefix("faint-")
        styles = self.get_component_styles(f"panel--{name}")
        colour = background + styles.color
        if name != pen:
            colour = background.blend(styles.color, 0.45)
        return Style(color=colour.rich_color, bgcolor=_opaque(background)) + styles.text_style

    def _strip(self, row: Row) -> Strip:
        segments = []
        for part, pen in row:
            if pen not in self._styles_of:
                self._styles_of[pen] = self.style(pen)
            segments.append(Segment(part, self._styles_of[pen]))
        return Strip(segments)


def _inside(row: Row) -> Iterator[Run]:
    """``row`` without the first and the last cell, which are the frame's."""
    for index, (part, pen) in enumerate(row):
        yield part[index == 0 : len(part) - (index == len(row) - 1)], pen


def _opaque(background: Color) -> RichColor | None:
    return background.rich_color if background.a else None


def _edge(corners: str, width: int, left: Run, aside: Sequence[Row]) -> Row:
    """An edge of the frame with ``left`` at its left and the fullest of ``aside`` that has room at its right."""
    text, pen = left
    room = width - 6
    named: Row = [(" ", "frame"), (fit(text, min(cell_len(text), room)), pen), (" ", "frame")]
    named = named if text and room >= 3 else []
    right = next((row for row in aside if row and _fits(row, width, text if named else "")), [])
    if right:
        right = [(" ", "frame"), *right, (" ", "frame")]
    line = "─" * max(0, width - 4 - length(named) - length(right))
    return joined([(f"{corners[0]}─", "frame"), *named, (line, "frame"), *right, (f"─{corners[1]}", "frame")])


def _fits(row: Row, width: int, beside: str) -> bool:
    """Whether an edge of ``width`` cells has room for ``row`` beside a text at its left."""
    return length(row) + 3 <= width - 4 - (cell_len(beside) + 2 if beside else 0)
