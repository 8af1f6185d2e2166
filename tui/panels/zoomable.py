"""What panels with curves over the steps share: zooming into a range of steps, hiding curves, and smoothing them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from descend.tui.cell_text import plain
from descend.tui.draw.linechart import Trace, find_smoothing
from descend.tui.draw.rows import Row
from descend.tui.draw.smoothing import LIGHT
from descend.tui.panels.panel import LIVE, Panel

if TYPE_CHECKING:
    from descend.engine.run.history import History, Series

CLOSER = 0.5
"""What a zoom leaves of the range."""
MIN_STEPS = 4
"""Steps of the smallest range."""
SHIFT = 0.25
"""Share of the range that a shift moves by."""
SMOOTHING = (0.0, LIGHT, 0.8, 0.9, 0.95)
"""Weights of the past in a moving average; noisy curves begin with the second."""
NOTCHES = 8
"""A range that follows a run moves by this part of itself at a time, so that most redraws change few cells."""


class Window(NamedTuple):
    """A range of steps; one that ``follows`` moves with the end of the run."""

    start: float
    end: float
    follows: bool


class ZoomableCurves(Panel):
    """A panel with curves over the steps.

    Attributes:
        window: the range of steps that is shown; None shows all.
        hidden: names of the curves that are not drawn.
        smoothing: weight of the past in the moving average drawn over the curves; 0 draws none, None one over those
            that are noisy.
        smoothed: names of the curves that have one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("z", "zoom_steps(True)", "Zoom in", show=False, tooltip="Zoom into the steps, around the cursor"),
        Binding("Z", "zoom_steps(False)", "Zoom out", show=False, tooltip="Zoom out of the steps"),
        Binding("left_parenthesis,shift+left", "shift(-1)", "Earlier steps", show=False, tooltip="Show earlier steps"),
        Binding("right_parenthesis,shift+right", "shift(1)", "Later steps", show=False, tooltip="Show later steps"),
        Binding("0", "all_steps", "All steps", show=False, tooltip="Show all steps again"),
        Binding("left_square_bracket", "smooth(-1)", "Smooth", key_display="[ ]", tooltip="Smooth less"),
        Binding("right_square_bracket", "smooth(1)", "Smooth more", show=False, tooltip="Smooth more"),
        Binding("i", "curves", "Curves", show=False, tooltip="Choose which curves are drawn"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.window: Window | None = None
        self.hidden: frozenset[str] = frozenset()
        self.smoothing: float | None = None
        self.smoothed: frozenset[str] = frozenset()
        self._noisy = False

    def names(self) -> list[str]:
        """The curves there are, hidden ones too."""
        raise NotImplementedError

    def named(self, name: str) -> str:
        """What a curve is called in the list of curves."""
        return plain(name)

    def follow(self, history: History) -> None:
        super().follow(history)
        self.window = None

    def look(self, step: int | None) -> None:
        """Also bring the step into sight."""
        super().look(step)
        if step is not None and self.window is not None and not self.window.start <= step <= self.window.end:
            width = self.window.end - self.window.start
            self._set(step - width / 2, width)

    def view(self, *more: Series) -> tuple[float, float]:
        """The steps at the left and right edge; ``more`` curves make the range if it is not chosen."""
        window, ends = self.window, self.history.ends
        if window is None or ends is None:
            return self.span(*more)
        if not window.follows:
            return window.start, window.end
        width, end, status = window.end - window.start, float(ends[1]), self.history.status
        if status is not None and status.state in LIVE:
            notch = width / NOTCHES
            end = math.ceil(end / notch) * notch
        return end - width, end

    def told(self) -> list[Row]:
        """What of the curves is not in sight, part by part."""
        parts: list[Row] = []
        if self.window is not None and (ends := self.history.ends) is not None:
            start, end = self.view()
            parts.append([(f"steps {max(0, round(start)):,}–{round(end):,} of {ends[1]:,}", "value")])
        if gone := [name for name in self.names() if name in self.hidden]:
            names = ", ".join(map(self.named, gone))
            parts.append([(f"hidden: {names}" if len(names) <= 20 else f"{len(gone)} curves hidden", "warning")])
        if self.smoothed:
            where = " where noisy" if self.smoothing is None else ""
            parts.append([(f"smoothing {self._strength:g}{where}", "muted")])
        return parts

    def find_noise(
        self,
        traces: Sequence[Trace],
        width: int,
        height: int,
        span: tuple[float, float],
        *,
        log: bool = False,
        levels: Sequence[float] = (),
    ) -> None:
        """Take note which of ``traces`` are smoothed in a chart of this size, to say so."""
        weights = find_smoothing(traces, width, height, span, log, None, levels)
        self._noisy = any(weights)
        if self.smoothing is not None:
            weights = find_smoothing(traces, width, height, span, log, self.smoothing, levels)
        self.smoothed = frozenset(trace.name for trace, weight in zip(traces, weights, strict=True) if weight)

    @property
    def _strength(self) -> float:
        """How much curves are smoothed: all of them, or the noisy ones."""
        return self.smoothing if self.smoothing is not None else SMOOTHING[self._noisy]

    def action_smooth(self, direction: int) -> None:
        """Smooth more (1) or less (-1)."""
        chosen = SMOOTHING[max(0, min(len(SMOOTHING) - 1, SMOOTHING.index(self._strength) + direction))]
        self.smoothing = None if chosen == LIGHT and self._noisy else chosen
        self.redraw()

    def action_zoom_steps(self, closer: bool) -> None:
        """Show half of the steps in sight, or twice as many: around the cursor if there is one, else up to the end of
        the run if that is in sight, else around the middle."""
        ends = self.history.ends
        if ends is None or (self.window is None and not closer):
            return
        start, end = self.view() if self.window is not None else (min(self.span()[0], ends[0]), float(ends[1]))
        width = (end - start) * (CLOSER if closer else 1 / CLOSER)
        if closer and width < MIN_STEPS:
            return
        anchor = (start + end) / 2
        if self.cursor is not None and start <= self.cursor <= end:
            anchor = self.cursor
        elif end >= ends[1]:
            anchor = end
        self._set(anchor - (anchor - start) * width / (end - start), width)
        self.redraw()

    def action_shift(self, direction: int) -> None:
        """Show later (1) or earlier (-1) steps."""
        if self.window is not None:
            start, end = self.view()
            self._set(start + direction * SHIFT * (end - start), end - start)
            self.redraw()

    def action_all_steps(self) -> None:
        """Show all steps again."""
        self.window = None
        self.redraw()

    def action_curves(self) -> None:
        """Ask which curves to draw."""
        from descend.tui.panels.dialogs.checklist import Checklist, Item

        names = self.names()

        def chosen(items: Sequence[Item] | None) -> None:
            if items is not None:
                self.hidden = frozenset(item.name for item in items if not item.ticked)
                self.redraw()

        if names:
            items = [Item(name, self.named(name), name not in self.hidden) for name in names]
            self.app.push_screen(Checklist(f"Curves of {self.label}", items), chosen)

    def _set(self, start: float, width: float) -> None:
        """Show ``width`` steps from ``start`` on, or as many as there are; all if there are no more."""
        first, last = self.history.ends or (0, 1)
        first = min(first, round(self.span()[0]))
        if width >= last - first:
            self.window = None
            return
        start = min(max(start, first), last - width)
        self.window = Window(start, start + width, follows=start + width >= last)
