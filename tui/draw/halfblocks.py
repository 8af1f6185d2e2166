"""Pixels in cells: two in each, one above the other, as ``▀`` in two colours; where there are no colours, a ramp of
characters from blank to dense."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from descend.engine.run.packed_array import NOT_YET, find_not_yet
from descend.tui.cell_text import ascii_only
from descend.tui.draw.colours import BAD, RAMP, TOP
from descend.tui.draw.ticks import ABSENT

if TYPE_CHECKING:
    from descend.tui.draw.canvas import Canvas

_BASE = 128
"""More than there are levels."""


def resized(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """``values`` (h, w) or (h, w, channels) at another size: averaged over areas where it is smaller, repeated where it
    is larger. What is not finite stays so, whatever it is averaged with."""
    values = np.asarray(values, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        for axis, size in enumerate((height, width)):
            old = values.shape[axis]
            if size * 2 <= old:
                starts = np.arange(size) * old // size
                shape = [1] * values.ndim
                shape[axis] = size
                values = np.add.reduceat(values, starts, axis) / np.diff(starts, append=old).reshape(shape)
            elif size < old:
                values = _blurred(values, size, axis)
    return values if values.shape[:2] == (height, width) else picked(values, height, width)


def _blurred(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """An axis made shorter by less than a half, where pixels must be divided."""
    weights = _weights(values.shape[axis], size)
    finite = np.isfinite(values)
    if finite.all():
        return np.moveaxis(np.tensordot(weights, values, (1, axis)), 0, axis)
    result = _blurred(np.where(finite, values, 0.0), size, axis)
    absent = find_not_yet(values)
    bads = (NOT_YET, absent), (-np.inf, np.isneginf(values)), (np.inf, np.isposinf(values))
    for bad, found in (*bads, (np.nan, np.isnan(values) & ~absent)):
        if found.any():
            result[_blurred(found.astype(np.float64), size, axis) > 0] = bad
    return result


def picked(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """``values`` (h, w) at another size, each the one nearest: what cannot be averaged, such as classes."""
    rows = ((np.arange(height) + 0.5) * values.shape[0] / height).astype(np.int64)
    columns = ((np.arange(width) + 0.5) * values.shape[1] / width).astype(np.int64)
    nearest: np.ndarray = values[rows][:, columns]
    return nearest


@functools.lru_cache(64)
def _weights(old: int, new: int) -> np.ndarray:
    """(new, old): the share that each of the old pixels has in the area of each new one."""
    edges = np.arange(new + 1) * (old / new)
    start = np.maximum(edges[:-1, None], np.arange(old)[None])
    end = np.minimum(edges[1:, None], np.arange(1, old + 1)[None])
    shares = (end - start).clip(0)
    shares[shares < 1e-9] = 0.0
    normalized: np.ndarray = shares / shares.sum(1, keepdims=True)
    return normalized


def shades(cells: Canvas, x: int, y: int, levels: np.ndarray, map: str) -> None:
    """Draw (2 h, w) levels of a colour map as (h, w) cells; the last half row may lack. A cell that is not finite in
    part shows that it is."""
    levels = _even(levels)
    top, bottom = levels[0::2], levels[1::2]
    worst = np.maximum(top, bottom)
    bad = worst > TOP
    top, bottom = np.where(bad, worst, top), np.where(bad, worst, bottom)
    text = np.where(top == bottom, " ", "▀").astype(object)
    for level, sign in BAD.items():
        text[worst == level] = sign

    def name(code: int) -> str:
        above, below = divmod(code, _BASE)
        ground = f"{map}{below - 1}" if below else "none"
        return f"shade {'ink' if above == below else f'{map}{above - 1}'} {ground}"

    cells.fill(x, y, text, (top + 1) * _BASE + bottom + 1, name)


def colours(cells: Canvas, x: int, y: int, pixels: np.ndarray) -> None:
    """Draw (2 h, w, 3) bytes of red, green and blue as (h, w) cells, in steps of eight."""
    coarse = pixels.astype(np.int64) >> 3
    packed = _even((coarse[..., 0] << 10) | (coarse[..., 1] << 5) | coarse[..., 2]) + 1
    top, bottom = packed[0::2], packed[1::2]

    def token(code: int) -> str:
        if not code:
            return "none"
        return "x{:02x}{:02x}{:02x}".format(*((((code - 1) >> shift) & 31) * 255 // 31 for shift in (10, 5, 0)))

    def name(code: int) -> str:
        return f"shade {token(code >> 16)} {token(code & 65535)}"

    cells.fill(x, y, np.where(top == bottom, " ", "▀").astype(object), (top << 16) | bottom, name)


def _even(levels: np.ndarray) -> np.ndarray:
    """An even number of rows: -1, nothing, below the last of an odd number."""
    return np.pad(levels, ((0, len(levels) % 2), (0, 0)), constant_values=-1)


def ramps(cells: Canvas, x: int, y: int, levels: np.ndarray, unicode: bool = True) -> None:
    """Draw (h, w) levels as characters, the denser the higher."""
    steps = np.round(levels.clip(0, TOP) / TOP * (len(RAMP) - 1)).astype(np.int64)
    text = np.array(list(RAMP), object)[steps]
    for level, sign in BAD.items():
        text[levels == level] = sign
    pens = np.where(levels > TOP, np.where(text == ABSENT, 1, 2), 0)
    if not unicode:
        text[levels > TOP] = [ascii_only(sign) for sign in text[levels > TOP]]
    cells.fill(x, y, text, pens, lambda pen: ("text", "muted", "error")[pen])
