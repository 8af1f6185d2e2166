"""Magnitudes per layer: how large gradients and weights are, and how much of its weights a step changes.

The table shows the newest step; where there is room, curves show one of the three for each layer over all steps. That
updates of about a thousandth of the weights are healthy is a rule of thumb: A. Karpathy, *CS231n*, "Ratio of
weights:updates".
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
from textual.binding import Binding, BindingType

from descend.engine.run.records import Layers
from descend.tui.cell_text import fit, plain
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.linechart import GLYPHS, LINE, PENS, Trace, draw_line_chart
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import decade_labels, number
from descend.tui.panels.panel_data import Data, columns, lists, words
from descend.tui.panels.picture_panel import PicturePanel
from descend.tui.panels.zoomable import ZoomableCurves

if TYPE_CHECKING:
    from descend.engine.run.history import History, Series
    from descend.engine.run.records import Picture

HEALTHY = 1e-4, 1e-2
"""Updates of about a thousandth of the weights are healthy; outside this band learning is slow, or leaps."""
MEASURES = ("gradient", "weight", "upd./weight")
"""What the curves can show."""
Charted = dict[str, tuple[Trace, str]]
"""The curve of a layer, by its name, and the sign that leads to it."""
SMALLEST_BAR = 8
CHART = 8
"""Rows a chart takes at least."""


class Layer(NamedTuple):
    """One row of the table; ``ratio`` is update ÷ weight, None if it is not known."""

    name: str
    gradient: float
    weight: float
    ratio: float | None

    @property
    def verdict(self) -> tuple[str, str]:
        """The layer's verdict, in words, and the pen to write it with."""
        if not math.isfinite(self.gradient):
            return "× not finite", "error"
        if self.gradient == 0:
            return "× no gradient", "error"
        if self.ratio is None:
            return "", "muted"
        if self.ratio < HEALTHY[0]:
            return "↓ slow", "warning"
        if self.ratio > HEALTHY[1]:
            return "↑ fast", "warning"
        return "✓ ok", "good"


class LayerPanel(ZoomableCurves, PicturePanel[Layers]):
    """Gradient, weight and update magnitudes of every layer.

    Attributes:
        measure: which of `MEASURES` the curves show.
    """

    kind = Layers
    order: ClassVar[int] = 20
    HELP = (
        "How large the gradient and the weights of each layer are, as Euclidean norms, and upd./weight: how much of "
        "its weights a step changes. About a thousandth (1e-3) is healthy. Below 1e-4 the layer hardly learns: the "
        "learning rate is too small, or its gradient vanishes. Above 1e-2 it leaps: the rate is too large. A gradient "
        "of zero means that nothing reaches the layer."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "measure", "Measure", tooltip="Curves of the gradient, of the weights, or of update ÷ weight"),
    ]

    def __init__(self, history: History, subject: str) -> None:
        super().__init__(history, subject)
        self.measure = MEASURES[0]
        self._curves = {measure: LayerCurves(measure) for measure in MEASURES}

    @classmethod
    def subjects(cls, series: Sequence[str], pictures: Sequence[str]) -> list[str]:
        return ["layers"] if "layers" in pictures else []

    @property
    def label(self) -> str:
        return "gradients by layer"

    def content(self, width: int, height: int) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        rows = layers_of(newest)
        tall = min(len(rows), height - 2 - CHART)
        self.smoothed = frozenset()
        if width < 30 or tall < min(len(rows), 3):
            return table(rows, width, height)
        drawn = [row.name for row in rows if row.name not in self.hidden]
        traces = self._curves[self.measure].traces(self.history.pictures["layers"], drawn)
        span = self.view(*(trace.series for trace in traces))
        charted = {trace.name: (trace, self._sign(trace, width, span)) for trace in traces}
        shown = table(rows, width, tall + 1, charted)
        band = self.measure == MEASURES[2]
        caption = f"{self.measure} over the steps" + (", healthy between the dotted lines" if band else "")
        rest, levels = height - len(shown) - 1, HEALTHY if band else ()
        self.find_noise(traces, width, rest, span, log=True, levels=levels)
        return [
            *shown,
            sized([(fit(caption, width), "muted")], width),
            *draw_line_chart(
                traces,
                width,
                rest,
                span=span,
                log=True,
                smoothing=self.smoothing,
                cursor=self.cursor,
                levels=levels,
                unicode=self.draws_unicode,
            ),
        ]

    def _sign(self, trace: Trace, cells: int, span: tuple[float, float]) -> str:
        """The sign of a layer's curve: what it is drawn with."""
        return LINE if trace.style == 0 and self.draws_unicode and not trace.sparse(cells - 8, span) else trace.glyph

    def names(self) -> list[str]:
        newest = self.newest()
        return [plain(name) for name in newest.names] if newest is not None else []

    def action_measure(self) -> None:
        """Have the curves show the next of `MEASURES`."""
        self.measure = MEASURES[(MEASURES.index(self.measure) + 1) % len(MEASURES)]
        self.redraw()

    def legends(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return []
        counts: dict[str, int] = {}
        for layer in layers_of(newest):
            word, pen = layer.verdict
            if pen in ("warning", "error"):
                counts[word] = counts.get(word, 0) + 1
        if counts:
            words = ", ".join(f"{count} {word}" for word, count in counts.items())
            return [[(words, "warning")], [(f"{sum(counts.values())} unhealthy", "warning")]]
        return [[("✓ updates healthy", "good")]] if newest.update is not None else []

    def notes(self) -> list[Row]:
        newest = self.newest()
        if newest is None:
            return [self.past()]
        when = self.when(newest.step)
        told = [run for part in self.told() for run in (*part, ("  ", "muted"))]
        about = "healthy upd./weight: about 1e-3"
        bands = (f"{about}, from 1e-4 to 1e-2", about, "healthy: 1e-3")
        full: list[Row] = [[*told, (f"{band}  ", "muted"), *when[0]] for band in bands]
        return [*full, *([[*told, *when[0]], told] if told else []), *when]

    @staticmethod
    def tabulate(picture: Layers) -> Data:
        norms = {"gradient": picture.gradient, "weight": picture.weight}
        if picture.update is not None:
            norms["update"] = picture.update
        return columns({"layer": words(picture.names), **lists(norms)})


class LayerCurves:
    """One of `MEASURES` of each layer as curves, grown with the list of pictures."""

    def __init__(self, measure: str = MEASURES[0]) -> None:
        self.measure = measure
        self._series: dict[str, Series] = {}
        self._envelopes: dict[str, Envelope] = {}
        self._taken = 0
        self._last: Picture | None = None

    def traces(self, pictures: Sequence[Picture], names: Sequence[str]) -> list[Trace]:
        """Curves of at most six of the layers ``names``: all of them, or some spread evenly from first to last."""
        self._grow(pictures)
        count = min(len(names), len(GLYPHS))
        chosen = [names[round(index * (len(names) - 1) / max(1, count - 1))] for index in range(count)]
        return [
            Trace(name, self._series[name], self._envelopes.setdefault(name, Envelope()), style)
            for style, name in enumerate(dict.fromkeys(chosen))
            if name in self._series
        ]

    def _grow(self, pictures: Sequence[Picture]) -> None:
        from descend.engine.run.history import Series

        if self._taken > len(pictures) or (self._taken and pictures[self._taken - 1] is not self._last):
            self._series, self._taken = {}, 0  # the run was resumed from an earlier step
        points: dict[str, tuple[list[int], list[float]]] = {}
        for picture in pictures[self._taken :]:
            if isinstance(picture, Layers):
                for name, value in zip(picture.names, _measured(picture, self.measure), strict=True):
                    steps, values = points.setdefault(plain(name), ([], []))
                    steps.append(picture.step)
                    values.append(value)
        for name, (steps, values) in points.items():
            self._series.setdefault(name, Series()).extend(np.array(steps), np.array(values))
        self._taken = len(pictures)
        self._last = pictures[-1] if pictures else None


def _measured(record: Layers, measure: str) -> list[float]:
    """``measure`` of each layer; NaN where it is not known."""
    gradient, weight = record.gradient.numpy(), record.weight.numpy()
    if measure == MEASURES[0]:
        found = gradient
    elif measure == MEASURES[1]:
        found = weight
    elif record.update is None:
        found = np.full(len(record.names), np.nan)
    else:
        found = np.divide(record.update.numpy(), weight, out=np.full(len(weight), np.nan), where=weight > 0)
    return [float(value) for value in found]


def layers_of(record: Layers) -> list[Layer]:
    """The rows of a record."""
    gradient, weight = record.gradient.numpy().tolist(), record.weight.numpy().tolist()
    update = record.update.numpy().tolist() if record.update is not None else None
    return [
        Layer(
            plain(name),
            gradient[index],
            weight[index],
            update[index] / weight[index] if update is not None and weight[index] > 0 else None,
        )
        for index, name in enumerate(record.names)
    ]


def table(layers: Sequence[Layer], width: int, height: int, charted: Charted | None = None) -> list[Row]:
    """A row a layer: name, bar and value of the gradient, weight, update ÷ weight and verdict, as room allows."""
    charted = charted or {}
    shown = _chosen(layers, height - 1)
    low, high = _decades([layer.gradient for layer in layers])
    key = 2 if charted else 0
    name = min(max((len(layer.name) for layer in layers), default=0), max(8, width // 4))
    name = max(name, 5)
    columns = {"gradient": 10, "weight": 9, "ratio": 12, "verdict": 14}
    if all(layer.ratio is None for layer in layers):
        columns.pop("ratio")
    for dropped in ("weight", "ratio", "verdict", "gradient"):
        if sum(columns.values()) + key + name + SMALLEST_BAR + 1 > width:
            columns.pop(dropped, None)
    bar = width - key - name - 1 - sum(columns.values())
    ends = decade_labels([10.0**low, 10.0**high])
    scale = ends[0] + fit(ends[1], max(0, bar - len(ends[0])), right=True)
    heads = {"gradient": "gradient", "weight": "weight", "ratio": "upd./weight"}
    header: Row = [(fit(" " * key + "layer", key + name + 1), "muted"), (fit(scale, max(0, bar)), "muted")]
    header += [(fit(heads[c], columns[c], right=True), "muted") for c in columns if c in heads]
    rows = [header]
    for layer in shown:
        trace, glyph = charted.get(layer.name, (None, ""))
        pen = trace.pen if trace else "muted" if charted else PENS[0]
        row: Row = [(glyph.ljust(key), pen), (fit(layer.name, name) + " ", "text")]
        row.append((_bar(layer.gradient, low, high, max(0, bar)), pen))
        cells = {
            "gradient": (number(layer.gradient), "value"),
            "weight": (number(layer.weight), "text"),
            "ratio": (_ratio(layer.ratio), "text"),
        }
        row += [(fit(cells[c][0], columns[c], right=True), cells[c][1]) for c in columns if c in cells]
        if "verdict" in columns:
            word, pen = layer.verdict
            row.append((f" {word}", pen))
        rows.append(row)
    if len(shown) < len(layers) and height > 2:
        rows.append([(f"… {len(layers) - len(shown)} more layers", "muted")])
    return [sized([run for run in row if run[0]], width) for row in [*rows, *([[]] * (height - len(rows)))]][:height]


def _chosen(layers: Sequence[Layer], count: int) -> Sequence[Layer]:
    """``count`` layers, or one less and room to say so: the one with the largest gradient, the last one, which learns
    first, those in trouble, then the others by their gradient; in their own order."""
    if len(layers) <= count:
        return layers
    count -= 1
    size = [layer.gradient if math.isfinite(layer.gradient) else math.inf for layer in layers]
    sound = [layer.verdict[1] not in ("error", "warning") for layer in layers]
    ranked = sorted(range(len(layers)), key=lambda index: (sound[index], -size[index]))
    first = dict.fromkeys([size.index(max(size)), len(layers) - 1, *ranked])
    return [layers[index] for index in sorted([*first][: max(1, count)])]


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """Powers of ten around the positive ``values``, at most eight decades."""
    positive = [value for value in values if value > 0 and math.isfinite(value)]
    if not positive:
        return -1, 0
    high = math.ceil(math.log10(max(positive)) - 1e-9)
    return max(min(math.floor(math.log10(min(positive)) + 1e-9), high - 1), high - 8), high


def _bar(value: float, low: int, high: int, cells: int) -> str:
    """A bar for ``value`` from 10^low to 10^high, to half a cell; at least half a cell for any gradient."""
    if not math.isfinite(value):
        return fit("×", cells)
    share = (math.log10(value) - low) / (high - low) if value > 0 else 0.0
    halves = max(round(min(1.0, max(0.0, share)) * cells * 2), 1) if value > 0 else 0
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(cells)[:cells]


def _ratio(ratio: float | None) -> str:
    if ratio is None:
        return "–"
    return f"{ratio:.1e}".replace("e-0", "e-") if ratio else "0"
