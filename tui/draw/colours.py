"""Colours that stand for values: colour maps in a few levels, colours of classes, and ink that can be read on them.

A cell's colours are named by its pen, ``shade <ink> <ground>``, each a token: ``v0`` … ``v32`` a level of the
sequential map, ``d…`` of the diverging one, ``g…`` a grey, ``c…`` a class, ``b…`` its bright colour, ``x5f87af`` a
colour itself, ``bad`` what is not finite; as ink also ``ink``, black or white, whichever can be read; as ground also
``none``, the panel's own. There are few levels, so that few styles are made, and a cell whose value hardly changes is
not sent to the terminal again.

The sequential map is viridis (Smith & van der Walt 2015): its lightness grows evenly, also for colour-blind eyes and in
print. The diverging one goes from blue over the shade of the background to orange, so that strength reads as contrast.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from descend.engine.run.packed_array import find_not_yet
from descend.tui.draw import ticks

if TYPE_CHECKING:
    from descend.tui.draw.rows import Row

TOP = 32
"""The highest level of a map; the lowest is 0."""
BAD = {TOP + 1: "×", TOP + 2: "↑", TOP + 3: "↓", TOP + 4: ticks.ABSENT}
"""Levels of what is not finite, and the sign of each: NaN, inf, -inf, not computed yet."""
RAMP = " .:-=+*#%@"
"""Levels without colour: the more ink, the higher."""
_LARGEST = 1e300
_MAPS = {
    "v": "440154 482878 3e4a89 31688e 26828e 1f9e89 35b779 6dcd59 b4de2c fde725",
    "d": "a6dcff 5aa9e6 2f72b0 25466e 262626 6e3c1c b25c1c ec8a3c ffcf9a",
    "l": "053061 2166ac 5a9fd0 b3d3e8 f2f2f2 f6d0b0 e59a5c c0611b 7f3400",
    "g": "000000 ffffff",
}
"""Evenly spaced colours between which each map is linear; ``l`` is the diverging map of light themes."""
_MAPS_OF_256 = {
    "v": "5f005f 5f0087 005f87 008787 00af87 5fd75f afd700 ffff00",
    "d": "afd7ff 5fafff 0087d7 005f87 262626 875f00 d75f00 ffaf5f ffd7af",
    "l": "005f87 0087d7 5fafff afd7ff eeeeee ffd7af ffaf5f d75f00 875f00",
}
"""The maps in steps of colours that terminals with 256 have: the nearest ones to those above are out of order."""

RGB = tuple[int, int, int]
"""Red, green and blue, 0 … 255."""


class Scale(NamedTuple):
    """What values the ends of a colour map stand for.

    A scale that holds values on both sides of zero is diverging: zero is in the middle of its map, and equal distances
    from it are equally strong."""

    low: float
    high: float

    @property
    def map(self) -> str:
        """The token of its map."""
        return "d" if self.low < 0 < self.high else "v"

    def levels(self, values: np.ndarray) -> np.ndarray:
        """The level of each value, any shape; what is not finite has a level of `BAD`."""
        low, high = self.low, self.high
        if self.map == "d":
            high = max(-low, high)
            low = -high
        size = max(abs(low), abs(high)) or 1.0
        width = high / size - low / size
        with np.errstate(invalid="ignore", over="ignore"):
            share = (values.astype(np.float64) / size - low / size) / width if width > 0 else values * 0.0 + 0.5
        finite = np.isfinite(values)
        result = np.round(np.where(finite, share, 0.0).clip(0, 1) * TOP).astype(np.int64)
        if not finite.all():
            result[~finite] = np.where(np.isnan(values), TOP + 1, np.where(values > 0, TOP + 2, TOP + 3))[~finite]
            result[find_not_yet(values)] = TOP + 4
        return result

    def bar(self, cells: int, colour: bool) -> Row:
        """The scale as a legend: its ends, the colours between them, and where zero is if it is inside."""
        low, high = self.low, self.high
        values = np.linspace(low, high, 2 * cells) if high > low else np.full(2 * cells, low)
        levels = self.levels(values).tolist()
        zero = min(cells - 1, int(-low / (high - low) * cells)) if self.map == "d" else -1
        row: Row = [(f"{_short(low)} ", "muted")]
        for place in range(cells):
            left, right = levels[2 * place : 2 * place + 2]
            if not colour:
                row.append(("0" if place == zero else ramp(left), "value" if place == zero else "text"))
            elif place == zero:
                row.append(("0", f"shade ink {self.map}{right}"))
            else:
                row.append(("▌", f"shade {self.map}{left} {self.map}{right}"))
        return [*row, (f" {_short(high)}", "muted")]


def scale(values: np.ndarray, low: float | None = None, high: float | None = None) -> Scale:
    """A scale for ``values``, from ``low`` to ``high`` where those are given, else between round numbers."""
    finite = values[np.isfinite(values)]
    lowest, highest = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    lowest, highest = (min(max(end, -_LARGEST), _LARGEST) for end in (lowest, highest))
    given = [
        min(max(end, -_LARGEST), _LARGEST) if end is not None and math.isfinite(end) else None for end in (low, high)
    ]
    if lowest == highest and given == [None, None]:
        start, end = (0.0, lowest) if lowest > 0 else (lowest, 0.0) if lowest < 0 else (0.0, 1.0)
        return Scale(start, end)
    start, end, _ = ticks.linear(lowest, highest, 5)
    if lowest >= 0 > start or highest <= 0 < end:
        start, end = max(start, 0.0) if lowest >= 0 else start, min(end, 0.0) if highest <= 0 else end
    start, end = start if given[0] is None else given[0], end if given[1] is None else given[1]
    return Scale(start, end) if start <= end else Scale(end, start)


def _short(value: float) -> str:
    text = ticks.number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def ramp(level: int) -> str:
    """The character of a level, where there are no colours."""
    return BAD.get(level) or RAMP[round(level / TOP * (len(RAMP) - 1))]


class Palette(NamedTuple):
    """What shades look like on a screen.

    Attributes:
        dark: whether its background is dark.
        few: whether it has 256 colours.
        series: gives the colour of a series, 0 … 5.
    """

    dark: bool
    few: bool
    series: Callable[[int], RGB]

    def shade(self, pen: str) -> tuple[RGB, RGB | None]:
        """Ink and ground of a pen ``shade <ink> <ground>``; no ground is that of the panel."""
        _, ink, ground = pen.split(" ")
        if ground == "none":
            return self._colour(ink), None
        below = self._colour(ground)
        return readable(below) if ink == "ink" else self._colour(ink), below

    def _colour(self, token: str) -> RGB:
        kind, rest = token[0], token[1:]
        if kind == "x":
            return _rgb(rest)
        if kind in "vdg" and rest == str(TOP + 4):
            return (44, 44, 44) if self.dark else (228, 228, 228)
        if token == "bad" or (kind in "vdg" and int(rest) > TOP):
            return (110, 110, 110) if self.dark else (150, 150, 150)
        if kind in "bc":
            return self._class(int(rest), bright=kind == "b")
        return _map("l" if kind == "d" and not self.dark else kind, self.few)[int(rest)]

    def _class(self, index: int, bright: bool) -> RGB:
        """The colour of a class: a series' colour, subdued unless ``bright``, so that points drawn on it stand out."""
        full = self.series(index % 6)
        if bright:
            return full
        share, ground = (0.5, 0.72, 0.3)[index // 6 % 3], 24 if self.dark else 244
        red, green, blue = (int(ground + (part - ground) * share) for part in full)
        return red, green, blue


@functools.cache
def _map(name: str, few: bool) -> list[RGB]:
    """The colours of a map's levels; ``few``: for terminals with 256 colours."""
    stepped = few and name in _MAPS_OF_256
    stops = [_rgb(stop) for stop in (_MAPS_OF_256 if stepped else _MAPS)[name].split()]
    if stepped:
        return [stops[round(level / TOP * (len(stops) - 1))] for level in range(TOP + 1)]
    result = []
    for level in range(TOP + 1):
        place = level / TOP * (len(stops) - 1)
        before = min(int(place), len(stops) - 2)
        share = place - before
        a, b = stops[before], stops[before + 1]
        result.append((_mix(a[0], b[0], share), _mix(a[1], b[1], share), _mix(a[2], b[2], share)))
    return result


def _rgb(digits: str) -> RGB:
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _mix(a: int, b: int, share: float) -> int:
    return round(a + (b - a) * share)


def luminance(colour: RGB) -> float:
    """Relative luminance by WCAG 2, 0 … 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def readable(ground: RGB) -> RGB:
    """Black or white, whichever has more contrast on ``ground``."""
    return (0, 0, 0) if luminance(ground) > 0.179 else (255, 255, 255)
