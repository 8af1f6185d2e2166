"""How numbers are distributed at a step, and how that came about: weights of a layer, samples of two distributions.

The newest counts stand as columns; where there is room, earlier ones are drawn below as strips, a row a step, shaded by
their share of the numbers of that step.
"""

from __future__ import annotations

import bisect
from typing import ClassVar

from descend.engine.run.records import Histogram
from descend.tui.draw.histogram import counts_of, draw_histogram, entries
from descend.tui.draw.legend import draw_key, legends, spaced
from descend.tui.draw.rows import Row
from descend.tui.draw.ticks import number
from descend.tui.panels.panel_data import Data, columns, lists
from descend.tui.panels.picture_panel import PicturePanel


class HistogramPanel(PicturePanel[Histogram]):
    """Columns of counts for each sample, and strips of earlier counts."""

    kind = Histogram
    order: ClassVar[int] = 47

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        title = f"{self.number} {self.label}" if self.number else self.label
        named = draw_key(entries(newest, self.draws_unicode), title, width, (height - 4) // 3)
        pictures = self.history.pictures[self.subject]
        past = pictures[: bisect.bisect_left(pictures, newest.step, key=lambda picture: picture.step)]
        return [*named, *draw_histogram(newest, past, width, height - len(named), self.draws_unicode)]

    def legends(self) -> list[Row]:
        newest = self.newest()
        return legends(entries(newest, self.draws_unicode)) if newest else []

    def axes(self) -> tuple[str, str]:
        return self.label, "count"

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when = self.when(newest.step)
        edges = newest.edges.numpy()
        total = sum(float(counts.sum()) for counts in counts_of(newest).values())
        ends = f"  {number(float(edges[0]))} to {number(float(edges[-1]))}" if len(edges) > 1 else ""
        said: Row = [(f"n {total:,.0f}{ends}", "muted")]
        return [spaced([said, when[0]]), *([said] if self.cursor is None else []), *when]

    def drawable(self, picture: Histogram) -> bool:
        return bool(picture.counts)

    @staticmethod
    def tabulate(picture: Histogram) -> Data:
        edges = picture.edges.numpy().tolist()
        return columns({"from": edges[:-1], "to": edges[1:]} | lists(picture.counts))
