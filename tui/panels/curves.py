"""The curves of one metric: all its splits over the steps of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from descend.tui.panels.envelope import Envelope
from descend.tui.panels.linechart import BAD, BELOW, LINE, Mark, Trace, line_chart
from descend.tui.panels.panel import Panel
from descend.tui.panels.rows import Row, Run
from descend.tui.panels.ticks import counted, number
from descend.tui.text import plain

if TYPE_CHECKING:
    from descend.engine.history import History

SMOOTHING = (0.0, 0.6, 0.8, 0.9, 0.95)
FIRST = ("loss", "accuracy")
SPLITS = {"train": 0, "test": 1, "val": 2, "valid": 2, "validation": 2}
"""Splits that have the same colour and marker in every panel."""


class Curves(Panel):
    """Line curves of the series of one metric: ``train/loss`` and ``test/loss`` share the panel ``loss``.

    Attributes:
        log: whether the vertical axis is logarithmic.
        smoothing: weight of the past in the moving average drawn over the curves; 0 draws none.
    """

    order: ClassVar[int] = 10
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "Log axis"),
        Binding("left_square_bracket", "smooth(-1)", "Smoothing", key_display="[ ]", tooltip="Smooth less"),
        Binding("right_square_bracket", "smooth(1)", "Smooth more", show=False),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.log_axis = False
        self.smoothing = 0.0
        self._envelopes: dict[str, Envelope] = {}

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
        names = [name for name in self.history.series if metric(name) == self.subject]
        names.sort(key=lambda name: SPLITS.get(split(name), len(SPLITS)))
        taken = {SPLITS[split(name)] for name in names if split(name) in SPLITS}
        free = iter(index for index in range(len(names) + len(taken)) if index not in taken)
        return [
            Trace(
                plain(split(name) or self.subject),
                self.history.series[name],
                self._envelopes.setdefault(name, Envelope()),
                SPLITS[split(name)] if split(name) in SPLITS else next(free),
            )
            for name in names
        ]

    def content(self, width: int, height: int) -> list[Row]:
        traces = self.traces()
        if not any(trace.series.size for trace in traces):
            return []
        return line_chart(
            traces,
            width,
            height,
            span=self.span(),
            log=self.log_axis,
            smoothing=self.smoothing,
            marks=[
                Mark(change.step, plain(f"{change.knob} {_value(change.previous)}→{_value(change.value)}"))
                for change in self.history.changes
            ],
            cursor=self.cursor,
            unicode=self.draws_unicode,
        )

    def legends(self) -> list[Row]:
        traces = [trace for trace in self.traces() if trace.series.size]
        if not traces:
            return []
        cells, span = self.size.width - 10, self.span()
        glyphs = [LINE if trace.style == 0 and not trace.sparse(cells, span) else trace.glyph for trace in traces]
        if len(traces) == 1 and traces[0].name == self.label:
            return [[(f"{glyphs[0]} ", traces[0].pen), (self._value_at(traces[0]), "value")]]
        values = [self._value_at(trace) for trace in traces]
        full: list[Row] = [
            [(f"{glyph} {trace.name} ", trace.pen), (value, "value")]
            for glyph, trace, value in zip(glyphs, traces, values, strict=True)
        ]
        short: list[Row] = [
            [(f"{glyph} ", trace.pen), (value, "value")]
            for glyph, trace, value in zip(glyphs, traces, values, strict=True)
        ]
        named: list[Row] = [[(f"{glyph} {trace.name}", trace.pen)] for glyph, trace in zip(glyphs, traces, strict=True)]
        return [_spaced(full), _spaced(short), _spaced(named)]

    def notes(self) -> list[Row]:
        traces = [trace for trace in self.traces() if trace.series.size]
        parts: list[Row] = []
        if bad := sum(trace.envelope.bad(trace.series) for trace in traces):
            parts.append([(f"{BAD} {counted(bad)} NaN or infinite", "error")])
        if self.log_axis:
            below = any(trace.envelope.range(trace.series)[0] <= 0 for trace in traces)
            parts.append([("log axis", "muted"), (f", {BELOW} zero or less" if below else "", "error")])
        if self.smoothing:
            parts.append([(f"smoothing {self.smoothing:g}", "muted")])
        if past := self.past():
            parts.append(past)
        return [_spaced(parts[index:]) for index in range(len(parts))]

    def action_log(self) -> None:
        """Switch between a linear and a logarithmic vertical axis."""
        self.log_axis = not self.log_axis
        self.redraw()

    def action_smooth(self, direction: int) -> None:
        """Smooth more (1) or less (-1)."""
        index = SMOOTHING.index(self.smoothing) + direction
        self.smoothing = SMOOTHING[max(0, min(len(SMOOTHING) - 1, index))]
        self.redraw()

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


def _spaced(parts: Sequence[Row]) -> Row:
    """Parts in a row, two blanks apart."""
    row: list[Run] = []
    for index, part in enumerate(parts):
        row += [("  " if index else "", "frame"), *part]
    return [run for run in row if run[0]]
