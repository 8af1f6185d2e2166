"""A grid of cells to draw on, each with a character and a pen, and Braille dots for lines."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

import numpy as np
from rich.cells import cell_len

from descend.tui.cell_text import fit, note_cut
from descend.tui.draw.rows import Row

_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a Braille cell's dots, by column and row."""

Spot = tuple[int, int]
"""Column and row of a cell."""


class Canvas:
    """``width`` × ``height`` cells, blank at first.

    Attributes:
        text: (height, width) characters; a wide one is followed by an empty string.
        pens: (height, width) indices into ``names``.
        names: of the pens.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.text = np.full((height, width), " ", object)
        self.pens = np.zeros((height, width), np.int64)
        self.names = ["text"]
        self._numbers = {"text": 0}

    def pen(self, name: str) -> int:
        """The index of a pen."""
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]

    def put(self, x: int, y: int, text: str, pen: str) -> None:
        """Write ``text`` from a cell on; what lies outside is cut."""
        if not 0 <= y < self.height:
            return
        if x < 0:
            text, x = _dropped(text, -x), 0
        room = self.width - x
        if room <= 0 or not text:
            return
        if not text.isascii():
            text = text if cell_len(text) <= room else fit(text, room)
        note_cut(text, text[:room])
        text = text[:room]
        number = self.pen(pen)
        if text.isascii():
            end = x + len(text)
            self._free(x, y)
            self._free(end - 1, y)
            self.text[y, x:end] = list(text)
            self.pens[y, x:end] = number
            return
        for character in text:
            cells = cell_len(character)
            if not cells:  # a mark on the character before
                if x:
                    self.text[y, x - 1 if self.text[y, x - 1] else x - 2] += character
                continue
            self._free(x, y)
            self.text[y, x] = character
            self.pens[y, x] = number
            if cells == 2:
                self._free(x + 1, y)
                self.text[y, x + 1] = ""
                self.pens[y, x + 1] = number
            x += cells

    def _free(self, x: int, y: int) -> None:
        """Take away the rest of a wide character, if half of it is overwritten."""
        if self.text[y, x] == "" and x:
            self.text[y, x - 1] = " "
        if x + 1 < self.width and self.text[y, x + 1] == "":
            self.text[y, x + 1] = " "

    def fill(self, x: int, y: int, text: np.ndarray, pens: np.ndarray, name: Callable[[int], str]) -> None:
        """Put (h, w) single-cell characters with pens, numbers to which ``name`` gives names, at a place."""
        height, width = text.shape
        found, inverse = np.unique(pens, return_inverse=True)
        numbers = np.array([self.pen(name(code)) for code in found.tolist()], np.int64)
        self.text[y : y + height, x : x + width] = text
        self.pens[y : y + height, x : x + width] = numbers[inverse].reshape(pens.shape)

    def rows(self) -> list[Row]:
        """The grid, top row first, in as few runs as there are changes of pen."""
        result: list[Row] = []
        for text, pens in zip(self.text.tolist(), self.pens, strict=True):
            starts = [0, *(np.flatnonzero(np.diff(pens)) + 1).tolist()]
            ends = [*starts[1:], self.width]
            numbers = pens[starts].tolist() if self.width else []
            result.append([("".join(text[a:b]), self.names[n]) for a, b, n in zip(starts, ends, numbers, strict=False)])
        return result


def _dropped(text: str, cells: int) -> str:
    """``text`` without its first ``cells`` cells; half a wide character becomes a blank."""
    while text and cells > 0:
        cells -= cell_len(text[0])
        text = text[1:]
    while text and not cell_len(text[0]):
        text = text[1:]
    return " " * -cells + text if cells < 0 else text


class Dots:
    """Lines on a grid of cells, in Braille dots, two by four a cell; or one character a cell in ASCII.

    Attributes:
        masks: (height, width) dots set in each cell.
        owners: (height, width) number of the line that each cell's colour is of; -1 where there is none.
    """

    def __init__(self, width: int, height: int, unicode: bool = True) -> None:
        self.width, self.height, self.unicode = width, height, unicode
        self.masks = np.zeros((height, width), np.int64)
        self.owners = np.full((height, width), -1, np.int64)
        self._ascii = np.full((height, width), " ", object)

    def line(
        self, x: Iterable[float], y: Iterable[float], owner: int, *, every: int = 1, thick: bool = False
    ) -> set[Spot]:
        """Join places, in cells from the upper left corner. Return the cells that the line goes through.

        Args:
            owner: number of the line.
            every: 1 for a whole line; of a dotted one, only each second, third … dot is set.
            thick: a line of double width.
        """
        points = np.stack([np.fromiter(axis, float) for axis in (x, y)], 1)
        points = points[np.isfinite(points).all(1)]
        if not len(points):
            return set()
        points = points.clip(-1e4, 1e4)
        if not self.unicode:
            return self._characters(points, owner, every)
        fine = points * (2, 4)
        along = [fine[:1]]
        for a, b in itertools.pairwise(fine):
            count = max(1, int(np.abs(b - a).max()))
            along.append(a + (b - a) * (np.arange(1, count + 1) / count)[:, None])
        dots = np.floor(np.concatenate(along)).astype(np.int64)
        kept = np.ones(len(dots), bool)
        kept[1:] = (dots[1:] != dots[:-1]).any(1)
        dots = dots[kept][::every]
        if thick:
            across = np.ptp(fine[:, 0]) > np.ptp(fine[:, 1])
            dots = np.concatenate((dots, dots + ((0, 1) if across else (1, 0))))
        inside = (dots >= 0).all(1) & (dots[:, 0] < 2 * self.width) & (dots[:, 1] < 4 * self.height)
        dots = dots[inside]
        column, row = dots[:, 0] // 2, dots[:, 1] // 4
        np.bitwise_or.at(self.masks, (row, column), np.array(_DOTS)[dots[:, 0] % 2, dots[:, 1] % 4])
        self.owners[row, column] = owner
        return set(zip(column.tolist(), row.tolist(), strict=True))

    def _characters(self, points: np.ndarray, owner: int, every: int) -> set[Spot]:
        spots = set()
        for a, b in itertools.pairwise(points):
            across, down = float(b[0] - a[0]), float(b[1] - a[1])
            sign = "-" if abs(down) < 0.4 * abs(across) else "|" if abs(across) < 0.8 * abs(down) else ""
            sign = "." if every > 1 else sign or ("\\" if across * down > 0 else "/")
            count = max(1, int(max(abs(across), abs(down))))
            for index in range(count + 1):
                x, y = int(a[0] + across * index / count // 1), int(a[1] + down * index / count // 1)
                if 0 <= x < self.width and 0 <= y < self.height:
                    self._ascii[y, x] = sign
                    self.masks[y, x] = 1
                    self.owners[y, x] = owner
                    spots.add((x, y))
        return spots

    def character(self, x: int, y: int) -> str:
        """What a cell shows."""
        if not self.unicode:
            return str(self._ascii[y, x])
        return chr(0x2800 + int(self.masks[y, x])) if self.masks[y, x] else " "

    def drawn(self) -> list[Spot]:
        """The cells (x, y) that hold a part of a line."""
        return [(int(x), int(y)) for y, x in np.argwhere(self.masks > 0).tolist()]
