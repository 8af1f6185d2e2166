"""The curves of one metric: all its splits over the steps of a run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from descend.tui.cell_text import plain
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.legend import Entry, beside, flowed, legends, shorter, spaced
from descend.tui.draw.linechart import BAD, BELOW, LINE, Mark, Trace, across, draw_line_chart
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import counted, number
from descend.tui.panels.zoomable import ZoomableCurves

if TYPE_CHECKING:
    from descend.engine.run.history import History
    from descend.tui.panels.panel_data import Data

JUST = 0.2
"""Seconds after getting the focus in which a press of the mouse is the one that gave it."""
ROOMY = 9
"""Lines that a chart keeps before its key gets rows of its own, one for every three lines more."""
VALUE = 8
"""Cells of a value in such a row."""
FIRST = ("loss", "accuracy")
SPLITS = {"train": 0, "test": 1, "val": 2, "valid": 2, "validation": 2}
"""Splits that have the same colour and marker in every panel."""


class Curves(ZoomableCurves):
    """Line curves of the series of one metric: ``train/loss`` and ``test/loss`` share the panel ``loss``.

    Attributes:
        log: whether the vertical axis is logarithmic.
    """

    order: ClassVar[int] = 10
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "Log axis", tooltip="Switch between a linear and a logarithmic axis"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.log_axis = False
        self._envelopes: dict[str, Envelope] = {}
        self._told_inside = False
        self._points, self._focused_at = False, 0.0

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        metrics = list(dict.fromkeys(map(metric, series)))
        return [*(m for m in FIRST if m in metrics), *(m for m in metrics if m not in FIRST)]

    def touches(self, changed: set[str]) -> bool:
        return bool(changed & {"knobs", "status"}) or any(metric(name) == self.subject for name in changed)

    def follow(self, history: History) -> None:
        super().follow(history)
        self._envelopes.clear()

    def traces(self) -> list[Trace]:
        """The curves, ``train`` first, each with the colour and marker of its split."""
        names = sorted(self.names(), key=lambda name: SPLITS.get(split(name), len(SPLITS)))
        taken = {SPLITS[split(name)] for name in names if split(name) in SPLITS}
        free = iter(index for index in range(len(names) + len(taken)) if index not in taken)
        found = [
            Trace(
                plain(split(name) or self.subject),
                self.history.series[name],
                self._envelopes.setdefault(name, Envelope()),
                SPLITS[split(name)] if split(name) in SPLITS else next(free),
            )
            for name in names
        ]
        return [trace for name, trace in zip(names, found, strict=True) if name not in self.hidden]

    def names(self) -> list[str]:
        return [name for name in self.history.series if metric(name) == self.subject]

    def named(self, name: str) -> str:
        return plain(split(name) or name)

    def table(self) -> Data | None:
        """The curves and the steps in sight."""
        from descend.tui.panels import panel_data

        series = {name: self.history.series[name] for name in self.names() if name not in self.hidden}
        found = panel_data.tabulate_series(series, self.view() if self.window is not None else None)
        return found if found.total else None

    def content(self, width: int, height: int) -> list[Row]:
        traces = self.traces()
        if not any(trace.series.size for trace in traces):
            return []
        key = self._key(width, (height - ROOMY) // 3)
        self._told_inside = bool(key)
        self.find_noise(traces, width, height - len(key), self.view(), log=self.log_axis)
        chart = draw_line_chart(
            traces,
            width,
            height - len(key),
            span=self.view(),
            log=self.log_axis,
            smoothing=self.smoothing,
            marks=[
                Mark(change.step, plain(f"{change.knob} {_value(change.previous)}→{_value(change.value)}"))
                for change in self.history.changes
            ],
            cursor=self.cursor,
            unicode=self.draws_unicode,
        )
        return [*key, *chart]

    def legends(self) -> list[Row]:
        entries = self._entries()
        if not entries or self._told_inside:
            return []
        told = self._entries(" smoothed")
        rows = [legends(told)[0], *legends(entries)] if told != entries else legends(entries)
        return [*rows, *map(spaced, shorter(entries)), [(f"{len(entries)} curves, i lists them", "muted")]]

    def _entries(self, smoothed: str = "") -> list[Entry]:
        """The key: the curves and their values, without a name if there is only one, named like the panel; with
        ``smoothed`` after the names of those that are."""
        traces = [trace for trace in self.traces() if trace.series.size]
        cells, span = self.size.width - 10, self.view()
        alone = len(traces) == 1 and traces[0].name == self.label
        return [
            Entry(
                LINE if trace.style == 0 and self.draws_unicode and not trace.sparse(cells, span) else trace.glyph,
                f"{'' if alone else trace.name}{smoothed if trace.name in self.smoothed else ''}".strip(),
                trace.pen,
                self._value_at(trace),
            )
            for trace in traces
        ]

    def _key(self, width: int, lines: int) -> list[Row]:
        """The key with all values, in at most ``lines`` rows of ``width`` cells, where the frame has no room for it. It
        takes as much room whatever the values, so that the chart below stays where it is."""
        entries = [entry._replace(value=entry.value.ljust(VALUE)) for entry in self._entries()]
        title = f"{self.number} {self.label}" if self.number else self.label
        if beside(legends(entries)[0], title, width):
            return []
        rows = flowed([entry.row(True) for entry in entries], width)
        return [sized(row, width) for row in rows] if len(rows) <= lines else []

    def axes(self) -> tuple[str, str]:
        return "step", self.label

    def notes(self) -> list[Row]:
        traces = [trace for trace in self.traces() if trace.series.size]
        parts: list[Row] = []
        if bad := sum(trace.envelope.bad(trace.series) for trace in traces):
            parts.append([(f"{BAD} {counted(bad)} NaN or infinite", "error")])
        if self.log_axis:
            below = any(trace.envelope.range(trace.series)[0] <= 0 for trace in traces)
            parts.append([("log axis", "muted"), (f", {BELOW} zero or less" if below else "", "error")])
        parts += self.told()
        if past := self.past():
            parts.append(past)
        return [spaced(parts[index:]) for index in range(len(parts))]

    def action_log(self) -> None:
        """Switch between a linear and a logarithmic vertical axis."""
        self.log_axis = not self.log_axis
        self.redraw()

    def on_focus(self) -> None:
        """Know since when the panel has focus."""
        self._focused_at = time.monotonic()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Look at the step that is pointed at, unless this press of the button focused the panel."""
        self._points = event.button == 1 and time.monotonic() - self._focused_at > JUST
        if self._points:
            self._point(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while its button is held."""
        if self._points and event.button == 1:
            self._point(event.x)

    def _point(self, x: int) -> None:
        """Look at the step in column ``x`` of the panel."""
        pad = 2 if self.size.width >= 30 else 1
        traces, span = [trace for trace in self.traces() if trace.series.size], self.view()
        if traces:
            left, cells = across(traces, self.size.width - 2 * pad, self.size.height - 2, span, self.log_axis)
            if cells > 0 and 0 <= (place := x - pad - left) < cells:
                self.post_message(self.Looked(round(span[0] + (place + 0.5) / cells * (span[1] - span[0]))))

    def _value_at(self, trace: Trace) -> str:
        """The last value, or the newest one at or before the cursor."""
        value = trace.series.at(self.cursor) if self.cursor is not None else float(trace.series.values[-1])
        return number(value) if value is not None else "–"


def metric(name: str) -> str:
    """What a series measures: ``loss`` of ``train/loss``."""
    return name.rpartition("/")[2]


def split(name: str) -> str:
    """What a series measures it on: ``train`` of ``train/loss``."""
    return name.rpartition("/")[0]


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
