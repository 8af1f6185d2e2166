"""Images, as many as fit: small ones enlarged by whole numbers, large ones reduced by averaging."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from textual.binding import Binding, BindingType

from descend.engine.run.records import Images
from descend.tui.cell_text import fit, plain
from descend.tui.draw.canvas import Cells
from descend.tui.draw.colours import TOP, in_colour, is_dark, shaded
from descend.tui.draw.halfblocks import colours, ramps, resized, shades
from descend.tui.draw.rows import Row
from descend.tui.panels.panel import Panel

if TYPE_CHECKING:
    import numpy as np
    from rich.style import Style

    from descend.engine.run.history import History

WANTED = 8
"""Images that should be seen at once, if need be smaller."""
LEGIBLE = 12
"""Pixels to which the shorter side of a larger image is reduced at most for their sake."""
LARGEST = 8
"""How many times an image is enlarged at most."""


class ImagesPanel(Panel):
    """A grid of images with their captions."""

    order: ClassVar[int] = 50
    HELP = "Images of the run, the last in the last place. Those in between that have no room are on the next page."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "pagedown", "page(1)", "More images", key_display="PgDn PgUp", tooltip="The next images; PgUp goes back"
        ),
        Binding("pageup", "page(-1)", "Images before", show=False, key_display="PgUp"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.first = 0
        """The first image that is shown, unless there are fewer."""
        self._page = (0, 0)
        self._reduced: tuple[Images | None, dict[tuple[int, int, int, bool], np.ndarray]] = None, {}

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return [name for name in pictures if name.startswith("images/")]

    @property
    def label(self) -> str:
        return plain(self.subject.partition("/")[2])

    def content(self, width: int, height: int) -> list[Row]:
        newest = self._newest()
        if newest is None:
            return []
        count, *size = newest.pixels.shape[:3]
        plan = arrange(count, size[0], size[1], width, height, captioned=any(newest.captions))
        self.first = min(self.first, _last_start(count, plan.held))
        shown = [*range(self.first, min(count, self.first + plan.held))]
        if 1 < plan.held < count - self.first:
            shown[-1] = count - 1  # where a film arrives
        self._page = len(shown), count
        cells = Cells(width, height)
        for place, index in enumerate(shown):
            line, column = divmod(place, plan.columns)
            x, y = column * (plan.width + plan.gap), line * plan.lines
            self._draw(cells, x, y, newest, index, plan)
            if plan.captioned:
                caption = plain(newest.captions[index])
                cells.put(x, y + plan.lines - 1, fit(caption, min(plan.width, cell_len(caption))), "text")
        return cells.rows()

    def legends(self) -> list[Row]:
        shown, count = self._page
        if self._newest() is None or shown == count:
            return []
        rest = 1 < shown < count - self.first
        span = f"{self.first + 1}–{self.first + shown - rest}" if shown - rest > 1 else f"{self.first + 1}"
        part: Row = [(f"{span}{f', {count}' if rest else ''} of {count}", "value")]
        said = f", {count - shown} not shown"
        return [[*part, (f"{said}, see PgDn and PgUp", "muted")], [*part, (said, "muted")], part]

    def notes(self) -> list[Row]:
        newest = self._newest()
        return [self.past()] if newest is None else self.when(newest.step)

    def style(self, pen: str) -> Style:
        """Also ``shade …``: see `descend.tui.draw.colours`."""
        return shaded(self, pen) or super().style(pen)

    def redraw(self) -> None:
        before = self._page
        super().redraw()
        if self.has_focus and before != self._page:
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._page[0] < self._page[1] if action == "page" else super().check_action(action, parameters)

    def action_page(self, direction: int) -> None:
        """Show the images after (1) or before (-1) these."""
        shown, count = self._page
        newest = self._newest()
        held = self._held(newest) if newest else shown
        first = self.first + direction * max(1, held - 1)
        if direction < 0 or first <= _last_start(count, held):
            self.first = max(0, first)
            self.redraw()

    def _held(self, record: Images) -> int:
        """How many images a page has."""
        pad = 1 if self.size.width >= 30 else 0
        count, tall, wide = record.pixels.shape[:3]
        width, height = max(1, self.size.width - 2 - 2 * pad), max(1, self.size.height - 2)
        return arrange(count, tall, wide, width, height, captioned=any(record.captions)).held

    def _draw(self, cells: Cells, x: int, y: int, record: Images, index: int, plan: Plan) -> None:
        """Draw an image, from the cache if it has been drawn at this size."""
        import numpy as np

        colour = in_colour(self)
        tall = plan.height if colour else -(-plan.height // 2)
        held, cached = self._reduced
        if held is not record:
            self._reduced = record, (cached := {})
        key = index, tall, plan.width, colour
        if key not in cached:
            cached[key] = np.round(resized(record.pixels.numpy()[index], tall, plan.width)).astype(np.int64)
        pixels = cached[key]
        if colour and pixels.ndim == 3:
            colours(cells, x, y, pixels)
            return
        grey = pixels if pixels.ndim == 2 else pixels @ np.array((0.299, 0.587, 0.114))
        levels = np.round(grey * (TOP / 255)).astype(np.int64)
        if colour:
            shades(cells, x, y, levels, "g")
        else:
            ramps(cells, x, y, levels if is_dark(self) else TOP - levels, self.draws_unicode)

    def _newest(self) -> Images | None:
        newest = self.picture()
        return newest if isinstance(newest, Images) and all(newest.pixels.shape) else None


def _last_start(count: int, held: int) -> int:
    """Where the last page begins, if each holds ``held`` of ``count`` images, the last of all among them."""
    step = max(1, held - 1)
    return max(0, -(-(count - held) // step) * step)


class Plan(NamedTuple):
    """How images are laid out: the size of one in pixels, two of which are in a cell, how many stand beside and below
    each other, cells between two, and the lines from one to the next."""

    width: int
    height: int
    columns: int
    rows: int
    gap: int
    lines: int
    captioned: bool

    @property
    def held(self) -> int:
        """How many images there is room for."""
        return self.columns * self.rows


def arrange(count: int, tall: int, wide: int, width: int, height: int, *, captioned: bool = False) -> Plan:
    """Lay ``count`` images of ``tall`` × ``wide`` pixels out in ``width`` × ``height`` cells: as large as possible with
    all of them or `WANTED` in sight, or else as many as there can be while they are legible."""
    least = min(1.0, LEGIBLE / min(tall, wide))
    sizes = [*range(LARGEST, 0, -1), *(share for share in (3 / 4, 2 / 3, 1 / 2, 3 / 8, 1 / 3, 1 / 4) if share >= least)]
    plans = [_plan(tall, wide, scale, width, height, captioned) for scale in sizes]
    fitting = [plan for plan in plans if plan is not None]
    for plan in fitting:
        if plan.held >= min(count, WANTED):
            return plan
    if fitting:
        return max(fitting, key=lambda plan: (plan.held, plan.width))
    scale = min(width / wide, 2 * height / tall, 1.0)
    return Plan(max(1, int(wide * scale)), max(1, int(tall * scale)), 1, 1, 0, height, False)


def _plan(tall: int, wide: int, scale: float, width: int, height: int, captioned: bool) -> Plan | None:
    """Images at a scale, with captions if they and one image have room; None if it has none without."""
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    lines = math.ceil(size[1] / 2)
    if size[0] > width or lines > height:
        return None
    captioned = captioned and lines + 1 <= height
    between = 1 if captioned else 0
    gap = 2 if size[0] >= LEGIBLE else 1
    columns = (width + gap) // (size[0] + gap)
    if captioned:
        return Plan(*size, columns, height // (lines + between), gap, lines + 1, True)
    if lines * 2 > height:
        return Plan(*size, columns, 1, gap, lines, False)
    return Plan(*size, columns, (height + 1) // (lines + 1), gap, lines + 1, False)
