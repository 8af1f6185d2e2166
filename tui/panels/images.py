"""Images, as many as fit: small ones enlarged by whole numbers, large ones reduced by averaging."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from rich.cells import cell_len
from textual.binding import Binding, BindingType

from descend.engine.run.records import Images
from descend.tui.cell_text import fit, plain
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.image_grid import Plan, arrange, draw_image, last_start, resize
from descend.tui.draw.rows import Row
from descend.tui.panels.panel_data import Data
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.shaded import Shaded

if TYPE_CHECKING:
    from descend.engine.run.history import History


WRONG = "✗"
"""How the caption of a mistake begins."""


class ImagesPanel(Shaded, PicturePanel[Images]):
    """A grid of images with their captions."""

    kind = Images
    order: ClassVar[int] = 50
    HELP = (
        "Images of the run, the newest last, which is always in sight; those in between that have no room are on the "
        "next page. A caption with ✗ is a mistake."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "pagedown", "page(1)", "More images", key_display="PgDn PgUp", tooltip="The next images; PgUp goes back"
        ),
        Binding("pageup", "page(-1)", "Images before", show=False, key_display="PgUp"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.first: int | None = None
        """The first image that is shown, unless there are fewer; None: the first, or where but one has room the last,
        at which a film arrives."""
        self._start, self._shown, self._count = 0, 0, 0
        self._reduced: tuple[Images | None, dict[tuple[int, int, int, bool], np.ndarray]] = None, {}

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        count, *size = newest.pixels.shape[:3]
        plan = arrange(count, size[0], size[1], width, height, captioned=longest(newest))
        last = last_start(count, plan.held)
        self._start = start = min(self.first, last) if self.first is not None else last if plan.held == 1 else 0
        shown = [*range(start, min(count, start + plan.held))]
        if 1 < plan.held < count - start:
            shown[-1] = count - 1  # where a film arrives
        self._shown, self._count = len(shown), count
        cells = Canvas(width, height)
        for place, index in enumerate(shown):
            line, column = divmod(place, plan.columns)
            x, y = column * (plan.width + plan.gap), line * plan.lines
            self._draw(cells, x, y, newest, index, plan)
            if plan.captioned:
                caption = plain(newest.captions[index])
                room = min(plan.width + plan.gap - 1, cell_len(caption))
                pen = "error" if caption.startswith(WRONG) else "text"
                cells.put(x, y + plan.lines - 1, fit(caption, room), pen)
        return cells.rows()

    def legends(self) -> list[Row]:
        start, shown, count = self._start, self._shown, self._count
        if self.newest() is None or shown == count:
            return []
        rest = 1 < shown < count - start
        span = f"{start + 1}–{start + shown - rest}" if shown - rest > 1 else f"{start + 1}"
        return [[(f"{span}{f', {count}' if rest else ''} of {count}", "value")]]

    def notes(self) -> list[Row]:
        missing = self._count - self._shown
        when = super().notes()
        if self.newest() is None or not missing:
            return when
        alone = f"{self.number} " if self.number and self.is_attached and not self.has_focus else ""
        ways = (f"{missing} not shown: {alone}PgDn PgUp", f"{missing} more: {alone}PgDn", f"{alone}PgDn")
        told: list[Row] = [[(way, "muted")] for way in ways]
        both: list[Row] = [[*part, ("  ", "muted"), *step] for part in told for step in when]
        return [*both, *told] if self.cursor is None else [*both, *when]

    def redraw(self) -> None:
        before = self._shown, self._count
        super().redraw()
        if self.has_focus and before != (self._shown, self._count):
            self.refresh_bindings()

    def on_focus(self) -> None:
        self._tell_keys()

    def on_blur(self) -> None:
        self._tell_keys()

    def _tell_keys(self) -> None:
        """Say which keys show the others from here."""
        if self._shown < self._count:
            self.redraw()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._shown < self._count if action == "page" else super().check_action(action, parameters)

    def action_page(self, direction: int) -> None:
        """Show the images after (1) or before (-1) these."""
        newest = self.newest()
        held = self._held(newest) if newest else self._shown
        first = self._start + direction * max(1, held - 1)
        if direction < 0 or first <= last_start(self._count, held):
            self.first = max(0, first)
            self.redraw()

    def _held(self, record: Images) -> int:
        """How many images a page has."""
        pad = 1 if self.size.width >= 30 else 0
        count, tall, wide = record.pixels.shape[:3]
        width, height = max(1, self.size.width - 2 - 2 * pad), max(1, self.size.height - 2)
        return arrange(count, tall, wide, width, height, captioned=longest(record)).held

    def _draw(self, cells: Canvas, x: int, y: int, record: Images, index: int, plan: Plan) -> None:
        """Draw an image, from the cache if it has been drawn at this size."""
        colour = self.in_colour
        held, cached = self._reduced
        if held is not record:
            self._reduced = record, (cached := {})
        key = index, plan.height, plan.width, colour
        if key not in cached:
            cached[key] = resize(record.pixels.numpy()[index], plan, colour)
        draw_image(cells, x, y, cached[key], colour=colour, dark=self.is_dark, unicode=self.draws_unicode)

    def drawable(self, picture: Images) -> bool:
        return all(picture.pixels.shape)

    @staticmethod
    def tabulate(picture: Images) -> Data:
        """A row an image: its caption and its pixels, row by row, red, green and blue side by side."""
        pixels = picture.pixels.numpy()
        flat = pixels.reshape(len(pixels), -1)
        captions = list(map(plain, picture.captions)) or [str(index) for index in range(len(flat))]
        header = ["image", *(f"pixel {index}" for index in range(flat.shape[1]))]
        return Data(header, len(flat), ([name, *row.tolist()] for name, row in zip(captions, flat, strict=True)))


def longest(record: Images) -> int:
    """Cells of the longest caption."""
    return max((cell_len(plain(caption)) for caption in record.captions), default=0)
