"""The series of a run's metric, in a few cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.tui.cell_text import shows_unicode

if TYPE_CHECKING:
    from descend.engine.run.history import Series
    from descend.engine.run.runs import Run

WIDTHS = 8, 12
"""Cells of a sparkline, where there is little room and where there is more."""
APART = 0.74
"""Part of a line's height that a curve fills, so that it does not touch the curve of the run above."""
Sparklines = dict[int, str]
"""One for each of `WIDTHS`; empty if there is nothing to draw."""


def read(run: Run, name: str) -> Sparklines:
    """The sparklines of series ``name`` of ``run``. Reads all of the run's records, and keeps that series only."""
    from descend.engine.run.history import History
    from descend.engine.run.records import Scalars

    history = History()
    history.feed(
        Scalars(steps=record.steps, values={name: record.values[name]})
        for record in run.records()
        if isinstance(record, Scalars) and name in record.values
    )
    return drawn(history.series[name]) if name in history.series else {}


def drawn(series: Series) -> Sparklines:
    """The sparklines of ``series``."""
    from descend.engine.base.sparkline import compute_shares, draw_sparkline

    encoding, share = ("utf-8", APART) if shows_unicode() else ("ascii", 1.0)
    return {
        width: draw_sparkline([share * one for one in compute_shares(series.steps, series.values, width)], encoding)
        for width in WIDTHS
    }
