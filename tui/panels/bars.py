"""A value for each of some names as they are at a step: probabilities of the classes, importance of the features."""

from __future__ import annotations

import math
from typing import ClassVar

from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.records import Bars
from descend.tui.draw.bars import bars_of, draw_bars, entries
from descend.tui.draw.legend import draw_key, legends, spaced
from descend.tui.draw.rows import Row
from descend.tui.draw.ticks import counted
from descend.tui.panels.panel_data import Data, columns, lists, words
from descend.tui.panels.picture_panel import PicturePanel


class BarsPanel(PicturePanel[Bars]):
    """Horizontal bars with names and values; those of several groups are drawn side by side."""

    kind = Bars
    order: ClassVar[int] = 46

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        title = f"{self.number} {self.label}" if self.number else self.label
        named = draw_key(entries(newest, self.draws_unicode), title, width, (height - 4) // 3)
        return [*named, *draw_bars(bars_of(newest), width, height - len(named), self.draws_unicode)]

    def legends(self) -> list[Row]:
        newest = self.newest()
        return legends(entries(newest, self.draws_unicode)) if newest else []

    def axes(self) -> tuple[str, str]:
        newest = self.newest()
        return (newest.axis if newest else ""), ""

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when = self.when(newest.step)
        values = [value for bar in bars_of(newest) for value in bar.values]
        parts: list[Row] = []
        if bad := sum(not (math.isfinite(value) or is_not_yet(value)) for value in values):
            parts.append([(f"{counted(bad)} not finite", "error")])
        return [spaced([*parts, when[0]]), *when]

    def drawable(self, picture: Bars) -> bool:
        return bool(picture.groups)

    @staticmethod
    def tabulate(picture: Bars) -> Data:
        return columns({"label": words(picture.labels), **lists(picture.groups)})
