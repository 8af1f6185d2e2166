"""Line charts of whole training histories: several curves over steps, at a cost that does not grow with their length.

Curves are distinguished by colour and by marker. Values that are NaN or infinite are marked on the axis, not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rich.cells import cell_len

from descend.tui.cell_text import ascii_only
from descend.tui.draw import ticks
from descend.tui.draw.downsampling import Columns, Envelope
from descend.tui.draw.plotext_chart import Chart, canvas
from descend.tui.draw.rows import Row, overlay
from descend.tui.draw.smoothing import LIGHT, SAMPLES, is_noisy, smoothed

if TYPE_CHECKING:
    from descend.engine.run.history import Series

GLYPHS = "●▲■◆▼✚"
PENS = tuple(f"series-{index + 1}" for index in range(len(GLYPHS)))
LINE, BAD, BELOW = "━", "×", "↓"
MIN_SIZE = 16, 4
"""Cells below which a chart is useless."""
_RANGE, _LINE, _SPARSE = range(3)
"""Layers of a chart: what a smoothed curve is the middle of, curves, and few points, which lie over all."""
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
        first, last = self.inside(*span)
        return last - first < 2 or (last - first - 1) * 2 <= self.share(span) * cells

    def inside(self, start: float, end: float) -> tuple[int, int]:
        """Indices of the first point from ``start`` on, and of the first one after ``end``."""
        steps = self.series.steps
        return int(steps.searchsorted(math.ceil(start))), int(steps.searchsorted(math.floor(end), "right"))

    def share(self, span: tuple[float, float]) -> float:
        """How much of ``span`` the points inside it reach over, 0 … 1."""
        first, last = self.inside(*span)
        steps = self.series.steps
        return float(steps[last - 1] - steps[first]) / (span[1] - span[0]) if last > first else 0.0


class Scale(NamedTuple):
    """The vertical axis: a range and whether it is logarithmic."""

    low: float
    high: float
    log: bool
    ticks: list[float]

    def fraction(self, values: np.ndarray) -> np.ndarray:
        """``values`` as fractions of the axis, clipped to it; NaN stays NaN."""
        low, high = self.low, self.high
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.log:
                values = np.log10(np.where(values > 0, values, np.where(np.isnan(values), np.nan, 0.0)))
                low, high = np.log10(low), np.log10(high)
            fractions: np.ndarray = (np.clip(values, low, high) - low) / (high - low)
            return fractions

    def labelled(self) -> list[tuple[float, str]]:
        """Ticks as (fraction, label)."""
        names = ticks.decade_labels(self.ticks) if self.log else ticks.labels(self.ticks)
        return list(zip(self.fraction(np.array(self.ticks)).tolist(), names, strict=True))


class Mark(NamedTuple):
    """Something that happened at a step, such as a knob that was turned."""

    step: int
    label: str


def draw_line_chart(
    traces: Sequence[Trace],
    width: int,
    height: int,
    *,
    span: tuple[float, float] | None = None,
    log: bool = False,
    smoothing: float | None = 0.0,
    marks: Sequence[Mark] = (),
    cursor: float | None = None,
    levels: Sequence[float] = (),
    unicode: bool = True,
) -> list[Row]:
    """Draw ``traces`` over their steps into ``width`` × ``height`` cells.

    Args:
        span: steps at the left and right edge; by default those of the first and last point. Values inside it make the
            vertical axis.
        log: logarithmic vertical axis; values of zero and below are marked at its foot.
        smoothing: weight of the past, 0 … 1, in a moving average drawn over each curve's full range; None smooths those
            that are noisy, by `LIGHT`.
        marks: drawn as labelled vertical lines.
        cursor: a step to mark with a vertical line, if it is inside.
        levels: values to mark with horizontal lines; the vertical axis holds them.

    Returns nothing but blank rows if there is no point to draw.
    """
    traces = [trace for trace in traces if trace.series.size]
    if not traces or width < MIN_SIZE[0] or height < MIN_SIZE[1]:
        return [[(" " * width, "text")] for _ in range(height)]
    start, end = span or extent([trace.series for trace in traces])
    scale = vertical(traces, start, end, height, log, levels)
    labelled = scale.labelled()
    cells, lines = canvas(width, height, [label for _, label in labelled])
    if cells < 8:
        return [[(" " * width, "text")] for _ in range(height)]
    chart = Chart(width, height, _steps(start, end, cells), labelled, unicode=unicode)
    inside = [mark for mark in marks if start <= mark.step <= end]
    places = [(mark.step - start) / (end - start) for mark in inside]
    for place in places:
        chart.mark(place, "mark")
    for level in levels:
        chart.level(float(scale.fraction(np.array(level))), "mark")
    if cursor is not None and start <= cursor <= end:
        chart.mark((cursor - start) / (end - start), "cursor")
    curves: list[_Curve] = []
    dot = 1 / (4 * lines) if unicode else 1 / lines
    count = 2 * cells if unicode else cells
    for trace in sorted(traces, key=lambda trace: trace.sparse(cells, (start, end))):
        sparse = trace.sparse(cells, (start, end))
        weight = _weigh(trace, scale, cells, (start, end), smoothing)
        curve = _curve(trace, scale, start, end, count, dot, weight)
        curves.append(curve)
        layer = _SPARSE if sparse else _RANGE if weight else _LINE
        pen = f"faint-{trace.pen}" if weight else trace.pen
        chart.line(curve.x, curve.y, pen, breaks=curve.breaks, glyph="." if weight else trace.glyph, layer=layer)
        if weight:
            middle = curve.centre_x, curve.centre_y
            chart.line(*middle, trace.pen, breaks=curve.gaps, glyph=trace.glyph, layer=_LINE)
        chosen = _markers(trace, len(curve.centre_x), cells, (start, end), alone=len(traces) == 1)
        if chosen is not None:
            chart.points(curve.centre_x[chosen], curve.centre_y[chosen], trace.pen, trace.glyph)
    for glyph, spots in ((BELOW, "below"), (BAD, "bad")):
        for curve in curves:
            if len(found := getattr(curve, spots)):
                chart.points(found, np.zeros(len(found)), "error", glyph)
    labels = [mark.label if unicode else ascii_only(mark.label) for mark in inside]
    return _labelled(chart.rows(), width - cells, cells, places, labels)


def find_smoothing(
    traces: Sequence[Trace],
    width: int,
    height: int,
    span: tuple[float, float],
    log: bool = False,
    smoothing: float | None = None,
    levels: Sequence[float] = (),
) -> list[float]:
    """How much `draw_line_chart` smooths each of ``traces`` with these arguments."""
    held = [trace for trace in traces if trace.series.size]
    if not held or width < MIN_SIZE[0] or height < MIN_SIZE[1]:
        return [0.0] * len(traces)
    scale = vertical(held, *span, height, log, levels)
    cells, _ = canvas(width, height, [label for _, label in scale.labelled()])
    return [_weigh(trace, scale, cells, span, smoothing) if trace.series.size else 0.0 for trace in traces]


def _weigh(trace: Trace, scale: Scale, cells: int, span: tuple[float, float], smoothing: float | None) -> float:
    """How much a curve is smoothed; one of few points never is."""
    if smoothing == 0 or trace.sparse(cells, span):
        return 0.0
    if smoothing is not None:
        return smoothing
    first, last = trace.inside(*span)
    chosen = slice(first, last, max(1, (last - first) // SAMPLES[1]))
    values = trace.series.values[chosen]
    shown = np.isfinite(values) & (values > 0) if scale.log else np.isfinite(values)
    noisy = is_noisy(trace.series.steps[chosen], scale.fraction(np.where(shown, values, np.nan)))
    return LIGHT if noisy else 0.0


def extent(series: Iterable[Series], live: bool = False, total: int = 0) -> tuple[float, float]:
    """The steps that axes of ``series`` reach over.

    In a ``live`` run of ``total`` steps (0: unknown) the right edge moves rarely, by doubling, so that what is drawn
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


def vertical(
    traces: Sequence[Trace], start: float, end: float, height: int, log: bool, levels: Sequence[float] = ()
) -> Scale:
    """The vertical axis that holds every finite value from step ``start`` to ``end``, and the ``levels``, from one
    round number to another."""
    ranges = [_range(trace, start, end) for trace in traces]
    low = max(min([*(low for low, _ in ranges), *levels]), -_LARGEST)
    high = min(max([*(high for _, high in ranges), *levels]), _LARGEST)
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


def across(
    traces: Sequence[Trace], width: int, height: int, span: tuple[float, float], log: bool = False
) -> tuple[int, int]:
    """The first cell and the number of cells between the axes of a chart drawn with these arguments."""
    labels = [label for _, label in vertical(traces, *span, height, log).labelled()]
    cells = canvas(width, height, labels)[0]
    return width - cells, cells


def _range(trace: Trace, start: float, end: float) -> tuple[float, float]:
    """Minimum and maximum of the finite values from ``start`` to ``end``; (inf, -inf) if there is none."""
    if trace.inside(start, end) == (0, trace.series.size):
        return trace.envelope.range(trace.series)
    columns = trace.envelope.columns(trace.series, start, end, 256)
    return float(np.fmin.reduce(columns.low, initial=np.inf)), float(np.fmax.reduce(columns.high, initial=-np.inf))


class _Curve(NamedTuple):
    """A trace in fractions of the canvas."""

    x: np.ndarray
    y: np.ndarray
    breaks: list[int]
    """Points not joined to the one before."""
    centre_x: np.ndarray
    """Middle of the curve: smoothed where that is asked for."""
    centre_y: np.ndarray
    gaps: list[int]
    """Points of the middle not joined to the one before."""
    bad: np.ndarray
    """Where values are NaN or infinite."""
    below: np.ndarray
    """Where values cannot be shown on a logarithmic axis."""


def _curve(trace: Trace, scale: Scale, start: float, end: float, count: int, dot: float, smoothing: float) -> _Curve:
    """Every point of a short curve, or the range of each of ``count`` columns of a long one."""
    series = trace.series
    first, last = trace.inside(start, end)
    if last - first <= count:
        x, values = (series.steps[first:last] - start) / (end - start), series.values[first:last]
        finite = np.isfinite(values)
        values = np.where(finite, values, np.nan)
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
    rising = _rising(low, high)
    thin = high - low < dot
    pairs = np.stack((np.where(rising, low, high), np.where(rising, high, low)), 1)
    pairs[thin, 0] = mean[thin]
    kept = np.stack((np.ones(len(held), bool), ~thin), 1)
    firsts = np.concatenate(([0], np.cumsum(kept.sum(1))))[:-1]
    centre = columns.mean[held]
    centre = scale.fraction(smoothed(centre, smoothing)) if smoothing else mean
    below = at[columns.low[held] <= 0] if scale.log else at[:0]
    line_x, line_y, breaks = np.repeat(at, 2).reshape(-1, 2)[kept], pairs[kept], firsts[broken].tolist()
    if last - first <= count:
        left, right = _crossing(trace, scale, start, first), _crossing(trace, scale, end, last)
        line_x = np.concatenate(([0.0] * len(left), line_x, [1.0] * len(right)))
        line_y = np.concatenate((left, line_y, right))
        breaks = [index + len(left) for index in breaks]
    return _Curve(
        line_x,
        line_y,
        breaks,
        at,
        centre,
        np.flatnonzero(broken).tolist(),
        x[columns.bad > 0],
        below,
    )


def _rising(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Which ranges a line goes through from below, if it enters each at the nearer end: with the least ink."""
    at, rising = -math.inf, []
    for bottom, top in zip(low.tolist(), high.tolist(), strict=True):
        rising.append(abs(at - bottom) <= abs(at - top))
        at = top if rising[-1] else bottom
    return np.array(rising, bool)


def _crossing(trace: Trace, scale: Scale, step: float, place: int) -> np.ndarray:
    """Where the line from point ``place`` - 1 to point ``place`` crosses ``step``, as a fraction; empty if it does not,
    or if a point is not finite."""
    if not 0 < place < trace.series.size:
        return np.empty(0)
    steps, values = trace.series.steps[place - 1 : place + 1], trace.series.values[place - 1 : place + 1]
    if not np.isfinite(values).all() or (scale.log and (values <= 0).any()):
        return np.empty(0)
    share = (step - steps[0]) / (steps[1] - steps[0])
    return scale.fraction(np.array([values[0] * (1 - share) + values[1] * share]))


def _markers(trace: Trace, points: int, cells: int, span: tuple[float, float], *, alone: bool) -> slice | None:
    """Which points carry the trace's glyph: all of a sparse one, else some where curves must be distinguished."""
    if trace.sparse(cells, span):
        return slice(None)
    if alone or trace.style == 0:
        return None
    stride = max(1, int(points * 12 / max(1.0, trace.share(span) * cells)))
    return slice((trace.style * stride) // len(GLYPHS), None, stride)


def _least_positive(trace: Trace, start: float, end: float) -> float:
    """The smallest positive value known of each column's minimum, mean and maximum."""
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
    """Write each label next to its mark in the topmost row where it hides nothing; the newest first."""
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
