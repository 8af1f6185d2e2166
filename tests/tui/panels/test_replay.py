"""The time cursor of a grid of panels."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import numpy as np
import pytest
from textual import events
from textual.pilot import Pilot

from descend.engine.base.errors import UsageError
from descend.engine.run.history import History
from descend.engine.run.records import Array, Scalars
from descend.tui.draw import rows
from descend.tui.panels import Panel
from descend.tui.panels.curves import Curves
from descend.tui.panels.replay import SPEEDS, WHOLE
from descend.tui.panels.stepline import parse

from .conftest import scalars
from .test_grid import Host, settle, watch

ENDS = (0, 2399)


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


@pytest.mark.parametrize(
    ("text", "step"),
    [("600", 600), (" 0 ", 0), ("2,399", 2399), ("END", 2399), ("0%", 0), ("50 %", 1200), ("100%", 2399)],
)
def test_steps_shares_and_the_end_can_be_typed(text: str, step: int) -> None:
    assert parse(text, ENDS) == step


@pytest.mark.parametrize("text", ["", "-1", "2400", "101%", "%", "1e3", "half", "6 00", "9" * 400, "nan%", "²"])
def test_anything_else_is_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match=r"^[^\n]{10,80}0 … 2,399, 50%, or end\.$|^Type 0 … 2,399, 50%, or end\.$"):
        parse(text, ENDS)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys faster than `Pilot.press`, which waits for an idle CPU after each."""
    for key in keys:
        pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await pilot.pause(0.02)
        await pilot.pause(0)


async def test_all_panels_look_at_the_same_step(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app)
        live = app.lines()
        app.grid.look(130)
        await settle(app)
        lines = app.lines()
        feet = [lines[area.bottom - 1][area.x : area.right] for area in (panel.region for panel in app.grid.panels)]
        assert all("at step 130 of 299" in foot for foot in feet)
        layers, confusion = feet[2], feet[3]
        assert "as of step" not in layers  # a picture of that very step
        assert "as of step 99, at step 130" in confusion
        loss = history.series["train/loss"].values[130]
        assert f"{loss:.4g}" in app.lines()[0]
        right = history.picture_at("confusion/test", 130).counts.numpy()
        assert f"{right.trace() / right.sum():.1%}" in app.lines()[app.grid.panels[3].region.y]
        app.grid.look(10)
        await settle(app)
        assert "nothing recorded up to step 10" in "".join(app.lines())
        assert "test –" in app.lines()[0]
        await press(pilot, "end")
        await settle(app)
        assert app.lines() == live


async def test_keys_move_by_one_point_by_a_twentieth_and_to_both_ends(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        seen = []
        for key in ("comma", "comma", "less_than_sign", "full_stop", "greater_than_sign", "home", "comma", "full_stop"):
            await press(pilot, key)
            seen.append(app.grid.cursor)
        assert seen == [298, 297, 282, 283, 298, 0, 0, 1]
        await press(pilot, "escape")
        assert (app.grid.cursor, app.left) == (None, 0)
        await press(pilot, "less_than_sign", "greater_than_sign")
        assert app.grid.cursor is None
        await press(pilot, "full_stop", "escape")
        assert (app.grid.cursor, app.left) == (None, 1)


async def test_points_of_any_series_and_pictures_are_steps_to_go_to() -> None:
    history = History()
    history.feed([scalars(0, {"train/loss": 2.0}), scalars(70, {"test/loss": 1.0}), scalars(100, {"train/loss": 1.5})])
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "comma")
        assert app.grid.cursor == 70
        await press(pilot, "comma", "comma")
        assert app.grid.cursor == 0


async def test_going_to_a_step(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "2")
        focused = app.focused
        sizes = [panel.size for panel in app.grid.panels]
        await press(pilot, "g", *"120", "enter")
        assert (app.grid.cursor, app.focused) == (120, focused)
        await press(pilot, "g", *"[b]x", "enter")
        assert "'[b]x' is not in this run: type 0 … 299, 50%, or end." in app.lines()[-2]
        assert [panel.size for panel in app.grid.panels] == sizes
        assert app.grid.cursor == 120
        await press(pilot, *["backspace"] * 4, *"50%")
        assert "go to step 50%" in app.lines()[-1].replace("  ", " ")
        assert "is not in" not in app.lines()[-2]
        await press(pilot, "enter")
        assert app.grid.cursor == 150
        await press(pilot, "g", "7", "escape")
        assert (app.grid.cursor, app.focused) == (150, focused)
        await press(pilot, "g", *"end", "enter")
        assert app.grid.cursor is None


async def test_playing_goes_through_the_run_and_ends_at_its_end(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "p")
        assert app.grid.playing
        assert app.grid.cursor is not None
        assert app.grid.cursor < 150
        for direction, speed in ((-1, 0.5), (-1, 0.5), (1, 1), (1, 2)):
            app.grid.action_speed(direction)
            assert app.grid.speed == speed
        for _ in SPEEDS:
            app.grid.action_speed(1)
        assert app.grid.speed == SPEEDS[-1]
        begun = time.monotonic()
        seen = set()
        while app.grid.playing:
            seen.add(app.grid.cursor)
            assert time.monotonic() - begun < 5 * WHOLE / SPEEDS[-1] + 30
            await asyncio.sleep(0.01)
        assert app.grid.cursor is None
        assert len(seen) >= 2
        await settle(app)
        assert "at step" not in "".join(app.lines())


async def test_every_key_that_moves_stops_the_player(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        app.grid.look(100)
        for key in ("comma", "full_stop", "less_than_sign", "greater_than_sign", "home", "p"):
            app.grid.action_play()
            assert app.grid.playing
            await press(pilot, key)
            assert not app.grid.playing
            step = app.grid.cursor
            assert step is not None
            await asyncio.sleep(0.1)
            assert app.grid.cursor == step


async def test_keys_of_the_replay_wait_for_data() -> None:
    app = Host(History(), expected=("train/loss",))
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "p", "comma", "g", "home", "plus", "less_than_sign")
        assert app.grid.cursor is None
        assert app.focused in app.grid.panels
        assert not {"p", "g", "comma"} & app.screen.active_bindings.keys()
        app.grid.changed(app.grid.history.feed([scalars(0, {"train/loss": 2.0}), scalars(1, {"train/loss": 1.0})]))
        await press(pilot, "comma")
        assert app.grid.cursor == 0


async def test_another_run_is_followed_and_a_run_resumed_before_the_cursor_too(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        app.grid.look(200)
        await settle(app)
        app.grid.changed(history.feed([scalars(300, {"train/loss": 0.1})]))
        assert app.grid.cursor == 200
        fresh = History()
        fresh.feed([scalars(step, {"train/loss": 1.0}) for step in range(100)])
        app.grid.reset(fresh)
        assert app.grid.cursor is None
        app.grid.look(80)
        app.grid.changed(fresh.feed([scalars(50, {"train/loss": 1.0})]))
        assert app.grid.cursor is None
        await pilot.pause()
        assert all(panel.cursor is None for panel in app.grid.panels)


async def test_the_panel_with_the_keys_follows_first_and_the_others_soon(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app)
        app.grid.panels[2].focus()
        await pilot.pause()
        drawn = watch(monkeypatch)
        app.grid.look(100)
        await settle(app)
        assert drawn[0][0] is app.grid.panels[2]
        assert {panel for panel, _ in drawn} == set(app.grid.panels)
        assert len(drawn) == 4


def test_looking_back_copies_nothing_of_a_long_run() -> None:
    points = 1_000_000
    steps = np.arange(points)
    history = History()
    history.feed([Scalars(steps=Array.of(steps), values={"train/loss": Array.of(np.exp(-steps / points))})])
    panel = Curves(history, "loss")
    panel.rows(100, 30)
    tracemalloc.start()
    try:
        for step in (1, points // 2, points - 2):
            panel.cursor = step
            assert "at step" in rows.text(panel.rows(100, 30))
            history.before(step), history.after(step)
        assert tracemalloc.get_traced_memory()[1] < points  # a byte a point
    finally:
        tracemalloc.stop()
