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
from typing import TYPE_CHECKING, NamedTuple

from rich.style import Style

from descend.tui.draw import ticks

if TYPE_CHECKING:
    import numpy as np
    from textual.color import Color

    from descend.tui.draw.rows import Row
    from descend.tui.panels.panel import Panel

TOP = 32
"""The highest level of a map; the lowest is 0."""
BAD = {TOP + 1: "×", TOP + 2: "↑", TOP + 3: "↓"}
"""Levels of what is not finite, and the sign of each: NaN, inf, -inf."""
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

_RGB = tuple[int, int, int]


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
        import numpy as np

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
        return result

    def bar(self, cells: int, colour: bool) -> Row:
        """The scale as a legend: its ends, the colours between them, and where zero is if it is inside."""
        import numpy as np

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
    import numpy as np

    finite = values[np.isfinite(values)]
    least, most = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    least, most = (min(max(end, -_LARGEST), _LARGEST) for end in (least, most))
    given = [
        min(max(end, -_LARGEST), _LARGEST) if end is not None and math.isfinite(end) else None for end in (low, high)
    ]
    if least == most and given == [None, None]:
        start, end = (0.0, least) if least > 0 else (least, 0.0) if least < 0 else (0.0, 1.0)
        return Scale(start, end)
    start, end, _ = ticks.linear(least, most, 5)
    if least >= 0 > start or most <= 0 < end:
        start, end = max(start, 0.0) if least >= 0 else start, min(end, 0.0) if most <= 0 else end
    start, end = start if given[0] is None else given[0], end if given[1] is None else given[1]
    return Scale(start, end) if start <= end else Scale(end, start)


def _short(value: float) -> str:
    text = ticks.number(value)
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def ramp(level: int) -> str:
    """The character of a level, where there are no colours."""
    return BAD.get(level) or RAMP[round(level / TOP * (len(RAMP) - 1))]


def in_colour(panel: Panel) -> bool:
    """Whether values can be told by colour: half blocks are there, more than sixteen colours, and both are wanted."""
    if not panel.is_attached or not panel.draws_unicode:
        return panel.draws_unicode
    return not panel.app.no_color and panel.app.console.color_system not in (None, "standard", "windows")


def is_dark(panel: Panel) -> bool:
    """Whether the panel's theme has a dark background."""
    return not panel.is_attached or panel.app.current_theme.dark


def shaded(panel: Panel, pen: str) -> Style | None:
    """The style of a pen ``shade <ink> <ground>``; None for other pens."""
    if not pen.startswith("shade "):
        return None
    _, ink, ground = pen.split(" ")
    if ground == "none":
        return Style(color=_hex(_colour(panel, ink)), bgcolor=panel.style("text").bgcolor)
    below = _colour(panel, ground)
    above = _readable(below) if ink == "ink" else _colour(panel, ink)
    return Style(color=_hex(above), bgcolor=_hex(below))


def _hex(colour: _RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _colour(panel: Panel, token: str) -> _RGB:
    kind, rest = token[0], token[1:]
    if kind == "x":
        return _rgb(rest)
    if token == "bad" or (kind in "vdg" and int(rest) > TOP):
        return (110, 110, 110) if is_dark(panel) else (150, 150, 150)
    if kind in "bc":
        return _class(panel, int(rest), bright=kind == "b")
    few = panel.is_attached and panel.app.console.color_system == "256"
    return _map("l" if kind == "d" and not is_dark(panel) else kind, few)[int(rest)]


def _class(panel: Panel, index: int, bright: bool) -> _RGB:
    """The colour of a class: a series' colour, subdued unless ``bright``, so that points drawn on it stand out."""
    from textual.color import Color

    full: Color = panel.get_component_styles(f"panel--series-{index % 6 + 1}").color
    share = (0.5, 0.72, 0.3)[index // 6 % 3]
    return full.rgb if bright else Color(*((24, 24, 24) if is_dark(panel) else (244, 244, 244))).blend(full, share).rgb


@functools.cache
def _map(name: str, few: bool) -> list[_RGB]:
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


def _rgb(digits: str) -> _RGB:
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def _mix(a: int, b: int, share: float) -> int:
    return round(a + (b - a) * share)


def luminance(colour: _RGB) -> float:
    """Relative luminance by WCAG 2, 0 … 1."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _readable(ground: _RGB) -> _RGB:
    """Black or white, whichever has more contrast on ``ground``."""
    return (0, 0, 0) if luminance(ground) > 0.179 else (255, 255, 255)
