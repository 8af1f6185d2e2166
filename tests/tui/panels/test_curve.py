"""Functions of one variable, read as text."""

from __future__ import annotations

import statistics
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, Curve
from descend.tui.draw.curve import draw_curve, prepare_curve
from descend.tui.draw.rows import text
from descend.tui.panels.curve import CurvePanel

from .odd import NAMES, SIZES, arrays, fills, inside, shown

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}
X = np.linspace(-3, 3, 256)
PENS = ("muted", "series-1")


def curve(
    x: np.ndarray = X,
    marks: dict[str, np.ndarray] | None = None,
    step: int = 7,
    lines: dict[str, np.ndarray] | None = None,
    **more: np.ndarray,
) -> Curve:
    return Curve(
        step=step,
        name="fit",
        x=Array.of(x),
        lines={name: Array.of(values) for name, values in {**(lines or {}), **more}.items()},
        marks={name: Array.of(spots) for name, spots in (marks or {}).items()},
    )


def canvas(lines: list[str]) -> list[str]:
    """The rows of a chart right of its axis, without the lower axis."""
    return [line[max(line.find("│"), line.find("┤")) + 1 :] for line in lines[:-2]]


@st.composite
def curves(draw: st.DrawFn) -> Curve:
    count = draw(st.integers(0, 12))
    lines = {name: draw(arrays(count)) for name in draw(st.lists(NAMES, max_size=4))}
    marks = {name: draw(arrays(4)).reshape(2, 2) for name in draw(st.lists(NAMES, max_size=3))}
    record = curve(draw(arrays(count)), marks)
    return Curve(
        step=3,
        name=draw(NAMES),
        x=record.x,
        lines={name: Array.of(values) for name, values in lines.items()},
        marks=record.marks,
    )


@settings(max_examples=150, deadline=None)
@given(curves(), SIZES, st.booleans(), st.booleans())
def test_every_size_is_filled_exactly(record: Curve, size: tuple[int, int], log: bool, unicode: bool) -> None:
    panel = shown(CurvePanel, record, unicode=unicode)
    assert isinstance(panel, CurvePanel)
    panel.log_axis = log
    fills(panel, size)


def test_a_parabola_between_round_ticks() -> None:
    lines = inside(shown(CurvePanel, curve(y=X**2)), 60, 16)
    assert lines[-1].split() == ["-3", "-2", "-1", "0", "1", "2", "3"]
    assert [line.split("┤")[0].strip() for line in lines if "┤" in line] == ["7.5", "5.0", "2.5", "0"]
    rows = canvas(lines)
    places = [[i for i, c in enumerate(line) if c in BRAILLE] for line in rows]
    assert max(places[0]) - min(places[0]) > max(places[-3]) - min(places[-3]) > 5
    assert abs(sum(places[-1]) / len(places[-1]) - len(rows[0]) / 2) < 1.5


def test_nan_breaks_the_line_and_is_told() -> None:
    values = np.ones(256)
    values[100:150] = np.nan
    panel = shown(CurvePanel, curve(y=values))
    line = max(canvas(inside(panel, 70, 12)), key=lambda row: sum(c in BRAILLE for c in row))
    gap = [i for i, c in enumerate(line.rstrip()) if c not in BRAILLE]
    assert len(gap) == gap[-1] - gap[0] + 1 == pytest.approx(len(line) * 50 / 256, abs=2)
    assert "50 NaN" in text(panel.notes()[:1])
    values[100:150] = NOT_YET  # left out on purpose
    assert "NaN" not in text(shown(CurvePanel, curve(y=values)).notes()[:1])


def test_infinite_values_are_marked_where_they_are() -> None:
    values = X.copy()
    values[0], values[-1] = np.inf, -np.inf
    rows = canvas(inside(shown(CurvePanel, curve(y=values)), 60, 12))
    assert rows[0].startswith("↑")
    assert rows[-1].endswith("↓")


def test_the_target_is_dotted_and_behind() -> None:
    panel = shown(CurvePanel, curve(network=np.sin(X), target=np.sin(X) + 1))
    rows = panel.content(60, 16)
    dots = {pen: sum(c in BRAILLE for row in rows for part, p in row if p == pen for c in part) for pen in PENS}
    assert dots["muted"] > 20
    assert dots["series-1"] > 50
    covered = shown(CurvePanel, curve(network=np.sin(X), target=np.sin(X))).content(60, 16)
    assert sum(c in BRAILLE for row in covered for part, pen in row if pen == "muted" for c in part) <= 3
    assert text(panel.legends()[:1]) == "┈ target  ━ network"


def test_lines_differ_by_marker() -> None:
    record = curve(lines={f"line {index}": np.sin(X + index) for index in range(3)})
    drawn = text(shown(CurvePanel, record).content(60, 16))
    assert drawn.count("▲") >= 3
    assert drawn.count("■") >= 3
    ascii_drawn = text(shown(CurvePanel, record, unicode=False).content(60, 16))
    assert {"o", "^", "#"} <= set(ascii_drawn)
    assert ascii_drawn.isascii()


def test_few_points_are_marked_each() -> None:
    drawn = text(shown(CurvePanel, curve(np.arange(8.0), y=np.arange(8.0) ** 2)).content(60, 16))
    assert drawn.count("●") == 8


def test_marks_bear_their_names() -> None:
    def f(x: float) -> float:
        return x**3 - 2 * x - 1

    marks = {name: np.array([[x, f(x)]]) for name, x in (("a", 1.0), ("b", 2.0))}
    rows = canvas(inside(shown(CurvePanel, curve(X, marks, f=f(X))), 70, 16))  # type: ignore[arg-type]
    for glyph, name, x in (("○", "a", 1.0), ("◇", "b", 2.0)):
        row = next(index for index, line in enumerate(rows) if glyph in line)
        assert rows[row].index(glyph) == pytest.approx((x + 3) / 6 * len(rows[row]), abs=1.5)
        assert any(name in line for line in rows[max(0, row - 1) : row + 2])


def test_the_names_have_rows_of_their_own_where_the_frame_has_no_room() -> None:
    names = [f"schedule number {index}" for index in range(7)]
    panel = shown(CurvePanel, curve(lines={name: X * index for index, name in enumerate(names)}))
    drawn = text(panel.rows(74, 20))
    assert all(name in drawn for name in names)
    assert "more" in text(panel.rows(44, 9))


def test_x_need_not_be_sorted() -> None:
    order = np.random.default_rng(0).permutation(256)
    sorted_, shuffled = curve(y=X**3), curve(X[order], y=X[order] ** 3)
    assert draw_curve(prepare_curve(sorted_), 60, 14) == draw_curve(prepare_curve(shuffled), 60, 14)


def test_log_axis_draws_an_exponential_as_a_straight_line_and_marks_what_it_cannot_show() -> None:
    panel = shown(CurvePanel, curve(np.arange(60.0), y=10 ** np.linspace(0, -4, 60)))
    assert isinstance(panel, CurvePanel)
    panel.log_axis = True
    rows = canvas(inside(panel, 50, 16))
    firsts = [next((i for i, c in enumerate(row) if c in BRAILLE), None) for row in rows]
    gaps = np.diff([first for first in firsts if first is not None])
    assert gaps.max() - gaps.min() <= 1
    below = shown(CurvePanel, curve(y=X))
    assert isinstance(below, CurvePanel)
    below.log_axis = True
    assert canvas(inside(below, 50, 16))[-1].count("↓") > 15
    assert "log axis  ↓ zero or less" in text(below.notes()[:1])


def test_a_single_spike_is_drawn_whatever_the_length() -> None:
    for size in (100, 100_000):
        values = np.zeros(size)
        values[size // 3] = 100
        rows = canvas(inside(shown(CurvePanel, curve(np.arange(float(size)), y=values)), 60, 12))
        spike = next(i for i, c in enumerate(rows[0]) if c in BRAILLE)
        assert spike == pytest.approx(len(rows[0]) / 3, abs=1)


async def test_l_switches_the_axis() -> None:
    panel = shown(CurvePanel, curve(y=np.exp(X)))

    class Alone(App[None]):
        def compose(self) -> ComposeResult:
            yield panel

    async with Alone().run_test(size=(60, 16)) as pilot:
        await pilot.press("tab", "l")
        assert "log axis" in text(panel.rows(60, 16))
        await pilot.press("l")
        assert "log axis" not in text(panel.rows(60, 16))


def test_the_cursor_chooses_the_picture() -> None:
    panel = shown(CurvePanel, curve(step=10, y=X), curve(step=20, y=-X))
    newest = text(panel.content(60, 12))
    assert "step 20" in text(panel.notes()[:1])
    panel.cursor = 15
    assert text(panel.content(60, 12)) != newest
    assert "as of step 10, at step 15 of 20" in text(panel.notes()[:1])
    panel.cursor = 5
    assert panel.content(60, 12) == []


def test_tiny_panels_say_the_range() -> None:
    lines = inside(shown(CurvePanel, curve(y=X)), 14, 2)
    assert lines[0].startswith("━ -3…3 y")


def test_a_hundred_thousand_points_cost_little_more_than_a_thousand() -> None:
    def took(size: int) -> float:
        x = np.linspace(0, 1, size)
        plot, times = prepare_curve(curve(x, y=np.sin(9 * x))), []
        for _ in range(15):
            begun = time.thread_time()
            draw_curve(plot, 96, 28)
            times.append(time.thread_time() - begun)
        return statistics.median(times[3:])

    thousand, many = took(1000), took(100_000)
    print(f"redraw: {thousand * 1e3:.2f} ms of a thousand points, {many * 1e3:.2f} ms of a hundred thousand")
    assert many < 10 * thousand


def test_the_key_is_told_once() -> None:
    panel = shown(CurvePanel, curve(difference=X))
    panel.number = 1
    names = {"a name": X, "a longer name": X, "another name": X, "one more name": X}
    many = shown(CurvePanel, curve(lines=names))
    for width in range(30, 120, 5):
        assert text(panel.rows(width, 16)).count("━") == 1
        assert text(many.rows(width, 16)).count("━") == 1
