"""Line charts of whole training histories: several curves over steps, at a cost that does not grow with their length.

Curves are told apart by colour and by marker. Values that are NaN or infinite are marked on the axis, not drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from descend.tui.panels import ticks
from descend.tui.panels.envelope import Columns, Envelope
from descend.tui.panels.plot import Chart, canvas
from descend.tui.panels.rows import Row, overlay
from descend.tui.text import ascii_only

if TYPE_CHECKING:
    import numpy as np

    from descend.engine.history import Series

GLYPHS = "●▲■◆▼✚"
PENS = tuple(f"series-{index + 1}" for index in range(len(GLYPHS)))
LINE, BAD, BELOW = "━", "×", "↓"
SMALLEST = 16, 4
"""Cells below which a chart says nothing."""
_LARGEST = 1e307


class Trace(NamedTuple):
    """One curve of a chart. ``style`` picks pen and glyph and stays the same when other curves come and go."""

    name: str
    series: Series
    envelope: Envelope
    style: int = 0

    @property
    def pen(self) -> str:
        return PENS[self.style % len(PENS)]

    @property
    def glyph(self) -> str:
        return GLYPHS[self.style % len(GLYPHS)]

    def sparse(self, cells: int, span: tuple[float, float]) -> bool:
        """Whether each point has room for a marker of its own when ``span`` is ``cells`` columns."""
        share = (self.series.steps[-1] - self.series.steps[0]) / (span[1] - span[0])
        return (self.series.size - 1) * 3 <= share * cells


class Scale(NamedTuple):
    """The vertical axis: a range and whether it is logarithmic."""

    low: float
    high: float
    log: bool
    ticks: list[float]

    def fraction(self, values: np.ndarray) -> np.ndarray:
        """``values`` as fractions of the axis, clipped to it; NaN stays NaN."""
        import numpy as np

        low, high = self.low, self.high
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.log:
                values = np.log10(np.where(values > 0, values, np.where(np.isnan(values), np.nan, 0.0)))
                low, high = np.log10(low), np.log10(high)
            return (np.clip(values, low, high) - low) / (high - low)

    def labelled(self) -> list[tuple[float, str]]:
        """Ticks as (fraction, label)."""
        import numpy as np

        names = ticks.decade_labels(self.ticks) if self.log else ticks.labels(self.ticks)
        return list(zip(self.fraction(np.array(self.ticks)).tolist(), names, strict=True))


class Mark(NamedTuple):
    """Something that happened at a step, such as a knob that was turned."""

    step: int
    label: str


def line_chart(
    traces: Sequence[Trace],
    width: int,
    height: int,
    *,
    span: tuple[float, float] | None = None,
    log: bool = False,
    smoothing: float = 0.0,
    marks: Sequence[Mark] = (),
    cursor: float | None = None,
    unicode: bool = True,
) -> list[Row]:
    """Draw ``traces`` over their steps into ``width`` × ``height`` cells.

    Args:
        span: steps at the left and right edge; by default those of the first and last point.
        log: logarithmic vertical axis; values of zero and below are marked at its foot.
        smoothing: weight of the past, 0 … 1, in a moving average drawn over each curve's full range.
        marks: drawn as labelled vertical lines.
        cursor: a step to mark with a vertical line.

    Returns nothing but blank rows if there is no point to draw.
    """
    traces = [trace for trace in traces if trace.series.size]
    if not traces or width < SMALLEST[0] or height < SMALLEST[1]:
        return [[(" " * width, "text")] for _ in range(height)]
    start, end = span or extent([trace.series for trace in traces])
    scale = vertical(traces, start, end, height, log)
    labelled = scale.labelled()
    cells, lines = canvas(width, height, [label for _, label in labelled])
    if cells < 8:
        return [[(" " * width, "text")] for _ in range(height)]
    chart = Chart(width, height, _steps(start, end, cells), labelled, unicode=unicode)
    inside = [mark for mark in marks if start <= mark.step <= end]
    places = [(mark.step - start) / (end - start) for mark in inside]
    for place in places:
        chart.mark(place, "mark")
    if cursor is not None:
        chart.mark(min(1.0, max(0.0, (cursor - start) / (end - start))), "cursor")
    dot = 1 / (4 * lines) if unicode else 1 / lines
    curves = [_curve(trace, scale, start, end, 2 * cells if unicode else cells, dot, smoothing) for trace in traces]
    for trace, curve in zip(traces, curves, strict=True):
        sparse = trace.sparse(cells, (start, end))
        pen = f"faint-{trace.pen}" if smoothing and not sparse else trace.pen
        chart.line(curve.x, curve.y, pen, breaks=curve.breaks, glyph=trace.glyph, over=sparse)
        if smoothing and not sparse:
            chart.line(curve.centre_x, curve.centre_y, trace.pen, glyph=trace.glyph, over=True)
    for trace, curve in zip(traces, curves, strict=True):
        chosen = _markers(trace, len(curve.centre_x), cells, (start, end), alone=len(traces) == 1)
        if chosen is not None:
            chart.points(curve.centre_x[chosen], curve.centre_y[chosen], trace.pen, trace.glyph)
    for glyph, spots in ((BELOW, "below"), (BAD, "bad")):
        for curve in curves:
            if len(found := getattr(curve, spots)):
                chart.points(found, [0.0] * len(found), "error", glyph)
    labels = [mark.label if unicode else ascii_only(mark.label) for mark in inside]
    return _labelled(chart.rows(), width - cells, cells, places, labels)


def extent(series: Iterable[Series], live: bool = False, total: int = 0) -> tuple[float, float]:
    """The steps that axes of ``series`` reach over.

    In a ``live`` run of ``total`` steps (0: unknown) the right edge moves seldom, by doubling, so that what is drawn
    stays where it is while the run grows."""
    ends = [(int(one.steps[0]), int(one.steps[-1])) for one in series if one.size]
    if not ends:
        return 0.0, 1.0
    first, last = float(min(start for start, _ in ends)), float(max(end for _, end in ends))
    start = 0.0 if 0 <= first <= 0.1 * last else first
    if not live:
        return start, max(last, start + 1)
    end = float(total) if total > last else 1.0
    while end < last:
        end *= 2
    while end / 2 >= max(last, 1.0):
        end /= 2
    return start, max(end, start + 1)


def vertical(traces: Sequence[Trace], start: float, end: float, height: int, log: bool) -> Scale:
    """The vertical axis that holds every finite value, from one round number to another."""
    ranges = [trace.envelope.range(trace.series) for trace in traces]
    low = max(min(low for low, _ in ranges), -_LARGEST)
    high = min(max(high for _, high in ranges), _LARGEST)
    room = max(1, (height - 2) // 3)
    if log and high > 0:
        if low <= 0:
            low = min(_least_positive(trace, start, end) for trace in traces)
        high = max(high, 1e-299)
        low = min(max(low, 1e-300), high)
        low, high, steps = ticks.logarithmic(low, high, room)
        return Scale(low, high, True, steps)
    if low > high:  # nothing finite
        low, high = 0.0, 1.0
    low, high, steps = ticks.linear(low, high, room)
    return Scale(low, high, False, steps)


class _Curve(NamedTuple):
    """A trace in fractions of the canvas."""

    x: np.ndarray
    y: np.ndarray
    breaks: list[int]
    """Points not joined to the one before."""
    centre_x: np.ndarray
    """Middle of the curve: smoothed where that is asked for."""
    centre_y: np.ndarray
    bad: np.ndarray
    """Where values are NaN or infinite."""
    below: np.ndarray
    """Where values cannot be shown on a logarithmic axis."""


def _curve(trace: Trace, scale: Scale, start: float, end: float, count: int, dot: float, smoothing: float) -> _Curve:
    """Every point of a short curve, or the range of each of ``count`` columns of a long one."""
    import numpy as np

    series = trace.series
    if series.size <= count:
        x = (series.steps - start) / (end - start)
        finite = np.isfinite(series.values)
        values = np.where(finite, series.values, np.nan)
        columns = Columns(values, values, values, (~finite).astype(np.int64))
    else:
        x = (np.arange(count) + 0.5) / count
        columns = trace.envelope.columns(series, start, end, count)
    low, high, mean = (scale.fraction(values) for values in (columns.low, columns.high, columns.mean))
    held = np.flatnonzero(~np.isnan(columns.low))
    low, high, mean, at = low[held], high[held], mean[held], x[held]
    mean = np.clip(mean, low, high)
    before = np.concatenate(([0], np.cumsum(columns.bad)))[held]  # bad values before each column that is drawn
    broken = np.concatenate(([False], before[1:] > before[:-1])) if len(held) else np.zeros(0, bool)
    rising = np.concatenate(([True], mean[1:] >= mean[:-1])) if len(held) else np.zeros(0, bool)
    thin = high - low < dot
    pairs = np.stack((np.where(rising, low, high), np.where(rising, high, low)), 1)
    pairs[thin, 0] = mean[thin]
    kept = np.stack((np.ones(len(held), bool), ~thin), 1)
    firsts = np.concatenate(([0], np.cumsum(kept.sum(1))))[:-1]
    centre = columns.mean[held]
    centre = scale.fraction(smoothed(centre, smoothing)) if smoothing else mean
    below = at[columns.low[held] <= 0] if scale.log else at[:0]
    return _Curve(
        np.repeat(at, 2).reshape(-1, 2)[kept],
        pairs[kept],
        np.flatnonzero(broken).tolist() and firsts[broken].tolist(),
        at,
        centre,
        x[columns.bad > 0],
        below,
    )


def smoothed(values: np.ndarray, weight: float) -> np.ndarray:
    """Exponential moving average of ``values``, ``weight`` (0 … 1) on the past, without a bias towards the first."""
    import numpy as np

    result = np.empty(len(values))
    total = norm = 0.0
    for index, value in enumerate(values.tolist()):
        total = weight * total + (1 - weight) * value
        norm = weight * norm + (1 - weight)
        result[index] = total / norm
    return result


def _markers(trace: Trace, points: int, cells: int, span: tuple[float, float], *, alone: bool) -> slice | None:
    """Which points carry the trace's glyph: all of a sparse one, else some where curves need telling apart."""
    if trace.sparse(cells, span):
        return slice(None)
    if alone or trace.style == 0:
        return None
    share = (trace.series.steps[-1] - trace.series.steps[0]) / (span[1] - span[0])
    stride = max(1, int(points * 12 / max(1.0, share * cells)))
    return slice((trace.style * stride) // len(GLYPHS), None, stride)


def _least_positive(trace: Trace, start: float, end: float) -> float:
    """The least positive value known of each column's least, mean and greatest."""
    import numpy as np

    columns = trace.envelope.columns(trace.series, start, end, 256)
    found = np.concatenate((columns.low, columns.mean, columns.high))
    found = found[found > 0]
    return float(found.min()) if len(found) else np.inf


def _steps(start: float, end: float, cells: int) -> list[tuple[float, str]]:
    """Round steps along the lower axis."""
    places = [step for step in ticks.linear(start, end, max(2, cells // 12))[2] if start <= step <= end]
    places = [step for step in places if step == int(step)]
    names = [ticks.counted(step) for step in places]
    if len(set(names)) < len(names):
        names = [str(int(step)) for step in places]
    return [((step - start) / (end - start), name) for step, name in zip(places, names, strict=True)]


def _labelled(rows: list[Row], left: int, cells: int, places: Sequence[float], labels: Sequence[str]) -> list[Row]:
    """Write each label beside its mark in the topmost row where it hides nothing; the newest first."""
    for place, label in sorted(zip(places, labels, strict=True), reverse=True):
        if cell_len(label) != len(label):
            continue
        column = left + min(cells - 1, int(place * cells))
        for start in (column + 1, column - len(label)):
            if start < left or start + len(label) > left + cells:
                continue
            free = next((index for index, row in enumerate(rows[:-2]) if _blank(row, start, len(label))), None)
            if free is not None:
                rows[free] = overlay(rows[free], start, label, "mark")
                break
    return rows


def _blank(row: Row, start: int, length: int) -> bool:
    line = "".join(part for part, _ in row)
    return not line[max(0, start - 1) : start + length + 1].strip(" ┊:│┤|+")
