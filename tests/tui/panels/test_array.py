"""Arrays in cells and the steps of an operation, read as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, ArrayView, Grid
from descend.tui.draw.rows import text
from descend.tui.panels import Panel
from descend.tui.panels.array import ArrayPanel

from .conftest import history_of
from .odd import NAMES, NUMBERS, SIZES, fills, inside, shown, time_drawing
from .test_grid import Host


def cells(values: Any, name: str = "a", marks: dict[str, Any] | None = None, **more: Any) -> Grid:
    values = np.asarray(values)
    packed = {}
    for mark, index in (marks or {}).items():
        found = np.zeros(values.shape, np.uint8)
        found[index] = 1
        packed[mark] = Array.of(found)
    return Grid(name=name, values=Array.of(values), marks=packed, **more)


def view(*grids: Grid, step: int = 7, formula: str = "") -> ArrayView:
    record = ArrayView(step=step, name="arrays", grids=list(grids), formula=formula)
    record.check()
    return record


def convolution(row: int, column: int, size: int = 5, step: int = 7) -> ArrayView:
    """The output's cell (row, column) as it is made of a window of the input and a kernel."""
    image, kernel = np.arange(size * size).reshape(size, size) % 7, np.array([[1, 0, -1]] * 3)
    output = np.array(
        [[(image[i : i + 3, j : j + 3] * kernel).sum() for j in range(size - 2)] for i in range(size - 2)]
    )
    later = np.arange(output.size).reshape(output.shape) > row * (size - 2) + column
    return view(
        cells(image, "input", {"window": np.s_[row : row + 3, column : column + 3]}, axes=["y", "x"]),
        cells(kernel, "kernel", sign="*"),
        cells(output, "output", {"now": (row, column)}, sign="=", blank=Array.of(later.astype(np.uint8))),
        step=step,
        formula=f"the sum is {output[row, column]}",
    )


@st.composite
def records(draw: st.DrawFn) -> ArrayView:
    grids = []
    for _ in range(draw(st.integers(1, 4))):
        shape = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=3)))
        size = int(np.prod(shape))
        values = np.array(draw(st.lists(NUMBERS, min_size=size, max_size=size)), float).reshape(shape)
        bits = st.lists(st.integers(0, 1), min_size=size, max_size=size).map(
            lambda found, shape=shape: Array.of(np.array(found, np.uint8).reshape(shape))
        )
        grids.append(
            Grid(
                name=draw(NAMES),
                values=Array.of(values),
                sign=draw(st.sampled_from(["", "*", "→", "猫"])),
                axes=[draw(NAMES) for _ in shape] if draw(st.booleans()) else [],
                ticks=[[draw(NAMES) for _ in range(count)] for count in shape] if draw(st.booleans()) else [],
                marks={name: draw(bits) for name in draw(st.lists(st.sampled_from("ab"), max_size=2))},
                blank=draw(bits) if draw(st.booleans()) else None,
            )
        )
    return ArrayView(step=3, name=draw(NAMES), grids=grids, formula=draw(NAMES))


@settings(max_examples=150, deadline=None)
@given(records(), SIZES, st.booleans(), st.booleans())
def test_every_size_is_filled_exactly(record: ArrayView, size: tuple[int, int], unicode: bool, read: bool) -> None:
    panel = shown(ArrayPanel, record, unicode=unicode)
    assert isinstance(panel, ArrayPanel)
    if read:
        panel.spot = (len(record.grids), 3, 1)
    fills(panel, size)


def test_values_stand_in_square_cells_with_indices_and_axes() -> None:
    grid = cells([[1, 2, 3], [4, 5, 6]], axes=["y", "x"])
    assert inside(shown(ArrayPanel, view(grid)), 30, 9) == [
        "y ↓  x →                      ",
        "    0   1   2                 ",
        "  ┌───┬───┬───┐               ",
        "0 │ 1 │ 2 │ 3 │               ",
        "  ├───┼───┼───┤               ",
        "1 │ 4 │ 5 │ 6 │               ",
        "  └───┴───┴───┘               ",
        "                              ",
        "                              ",
    ]


def test_marked_cells_stand_in_brackets_also_without_colour() -> None:
    grid = cells([[1, 2], [3, 40]], marks={"window": np.s_[0, :], "now": (1, 1), "both": np.s_[0, 0]})
    panel = shown(ArrayPanel, view(grid), unicode=False)
    lines = inside(panel, 40, 3)
    assert [line.split() for line in lines[1:]] == [["0", "[", "1][", "2]"], ["1", "3", "(40)"]]
    assert text(panel.legends()[:1]).startswith("[] window  () now  {} both")


def test_a_mark_looks_the_same_in_all_arrays() -> None:
    first, second = cells([1, 2], "p", {"read": 0}), cells([3, 4], "q", {"written": 0, "read": 1})
    lines = inside(shown(ArrayPanel, view(first, second)), 40, 3)
    assert "[1]" in lines[2]
    assert "(3)" in lines[2]
    assert "[4]" in lines[2]


def test_what_is_not_computed_yet_is_left_blank() -> None:
    blank = Array.of(np.array([0, 1, 1], np.uint8))
    lines = inside(shown(ArrayPanel, view(cells([8, 9, 9], blank=blank))), 20, 2)
    assert lines[1].split() == ["8", "·", "·"]


def test_an_operation_shows_its_arrays_their_signs_and_the_formula() -> None:
    panel = shown(ArrayPanel, convolution(1, 0))
    drawn = text(panel.rows(80, 22))
    for part in ("input", "* 1 │", "kernel", "output", "=", "[0]", "the sum is", "() now", "step 7"):
        assert part in drawn
    assert drawn.index("the sum is") > drawn.index("output")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (60, 18)])
def test_all_arrays_of_an_operation_are_in_sight_around_what_is_marked(size: tuple[int, int]) -> None:
    lines = inside(shown(ArrayPanel, convolution(20, 13, size=40)), *size)
    assert sum(line.count("[") for line in lines) == 9 + 2  # nine cells, two titles: input[…], output[…]
    assert sum(line.count("(") for line in lines) == 1
    assert any("kernel" in line for line in lines)


def test_the_part_that_is_shown_is_named_as_a_slice() -> None:
    panel = shown(ArrayPanel, view(cells(np.arange(400).reshape(20, 20))))
    lines = inside(panel, 34, 12)
    assert lines[0].strip() == "[0:10, 0:6]"
    assert [int(name) for name in lines[1].split()] == list(range(6))
    assert [int(line.split()[0]) for line in lines[2:]] == list(range(10))
    assert "20 × 20" in text(panel.legends()[:1])


def test_numbers_lose_digits_before_cells_are_lost() -> None:
    grid = cells(np.linspace(-1, 1, 8))
    full = inside(shown(ArrayPanel, view(grid)), 70, 3)
    short = inside(shown(ArrayPanel, view(grid)), 50, 3)
    assert full[1].split()[:2] == ["-1.00", "-0.71"]
    assert short[1].split()[:2] == ["-1.0", "-0.7"]
    assert len(short[1].split()) == 8


def test_slices_stand_beside_each_other_and_the_others_on_the_next_page() -> None:
    values = np.arange(54).reshape(6, 3, 3)
    panel = shown(ArrayPanel, view(cells(values, axes=["channel", "y", "x"])))
    assert [f"channel {index}" in text(panel.content(120, 20)) for index in range(6)] == [True] * 6
    lines = inside(panel, 34, 6)
    assert "channel 0" in lines[0]
    assert "1–2 of 6" in text(panel.legends()[:1])
    assert isinstance(panel, ArrayPanel)
    panel.first = 4
    assert "channel 4" in inside(panel, 34, 6)[0]


def test_what_is_no_number_is_named() -> None:
    lines = inside(shown(ArrayPanel, view(cells([np.nan, np.inf, -np.inf, 2.5]))), 60, 2)
    assert lines[1].split() == ["NaN", "inf", "-inf", "2.50"]


def test_a_long_formula_keeps_its_result() -> None:
    formula = " + ".join(["12×34"] * 60) + " = 24480"
    lines = inside(shown(ArrayPanel, view(cells([1]), formula=formula)), 40, 12)
    assert lines[-1].rstrip().endswith("= 24480")
    assert 1 < sum("12×34" in line for line in lines) <= 4


def test_the_table_has_a_row_for_each_cell() -> None:
    table = ArrayPanel.tabulate(convolution(0, 1))
    rows = [list(row) for row in table.rows]
    assert table.header == ["array", "slice", "row", "column", "value", "marks"]
    assert len(rows) == table.total == 25 + 9 + 9
    assert rows[1] == ["input", None, 0, 1, 1, "window"]
    assert [row[4] for row in rows[-9:]][2:] == [None] * 7  # not computed yet


def test_drawing_takes_a_few_milliseconds() -> None:
    panel = shown(ArrayPanel, view(cells(np.random.default_rng(0).normal(size=(500, 600)))))
    assert time_drawing(panel) < 0.05


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_a_cursor_reads_cells_and_goes_on_to_the_next_array(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Panel, "unicode", True)
    app = Host(history_of([convolution(0, 0, step=1), convolution(0, 1, step=2)]))
    async with app.run_test(size=size) as pilot:
        (panel,) = app.grid.panels
        assert isinstance(panel, ArrayPanel)
        panel.focus()
        await pilot.pause()
        await pilot.press("shift+right")
        assert "input[0, 0] = 0 " in text(panel.notes()[:1])
        await pilot.press("shift+right", "shift+right", "shift+down")
        assert "input[1, 2] = 0 (window)" in text(panel.notes()[:1])
        await pilot.press("shift+right", "shift+right", "shift+right")
        assert "kernel[1, 0] = 1" in text(panel.notes()[:1])
        panel.look(1)
        assert "the sum is 1" in text(panel.content(70, 18))


async def test_the_arrows_move_what_is_shown_of_a_large_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)
    app = Host(history_of([view(cells(np.arange(1600).reshape(40, 40)))]))
    async with app.run_test(size=(80, 24)) as pilot:
        (panel,) = app.grid.panels
        panel.focus()
        await pilot.press("down", "down", "right_parenthesis", "up")
        assert "[1:21, 1:13]" in text(panel.rows(80, 24))
        await pilot.press("up", "up", "up", "left_parenthesis", "left_parenthesis")
        assert "[0:20, 0:12]" in text(panel.rows(80, 24))


def test_none_in_values_is_a_dot_and_a_true_nan_is_said() -> None:
    panel = shown(ArrayPanel, view(cells([[1.0, NOT_YET], [np.nan, 2.5]])))
    drawn = text(panel.content(40, 12))
    assert drawn.count("·") == 1
    assert "NaN" in drawn
    assert [row[4] for row in panel.tabulate(view(cells([[1.0, NOT_YET]]))).rows] == [1.0, None]
