"""Horizontal bars, read as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, Bars
from descend.tui.draw.bars import EIGHTHS, aligned
from descend.tui.draw.rows import text
from descend.tui.panels.bars import BarsPanel

from .odd import NAMES, SIZES, arrays, fills, inside, shown


def record(labels: list[str], step: int = 7, **groups: list[float]) -> Bars:
    return Bars(
        step=step,
        name="values",
        labels=labels,
        groups={name: Array.of(np.array(values, float)) for name, values in groups.items()},
    )


def cells(line: str) -> float:
    """How long the bar in a line is."""
    return sum((EIGHTHS.find(c)) / 8 for c in line if c in EIGHTHS[1:])


@st.composite
def records(draw: st.DrawFn) -> Bars:
    labels = draw(st.lists(NAMES, max_size=60))
    groups = {name: Array.of(draw(arrays(len(labels)))) for name in draw(st.lists(NAMES, max_size=8))}
    return Bars(step=3, name=draw(NAMES), labels=labels, groups=groups)


@settings(max_examples=150, deadline=None)
@example(record(["least"], v=[-5e-324]), (40, 3), True)
@given(records(), SIZES, st.booleans())
def test_every_size_is_filled_exactly(bars: Bars, size: tuple[int, int], unicode: bool) -> None:
    panel = shown(BarsPanel, bars, unicode=unicode)
    if bars.groups:
        fills(panel, size)
    else:
        assert panel.content(*size) == []


def test_bars_are_as_long_as_their_values_to_an_eighth() -> None:
    lines = inside(shown(BarsPanel, record(["a", "bb", "ccc"], p=[0.5, 1, 0.13])), 60, 3)
    lengths = [cells(line) for line in lines]
    assert lengths[0] / lengths[1] == pytest.approx(0.5, abs=0.01)
    assert lengths[2] / lengths[1] == pytest.approx(0.13, abs=0.01)
    assert lengths[1] >= 40
    assert [line.split()[0] for line in lines] == ["a", "bb", "ccc"]
    assert [line.split()[-1] for line in lines] == ["0.5000", "1", "0.1300"]


def test_negative_values_go_to_the_left_of_zero() -> None:
    lines = inside(shown(BarsPanel, record(["up", "down"], w=[2, -1])), 60, 2)
    zero = lines[0].index("│")
    assert lines[1].index("│") == zero
    assert "█" not in lines[0][:zero] + lines[1][zero:]
    assert lines[0].count("█") == pytest.approx(2 * lines[1].count("█"), abs=2)


def test_groups_stand_side_by_side_and_differ_by_sign() -> None:
    panel = shown(BarsPanel, record(["a", "b"], before=[1, 2], after=[2, 1]))
    lines = inside(panel, 60, 5)
    assert [line[:3].strip() for line in lines] == ["a ●", "▲", "", "b ●", "▲"]
    assert text(panel.legends()[:1]) == "● before  ▲ after"
    ascii_lines = inside(shown(BarsPanel, record(["a", "b"], before=[1, 2], after=[2, 1]), unicode=False), 60, 5)
    assert "#" in ascii_lines[0]
    assert "=" in ascii_lines[1]


def test_more_bars_than_rows_use_columns_and_then_are_counted() -> None:
    labels = [f"σ{index}" for index in range(30)]
    lines = inside(shown(BarsPanel, record(labels, s=list(range(1, 31)))), 100, 15)
    assert lines[0].split()[0::3] == ["σ0", "σ15"]
    assert "σ29" in lines[14]
    lines = inside(shown(BarsPanel, record(labels, s=list(range(30)))), 60, 10)
    assert lines[-1].strip() == "… 21 of 30 not shown, none is larger"
    assert [line.split()[0] for line in lines[:9]] == [f"σ{index}" for index in range(21, 30)]


@pytest.mark.parametrize("height", [2, 3, 6, 9])
def test_the_largest_is_seen_and_is_the_scale_whatever_the_room(height: int) -> None:
    values = [0.002, 0.001, 0.0, -0.004, 0.0, 0.001, 0.0, 0.0, 0.0, 0.99]
    lines = inside(shown(BarsPanel, record([f"digit {index}" for index in range(10)], p=values)), 60, height)
    assert [line for line in lines if "digit 9" in line]
    long = {line.split()[1]: cells(line) for line in lines if "digit" in line}
    assert long.pop("9") > 20
    assert all(length < 1 for length in long.values())


def test_bars_are_scaled_by_those_that_have_no_room_too() -> None:
    few = inside(shown(BarsPanel, record(["a", "b", "c"], w=[5.0, -4.5, 5.0])), 60, 2)
    assert 20 < few[0].index("│") < 40  # zero has room for -4.5 on its left


def test_what_is_no_number_is_named() -> None:
    panel = shown(BarsPanel, record(["a", "b", "c", "d"], v=[np.nan, np.inf, -np.inf, 3]), unicode=False)
    lines = inside(panel, 50, 4)
    assert [line.split()[-1] for line in lines] == ["NaN", "inf", "-inf", "3"]
    assert not any("#" in line for line in lines[:3])
    assert "3 not finite" in text(panel.notes()[:1])


def test_decimal_points_are_below_one_another_where_that_takes_little_room() -> None:
    assert aligned([1.5, -20.25, 300]) == ["  1.500", "-20.25 ", "300    "]
    assert aligned([1e-9, 2.5]) == ["1.00e-9", "  2.500"]


def test_zeros_and_constants() -> None:
    lines = inside(shown(BarsPanel, record(["a", "b"], v=[0, 0])), 40, 2)
    assert [line.split() for line in lines] == [["a", "0"], ["b", "0"]]
    lengths = {cells(line) for line in inside(shown(BarsPanel, record(["a", "b"], v=[7, 7])), 40, 2)}
    assert len(lengths) == 1
    assert lengths.pop() > 25


def test_tiny_panels_keep_names_and_values() -> None:
    lines = inside(shown(BarsPanel, record(["cat", "dog", "cow"], p=[0.5, 0.25, 0.25])), 14, 2)
    assert lines[0].split()[0] == "cat"
    assert lines[0].split()[-1] == "0.5000"
    assert lines[1].strip() == "… 2 more"


def test_the_cursor_chooses_the_picture() -> None:
    panel = shown(BarsPanel, record(["a"], step=1, v=[1]), record(["a"], step=9, v=[2]))
    panel.cursor = 5
    assert inside(panel, 40, 1)[0].endswith(" 1")
    assert "as of step 1, at step 5 of 9" in text(panel.notes()[:1])


def test_what_is_not_computed_yet_has_a_dot_and_no_bar() -> None:
    panel = shown(BarsPanel, record(["a", "b", "c"], v=[1.0, NOT_YET, np.nan]))
    rows = panel.content(40, 6)
    assert [line.split()[-1] for line in text(rows).splitlines() if line.strip()] == ["1", "·", "NaN"]
    assert [pen for row in rows for part, pen in row if part.strip() in ("·", "NaN")] == ["muted", "error"]
    assert "1 not finite" in text(panel.notes()[:1])


def test_what_bars_measure_stands_below() -> None:
    bars = record(["a", "b"], v=[1.0, 2.0])
    assert "→" not in text(shown(BarsPanel, bars).rows(50, 8)).splitlines()[-1]
    bars.axis = "length (m)"
    assert "→ length (m)" in text(shown(BarsPanel, bars).rows(50, 8)).splitlines()[-1]
