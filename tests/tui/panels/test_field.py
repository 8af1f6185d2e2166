"""Heat maps, read as text and as colours."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from rich.console import Console
from textual.app import App, ComposeResult

from descend.engine.run.history import History
from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, Field
from descend.tui.draw.colours import TOP, Scale, luminance, scale
from descend.tui.draw.field_legend import Look, draw_key, letters
from descend.tui.draw.matrix import draw_matrix, shape_matrix
from descend.tui.draw.plane import draw_plane
from descend.tui.draw.rows import Row, length, text
from descend.tui.panels.field import FieldPanel
from descend.tui.panels.panel import Panel

from .odd import NAMES, NUMBERS, fills


def field(values: object, **more: Any) -> Field:
    record = Field(step=3, name="f", values=Array.of(np.asarray(values)), **more)
    record.check()
    return record


def panel(record: Field, unicode: bool = True) -> FieldPanel:
    history = History()
    history.feed([record])
    shown = FieldPanel(history, "field/f")
    shown.unicode = unicode
    return shown


def drawn(record: Field, width: int, height: int, *, colour: bool = True) -> list[Row]:
    look = Look(scale(record.values.numpy(), record.low, record.high), colour, True)
    return (draw_matrix if record.x is None else draw_plane)(record, width, height, look, None)[0]


def levels_at(rows: list[Row], y: int) -> list[tuple[int, int]]:
    """Levels of the upper and lower half of each cell that has a colour."""
    found = []
    for part, pen in rows[y]:
        if pen.startswith("shade"):
            _, ink, ground = pen.split()
            found += [(int((ground if ink == "ink" else ink)[1:]), int(ground[1:]))] * len(part)
    return found


def lightness(colour: Color | None) -> float:
    """Relative luminance of a colour."""
    assert colour is not None
    return luminance(tuple(colour.get_truecolor()))


def rosenbrock() -> Field:
    x, y = np.linspace(-2, 2, 41), np.linspace(-1, 3, 41)
    values = np.log1p((1 - x) ** 2 + 100 * (y[:, None] - x**2) ** 2)
    place, path = np.array([-1.5, 2.0]), []
    for _ in range(200):
        path.append(place.copy())
        slope = 200 * (place[1] - place[0] ** 2)
        place -= 1e-3 * np.array([2 * (place[0] - 1) - 2 * place[0] * slope, slope])
    paths = {"descent": Array.of(np.array(path))}
    return field(values, x=(-2.0, 2.0), y=(-1.0, 3.0), points={"minimum": Array.of(np.ones((1, 2)))}, paths=paths)


def test_a_map_grows_upwards_and_its_axes_are_round() -> None:
    rows = drawn(field(np.arange(12.0).reshape(4, 3), x=(0, 2), y=(0, 3)), 60, 16)
    top, bottom = levels_at(rows, 0), levels_at(rows, 13)
    assert top[0][0] > bottom[0][0]
    assert bottom[-1][0] > bottom[0][0]
    lines = text(rows).splitlines()
    assert lines[-1].split() == ["0", "1", "2"]
    assert [line.split()[0] for line in lines[:14] if line[:2].strip()] == ["3", "2", "1", "0"]


def test_points_lie_where_their_coordinates_say() -> None:
    rows = panel(rosenbrock()).content(70, 18)
    lines = text(rows).splitlines()
    y = next(index for index, line in enumerate(lines) if "●" in line)
    column = lines[-2].index("1", lines[-2].index("0"))
    assert abs(lines[y].index("●") - column) <= 1
    assert lines[-1].split() == ["●", "minimum", "△→▲", "descent"]
    above = next(index for index, line in enumerate(lines) if "△" in line)
    assert above < y
    assert lines[above].index("△") < lines[y].index("●")
    assert any("\u2800" < character < "\u2900" for line in lines for character in line)


def test_a_mirrored_extent_turns_the_map_around() -> None:
    values = np.array([[0.0, 1.0], [2.0, 3.0]])
    straight = drawn(field(values, x=(0, 1), y=(0, 1)), 40, 9)
    assert drawn(field(values[:, ::-1], x=(1, 0), y=(0, 1)), 40, 9) == straight
    assert drawn(field(values[::-1], x=(0, 1), y=(1, 0)), 40, 9) == straight
    assert drawn(field(values[::-1], x=(0, 1), y=(0, 1)), 40, 9) != straight


def test_a_matrix_is_read_from_the_top_and_names_its_lines() -> None:
    rows = drawn(field([[0.25, 0.75], [1.0, 0.5]], rows=["cat", "dog"], columns=["old", "new"]), 40, 6)
    lines = text(rows).splitlines()
    assert lines[0].split() == ["old", "new"]
    written = [line.split() for line in lines[1:] if any(c.isdigit() for c in line)]
    assert written == [["cat", "0.25", "0.75"], ["dog", "1.00", "0.50"]]
    number = next(pen for row in rows for part, pen in row if "0.25" in part)
    assert number.startswith("shade ink v")


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([[1, 20], [300, 4]], "300"),
        ([[1e9, 2e9]], "2.00e9"),
        ([[1e-9, 2e-9]], "2.00e-9"),
        ([[0.123, 12.5]], "12.5"),
        ([[0.0, np.nan]], "NaN"),
        ([[0.0, -np.inf]], "-inf"),
        ([[-0.0001, 0.5]], "0.00"),
    ],
)
def test_numbers_in_cells(values: list[list[float]], written: str) -> None:
    assert written in text(drawn(field(values), 60, 6)).split()


def test_texts_stand_in_their_cells() -> None:
    arrows = [["→", "↑"], ["goal", ""]]
    for colour in (True, False):
        lines = text(drawn(field([[0.1, 0.2], [1.0, 0.0]], texts=arrows), 40, 8, colour=colour)).splitlines()
        assert next(line for line in lines if "→" in line).index("→") < next(
            line.index("↑") for line in lines if "↑" in line
        )
        assert any("goal" in line for line in lines)


def test_a_cell_whose_text_says_what_it_is_is_not_explained_as_nan() -> None:
    labelled = field([[np.nan, 0.2], [1.0, 0.0]], texts=[["wall", ""], ["", ""]])
    look = Look(Scale(0, 1), colour=True, unicode=True)
    assert draw_key(labelled, 40, look, 3) == []
    bare = field([[np.nan, np.nan], [1.0, 0.0]], texts=[["wall", " "], ["", ""]])
    assert "NaN" in text(draw_key(bare, 40, look, 3))


def test_texts_stand_on_a_map_where_all_have_room() -> None:
    record = field([[0.0, 1.0], [2.0, 3.0]], x=(0, 1), y=(0, 1), texts=[["<", ">"], ["^", "猫"]])
    lines = text(drawn(record, 40, 9)).splitlines()
    low = next(index for index, line in enumerate(lines) if "<" in line)
    high = next(index for index, line in enumerate(lines) if "^" in line)
    assert high < low
    assert "猫" in lines[high]
    assert ">" not in text(drawn(record, 4, 4))


def test_classes_are_told_by_letters_with_and_without_colour() -> None:
    record = field(np.repeat([[0, 1], [2, 0]], 20, 1), x=(0, 39), y=(0, 1), classes=["free", "wall", "goal"])
    for unicode in (True, False):
        lines = text(panel(record, unicode).content(60, 14)).splitlines()
        assert lines[-1].split() == ["f", "free", "w", "wall", "g", "goal"]
        assert set("".join(lines[:5])) & set("fgw") == {"f", "g"}
        assert set("".join(lines[6:11])) & set("fgw") == {"f", "w"}
    assert text(panel(record, False).content(30, 6)).splitlines()[0].strip("0123456789. ").startswith("gggg")
    assert letters(["cat", "cow"]) == ["a", "b"]


def test_what_is_no_class_is_marked() -> None:
    assert "×" in text(drawn(field([[0, 7], [np.nan, 1]], classes=["a", "b"]), 30, 5))


def test_bad_values_are_marked_and_explained_wherever_they_are_averaged() -> None:
    values = np.zeros((300, 300))
    values[150, 150], values[20, 20], values[280, 280] = np.nan, np.inf, -np.inf
    for extent in ((None, None), ((0.0, 1.0), (0.0, 1.0))):
        for unicode in (True, False):
            lines = text(panel(field(values, x=extent[0], y=extent[1]), unicode).content(70, 18))
            assert lines.count("×" if unicode else "x") == 2  # itself, and in the legend
            assert lines.splitlines()[-1].split()[1::2] == ["NaN", "inf", "-inf"]


def test_low_and_high_are_the_ends_of_the_colours() -> None:
    record = field([[0.0, 0.5, 9.0]], low=0.0, high=1.0)
    assert [pen for part, pen in drawn(record, 40, 2)[1] if part.strip()] == [
        "shade ink v0",
        f"shade ink v{TOP // 2}",
        f"shade ink v{TOP}",
    ]
    assert text([panel(record).legends()[0]]).split()[0] == "0"
    assert text([panel(record).legends()[0]]).split()[-1] == "1"


def test_zero_is_in_the_middle_of_a_diverging_map() -> None:
    both = Scale(-1.0, 4.0)
    assert both.map == "d"
    assert both.levels(np.array([-4.0, -1.0, 0.0, 1.0, 4.0])).tolist() == [
        0,
        round(TOP * 3 / 8),
        TOP // 2,
        round(TOP * 5 / 8),
        TOP,
    ]
    assert "0" in text([both.bar(16, True)])
    assert scale(np.array([0.2, 7.0])).map == "v"
    assert scale(np.array([-3.0, 0.0])).map == "v"


@pytest.mark.parametrize("value", [0.0, 5.0, -5.0, 1e308, -1e308, 5e-324, np.nan, np.inf])
def test_one_value_everywhere(value: float) -> None:
    found = scale(np.full((3, 3), value))
    assert found.low < found.high
    for record in (field([[value]]), field(np.full((3, 3), value), x=(0, 1), y=(0, 1))):
        rows = panel(record).rows(40, 10)
        assert {length(row) for row in rows} == {40}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_field_fills_any_size_exactly(data: st.DataObject) -> None:
    rows, columns = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    values = np.array(data.draw(st.lists(NUMBERS, min_size=rows * columns, max_size=rows * columns)))
    flag = st.booleans()
    more: dict[str, Any] = {}
    if data.draw(flag):
        ends = st.tuples(st.floats(width=64), st.floats(width=64)) | st.tuples(st.floats(-3, 3), st.floats(-3, 3))
        more["x"], more["y"] = data.draw(ends), data.draw(ends)
        spots = st.lists(st.tuples(NUMBERS, NUMBERS), max_size=5)
        for kind in ("points", "paths"):
            groups = data.draw(st.dictionaries(NAMES, spots, max_size=3))
            more[kind] = {name: Array.of(np.array(found).reshape(-1, 2)) for name, found in groups.items()}
    elif data.draw(flag):
        more["rows"] = data.draw(st.lists(NAMES, min_size=rows, max_size=rows))
        more["columns"] = data.draw(st.lists(NAMES, min_size=columns, max_size=columns))
    if data.draw(flag):
        more["classes"] = data.draw(st.lists(NAMES, min_size=1, max_size=4))
    if data.draw(flag):
        line = st.lists(NAMES, min_size=columns, max_size=columns)
        more["texts"] = data.draw(st.lists(line, min_size=rows, max_size=rows))
    if data.draw(flag):
        more["low"], more["high"] = data.draw(NUMBERS), data.draw(NUMBERS)
    shown = panel(field(values.reshape(rows, columns), **more), data.draw(flag))
    if data.draw(flag):
        shown.spot = data.draw(st.integers(0, 9)), data.draw(st.integers(0, 9))
    width, height = data.draw(st.integers(1, 110)), data.draw(st.integers(1, 45))
    fills(shown, (width, height))


@pytest.mark.parametrize("size", [(16, 4), (44, 9), (70, 18), (100, 40)])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (300, 300), (17, 33), (40, 3)])
def test_every_shape_at_every_size(size: tuple[int, int], shape: tuple[int, int]) -> None:
    values = np.random.default_rng(0).normal(size=shape)
    for extent in (None, (-1.0, 1.0)):
        record = field(values, x=extent, y=extent)
        for colour in (True, False):
            assert [length(row) for row in drawn(record, *size, colour=colour)] == [size[0]] * size[1]
        assert any(pen.startswith("shade") for row in drawn(record, *size) for _, pen in row)


def test_rows_that_do_not_change_stay_equal() -> None:
    values = np.random.default_rng(0).random((20, 40))
    before = drawn(field(values, x=(0, 1), y=(0, 1)), 60, 16)
    values[0] += 1e-5
    values[19, 5] = 0.0
    after = drawn(field(values, x=(0, 1), y=(0, 1)), 60, 16)
    differing = [index for index, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
    assert differing
    assert max(differing) <= 1


def test_drawing_is_quick() -> None:
    record = rosenbrock()
    shown = panel(record)
    shown.rows(100, 30)
    start = time.thread_time()
    for _ in range(10):
        shown.rows(100, 30)
    assert (time.thread_time() - start) / 10 < 0.1  # 7 ms on a quiet machine


class Host(App[None]):
    def __init__(self, shown: Panel) -> None:
        super().__init__()
        self.shown = shown

    def compose(self) -> ComposeResult:
        yield self.shown


@pytest.mark.parametrize("system", ["256", "truecolor"])
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_numbers_can_be_read_on_every_colour(theme: str, system: str) -> None:
    shown = panel(rosenbrock())
    app = Host(shown)
    async with app.run_test():
        app.theme = theme
        app.console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
        for token in [f"{kind}{level}" for kind in "vdg" for level in range(TOP + 1)] + [f"c{i}" for i in range(12)]:
            style = shown.style(f"shade ink {token}")
            dark, light = sorted(lightness(colour) for colour in (style.color, style.bgcolor))
            assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
async def test_maps_of_256_colours_are_of_those_and_in_order(theme: str) -> None:
    shown = panel(rosenbrock())
    app = Host(shown)
    async with app.run_test():
        app.theme = theme
        app.console = Console(color_system="256", force_terminal=True)
        for kind in "vd":
            found = [shown.style(f"shade ink {kind}{level}").bgcolor for level in range(TOP + 1)]
            for colour in found:
                assert colour is not None
                near = colour.downgrade(ColorSystem.EIGHT_BIT).get_truecolor()
                assert max(abs(a - b) for a, b in zip(near, colour.get_truecolor(), strict=True)) <= 10  # a grey apart
            steps = np.diff([lightness(colour) for colour in found])
            sign = 1 if theme == "textual-dark" else -1
            half = TOP // 2
            assert (steps >= 0).all() if kind == "v" else (sign * steps[half:] >= 0).all()
            assert kind == "v" or (sign * steps[:half] <= 0).all()


async def test_lightness_grows_evenly_with_the_value() -> None:
    shown = panel(rosenbrock())
    app = Host(shown)
    async with app.run_test():
        app.console = Console(color_system="truecolor", force_terminal=True)
        found = [lightness(shown.style(f"shade ink v{level}").bgcolor) for level in range(TOP + 1)]
        light = 116 * np.cbrt(found) - 16  # as CIE defines it
        steps = np.diff(light)
        assert len(light) == TOP + 1
        assert steps.min() > 0.5 * steps.mean()
        assert steps.max() < 1.8 * steps.mean()


@pytest.mark.parametrize(("system", "expected"), [("truecolor", True), ("256", True), ("standard", False)])
async def test_sixteen_colours_or_none_get_characters(system: str, expected: bool) -> None:
    shown = panel(rosenbrock())
    app = Host(shown)
    async with app.run_test(size=(60, 16)):
        app.console = Console(color_system=system, force_terminal=True)  # type: ignore[arg-type]
        assert shown.in_colour is expected
        assert any(pen.startswith("shade") for row in shown.rows(60, 16) for _, pen in row) is expected
        if not expected:
            assert {"@", ".", ":", "#"} <= set(text(shown.rows(60, 16)))
        app.no_color = True
        assert not shown.in_colour


async def test_a_cursor_reads_values() -> None:
    record = field(np.arange(16.0).reshape(4, 4), x=(0, 3), y=(0, 3))
    shown = panel(record)
    async with Host(shown).run_test(size=(60, 16)) as pilot:
        shown.focus()
        await pilot.press("shift+left")
        assert "x=2, y=2: 10" in text(shown.rows(60, 16))
        await pilot.press("shift+left", "shift+up", "shift+up", "shift+up")
        assert "x=1, y=3: 13" in text(shown.rows(60, 16))
        assert "step 3" in text(shown.rows(60, 16))
        app = shown.app
        app.set_focus(None)
        await pilot.pause()
        assert "x=1" not in text(shown.rows(60, 16))


def test_the_replay_cursor_shows_the_field_of_its_step() -> None:
    history = History()
    for step in (0, 10, 20):
        history.feed([Field(step=step, name="f", values=Array.of(np.array([[float(step)]])))])
    shown = FieldPanel(history, "field/f")
    shown.unicode, shown.cursor = True, 12
    assert "10" in text(shown.content(40, 6))
    assert "as of step 10" in text(shown.rows(80, 8))
    assert shown.label == "f"
    assert FieldPanel.subjects([], ["field/f", "graph/g"]) == ["field/f"]


LOOKED_AT = [(76, 17), (56, 9), (56, 22), (116, 30), (196, 50), (40, 12)]


def disc(**more: Any) -> Field:
    """1 in a disc of radius 0.8 of the square from -1 to 1, 0 around it."""
    x = np.linspace(-1, 1, 81)
    return field((x[:, None] ** 2 + x**2 < 0.64).astype(float), x=(-1.0, 1.0), y=(-1.0, 1.0), **more)


def measure_disc(rows: list[Row]) -> tuple[int, float]:
    """Cells across, and lines down, that the highest level takes."""
    found = [levels_at(rows, y) for y in range(len(rows))]
    wide = max(sum(max(cell) == TOP for cell in line) for line in found)
    high = max(sum(line[x][k] == TOP for line in found if x < len(line) for k in (0, 1)) for x in range(len(found[0])))
    return wide, high / 2


@pytest.mark.parametrize("size", LOOKED_AT)
def test_a_disc_is_round_at_every_size_if_its_axes_have_one_unit(size: tuple[int, int]) -> None:
    for names in (("", ""), ("x₁", "x₂"), ("x (m)", "y (m)")):
        wide, high = measure_disc(drawn(disc(axes=names), *size))
        assert wide == pytest.approx(2 * high, abs=2)
        assert high >= 0.6 * (size[1] - 3) or wide >= 0.6 * (size[0] - 6)  # as large as there is room for
    wide, high = measure_disc(drawn(disc(axes=("height (m)", "weight (kg)")), *size))
    assert wide > 0.6 * (size[0] - 6)
    wide, high = measure_disc(drawn(disc(axes=("height (m)", "weight (kg)"), aspect="equal"), *size))
    assert wide == pytest.approx(2 * high, abs=2)


def test_the_first_row_is_at_the_top_of_matrices_and_images_and_y_runs_up_in_maps() -> None:
    values = np.array([[0.0, 0.0], [1.0, 1.0]])
    matrix, up = field(values), field(values, x=(0, 1), y=(0, 1))
    down = field(values, x=(0, 1), y=(0, 1), down=True, axes=("column", "row"))
    tops = [levels_at(drawn(record, 40, 10), 1)[0][0] for record in (matrix, up, down)]
    assert tops == [0, TOP, 0]
    foots = [text(panel(record).rows(60, 12)).splitlines()[-1] for record in (down, field(values, axes=("c", "r")))]
    assert "↓ row  → column" in foots[0]
    assert "↓ r  → c" in foots[1]
    assert "↑ r  → c" in text(panel(field(values, x=(0, 1), y=(0, 1), axes=("c", "r"))).rows(60, 12))
    labels = [line.split()[0] for line in text(drawn(down, 40, 10)).splitlines()[:8] if line[:2].strip()]
    assert labels == ["0", "1"]
    spot = field(values, x=(0, 1), y=(0, 1), down=True, points={"low": Array.of(np.array([[0.0, 1.0]]))})
    lines = text(drawn(spot, 40, 10)).splitlines()
    assert next(index for index, line in enumerate(lines) if "●" in line) > 3  # where y = 1 is: below


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({}, "row 2, column 2: 8"),
        ({"x": (0, 2), "y": (0, 2)}, "x=1, y=2: 7"),
        ({"x": (0, 2), "y": (2, 0)}, "x=1, y=2: 1"),
        ({"x": (0, 2), "y": (0, 2), "down": True}, "x=1, y=0: 1"),
    ],
)
async def test_the_cursor_goes_where_its_arrow_points(more: dict[str, Any], told: str) -> None:
    shown = panel(field(np.arange(9.0).reshape(3, 3), **more))
    async with Host(shown).run_test(size=(60, 16)) as pilot:
        shown.focus()
        await pilot.press("shift+left", *(["shift+up"] * 3 if more else ["shift+down"] * 3 + ["shift+right"] * 3))
        assert told in text(shown.rows(60, 16))


@pytest.mark.parametrize("shape", [(6, 6), (20, 20), (40, 10), (10, 40), (64, 64), (100, 30)])
@pytest.mark.parametrize("size", LOOKED_AT)
def test_pixels_of_a_matrix_are_square(shape: tuple[int, int], size: tuple[int, int]) -> None:
    tall, wide = shape_matrix(*shape, size[0], 2 * size[1])
    assert tall <= 2 * size[1]
    assert wide <= size[0]
    if min(size[0] / shape[1], 2 * size[1] / shape[0]) * min(shape) >= 6:  # else it would be a mere strip
        assert wide / shape[1] == pytest.approx(tall / shape[0], abs=1 / min(shape))


def test_a_strip_is_not_too_thin_to_see() -> None:
    assert shape_matrix(1, 200, 100, 40) == (6, 100)
    assert shape_matrix(2, 1000, 100, 40)[0] >= 6


def panes(**more: Any) -> Field:
    values = np.hstack([np.full((3, 3), 0.25), [[0.5, NOT_YET, 0.5], [0.5, 0.5, 0.5], [0.5, 0.5, np.nan]]])
    texts = [["→ .25"] * 3 + ["↓ .50", "·", "↓ .50"], *[["→ .25"] * 3 + ["↓ .50"] * 3] * 2]
    return field(values, panes=["planned", "learned"], texts=texts, low=0, high=1, **more)


@pytest.mark.parametrize("size", [(76, 17), (56, 22), (56, 9), (40, 12)])
def test_matrices_stand_side_by_side_with_their_texts(size: tuple[int, int]) -> None:
    shown = panel(panes())
    rows = shown.content(*size)
    assert [length(row) for row in rows] == [size[0]] * size[1]
    lines = text(rows).splitlines()
    heads = next(line for line in lines if "planned" in line)
    assert "learned" in heads
    drawn = text(rows)
    assert (drawn.count("→"), drawn.count("↓")) == (9, 8)
    assert (drawn.count(".25"), drawn.count(".50")) == (9, 8)
    data = shown.tabulate(panes())
    assert data.header == ["row", "planned 0", "planned 1", "planned 2", "learned 0", "learned 1", "learned 2"]
    assert next(iter(data.rows)) == ["0", 0.25, 0.25, 0.25, 0.5, None, 0.5]


async def test_the_cursor_reads_matrices_side_by_side() -> None:
    shown = panel(panes())
    async with Host(shown).run_test(size=(70, 16)) as pilot:
        shown.focus()
        await pilot.press("shift+left")
        assert "learned, row 1, column 0: 0.5000" in text(shown.rows(70, 16))
        await pilot.press("shift+up", "shift+right")
        assert "learned, row 0, column 1: not computed yet" in text(shown.rows(70, 16))
        await pilot.press("shift+left", "shift+left")
        assert "planned, row 0, column 2: 0.2500" in text(shown.rows(70, 16))


def test_what_is_not_computed_yet_is_told_from_nan() -> None:
    drawn_in_text = text(drawn(field([[1.0, NOT_YET], [np.nan, 2.0]]), 30, 8, colour=False))
    assert "·" in drawn_in_text
    assert "NaN" in drawn_in_text
    key = text(panel(field([[1.0, NOT_YET], [np.nan, 2.0]])).content(60, 16))
    assert "not computed yet" in key
    assert "NaN" in key
    map = field([[1.0, NOT_YET], [NOT_YET, 2.0]], x=(0, 1), y=(0, 1))
    assert "NaN" not in text(panel(map).content(60, 16))
