"""Small charts as SVG: lines, marks and matrices with labelled axes, readable without colour."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 460, 360, 64, 36, 16, 52
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#999999")
"""Okabe & Ito's, which also colour-blind people tell apart."""
DASHES = ("", "6 3", "2 3", "8 3 2 3")
MARKED = 20
"""Points of a line that are marked as well, at most."""

Points = Sequence[tuple[float, float]]


def draw_chart(
    title: str,
    axes: tuple[str, str],
    lines: Mapping[str, Points],
    marks: Points = (),
    diagonal: bool = False,
    unit: tuple[bool, bool] = (False, False),
) -> str:
    """Lines, and marks, over two axes.

    Args:
        title: what it shows.
        axes: what runs to the right and what up, with units.
        lines: the points of each, by its name.
        marks: single points.
        diagonal: whether to draw where both coordinates are equal.
        unit: whether the axis to the right, and the one up, run from 0 to 1.
    """
    points = [point for line in lines.values() for point in line] + [*marks]
    (x0, x1), (y0, y1) = ((0.0, 1.0) if unit[axis] else span(point[axis] for point in points) for axis in (0, 1))
    if diagonal:
        x0 = y0 = min(x0, y0)
        x1 = y1 = max(x1, y1)

    def place(point: tuple[float, float]) -> tuple[float, float]:
        x = LEFT + (point[0] - x0) / (x1 - x0) * (WIDTH - LEFT - RIGHT)
        return x, HEIGHT - BOTTOM - (point[1] - y0) / (y1 - y0) * (HEIGHT - TOP - BOTTOM)

    parts = [draw_frame(title, axes)]
    below = HEIGHT - BOTTOM + 16
    parts += [draw_text(f"{x:g}", place((x, y0))[0], below, "middle") for x in choose_ticks(x0, x1)]
    parts += [draw_text(f"{y:g}", LEFT - 6, place((x0, y))[1] + 4, "end") for y in choose_ticks(y0, y1)]
    if diagonal:
        parts.append(draw_line([place((x0, y0)), place((x1, y1))], "#999999", "2 4"))
    for x, y in map(place, marks):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{COLOURS[0]}" fill-opacity="0.5"/>')
    for number, (name, line) in enumerate(lines.items()):
        colour, dash = COLOURS[number % len(COLOURS)], DASHES[number // len(COLOURS) % len(DASHES)]
        dash = dash or DASHES[number % len(DASHES)]
        parts.append(draw_line([*map(place, line)], colour, dash))
        if len(line) <= MARKED:
            parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in map(place, line)]
        if len(lines) > 1:
            y = TOP + 14 + 15 * number
            parts.append(draw_line([(WIDTH - 150, y - 4), (WIDTH - 122, y - 4)], colour, dash))
            parts.append(draw_text(name, WIDTH - 116, y, "start"))
    return wrap_svg(parts)


def draw_matrix(title: str, axes: tuple[str, str], names: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
    """Counts in cells that are darker the larger their share of the row; ``names`` of rows and columns alike."""
    side = min((WIDTH - LEFT - RIGHT) / len(names), (HEIGHT - TOP - BOTTOM) / len(names))
    parts = [draw_frame(title, axes, bare=True)]
    for i, row in enumerate(rows):
        total = max(1, sum(row))
        y = TOP + i * side
        parts.append(draw_text(names[i][:9], LEFT - 6, y + side / 2 + 4, "end"))
        parts.append(draw_text(names[i][:9], LEFT + (i + 0.5) * side, TOP + len(names) * side + 14, "middle"))
        for j, count in enumerate(row):
            shade = round(255 - 200 * count / total)
            x = LEFT + j * side
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{side:.1f}" height="{side:.1f}" '
                f'fill="rgb({shade},{shade},255)" stroke="#ffffff"/>'
            )
            if side >= 20:
                ink = "#ffffff" if shade < 130 else "#222222"
                parts.append(draw_text(str(count), x + side / 2, y + side / 2 + 4, "middle", ink))
    return wrap_svg(parts)


def choose_ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers from ``low`` to ``high``."""
    size = 10.0 ** math.floor(math.log10((high - low) / 3))
    step = next(size * factor for factor in (1, 2, 5, 10) if (high - low) / (size * factor) <= 6)
    first = math.ceil(low / step - 1e-9)
    return [round(step * number, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


def span(values: object) -> tuple[float, float]:
    """The range of ``values`` with a little room."""
    found = [float(value) for value in values]  # type: ignore[attr-defined]
    low, high = min(found, default=0.0), max(found, default=1.0)
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def draw_frame(title: str, axes: tuple[str, str], bare: bool = False) -> str:
    """The title, the names of the axes and, unless ``bare``, the box."""
    middle = TOP + (HEIGHT - TOP - BOTTOM) / 2
    box = (
        f'<rect x="{LEFT}" y="{TOP}" width="{WIDTH - LEFT - RIGHT}" height="{HEIGHT - TOP - BOTTOM}" fill="none" '
        'stroke="#888888"/>'
    )
    return "\n".join(
        [
            draw_text(title, WIDTH / 2, 22, "middle", weight="bold"),
            draw_text(axes[0], LEFT + (WIDTH - LEFT - RIGHT) / 2, HEIGHT - 10, "middle"),
            f'<g transform="rotate(-90 14 {middle:.1f})">{draw_text(axes[1], 14, middle, "middle")}</g>',
            *([] if bare else [box]),
        ]
    )


def draw_text(text: str, x: float, y: float, anchor: str, colour: str = "#222222", weight: str = "normal") -> str:
    """A text, its middle, start or end at a place."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-weight="{weight}">'
        f"{escape(text)}</text>"
    )


def draw_line(points: Points, colour: str, dash: str) -> str:
    """A line through places."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    drawn = f'fill="none" stroke="{colour}" stroke-width="1.6" stroke-dasharray={quoteattr(dash)}'
    return f'<polyline points="{path}" {drawn}/>'


def wrap_svg(parts: Sequence[str]) -> str:
    """The whole file."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'font-family="sans-serif" font-size="11">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
            *parts,
            "</svg>\n",
        ]
    )
