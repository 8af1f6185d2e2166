"""A knob as a slider: where a value stands between the ends of its range, and which value comes next."""

from __future__ import annotations

import math

from rich.text import Text
from textual.widget import Widget

from descend.engine.base.knobs import Knob

NOTCHES = 40, 100
"""About how many values a linear slider has: for fractions, for whole numbers."""
LEAP = 4
"""Notches that the larger move takes."""
DECIMAL, BINARY = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0), (1.0, 1.5)
"""Values of a logarithmic slider in one decade, in one octave."""


def is_numeric(spec: Knob) -> bool:
    """Whether the knob is a number with a range."""
    return spec.type in (int, float) and not spec.choices and spec.low is not None and spec.high is not None


def place(spec: Knob, value: float) -> float:
    """Where ``value`` stands in the range, 0 … 1, by the knob's scale."""
    low, high = ends(spec)
    if high <= low:
        return 0.0
    share = math.log(max(value, low) / low) / math.log(high / low) if is_log(spec) else (value - low) / (high - low)
    return min(1.0, max(0.0, share))


def turned(spec: Knob, value: float, by: int) -> float:
    """The round value ``by`` notches on from ``value``, which need not be round itself, within the range."""
    low, high = ends(spec)
    for _ in range(abs(by)):
        value = beside(spec, value, 1 if by > 0 else -1)
    value = min(high, max(low, value))
    return int(value) if spec.type is int else value


def beside(spec: Knob, value: float, way: int) -> float:
    """The nearest round value above (1) or below (-1) ``value``."""
    low, high = ends(spec)
    if not is_log(spec):
        step = notch(high - low, NOTCHES[spec.type is int])
        step = max(1.0, step) if spec.type is int else step
        count = math.floor(value / step + 1e-9) + 1 if way > 0 else math.ceil(value / step - 1e-9) - 1
        return float(f"{count * step:.12g}")
    default = int(spec.default) if spec.type is int else 0
    base, series = (2, BINARY) if default > 1 and default & (default - 1) == 0 else (10, DECIMAL)
    power = math.floor(math.log(max(value, low), base))
    found = [float(f"{part * base**exponent:.12g}") for exponent in range(power - 1, power + 3) for part in series]
    if spec.type is int:
        found = [number for number in found if number == int(number)]
    near = [number for number in found if (number - value) * way > 1e-9 * abs(value)]
    return min(near, key=lambda number: abs(number - value)) if near else value + way


def notch(span: float, count: int) -> float:
    """1, 2 or 5 times a power of ten, at most about ``count`` of which fill ``span``."""
    raw = span / count
    power = 10.0 ** math.floor(math.log10(raw))
    return next(part * power for part in (1, 2, 5, 10) if part * power >= raw * 0.999)


def ends(spec: Knob) -> tuple[float, float]:
    """Both ends of the range."""
    return float(spec.low or 0), float(spec.high or 0)


def is_log(spec: Knob) -> bool:
    """Whether equal moves multiply; that takes a positive range."""
    return spec.scale == "log" and ends(spec)[0] > 0


def written(value: float) -> str:
    """A value as one would type it."""
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def drawn(spec: Knob, value: float | None, width: int) -> Text:
    """``├──●─┼──┤`` in ``width`` cells: ● the value, ┼ the lesson's own; None draws no value."""
    inside = max(1, width - 2)
    cells = ["─"] * inside
    cells[round(place(spec, float(spec.default)) * (inside - 1))] = "┼"
    if value is not None:
        cells[round(place(spec, value) * (inside - 1))] = "●"
    text = Text(f"├{''.join(cells)}┤", no_wrap=True)
    if value is not None:
        at = 1 + round(place(spec, value) * (inside - 1))
        text.stylize("bold", at, at + 1)
    return text


class Slider(Widget):
    """Draws a knob's range and its value; what changes the value is beside it."""

    DEFAULT_CSS = """
    Slider { height: 1; width: 20; color: $foreground 80%; }
    """

    def __init__(self, spec: Knob) -> None:
        super().__init__()
        self.spec = spec
        self.value: float | None = None

    def show(self, value: float | None) -> None:
        """Put the mark at ``value``; None: nowhere, what was entered is no value."""
        self.value = value
        self.refresh()

    def render(self) -> Text:
        return drawn(self.spec, self.value, self.size.width)
