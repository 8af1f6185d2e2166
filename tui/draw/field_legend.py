"""What the signs on a field mean: letters of classes, glyphs of points and paths, signs of what is not finite."""

from __future__ import annotations

import string
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from descend.engine.run.packed_array import find_not_yet
from descend.engine.run.records import Field
from descend.tui.cell_text import ascii_only, fit, plain
from descend.tui.draw.colours import BAD, TOP, Scale
from descend.tui.draw.legend import fitted
from descend.tui.draw.rows import Row, sized
from descend.tui.draw.ticks import ABSENT

FILLED, HOLLOW = "●▲■◆▼", "○△□◇▽"
"""Glyphs of points and of the ends of paths, and of where paths start."""
START = "S"
"""Where a path starts, in ASCII."""
LONGEST = 20
"""Cells of a name in the legend, at most."""
_WORDS = dict(zip(BAD, ("NaN", "inf", "-inf", "not computed yet"), strict=True))


class Look(NamedTuple):
    """How to draw a field: what its colours stand for, whether there are any, and whether there is more than
    ASCII."""

    scale: Scale
    colour: bool
    unicode: bool

    def sign(self, glyph: str) -> str:
        """``glyph``, or its substitute in ASCII."""
        return glyph if self.unicode else START if glyph in HOLLOW else ascii_only(glyph)


def letters(classes: Sequence[str]) -> list[str]:
    """A character for each class: its first letter or digit if those differ, else a, b, c … over again, as colours."""
    firsts = [name.strip()[:1] for name in classes]
    if len(set(firsts)) == len(firsts) <= TOP and all(first.isascii() and first.isalnum() for first in firsts):
        return firsts
    alphabet = string.ascii_lowercase + string.ascii_uppercase
    return [alphabet[index % TOP] for index in range(len(classes))]


def glyphs(record: Field) -> tuple[list[str], list[tuple[str, str]]]:
    """The glyph of each group of points; those of the start and the end of each path."""
    points, every = len(record.points), len(FILLED)
    return (
        [FILLED[index % every] for index in range(points)],
        [(HOLLOW[index % every], FILLED[index % every]) for index in range(points, points + len(record.paths))],
    )


def draw_key(record: Field, width: int, look: Look, lines: int) -> list[Row]:
    """The legend, in at most ``lines`` rows of ``width`` cells; none if there is nothing to explain."""
    entries: list[Row] = []
    for index, (letter, name) in enumerate(zip(letters(record.classes), record.classes, strict=True)):
        swatch: Row = [(f" {letter} ", f"shade ink c{index % TOP}")] if look.colour else [(letter, "value")]
        entries.append([*swatch, (f" {_cut(name)}", "text")])
    spots, ends = glyphs(record)
    for spot, name in zip(spots, record.points, strict=True):
        entries.append([(look.sign(spot), "value"), (f" {_cut(name)}", "text")])
    for (start, end), name in zip(ends, record.paths, strict=True):
        entries.append([(f"{look.sign(start)}→{look.sign(end)}", "value"), (f" {_cut(name)}", "text")])
    for level, sign in _bad(record):
        pen = "muted" if sign == ABSENT else "error"
        swatch = [(f" {sign} ", "shade ink bad")] if look.colour else [(look.sign(sign), pen)]
        entries.append([*swatch, (f" {_WORDS[level]}", "text")])
    return [sized(row, width) for row in fitted(entries, width, lines)] if entries and lines > 0 else []


def _bad(record: Field) -> list[tuple[int, str]]:
    """The levels of `BAD` that are there; NaN does not count where a text, such as ``wall``, stands for it."""
    values = record.values.numpy()
    if np.isfinite(values).all():
        return []
    absent = find_not_yet(values)
    missing = np.isnan(values) & ~absent
    if record.texts:
        untold = np.array([[not text.strip() for text in line] for line in record.texts])
        missing, absent = missing & untold, absent & untold
    found = missing.any(), np.isposinf(values).any(), np.isneginf(values).any(), absent.any()
    return [item for item, there in zip(BAD.items(), found, strict=True) if there]


def _cut(name: str) -> str:
    name = plain(name)
    return fit(name, LONGEST) if len(name) > LONGEST else name
