"""Columns of counts for each sample, and strips of earlier counts below them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from descend.engine.run.records import Histogram
from descend.tui.cell_text import ascii_only, fit, plain
from descend.tui.draw.axes import LARGEST, across
from descend.tui.draw.legend import Entry, look
from descend.tui.draw.linechart import Scale
from descend.tui.draw.rows import Row, joined, sized, wrapped
from descend.tui.draw.ticks import counted, linear

if TYPE_CHECKING:
    from descend.engine.run.records import Picture

EIGHTHS, ASCII_EIGHTHS = " ▁▂▃▄▅▆▇█", " ...:::##"
SHADES, ASCII_SHADES = "·░▒▓█", ".-+*#"
TALL = 4
"""Rows that columns take at least before strips do."""
LABEL = 6
"""Cells of a count at most."""
STRIPS = 3
"""Strips there are at least, if any."""


def draw_histogram(
    newest: Histogram, past: Sequence[Picture], width: int, height: int, unicode: bool = True
) -> list[Row]:
    """The columns of ``newest`` for each sample, strips of ``past`` below them, an axis at the foot."""
    edges = _edges(newest)
    if edges is None:
        empty = newest.edges.shape[0] < 2
        return wrapped("no values" if empty else "the edges are no range of numbers", width, height)
    plan = _plan(newest, past, width, height)
    scale = _across([newest, *plan.past], plan.cells)
    rows: list[Row] = []
    samples = list(counts_of(newest).items())
    room = height - 2 * plan.axis
    kept = samples if len(samples) <= room else samples[: max(1, room - 1)]
    for index, (name, counts) in enumerate(kept):
        rows += [[]] * (plan.gap if index else 0)
        rows += _standing(_columns(edges, counts, scale, plan.cells), plan, index, unicode)
        rows += _strips(name, scale, plan, index, unicode)
    if len(kept) < len(samples) and room > 1:
        rows.append([(f"… {len(samples) - len(kept)} more", "muted")])
    if plan.axis:
        rows += _axis(scale, plan, unicode)
    rows += [[]] * (height - len(rows))
    return [sized(joined(row), width) for row in rows[:height]]


class _Plan(NamedTuple):
    """How the room is used."""

    left: int
    """Cells at the left for labels."""
    cells: int
    tall: int
    """Rows of the columns of each sample."""
    gap: int
    """Blank rows between samples."""
    axis: bool
    signs: bool
    """Whether samples have their glyphs."""
    past: list[Histogram]
    """Pictures that are shown as strips, newest first."""


def _plan(newest: Histogram, past: Sequence[Picture], width: int, height: int) -> _Plan:
    axis, count = height >= 4 and width >= 16, max(1, len(newest.counts))
    each = max(1, (height - 2 * axis) // count)
    gap = int(count > 1 and each >= TALL + STRIPS)
    strips = min((each - gap) // 2, each - gap - TALL)
    chosen = _chosen(past, strips) if strips >= STRIPS and width >= 24 else []
    if len(chosen) < 2:
        chosen = []
    signs = count > 1
    peak = max((float(counts.max(initial=0)) for counts in counts_of(newest).values()), default=0.0)
    bins = newest.edges.shape[0] - 1
    highest = counted(round(peak)) if bins < width - LABEL - 2 and not chosen else " " * LABEL  # bins may be joined
    labels = ["  " * signs + highest, *(f"step {counted(picture.step)}" for picture in chosen[:1])]
    left = max(map(len, labels)) + 1 if width >= 24 else 2 * signs * (width >= 8)
    return _Plan(left, width - left, each - gap - len(chosen), gap, axis, signs, chosen)


def _chosen(past: Sequence[Picture], count: int) -> list[Histogram]:
    """Up to ``count`` pictures at even distances, newest first; those once chosen stay until they are too many."""
    stride = 1
    while -(-len(past) // stride) > count:
        stride *= 2
    return [picture for picture in past[::stride][::-1] if isinstance(picture, Histogram)]


def _edges(record: Histogram) -> np.ndarray | None:
    """The edges, if they are an ascending range of numbers."""
    edges = record.edges.numpy().astype(float)
    if len(edges) < 2 or not np.isfinite(edges).all() or (edges[1:] < edges[:-1]).any():
        return None
    return edges.clip(-LARGEST, LARGEST)


def _across(shown: Sequence[Histogram], cells: int) -> Scale:
    """The axis that all pictures shown share; its ends are round if it holds several."""
    ranges = [edges for picture in shown if (edges := _edges(picture)) is not None]
    low, high = float(min(edges[0] for edges in ranges)), float(max(edges[-1] for edges in ranges))
    start, end, _ = linear(low, high, max(2, cells // 12))
    if len(shown) == 1 and high - low > 1e-300:
        start, end = low, high
    return across(start, end, cells)


def counts_of(record: Histogram) -> dict[str, np.ndarray]:
    """The counts by name, also from a damaged file."""
    return {
        plain(name): np.nan_to_num(counts.numpy().astype(float), posinf=0, neginf=0).clip(0, 1e15)
        for name, counts in record.counts.items()
    }


def _columns(edges: np.ndarray, counts: np.ndarray, scale: Scale, cells: int) -> np.ndarray:
    """What ``cells`` columns over the axis show of ``counts``: the count of the bin in which a column's middle is.

    Where bins are narrower than columns, as many as needed count as one; if they also differ in width, a column has
    the largest of those in it."""
    bounds = scale.low + (scale.high - scale.low) * (np.arange(cells + 1) / cells)
    widths, column = np.diff(edges), bounds[1] - bounds[0]
    if widths.max() <= widths.min() * 1.001 and 0 < widths[0] < column:
        together = np.ceil(column / widths[0] * 0.999999) if column < widths[0] * len(counts) else len(counts)
        firsts = np.arange(0, len(counts), int(together))
        edges, counts = np.append(edges[firsts], edges[-1]), np.add.reduceat(counts, firsts)
    place = np.searchsorted(edges, bounds[:-1] / 2 + bounds[1:] / 2, "right") - 1
    inside = (place >= 0) & (place < len(counts))
    values = np.where(inside, counts[place.clip(0, len(counts) - 1)], 0.0)
    missed = np.setdiff1d(np.flatnonzero(counts), place)
    columns = np.searchsorted(bounds, edges[missed] / 2 + edges[missed + 1] / 2, "right") - 1
    np.maximum.at(values, columns.clip(0, cells - 1), counts[missed])
    return values


def _standing(values: np.ndarray, plan: _Plan, index: int, unicode: bool) -> list[Row]:
    """Columns of eighths of a cell, the highest filling the rows, with its count at the left."""
    glyph, pen = look(index)
    peak = float(values.max(initial=0))
    signs = EIGHTHS if unicode else ASCII_EIGHTHS
    eighths = np.ceil(values / peak * plan.tall * 8 - 1e-9).astype(int) if peak else np.zeros(len(values), int)
    rows: list[Row] = []
    for line in range(plan.tall):
        level = (eighths - 8 * (plan.tall - 1 - line)).clip(0, 8).tolist()
        label = counted(round(peak)) if line == 0 else "0" if line == plan.tall - 1 else ""
        sign: Row = [((glyph if unicode else ascii_only(glyph)) if line == 0 else " ", pen)] if plan.signs else []
        rows.append([*sign, *_label(label, plan, len(sign)), ("".join(signs[k] for k in level), pen)])
    return rows


def _strips(name: str, scale: Scale, plan: _Plan, index: int, unicode: bool) -> list[Row]:
    """A row for each earlier picture, shaded by the share of its fullest column."""
    pen = look(index)[1]
    signs = SHADES if unicode else ASCII_SHADES
    rows: list[Row] = []
    for picture in plan.past:
        counts, edges = counts_of(picture).get(name), _edges(picture)
        shades = " " * plan.cells
        if counts is not None and edges is not None:
            values = _columns(edges, counts, scale, plan.cells)
            levels = np.ceil(values / max(values.max(), 1e-300) * len(signs)).astype(int).clip(0, len(signs))
            shades = "".join((" " + signs)[level] for level in levels.tolist())
        step = counted(picture.step)
        rows.append([*_label(step if picture is not plan.past[0] else f"step {step}", plan), (shades, pen)])
    return rows


def _axis(scale: Scale, plan: _Plan, unicode: bool) -> list[Row]:
    """A line with ticks, and their labels below it."""
    line, names = ["─" if unicode else "-"] * plan.cells, " " * (plan.left + plan.cells)
    for place, name in scale.labelled():
        column = min(plan.cells - 1, int(place * plan.cells))
        line[column] = "┬" if unicode else "+"
        start = min(max(0, plan.left + column - len(name) // 2), len(names) - len(name))
        if start >= 0 and not names[max(0, start - 1) : start + len(name) + 1].strip():
            names = names[:start] + name + names[start + len(name) :]
    return [[(" " * plan.left, "text"), ("".join(line), "axis")], [(names, "tick")]]


def _label(text: str, plan: _Plan, taken: int = 0) -> Row:
    """``text`` in what is left of the cells for labels when some are ``taken``."""
    cells = plan.left - taken
    return [(fit(text if cells > 1 else "", cells - 1, right=True) + " ", "tick")] if cells > 0 else []


def entries(record: Histogram, unicode: bool) -> list[Entry]:
    """The key: the samples from top to bottom and how many numbers each has."""
    entries = []
    for index, (name, counts) in enumerate(counts_of(record).items()):
        glyph, pen = look(index)
        entries.append(Entry(glyph if unicode else ascii_only(glyph), name, pen, f"{counts.sum():,.0f}"))
    return entries
