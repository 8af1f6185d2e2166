"""An image with labelled boxes and masks: what a detector has found, what a segmentation says of each pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from textual.binding import Binding, BindingType

from descend.engine.run.records import AnnotatedImage
from descend.tui.draw.annotations import draw_annotations, entries
from descend.tui.draw.image_grid import Plan, arrange, resize
from descend.tui.draw.legend import Entry, draw_key, legends, spaced
from descend.tui.draw.rows import Row
from descend.tui.panels.panel_data import Cell, Data
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.shaded import Shaded

if TYPE_CHECKING:
    from descend.engine.run.history import History


class AnnotatedImagePanel(Shaded, PicturePanel[AnnotatedImage]):
    """An image and what is marked on it, all together or one by one."""

    kind = AnnotatedImage
    order: ClassVar[int] = 51
    HELP = (
        "An image with boxes and masks. Each box has a capital letter and lines of its own, each mask a small letter "
        "in its cells; the key says what they are. PgDn and PgUp show one of them alone."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "choose(1)", "One by one", key_display="PgDn PgUp", tooltip="Show one box or mask alone"),
        Binding("pageup", "choose(-1)", "The one before", show=False, key_display="PgUp"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.only: int | None = None
        """The box or mask that is shown alone."""
        self._resized: tuple[AnnotatedImage | None, Plan | None, bool, np.ndarray] = None, None, False, np.zeros(0)

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        title = f"{self.number} {self.label}" if self.number else self.label
        named = draw_key(self._make_key(newest), title, width, (height - 2) // 3)
        tall, wide = newest.pixels.shape[:2]
        plan = arrange(1, tall, wide, width, height - len(named))
        if self._resized[0] is not newest or self._resized[1:3] != (plan, self.in_colour):
            pixels = resize(newest.pixels.numpy(), plan, self.in_colour)
            self._resized = newest, plan, self.in_colour, pixels
        rows = draw_annotations(
            newest,
            self._resized[3],
            plan,
            width,
            height - len(named),
            self._find_chosen(newest),
            colour=self.in_colour,
            dark=self.is_dark,
            unicode=self.draws_unicode,
        )
        return [*named, *rows]

    def legends(self) -> list[Row]:
        newest = self.newest()
        return [row for row in legends(self._make_key(newest)) if row] if newest else []

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when, chosen = self.when(newest.step), self._find_chosen(newest)
        if chosen is None:
            return when
        alone: Row = [(f"{chosen + 1} of {len(entries(newest))}", "value")]
        return [*(spaced([alone, row]) for row in when), alone]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "choose":
            newest = self.newest()
            return newest is not None and len(entries(newest)) > 1
        return super().check_action(action, parameters)

    def action_choose(self, by: int) -> None:
        """Show the next (1) or the previous (-1) box or mask alone; after the last one all are shown."""
        newest = self.newest()
        if newest is None:
            return
        count = len(entries(newest))
        place = (0 if self.only is None else self.only + 1) + by
        self.only = place % (count + 1) - 1 if place % (count + 1) else None
        self.redraw()

    def _find_chosen(self, record: AnnotatedImage) -> int | None:
        return self.only if self.only is not None and self.only < len(entries(record)) else None

    def _make_key(self, record: AnnotatedImage) -> list[Entry]:
        found, chosen = entries(record), self._find_chosen(record)
        return found if chosen is None else [found[chosen]]

    @staticmethod
    def tabulate(picture: AnnotatedImage) -> Data:
        """A row for each box and each mask."""
        boxes, count = picture.boxes.numpy().tolist(), len(picture.labels)
        scores = picture.scores.numpy().tolist() if picture.scores is not None else [None] * count
        named = entries(picture)
        rows: list[list[Cell]] = [
            ["box", entry.name, score, *box, None]
            for entry, score, box in zip(named[:count], scores, boxes, strict=True)
        ]
        rows += [
            ["mask", entry.name, None, None, None, None, None, int((mask.numpy() != 0).sum())]
            for entry, mask in zip(named[count:], picture.masks.values(), strict=True)
        ]
        return Data(["kind", "label", "score", "left", "top", "right", "bottom", "pixels"], len(rows), rows)
