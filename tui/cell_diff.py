"""What is sent to the terminal, reduced to the cells that look different from what it shows already.

Textual sends each changed line from the left edge of the widget on, each stretch of one colour with all its colours and
a reset after it. This keeps what the terminal shows, as curses does, and sends the cells that changed, with the colours
that changed: a third of the bytes or less, which is what counts over a slow line.
"""

from __future__ import annotations

import functools
import math
import re
from itertools import repeat

from rich.cells import get_character_cell_size

_TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|([^\x00-\x1f\x7f-\x9f]+)|\n")
_ATTRIBUTES = {"1", "2", "3", "4", "5", "6", "7", "8", "9", "21", "51", "52", "53"}
_SHOWING = {"4", "5", "6", "7", "9", "21", "51", "52", "53"}
"""Attributes that blanks show."""
Cell = tuple[str, str]
"""A character and the codes of its style; a blank has only the codes that can be seen of it."""


class CellDiff:
    """Follows one terminal. Anything it does not understand passes unchanged, and makes it forget what is shown.

    Attributes:
        size: columns and lines of the terminal. What is written beyond them overwrites its last column and line.
    """

    size: tuple[float, float] = (math.inf, math.inf)

    def __init__(self) -> None:
        self._lines: dict[int, list[Cell | None]] = {}
        self._narrow: set[str] = set()
        self._cursor: tuple[int, int] | None = None

    def forget(self) -> None:
        """Take nothing for granted: the next time everything is sent."""
        self._lines.clear()
        self._cursor = None

    def reduced(self, update: str) -> str:
        """The shortest text that makes the terminal show what ``update`` would make it show."""
        sent = self._send(update)
        if sent is None:
            self.forget()
            return update
        return sent

    def _send(self, update: str) -> str | None:
        """What to send; None for an ``update`` that is more than moves, styles and text on the screen."""
        out: list[str] = []
        style, pen, end = "", "", 0
        x, y = -1, -1
        cursor = self._cursor
        for token in _TOKEN.finditer(update):
            if token.start() != end:
                return None
            end = token.end()
            kind = token.lastindex
            if kind == 2:
                y, x = int(token[1]), int(token[2])
            elif kind == 3:
                style = "" if token[3] in ("", "0") else token[3]
            elif kind is None:
                x = y = -1
            elif x < 1:
                return None
            else:
                text = token[4]
                wide = not self._is_narrow(text)
                cells = _cells(text, style)
                width = sum(map(get_character_cell_size, text)) if wide else len(text)
                if x + width - 1 > self.size[0] or y > self.size[1]:
                    return None
                line = self._lines.setdefault(y, [])
                if len(line) < x + width:
                    line.extend([None] * (x + width - len(line)))
                if wide:  # not followed cell by cell
                    out += (_move(cursor, x, y), _turn(pen, style), text)
                    line[x : x + width] = [None] * width
                    cursor, pen = (x + width, y), style
                elif line[x : x + width] != cells:
                    for start, stop in _stretches(line[x : x + width], cells):
                        out.append(_move(cursor, x + start, y))
                        for character, seen in cells[start:stop]:
                            if pen != style and (character != " " or _blank(pen) != seen):
                                out.append(_turn(pen, style))
                                pen = style
                            out.append(character)
                        cursor = x + stop, y
                    line[x : x + width] = cells
                x += width
        if end != len(update):
            return None
        if pen:
            out.append("\x1b[m")
        if x > 0 and cursor != (x, y):
            out.append(f"\x1b[{y};{x}H")
            cursor = x, y
        self._cursor = cursor
        return "".join(out)

    def _is_narrow(self, text: str) -> bool:
        """Whether each character takes one cell."""
        new = set(text) - self._narrow
        self._narrow.update(character for character in new if get_character_cell_size(character) == 1)
        return new <= self._narrow


def _cells(text: str, style: str) -> list[Cell]:
    if " " not in text:
        return list(zip(text, repeat(style)))
    blank = _blank(style)
    return [(character, style if character != " " else blank) for character in text]


def _stretches(old: list[Cell | None], new: list[Cell]) -> list[tuple[int, int]]:
    """Where ``new`` differs; single cells between two such places are sent along, as that is shorter than a move."""
    found: list[tuple[int, int]] = []
    for place, (before, after) in enumerate(zip(old, new, strict=True)):
        if before == after:
            continue
        if found and place - found[-1][1] <= 1:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


def _move(cursor: tuple[int, int] | None, x: int, y: int) -> str:
    """Takes the cursor to column ``x`` of line ``y``, both from 1."""
    if cursor == (x, y):
        return ""
    if cursor is not None and cursor[1] == y and x > cursor[0]:
        return f"\x1b[{x - cursor[0]}C"
    return f"\x1b[{y};{x}H"


@functools.lru_cache(4096)
def _parts(codes: str) -> tuple[frozenset[str], str, str]:
    """Attributes, foreground and background of a style."""
    attributes: set[str] = set()
    fore = back = ""
    left = codes.split(";") if codes else []
    while left:
        code = left.pop(0)
        if code in ("38", "48"):
            count = 4 if left and left[0] == "2" else 2
            colour, left = ";".join([code, *left[:count]]), left[count:]
            fore, back = (colour, back) if code == "38" else (fore, colour)
        elif code in _ATTRIBUTES:
            attributes.add(code)
        elif code[:1] in ("3", "9"):
            fore = code
        else:
            back = code
    return frozenset(attributes), fore, back


@functools.lru_cache(4096)
def _blank(codes: str) -> str:
    """What can be seen of a blank in this style."""
    attributes, _, back = _parts(codes)
    return codes if attributes & _SHOWING else back


@functools.lru_cache(4096)
def _turn(old: str, new: str) -> str:
    """Changes the style from ``old`` to ``new``."""
    if old == new:
        return ""
    if not new:
        return "\x1b[m"
    before, after = _parts(old), _parts(new)
    if before[0] - after[0]:
        return f"\x1b[0;{new}m"
    codes = sorted(after[0] - before[0])
    if after[1] != before[1]:
        codes.append(after[1] or "39")
    if after[2] != before[2]:
        codes.append(after[2] or "49")
    return f"\x1b[{';'.join(codes)}m"
