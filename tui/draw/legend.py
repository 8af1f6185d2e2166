"""The key of a picture: what its signs and colours stand for, at the edge of the frame or, where there are too many
names for that, in rows of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from descend.tui.cell_text import fit
from descend.tui.draw.linechart import GLYPHS, PENS
from descend.tui.draw.rows import Row, length, sized

LONGEST, SHORTER = 24, (12, 8, 5, 3)
"""Cells of a name at most, and where there is little room, as long as names stay distinct."""


class Entry(NamedTuple):
    """One sign, what it stands for and, for instance, how often it is there."""

    sign: str
    name: str
    pen: str
    value: str = ""

    def row(self, full: bool, longest: int = LONGEST) -> Row:
        """The entry in words, with or without its value, its name in at most ``longest`` cells."""
        name = fit(self.name, min(cell_len(self.name), longest))
        row: Row = [(f"{self.sign} {name}".strip(), self.pen)]
        return [*row, (f" {self.value}", "value")] if full and self.value else row


def look(index: int) -> tuple[str, str]:
    """Glyph and pen of the thing ``index``; 36 differ in one or both."""
    count = len(GLYPHS)
    return GLYPHS[(index + index // count) % count], PENS[index % count]


def spaced(parts: Sequence[Row]) -> Row:
    """Parts in a row, two blanks apart."""
    row: Row = []
    for part in parts:
        row += [*([("  ", "frame")] if row else []), *part]
    return row


def legends(entries: Sequence[Entry]) -> list[Row]:
    """The key in one row, with values and without."""
    return [spaced([entry.row(full) for entry in entries]) for full in (True, False)]


def beside(row: Row, title: str, width: int) -> bool:
    """Whether the edge of a frame around ``width`` cells has room for ``row`` next to ``title``."""
    return length(row) + cell_len(title) + 9 <= width + (4 if width >= 26 else 2)


def draw_key(entries: Sequence[Entry], title: str, width: int, lines: int) -> list[Row]:
    """The key in at most ``lines`` rows of ``width`` cells; none where the frame's edge has room for it next to
    ``title``. What has no room is counted."""
    if lines < 1 or not entries or beside(legends(entries)[1], title, width):
        return []
    ways = [*([entry.row(full) for entry in entries] for full in (True, False)), *shorter(entries)]
    found = next((rows for way in ways if len(rows := flowed(way, width)) <= lines), None)
    return [sized(row, width) for row in found or fitted(ways[1], width, lines)]


def fitted(parts: Sequence[Row], width: int, lines: int) -> list[Row]:
    """As many parts as there is room for in ``lines`` rows, and how many have none."""
    rows, count = flowed(parts, width), min(len(parts), lines * width)
    while len(rows) > lines and count:
        count -= 1
        rows = flowed([*parts[:count], _more(len(parts) - count)], width)
    return rows


def shorter(entries: Sequence[Entry]) -> list[list[Row]]:
    """The names in ever shorter versions, as long as they stay distinct."""
    ways = [[entry.row(False, longest) for entry in entries] for longest in SHORTER]
    return [
        way
        for way in ways
        if len({row[0][0][len(entry.sign) :] for row, entry in zip(way, entries, strict=True)}) == len(entries)
    ]


def _more(count: int) -> Row:
    return [(f"… {count} more", "muted")]


def flowed(parts: Sequence[Row], width: int) -> list[Row]:
    """Parts set in rows like words."""
    rows: list[Row] = [[]]
    for part in parts:
        longer = spaced([rows[-1], part]) if rows[-1] else part
        if length(longer) <= width or not rows[-1]:
            rows[-1] = longer
        else:
            rows.append(part)
    return rows
