"""Which curve each cell's colour is of, against a count of dots that knows nothing of the drawing."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from descend.engine.run.history import History
from descend.engine.run.jsonl import JsonlReader
from descend.engine.run.records import make_event_decoder
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.linechart import Trace, draw_line_chart, vertical
from descend.tui.draw.rows import Row
from descend.tui.draw.strokes import Strokes
from tests.tui.panels.conftest import history_of, training

CELLS, LINES = 40, 10
BITS = {1: (0, 0), 2: (0, 1), 4: (0, 2), 64: (0, 3), 8: (1, 0), 16: (1, 1), 32: (1, 2), 128: (1, 3)}
Spot = tuple[int, int]


def dots_of(x: np.ndarray, y: np.ndarray, across: int = 2 * CELLS, down: int = 4 * LINES) -> set[Spot]:
    """The dots of a line through places, column from the left and row from the top, each counted by hand."""
    places = [
        (min(int(a * across), across - 1), down - 1 - min(int(b * down), down - 1))
        for a, b in zip(x.tolist(), y.tolist(), strict=True)
    ]
    dots = {places[0]}
    for (a, b), (c, d) in itertools.pairwise(places):
        count = max(abs(c - a), abs(d - b))
        for number in range(1, count + 1):
            dots.add((a + round(Fraction((c - a) * number, count)), b + round(Fraction((d - b) * number, count))))
    return dots


def by_cell(dots: set[Spot], wide: int = 2, high: int = 4) -> Counter[Spot]:
    return Counter((column // wide, row // high) for column, row in dots)


def blank(cells: int = CELLS, lines: int = LINES) -> list[Row]:
    return [[(" " * cells, "text")] for _ in range(lines)]


class Drawn(NamedTuple):
    """What a chart shows: the pen of each cell with Braille, and all its dots."""

    pens: dict[Spot, str]
    dots: set[Spot]


def read(rows: list[Row], left: int = 0) -> Drawn:
    pens, dots = {}, set()
    for row, runs in enumerate(rows):
        cells = [(character, pen) for part, pen in runs for character in part][left:]
        for column, (character, pen) in enumerate(cells):
            if 0x2800 < ord(character) < 0x2900:
                pens[column, row] = pen
                mask = ord(character) - 0x2800
                dots |= {(2 * column + x, 4 * row + y) for bit, (x, y) in BITS.items() if mask & bit}
    return Drawn(pens, dots)


def expected(curves: dict[str, set[Spot]]) -> dict[Spot, str]:
    """The pen of each cell: of the curve with most dots there, of equals the one with fewer dots in all."""
    counts = {pen: by_cell(dots) for pen, dots in curves.items()}
    return {
        cell: max(curves, key=lambda pen: (counts[pen][cell], -len(curves[pen])))
        for cell in set().union(*counts.values())
    }


X = np.linspace(0, 1, 161)
SMOOTH = 0.2 + 0.6 * np.exp(-4 * X)
JAGGED = np.clip(SMOOTH + 0.2 * X * np.sin(np.arange(161) * 2.4), 0, 1)


@pytest.mark.parametrize("turned", [False, True], ids=["smooth first", "jagged first"])
def test_each_cell_has_the_colour_of_the_curve_that_fills_most_of_it(turned: bool) -> None:
    curves = {"smooth": (X, SMOOTH), "jagged": (X, JAGGED)}
    strokes = Strokes(CELLS, LINES)
    for pen, (x, y) in sorted(curves.items(), reverse=turned):
        strokes.line(x, y, pen, glyph="*")
    drawn = read(strokes.over(blank(), 0))
    dots = {pen: dots_of(*places) for pen, places in curves.items()}
    assert drawn.dots == dots["smooth"] | dots["jagged"]
    assert drawn.pens == expected(dots)
    counts = Counter(drawn.pens.values())
    shared = by_cell(dots["smooth"]).keys() & by_cell(dots["jagged"]).keys()
    ties = {cell for cell in shared if by_cell(dots["smooth"])[cell] == by_cell(dots["jagged"])[cell]}
    assert len(dots["jagged"]) > 2 * len(dots["smooth"])
    assert len(shared) > 20
    assert ties
    assert {drawn.pens[cell] for cell in ties} == {"smooth"}
    assert min(counts["smooth"], counts["jagged"]) > 5


def test_many_random_curves_are_counted_alike() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        strokes, curves = Strokes(CELLS, LINES), {}
        for number in range(int(rng.integers(1, 7))):
            x, y = rng.random((2, int(rng.integers(1, 30))))
            strokes.line(x, y, f"pen {number}", glyph="*")
            curves[f"pen {number}"] = dots_of(x, y)
        drawn = read(strokes.over(blank(), 0))
        assert drawn.dots == set().union(*curves.values())
        totals = [len(dots) for dots in curves.values()]
        if len(set(totals)) == len(totals):  # else two are equally thin
            assert drawn.pens == expected(curves)


def test_a_higher_layer_covers_the_cells_of_a_lower_one() -> None:
    strokes = Strokes(CELLS, LINES)
    strokes.line(X[::40], SMOOTH[::40], "few", glyph="*", layer=1)
    strokes.line(X, JAGGED, "many", glyph="*")
    drawn = read(strokes.over(blank(), 0))
    few, many = dots_of(X[::40], SMOOTH[::40]), dots_of(X, JAGGED)
    cells = by_cell(few)
    assert {cell for cell, pen in drawn.pens.items() if pen == "few"} == set(cells)
    assert drawn.dots == few | {(x, y) for x, y in many if (x // 2, y // 4) not in cells}


def test_in_ascii_a_cell_shows_the_thinner_curve() -> None:
    strokes = Strokes(CELLS, LINES, unicode=False)
    strokes.line(X, SMOOTH, "smooth", glyph="o")
    strokes.line(X, JAGGED, "jagged", glyph="^")
    rows = strokes.over(blank(), 0)
    cells = {
        (column, row): (character, pen)
        for row, runs in enumerate(rows)
        for column, (character, pen) in enumerate((c, pen) for part, pen in runs for c in part)
        if character != " "
    }
    smooth, jagged = (dots_of(X, y, CELLS, LINES) for y in (SMOOTH, JAGGED))
    assert smooth & jagged
    assert cells == dict.fromkeys(jagged, ("^", "jagged")) | dict.fromkeys(smooth, ("o", "smooth"))


def test_a_break_is_not_drawn() -> None:
    strokes = Strokes(CELLS, LINES)
    strokes.line(np.array([0.0, 0.2, 0.8, 1.0]), np.full(4, 0.5), "pen", glyph="*", breaks=[2])
    columns = sorted(column for column, _ in read(strokes.over(blank(), 0)).dots)
    assert columns == [*range(17), *range(64, 80)]


def recorded(run: str) -> History:
    """What a recorded run says."""
    history = History()
    folder = Path(__file__).parents[2] / "recordings" / run
    history.feed(JsonlReader(folder / "events.jsonl", make_event_decoder()).read(1 << 24))
    return history


def check_test_colour(
    history: History, metric: str, smoothing: float | None, width: int, height: int, *, alone: bool
) -> None:
    """That cells in the colour of the test curve are filled by it; ``alone``: that nothing else is in them."""
    traces = [
        Trace(split, history.series[f"{split}/{metric}"], Envelope(), style)
        for style, split in enumerate(("train", "test"))
    ]
    test = traces[1].series
    end = float(max(trace.series.steps[-1] for trace in traces))
    rows = draw_line_chart(traces, width, height, span=(0, end), smoothing=smoothing)
    scale = vertical(traces, 0, end, height, False)
    cells = width - max(len(label) for _, label in scale.labelled()) - 1
    drawn = read(rows[:-2], width - cells)
    mine = dots_of(test.steps / end, scale.fraction(test.values), 2 * cells, 4 * (height - 2))
    counts, whole = by_cell(mine), by_cell(drawn.dots)
    coloured = [cell for cell, pen in drawn.pens.items() if pen == "series-2"]
    assert len(coloured) > 10
    for cell in coloured:
        others = whole[cell] - counts[cell]
        assert others == 0 if alone else counts[cell] >= others, cell


@pytest.mark.parametrize("metric", ["loss", "accuracy"])
@pytest.mark.parametrize("smoothing", [None, 0.0])
@pytest.mark.parametrize("size", [(74, 16), (48, 12), (60, 30)])
def test_the_training_curve_of_digits_never_has_the_colour_of_its_test_curve(
    metric: str, smoothing: float | None, size: tuple[int, int]
) -> None:
    check_test_colour(recorded("digits"), metric, smoothing, *size, alone=False)
    check_test_colour(history_of(training(400)), metric, smoothing, *size, alone=True)
