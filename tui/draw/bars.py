"""Horizontal bars with names and values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len

from descend.engine.run.packed_array import is_not_yet
from descend.engine.run.records import Bars
from descend.tui.cell_text import ascii_only, fit, plain
from descend.tui.draw.legend import Entry, look
from descend.tui.draw.rows import Row, joined, sized, wrapped
from descend.tui.draw.ticks import number

EIGHTHS = " ▏▎▍▌▋▊▉█"
ASCII_BARS = "#=*o+%"
NARROWEST = 8
"""Cells of a bar at least, before its name gives way."""
WIDEST = 11
"""Cells of a value at most where decimal points are aligned."""
COLUMN = 34
"""Cells of a column at least, where all bars do not fit below one another."""


class Bar(NamedTuple):
    """A name and its value in each group."""

    name: str
    values: tuple[float, ...]


def bars_of(record: Bars) -> list[Bar]:
    """The bars of a record."""
    columns = [values.numpy().astype(float).tolist() for values in record.groups.values()]
    return [Bar(plain(name), values) for name, values in zip(record.labels, zip(*columns, strict=True), strict=True)]


def draw_bars(table: Sequence[Bar], width: int, height: int, unicode: bool = True) -> list[Row]:
    """The bars in rows of ``width`` cells, in several columns if they need them and have room; those that have none
    are counted, and are the smallest."""
    if not table:
        return wrapped("no bars", width, height)
    groups = len(table[0].values)
    columns = max(1, min(width // COLUMN, -(-len(table) * groups // max(1, height))))
    lines = height if -(-len(table) // columns) * groups <= height else height - 1
    shown = largest(table, max(1, lines // groups) * columns)
    each = -(-len(shown) // columns)
    gap = int(each * (groups + 1) - 1 <= lines)
    cells = (width - 2 * (columns - 1)) // columns
    scale = _Scale.of(shown, table, cells, unicode)
    texts = aligned([value for bar in shown for value in bar.values])
    stacks: list[list[Row]] = [[] for _ in range(columns)]
    for index, bar in enumerate(shown):
        stacks[index // each] += [*scale.rows(bar, texts[index * groups :]), *[[]] * gap]
    rows: list[Row] = []
    for line in range(lines):
        parts = [sized(stack[line], cells) if line < len(stack) else sized([], cells) for stack in stacks]
        rows.append([run for index, part in enumerate(parts) for run in [("  " if index else "", "text"), *part]])
    if lines < height:
        more = len(table) - len(shown)
        said = f"… {more} of {len(table)} not shown" if width >= 26 else f"… {more} more"
        if width >= 44:
            said += ", none is larger"
        rows.append([(said if unicode else ascii_only(said), "muted")])
    return [sized(joined(row), width) for row in rows]


def largest(table: Sequence[Bar], count: int) -> Sequence[Bar]:
    """The ``count`` bars that reach furthest from zero, or are not finite, in their own order."""

    def reach(index: int) -> float:
        return max(abs(value) if math.isfinite(value) else math.inf for value in table[index].values)

    return [table[index] for index in sorted(sorted(range(len(table)), key=reach, reverse=True)[:count])]


class _Scale(NamedTuple):
    """What bars have in common: cells of the name, of the bar and of the value, the range of values and the cell in
    which zero is."""

    name: int
    bar: int
    value: int
    low: float
    high: float
    signs: bool
    unicode: bool

    @classmethod
    def of(cls, shown: Sequence[Bar], table: Sequence[Bar], cells: int, unicode: bool) -> _Scale:
        """For the bars ``shown`` of all those in ``table``, by which they are measured."""
        values = [value for bar in shown for value in bar.values]
        finite = [value for bar in table for value in bar.values if math.isfinite(value)]
        signs = len(shown[0].values) > 1
        value = max(map(len, aligned(values)))
        longest = max(cell_len(bar.name) for bar in shown)
        spare = cells - value - 2 - 2 * signs
        name = min(longest, max(cells // 3, spare - cells // 2))
        if spare - name < NARROWEST:
            name = max(0, min(longest, spare))
        bar = max(0, spare - name)
        return cls(name, bar, value, min(0.0, *finite, 0.0), max(0.0, *finite, 0.0), signs, unicode)

    def rows(self, bar: Bar, texts: Sequence[str]) -> list[Row]:
        """A row for each group of ``bar``, whose values read ``texts``."""
        rows = []
        for group, (value, text) in enumerate(zip(bar.values, texts, strict=False)):
            glyph, pen = look(group)
            name = fit(bar.name if not group else "", self.name)
            if not self.unicode:
                name, glyph = ascii_only(name), ASCII_BARS[group % len(ASCII_BARS)]
            row: Row = [(f"{name} " if self.name else "", "text"), (f"{glyph} " if self.signs else "", pen)]
            row += self._bar(value, pen, glyph if self.signs else ASCII_BARS[0])
            row.append((f" {text}", "value" if math.isfinite(value) else "muted" if is_not_yet(value) else "error"))
            rows.append([run for run in row if run[0]])
        return rows

    def _bar(self, value: float, pen: str, character: str) -> Row:
        """A bar to the right or left of zero, which is an axis if there are negative values."""
        if not self.bar:
            return []
        both = self.low < 0 and self.bar >= 3
        room = self.bar - both
        half = self.high / 2 - self.low / 2 or 1.0  # the whole range may be too large for a float, and half too small
        zero = round(room * (-self.low / 2 / half)) if both else 0
        zero = min(max(zero, int(both)), room - int(both and self.high > 0))
        left, right = zero, room - zero
        share = abs(value / 2 / half) if math.isfinite(value) and value else 0.0
        bar = self._blocks(min(share * room, left if value < 0 else right), character)
        if value < 0:
            bar = bar.translate(_TO_THE_LEFT)[::-1]
        axis: Row = [("│" if self.unicode else "|", "axis")] if both else []
        before = fit(bar, left, right=True) if value < 0 and both else " " * left
        after = fit(bar, right) if not (value < 0 and both) else " " * right
        return [(before, pen), *axis, (after, pen)]

    def _blocks(self, cells: float, character: str) -> str:
        if not self.unicode:
            return character * max(round(cells), int(cells > 0))
        eighths = max(round(cells * 8), int(cells > 0))
        return "█" * (eighths // 8) + EIGHTHS[eighths % 8].strip()


_TO_THE_LEFT = str.maketrans("▏▎▍▌▋▊▉", "▕▕▐▐▐██")
"""There are no eighths that grow to the left: the nearest of an eighth, a half and a whole cell."""


def aligned(values: Sequence[float]) -> list[str]:
    """The values, their decimal points below one another where that takes little room."""
    parts = [number(value).partition(".") for value in values]
    left, right = max(len(whole) for whole, _, _ in parts), max(len(point + rest) for _, point, rest in parts)
    if left + right > WIDEST or any("e" in rest for _, _, rest in parts):
        left = max(len("".join(part)) for part in parts)
        return ["".join(part).rjust(left) for part in parts]
    return [f"{whole:>{left}}{point + rest:<{right}}" for whole, point, rest in parts]


def entries(record: Bars, unicode: bool) -> list[Entry]:
    """The key: what the groups are."""
    signs = len(record.groups) > 1
    return [
        Entry((look(index)[0] if unicode else ASCII_BARS[index % len(ASCII_BARS)]) if signs else "", _named(name), pen)
        for index, (name, pen) in enumerate((name, look(index)[1]) for index, name in enumerate(record.groups))
    ]


def _named(group: str) -> str:
    """A group's name, which Python requires without blanks, as it is read."""
    return plain(group).replace("_", " ")
