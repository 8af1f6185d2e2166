"""How far a run is and how fast it goes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from descend.engine.run.records import Progress
from descend.tui.cell_text import fit, plain
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.linechart import Trace, draw_line_chart
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import duration, speed
from descend.tui.panels.zoomable import ZoomableCurves

if TYPE_CHECKING:
    from descend.engine.run.history import History
    from descend.tui.panels.panel_data import Data

CHART = 6
"""Rows a chart takes at least."""


class ProgressPanel(ZoomableCurves):
    """Step, epoch, speed over the run, time gone and time left, under a bar."""

    order: ClassVar[int] = 90
    shown_by_default: ClassVar[bool] = False
    HELP = "How far the run is, and how fast it went at each step. Time and speed leave pauses out."

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self._envelope = Envelope()

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return ["progress"]

    def touches(self, changed: set[str]) -> bool:
        return bool(changed & {"progress", "status"})

    def follow(self, history: History) -> None:
        super().follow(history)
        self._envelope = Envelope()

    def names(self) -> list[str]:
        return []

    def table(self) -> Data | None:
        from descend.tui.panels import panel_data

        if not self.history.rates.size:
            return None
        unit = plain(self.history.progress.unit) if self.history.progress is not None else "steps"
        return panel_data.tabulate_series(
            {f"{unit}/s": self.history.rates}, self.view() if self.window is not None else None
        )

    def content(self, width: int, height: int) -> list[Row]:
        progress = self.history.progress
        if progress is None:
            return []
        rows = [_bar(self._step(progress), progress.steps, width), *self._facts(progress, width)]
        rest = height - len(rows)
        if rest >= CHART and self.history.rates.size > 1:
            trace = Trace("rate", self.history.rates, self._envelope)
            rows.append([(fit(f"{plain(progress.unit)} a second, over the steps", width), "muted")])
            span = self.view(self.history.rates)
            self.find_noise([trace], width, rest - 1, span)
            rows += draw_line_chart(
                [trace],
                width,
                rest - 1,
                span=span,
                smoothing=self.smoothing,
                cursor=self.cursor,
                unicode=self.draws_unicode,
            )
        return [sized(row, width) for row in [*rows, *([[]] * height)][:height]]

    def notes(self) -> list[Row]:
        told = [run for part in self.told() for run in (*part, ("  ", "muted"))]
        return [[*told, *self.past()], *([told] if told else []), self.past()]

    def _step(self, progress: Progress) -> int:
        return progress.step if self.cursor is None else min(self.cursor, progress.step)

    def _facts(self, progress: Progress, width: int) -> list[Row]:
        """What there is to say, a line each."""
        status, elapsed = self.history.status, self.history.elapsed
        facts = [("step", f"{self._step(progress):,} of {progress.steps:,}")]
        if progress.epochs and self.cursor is None:
            facts.append(("epoch", f"{progress.epoch} of {progress.epochs}"))
        rate = self.history.rates.at(self.cursor) if self.cursor is not None else progress.rate
        if rate:
            facts.append(("speed", f"{speed(rate)} {plain(progress.unit)}/s"))
        if elapsed > 0 and progress.step and self.cursor is None:
            facts.append(("on average", f"{speed(progress.step / elapsed)} steps/s"))
        if self.cursor is None:
            facts.append(("time gone", duration(elapsed)))
            running = status is None or status.state in ("starting", "running")
            if running and progress.remaining is not None:
                facts.append(("time left", f"about {duration(progress.remaining)}"))
            elif status is not None and not running:
                facts.append(("time left", f"– ({status.state})"))
        return [[(fit(name, 12), "muted"), (fit(told, max(0, width - 12)), "value")] for name, told in facts]


def _bar(step: int, steps: int, width: int) -> Row:
    """A bar and the share of the run that is over."""
    share = min(1.0, max(0.0, step / steps)) if steps > 0 else 0.0
    told = f" {share:.0%}"
    cells = max(0, width - len(told))
    filled = round(cells * share)
    return [("━" * filled, "series-1"), ("─" * (cells - filled), "frame"), (told, "value")]
