"""A person who looks closely at curves: zooms into steps, hides curves, points at a step."""

from __future__ import annotations

import numpy as np
import pytest
from textual.pilot import Pilot

from descend.engine.run.history import History, Series
from descend.engine.run.records import Array, KnobChange, Layers, Scalars, Status
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.linechart import Trace, draw_line_chart
from descend.tui.draw.rows import length, text
from descend.tui.panels import Panel
from descend.tui.panels.curves import Curves
from descend.tui.panels.dialogs.checklist import Checklist

from .conftest import history_of, scalars
from .test_grid import Host, settle

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def descent(steps: int = 1001, names: tuple[str, ...] = ("train/loss", "test/loss")) -> History:
    """A loss that falls from 1000 to 0, one a step."""
    values = {name: Array.of(np.linspace(1000.0, 0.0, steps) + index) for index, name in enumerate(names)}
    return history_of([Scalars(steps=Array.of(np.arange(steps)), values=values)])


async def press(app: Host, pilot: Pilot[None], *keys: str) -> str:
    """Press keys; what the focused panel then shows."""
    await pilot.press(*keys)
    await settle(app)
    return "\n".join(app.lines())


async def test_zooming_shows_the_end_in_detail_and_back() -> None:
    app = Host(descent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        whole = app.lines()
        shown = await press(app, pilot, "z")
        assert "steps 500–1,000 of 1,000" in shown
        assert "1000" not in "".join(line[:8] for line in app.lines()[2:8]), "the vertical axis fits what is in sight"
        shown = await press(app, pilot, "z", "left_parenthesis")
        assert "steps 688–938 of 1,000" in shown
        shown = await press(app, pilot, "shift+right", "right_parenthesis", "right_parenthesis")
        assert "steps 750–1,000 of 1,000" in shown
        shown = await press(app, pilot, *["shift+left"] * 40)
        assert "steps 0–250 of 1,000" in shown
        assert "steps" not in await press(app, pilot, "Z", "Z", "Z")
        await press(app, pilot, *["z"] * 30, "0")
        assert app.lines() == whole


async def test_zooming_goes_to_the_cursor_which_stays_in_sight() -> None:
    app = Host(descent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        app.grid.look(200)
        shown = await press(app, pilot, "z", "z")
        assert "steps 150–400 of 1,000" in shown
        assert "at step 200 of 1,000" in shown
        shown = await press(app, pilot, "home")
        assert "steps 0–250 of 1,000" in shown
        app.grid.look(900)
        await settle(app)
        assert "steps 750–1,000 of 1,000" in "\n".join(app.lines())


async def test_a_range_at_the_end_follows_a_run_at_work_and_one_in_the_past_stays() -> None:
    history = descent(1000, ("train/loss",))
    history.feed([Status(state="running")])
    app = Host(history)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        panel = app.grid.panels[0]
        assert isinstance(panel, Curves)
        await press(app, pilot, "z", "z")
        before = panel.view()
        app.grid.changed(history.feed([scalars(step, {"train/loss": 1.0}) for step in range(1000, 1400)]))
        await settle(app)
        start, end = panel.view()
        assert end - start == before[1] - before[0]
        assert 1399 <= end <= 1399 + (end - start) / 8
        await press(app, pilot, "left_parenthesis", "left_parenthesis")
        before = panel.view()
        app.grid.changed(history.feed([scalars(step, {"train/loss": 1.0}) for step in range(1400, 1800)]))
        await settle(app)
        assert panel.view() == before


async def test_marks_of_knobs_and_of_nan_are_there_in_the_zoom() -> None:
    values = np.ones(1000)
    values[900:903] = np.nan, np.inf, np.nan
    history = history_of([Scalars(steps=Array.of(np.arange(1000)), values={"train/loss": Array.of(values)})])
    history.feed([KnobChange(step=850, knob="lr", value=0.1, previous=0.5)])
    app = Host(history)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        shown = await press(app, pilot, "z", "z", "right_square_bracket")
        assert "lr 0.5→0.1" in shown
        assert "3 NaN or infinite" in shown
        assert shown.count("×") >= 2
        assert "lr" not in await press(app, pilot, *["left_parenthesis"] * 3)


async def test_curves_are_hidden_one_by_one_and_named_where_they_are_gone() -> None:
    app = Host(descent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        whole = app.lines()
        shown = await press(app, pilot, "i")
        assert "[x] train" in shown
        await pilot.press("space", "enter")
        await settle(app)
        shown = "\n".join(app.lines())
        assert "hidden: train" in shown
        assert "━ train" not in shown
        assert "test" in app.lines()[0]
        await pilot.press("i", "space", "escape")
        await settle(app)
        assert "hidden: train" in "\n".join(app.lines())
        await pilot.press("i", "a", "enter")
        await settle(app)
        assert app.lines() == whole
        await pilot.press("i", "a", "enter")
        assert isinstance(app.screen, Checklist), "a panel without curves is of no use"
        assert "Tick at least one" in "\n".join(app.lines())


async def test_twenty_curves_are_listed() -> None:
    app = Host(descent(200, tuple(f"part {index}/loss" for index in range(20))))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        assert "20 curves, i lists them" in app.lines()[0]
        await pilot.press("i", *["down"] * 19, "space")
        await pilot.pause()
        assert "[ ] part 19" in "\n".join(app.lines())
        await pilot.press("enter")
        await settle(app)
        assert "hidden: part 19" in "\n".join(app.lines())
        await pilot.press("i", "a", "a", "space", "enter")
        await settle(app)
        assert "19 curves hidden" in "\n".join(app.lines())
        assert "part 0" in app.lines()[0]


async def test_a_point_in_a_curve_can_be_clicked() -> None:
    app = Host(descent())
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(app)
        panel = app.grid.panels[0]
        app.set_focus(None)
        await pilot.pause()
        await pilot.click(panel, offset=(40, 10))
        assert app.grid.cursor is None, "the first click gives the panel the keys"
        await pilot.pause(0.6)
        await pilot.click(panel, offset=(40, 10))
        await pilot.pause()
        assert app.grid.cursor is not None
        assert abs(app.grid.cursor - 470) < 40
        cursor = app.grid.cursor
        await pilot.click(panel, offset=(2, 10))
        await pilot.pause()
        assert app.grid.cursor == cursor, "the axis is no step"


async def test_layers_show_what_is_healthy() -> None:
    history = History()
    for step in range(100):
        arrays = [Array.of(np.array(values)) for values in ([1.0, 2.0], [10.0, 10.0], [0.01, 0.5])]
        history.feed([Layers(step=step, names=["a", "b"], gradient=arrays[0], weight=arrays[1], update=arrays[2])])
    app = Host(history)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(app)
        shown = await press(app, pilot, "m", "m")
        assert "upd./weight over the steps, healthy between the dotted lines" in shown
        assert "healthy upd./weight: about 1e-3, from 1e-4 to 1e-2" in shown
        band = [line.split("┼")[0].strip("│ ") for line in app.lines() if "┼┈" in line]
        assert band == ["0.01", "1e-4"]
        assert "↑ fast" in shown
        shown = await press(app, pilot, "m", "z")
        assert "gradient over the steps" in shown
        assert "steps 50–99 of 99" in shown


def test_any_range_of_any_curve_is_drawn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(300):
        size = int(rng.choice([1, 2, 5, 400, 20_000]))
        series, steps = Series(), np.cumsum(rng.integers(1, 9, size))
        series.extend(steps, rng.choice([np.nan, np.inf, -1.0, 0.0, 1.0, 1e9], size))
        start = float(rng.uniform(-10, steps[-1]))
        span = start, start + float(rng.choice([1, 4, 1000, 1e6]))
        rows = draw_line_chart(
            [Trace("x", series, Envelope())],
            60,
            12,
            span=span,
            log=bool(rng.integers(2)),
            smoothing=0.9 * rng.integers(2),
        )
        assert [length(row) for row in rows] == [60] * 12


def test_a_line_between_points_out_of_sight_is_drawn() -> None:
    series = Series()
    series.extend(np.array([0, 1000]), np.array([0.0, 1000.0]))
    drawn = text(draw_line_chart([Trace("x", series, Envelope())], 60, 12, span=(400.0, 600.0)))
    assert sum(character in BRAILLE for character in drawn) >= 40


def test_zooming_into_a_million_points_draws_each_of_them() -> None:
    series, values = Series(), np.zeros(1_000_000)
    values[777_777] = 5.0
    series.extend(np.arange(len(values)), values)
    drawn = text(draw_line_chart([Trace("x", series, Envelope())], 60, 12, span=(777_750.0, 777_800.0)))
    assert "4┤" in drawn
    assert sum(character in BRAILLE for line in drawn.splitlines()[:4] for character in line) >= 2


NAMES = ("bisection/log10 error", "newton/log10 error", "secant/log10 error", "brent/log10 error")


@pytest.mark.parametrize(
    ("size", "values"), [((80, 24), True), ((60, 17), True), ((60, 11), False), ((120, 11), True), ((48, 17), True)]
)
async def test_curves_are_named_wherever_there_is_room(size: tuple[int, int], values: bool) -> None:
    app = Host(descent(names=NAMES))
    async with app.run_test(size=size):
        await settle(app)
        panel = app.grid.panels[0]
        drawn = text(panel.rows(*size)).splitlines()
        told = "\n".join(line.split("┤")[0] for line in drawn[:4])
        for name, glyph in zip(("bisection", "newton", "secant", "brent"), "━▲■◆", strict=True):
            assert told.count(f"{glyph} {name[:5]}") == 1
        assert ("━ bisection 0" in told) == values
        assert all(length(row) == size[0] for row in panel.rows(*size))


async def test_where_the_key_has_lines_of_its_own_the_chart_stays_where_it_is() -> None:
    histories = [
        history_of(
            [Scalars(steps=Array.of(np.arange(9)), values={name: Array.of(value * np.arange(9)) for name in NAMES})]
        )
        for value in (1.0, -1.23456e-5)
    ]
    heights = set()
    for history in histories:
        app = Host(history)
        async with app.run_test(size=(60, 20)):
            await settle(app)
            rows = text(app.grid.panels[0].rows(60, 20)).splitlines()
            heights.add(next(index for index, row in enumerate(rows) if "┤" in row or "│ " in row[3:20]))
            assert sum("bisection" in row for row in rows) == 1
    assert len(heights) == 1
