"""Images in rows and columns: how many fit, how large they are, and one as cells."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from descend.tui.draw.canvas import Canvas
from descend.tui.draw.colours import TOP
from descend.tui.draw.halfblocks import colours, ramps, resized, shades

WANTED, FEW = 8, 10
"""Images that should be seen at once of many, and how many should all be seen, smaller if necessary."""
LEGIBLE = 12
"""Pixels to which the shorter side of a larger image is reduced at most for their sake."""
CAPTION = 20
"""Cells of a caption for which images are set apart at most."""
LARGEST = 8
"""How many times an image is enlarged at most."""


class Plan(NamedTuple):
    """How images are laid out: the size of one in pixels, two per cell, how many are next to and below
    each other, cells between two, and the lines from one to the next."""

    width: int
    height: int
    columns: int
    rows: int
    gap: int
    lines: int
    captioned: bool

    @property
    def held(self) -> int:
        """How many images there is room for."""
        return self.columns * self.rows


def arrange(count: int, tall: int, wide: int, width: int, height: int, *, captioned: int = 0) -> Plan:
    """Lay ``count`` images of ``tall`` × ``wide`` pixels out in ``width`` × ``height`` cells: as large as possible with
    all of `FEW` or `WANTED` in sight, or else as many as there can be while they are legible.

    Args:
        captioned: cells of the longest caption; 0 if there are none.
    """
    min_share = min(1.0, LEGIBLE / min(tall, wide))
    sizes = [
        *range(LARGEST, 0, -1),
        *(share for share in (3 / 4, 2 / 3, 1 / 2, 3 / 8, 1 / 3, 1 / 4) if share >= min_share),
    ]
    plans = [_plan(tall, wide, scale, width, height, captioned) for scale in sizes]
    fitting = [plan for plan in plans if plan is not None]
    for plan in fitting:
        if plan.held >= (count if count <= FEW else WANTED):
            lines = -(-count // plan.columns)
            return plan._replace(columns=-(-count // lines)) if plan.held >= count else plan  # lines of one length
    if fitting:
        return max(fitting, key=lambda plan: (plan.held, plan.width))
    scale = min(width / wide, 2 * height / tall, 1.0)
    return Plan(max(1, int(wide * scale)), max(1, int(tall * scale)), 1, 1, 0, height, False)


def last_start(count: int, held: int) -> int:
    """Where the last page begins, if each holds ``held`` of ``count`` images, including the last of all."""
    step = max(1, held - 1)
    return max(0, -(-(count - held) // step) * step)


def _plan(tall: int, wide: int, scale: float, width: int, height: int, captioned: int) -> Plan | None:
    """Images at a scale, with captions if they and one image have room; None if it has none without."""
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    lines = math.ceil(size[1] / 2)
    if size[0] > width or lines > height:
        return None
    gap = 2 if size[0] >= LEGIBLE else 1
    if captioned and lines + 1 <= height:
        widest = max(size[0], min(captioned, CAPTION, width))
        gap = max(gap, widest + 1 - size[0])
        return Plan(*size, (width - widest) // (size[0] + gap) + 1, height // (lines + 1), gap, lines + 1, True)
    columns = (width + gap) // (size[0] + gap)
    if lines * 2 > height:
        return Plan(*size, columns, 1, gap, lines, False)
    return Plan(*size, columns, (height + 1) // (lines + 1), gap, lines + 1, False)


def resize(image: np.ndarray, plan: Plan, colour: bool) -> np.ndarray:
    """The pixels of ``image`` as they are drawn: a cell holds two below each other in ``colour``, else one.

    Args:
        image: (rows, columns) grey or (rows, columns, 3), 0 … 255.
    """
    tall = plan.height if colour else -(-plan.height // 2)
    return np.round(resized(image, tall, plan.width)).astype(np.int64)


def draw_image(cells: Canvas, x: int, y: int, pixels: np.ndarray, *, colour: bool, dark: bool, unicode: bool) -> None:
    """Draw resized ``pixels`` from cell (``x``, ``y``) on; without ``colour`` as characters, denser where there is more
    ink on a ground that is ``dark`` or not."""
    if colour and pixels.ndim == 3:
        colours(cells, x, y, pixels)
        return
    grey = pixels if pixels.ndim == 2 else pixels @ np.array((0.299, 0.587, 0.114))
    levels = np.round(grey * (TOP / 255)).astype(np.int64)
    if colour:
        shades(cells, x, y, levels, "g")
    else:
        ramps(cells, x, y, levels if dark else TOP - levels, unicode)
