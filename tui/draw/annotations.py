"""Boxes and masks on an image: each has a letter, boxes lines of their own, masks letters in every few cells."""

from __future__ import annotations

import string
from typing import NamedTuple

import numpy as np
from rich.cells import cell_len

from descend.engine.run.records import AnnotatedImage
from descend.tui.cell_text import plain
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.halfblocks import picked
from descend.tui.draw.image_grid import Plan, draw_image
from descend.tui.draw.legend import Entry
from descend.tui.draw.rows import Row

LINES = ("┌─┐│└┘", "╔═╗║╚╝", "┏━┓┃┗┛", "╭╌╮╎╰╯")
"""Corners and edges of boxes: upper left, horizontal, upper right, vertical, lower left, lower right."""
ASCII_LINES = ("+-+|++", "#=#H##", "*~*!**", "o.o:oo")


class Frame(NamedTuple):
    """A box in cells of the image, both ends included."""

    left: int
    top: int
    right: int
    bottom: int


def entries(record: AnnotatedImage) -> list[Entry]:
    """The key: a letter, a label and a score for each box, then a letter and a name for each mask."""
    scores = record.scores.numpy().tolist() if record.scores is not None else None
    found = [
        Entry(letter, plain(label), pen, "" if scores is None else f"{scores[index]:.2f}")
        for index, (label, (letter, pen)) in enumerate(
            zip(record.labels, _choose_looks(0, len(record.labels)), strict=True)
        )
    ]
    names = list(record.masks)
    looks = _choose_looks(len(record.labels), len(names))
    return found + [Entry(letter.lower(), plain(name), pen) for name, (letter, pen) in zip(names, looks, strict=True)]


def _choose_looks(first: int, count: int) -> list[tuple[str, str]]:
    """Letter and pen of boxes and masks, which share the alphabet."""
    return [(string.ascii_uppercase[index % 26], f"series-{index % 6 + 1}") for index in range(first, first + count)]


def draw_annotations(
    record: AnnotatedImage,
    pixels: np.ndarray,
    plan: Plan,
    width: int,
    height: int,
    only: int | None,
    *,
    colour: bool,
    dark: bool,
    unicode: bool,
) -> list[Row]:
    """The image in ``width`` × ``height`` cells with all that is on it, or with box or mask ``only``.

    Args:
        pixels: of the image, as `resize` has made them for ``plan``.
    """
    cells = Canvas(width, height)
    draw_image(cells, 0, 0, pixels, colour=colour, dark=dark, unicode=unicode)
    count, key = len(record.labels), entries(record)
    wanted = range(len(key)) if only is None else [only]
    masks = list(record.masks.values())
    for index in wanted:
        if index >= count:
            _fill(
                cells, masks[index - count].numpy(), plan, key[index], index - count, len(masks) if only is None else 1
            )
    frames = _place_frames(record, plan)
    for index in wanted:
        if index < count:
            _draw_outline(cells, frames[index], (LINES if unicode else ASCII_LINES)[index % len(LINES)], key[index].pen)
    taken: set[tuple[int, int]] = set()
    for index in wanted:
        if index < count:
            _write_name(cells, frames[index], key[index], plan, taken)
    return cells.rows()


def _place_frames(record: AnnotatedImage, plan: Plan) -> list[Frame]:
    """Where the boxes are drawn; what lies outside of the image is cut."""
    tall, wide = record.pixels.shape[:2]
    rows = -(-plan.height // 2)
    boxes = record.boxes.numpy().astype(np.float64).clip(0, (wide, tall, wide, tall))
    boxes *= np.array([plan.width / wide, rows / tall] * 2)
    found = []
    for left, top, right, bottom in np.round(boxes).astype(int).tolist():
        left, top = min(left, plan.width - 1), min(top, rows - 1)
        found.append(Frame(left, top, max(left, right - 1), max(top, bottom - 1)))
    return found


def _draw_outline(cells: Canvas, frame: Frame, lines: str, pen: str) -> None:
    left, top, right, bottom = frame
    number = cells.pen(pen)
    for edge, line in (
        (np.s_[[top, bottom], left : right + 1], lines[1]),
        (np.s_[top : bottom + 1, [left, right]], lines[3]),
    ):
        cells.text[edge], cells.pens[edge] = line, number
    corners = ((left, top, 0), (right, top, 2), (left, bottom, 4), (right, bottom, 5))
    for x, y, sign in corners if right > left and bottom > top else ():
        cells.put(x, y, lines[sign], pen)


def _write_name(cells: Canvas, frame: Frame, entry: Entry, plan: Plan, taken: set[tuple[int, int]]) -> None:
    """Write a box's letter, and as much of its label as fits, on its upper edge, or where others stand, the lower."""
    room = frame.right - frame.left - 1
    ways = (f"{entry.sign} {entry.name} {entry.value}".strip(), f"{entry.sign} {entry.name}", entry.sign)
    for words in ways:
        size = cell_len(words)
        if size > max(room, 1):
            continue
        x = min(frame.left + (room > 0), plan.width - 1)
        for start, y in ((x, frame.top), (x, frame.bottom), (max(x, frame.right - size), frame.top)):
            spots = {(start + cell, y) for cell in range(size)}
            if not spots & taken:
                cells.put(start, y, words, entry.pen)
                taken |= spots
                return
    cells.put(frame.left, frame.top, entry.sign, entry.pen)


def _fill(cells: Canvas, mask: np.ndarray, plan: Plan, entry: Entry, index: int, count: int) -> None:
    """Write a mask's letter in its cells: in every second, or of several masks each in cells of its own."""
    rows = -(-plan.height // 2)
    inside = picked(mask, rows, plan.width)
    every = max(2, count)
    inside = np.pad(inside != 0, 1, "edge")
    y, x = np.mgrid[:rows, : plan.width]
    at_edge = ~(inside[1:-1, :-2] & inside[1:-1, 2:])
    spots = np.nonzero(inside[1:-1, 1:-1] & (((x + y) % every == index % every) | at_edge))
    cells.text[spots], cells.pens[spots] = entry.sign, cells.pen(entry.pen)
