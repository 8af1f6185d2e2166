"""The grid of panels in a running app: layout, keys, redrawing."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip

from descend.engine.run.history import History
from descend.engine.run.records import Array, Confusion, Event, Status
from descend.tui.draw.rows import Row
from descend.tui.panels import Panel, PanelGrid
from descend.tui.panels.arrangement import choose_columns
from descend.tui.panels.catalogue import Subject, named
from descend.tui.panels.curves import Curves
from descend.tui.panels.grid import number_panels

from .conftest import history_of, scalars, training

SIZES = [(80, 24), (120, 40), (200, 60), (100, 30), (60, 20), (20, 6)]


class Host(App[None]):
    """An app that shows nothing but panels."""

    BINDINGS = [("escape", "leave", "Leave")]  # noqa: RUF012

    def __init__(self, history: History, expected: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.grid = PanelGrid(history, expected)
        self.left = 0

    def compose(self) -> ComposeResult:
        yield self.grid

    def action_leave(self) -> None:
        self.left += 1

    def lines(self) -> list[str]:
        """The screen as text."""
        return ["".join(segment.text for segment in strip) for strip in self.screen._compositor.render_strips()]

    def framed(self, panel: Panel) -> bool:
        """Whether the frame on screen is the panel's own, complete and at its place."""
        area, lines = panel.region, self.lines()
        top, bottom = lines[area.y], lines[area.bottom - 1]
        corners = top[area.x] + top[area.right - 1] + bottom[area.x] + bottom[area.right - 1]
        return corners == "╭╮╰╯"


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


async def settle(app: Host) -> None:
    """Wait until nothing is left to draw: on a busy machine, panels leave each other up to a second."""
    for _ in range(1000):
        await asyncio.sleep(0.02)
        if not any(panel.dirty for panel in app.grid.shown):
            return
    raise AssertionError("panels are still waiting to be drawn")


def watch(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Panel, float]]:
    """Note every redraw from now on: which panel, when."""
    drawn: list[tuple[Panel, float]] = []
    redraw = Panel.redraw

    def noting(panel: Panel) -> None:
        drawn.append((panel, time.monotonic()))
        redraw(panel)

    monkeypatch.setattr(Panel, "redraw", noting)
    return drawn


def test_columns_for_common_terminals() -> None:
    assert choose_columns(4, 80, 24) is None
    assert choose_columns(4, 100, 29) == 2
    assert choose_columns(6, 120, 39) == 2
    assert choose_columns(4, 200, 59) == 2
    assert choose_columns(6, 200, 59) == 3
    assert choose_columns(1, 80, 24) == 1
    assert choose_columns(3, 60, 40) == 1


@pytest.mark.parametrize("size", SIZES)
async def test_every_size_shows_whole_panels(history: History, size: tuple[int, int]) -> None:
    app = Host(history)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        assert len(app.grid.panels) == 4
        assert len(app.grid.shown) == (4 if size >= (100, 30) else 1)
        assert all(app.framed(panel) for panel in app.grid.shown)


async def test_resizing_at_any_time(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=SIZES[0]) as pilot:
        for size in [*SIZES, *reversed(SIZES)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(app.grid.shown) == (4 if size >= (100, 30) else 1)
            assert all(app.framed(panel) for panel in app.grid.shown)
            assert {len(line) for line in app.lines()} == {size[0]}


async def test_tabs_name_the_panels_and_digits_choose(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.panels[0].focus()
        await pilot.pause()
        assert app.lines()[0].split("  ")[:3] == [" 1 loss", "2 accuracy", "3 gradients by layer"]
        await pilot.press("4")
        assert [panel.label for panel in app.grid.shown] == ["confusion test"]
        assert app.grid.panels[3].has_focus
        await pilot.press("right")
        assert [panel.label for panel in app.grid.shown] == ["loss"]
        await pilot.click("PanelTabs", offset=(12, 0))
        assert [panel.label for panel in app.grid.shown] == ["accuracy"]
        await pilot.press("9")
        assert [panel.label for panel in app.grid.shown] == ["accuracy"]


async def test_the_answer_to_a_key_waits_for_no_drawing(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app)
        painting: list[Panel] = []
        render_line, rows, found = Panel.render_line, Panel.rows, []

        def rendering(panel: Panel, y: int) -> Strip:
            painting.append(panel)
            try:
                return render_line(panel, y)
            finally:
                painting.pop()

        def drawing(panel: Panel, width: int, height: int) -> list[Row]:
            found.append(bool(painting))
            return rows(panel, width, height)

        monkeypatch.setattr(Panel, "render_line", rendering)
        monkeypatch.setattr(Panel, "rows", drawing)
        for number in (2, None, 1, None):
            app.grid.zoom(number)
            await pilot.pause()
            assert all(app.framed(panel) for panel in app.grid.shown)
            await settle(app)
            for panel in app.grid.shown:
                drawn = panel.draw(panel.size.width, panel.size.height)
                shown = app.lines()[panel.region.y : panel.region.bottom]
                assert [line[panel.region.x : panel.region.right] for line in shown] == [strip.text for strip in drawn]
        assert len(found) > 4
        assert not any(found)


async def test_zoom_and_back(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        app.grid.panels[0].focus()
        await pilot.press("2")
        assert [panel.label for panel in app.grid.shown] == ["accuracy"]
        assert app.grid.panels[1].has_focus
        assert app.framed(app.grid.panels[1])
        await pilot.press("2")
        assert len(app.grid.shown) == 4
        await pilot.press("3", "escape")
        assert len(app.grid.shown) == 4
        assert app.left == 0
        await pilot.press("escape")
        assert app.left == 1
        await pilot.click(app.grid.panels[2], times=2)
        assert [panel.label for panel in app.grid.shown] == ["gradients by layer"]
        app.grid.zoom(4)
        assert app.grid.zoomed == 4
        app.grid.zoom(None)
        assert len(app.grid.shown) == 4


async def test_tab_walks_through_the_panels(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        app.grid.panels[0].focus()
        for index in (1, 2, 3):
            await pilot.press("tab")
            assert app.grid.panels[index].has_focus
        await pilot.press("shift+tab", "left")
        assert app.grid.panels[1].has_focus


@pytest.mark.parametrize("size", [(200, 60), (80, 24)])
async def test_a_panel_that_appears_late_renumbers_no_other(size: tuple[int, int]) -> None:
    loss, late, other = (scalars(1, {f"train/{name}": 1.0}) for name in ("loss", "late", "accuracy"))
    history = history_of([Status(state="running"), loss])
    app = Host(history)
    app.grid.show = ("late", "loss")

    def numbers() -> dict[str, int | None]:
        return {panel.label: panel.number for panel in app.grid.panels}

    async with app.run_test(size=size) as pilot:
        assert numbers() == {"loss": 2}
        assert "2 loss" in app.lines()[0]
        app.grid.changed(history.feed([other]))
        assert numbers() == {"loss": 2, "accuracy": 3}
        await pilot.press("3")
        assert [panel.label for panel in app.grid.shown] == ["accuracy"]
        app.grid.changed(history.feed([late]))
        await pilot.pause()
        assert list(numbers().items()) == [("late", 1), ("loss", 2), ("accuracy", 3)]
        assert [panel.label for panel in app.grid.shown] == ["accuracy"]
        await pilot.press("1")
        assert [panel.label for panel in app.grid.shown] == ["late"]
        await settle(app)
        assert " 1 late  2 loss  3 accuracy " in app.lines()[0]
        await pilot.press("4")
        assert [panel.label for panel in app.grid.shown] == ["late"]


def test_numbers_have_no_gaps_once_nothing_more_comes() -> None:
    found = [(Curves, name) for name in ("loss", "accuracy")]
    numbers: dict[Subject, int] = {}
    number_panels(numbers, found)
    assert list(numbers.values()) == [1, 2]
    number_panels(numbers, [(Curves, "late"), *found])
    assert numbers[Curves, "late"] == 3
    assert [numbers[one] for one in found] == [1, 2]


async def test_curves_answer_keys(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        loss = app.grid.panels[0]
        assert isinstance(loss, Curves)
        loss.focus()
        await pilot.press("l", "right_square_bracket", "right_square_bracket", "left_square_bracket")
        assert loss.log_axis
        assert loss.smoothing == 0.8
        assert "log axis  smoothing 0.8" in "".join(app.lines()[:20])
        latest = app.lines()[0]
        await pilot.press("comma", "comma", "comma")
        await settle(app)
        assert loss.cursor is not None
        step = int(loss.cursor)
        assert f"step {step} " in app.lines()[loss.region.bottom - 1]
        exact = loss.history.series["train/loss"].values[step]
        assert f"{exact:.4g}" in app.lines()[0].replace("0 ", " ")
        await pilot.press("full_stop", "full_stop", "full_stop", "full_stop")
        assert loss.cursor is None
        assert app.lines()[0] == latest


async def test_panels_appear_with_their_data_in_a_stable_order(run: list[Event]) -> None:
    history = History()
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "waiting for data" in "".join(app.lines())
        seen: list[str] = []
        for record in run:
            app.grid.changed(history.feed([record]))
            labels = [panel.label for panel in app.grid.panels]
            assert [label for label in labels if label in seen] == seen
            seen = labels
        await pilot.pause()
        await settle(app)
        assert seen == ["loss", "accuracy", "gradients by layer", "confusion test"]
        assert app.focused in app.grid.panels
        assert [panel.label for panel in app.grid.query(Panel)] == seen
        assert all(app.framed(panel) for panel in app.grid.shown)


async def test_what_is_missing_without_panels_is_told(history: History) -> None:
    failed = History()
    app = Host(failed)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.grid.changed(failed.feed([Status(state="failed")]))
        await pilot.pause()
        assert "nothing was recorded" in "".join(app.lines())
        app.grid.reset(History())
        await pilot.pause()
        assert "waiting for data" in "".join(app.lines())
        app.grid.reset(history)
        app.grid.choose([(named((type(panel), panel.subject)), False) for panel in app.grid.panels])
        await pilot.pause()
        assert "no panel is chosen" in "".join(app.lines())


async def test_expected_panels_wait_for_their_data(history: History) -> None:
    app = Host(History(), expected=("train/loss", "confusion/test"))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await settle(app)
        assert "".join(app.lines()).count("waiting for data") == 2
        app.grid.panels[0].focus()
        await pilot.press("l", "comma", "1", "1")
        app.grid.reset(history)
        await pilot.pause()
        await settle(app)
        assert "waiting for data" not in "".join(app.lines())
        assert app.grid.panels[0].log_axis  # type: ignore[attr-defined]
        assert len(app.grid.panels) == 4
        app.grid.reset(History(), expected=())
        await pilot.pause()
        assert app.grid.panels == []
        assert len(app.grid.query(Panel)) == 0


async def test_only_what_changed_and_shows_is_drawn(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await settle(app)
        drawn = watch(monkeypatch)
        app.grid.changed(history.feed([scalars(300, {"train/loss": 0.4})]))
        app.grid.changed({"progress", "notes"})
        await settle(app)
        assert [panel.label for panel, _ in drawn] == ["loss"]
        app.grid.zoom(2)
        await pilot.pause()
        await settle(app)  # the panel alone is drawn at its new size
        drawn.clear()
        app.grid.changed(history.feed([scalars(301, {"train/loss": 0.37})]))
        await asyncio.sleep(0.3)
        assert drawn == []
        app.grid.zoom(None)
        await pilot.pause()
        await settle(app)
        assert "0.3700" in app.lines()[0]


async def test_one_panel_a_turn(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await settle(app)
        drawn = watch(monkeypatch)
        for step in range(300, 340):
            app.grid.changed(history.feed([scalars(step, {"train/loss": 0.4, "train/accuracy": 0.9})]))
            await asyncio.sleep(0.02)
        await settle(app)
        assert 3 <= len(drawn) <= 18
        assert min(np.diff([at for _, at in drawn])) >= 0.06


async def test_a_new_point_repaints_few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    records = training(300)
    history = history_of(records)
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await settle(app)
        loss = app.grid.panels[0]
        regions: list[Region] = []
        refresh = loss.refresh
        monkeypatch.setattr(loss, "refresh", lambda *areas, **rest: (regions.extend(areas), refresh(*areas, **rest))[1])
        history.feed([scalars(295, {"train/loss": 0.3})])
        loss.redraw()
        assert regions
        assert sum(region.area for region in regions) < loss.size.area / 5
        before = app.lines()
        loss.refresh()
        await pilot.pause()
        assert app.lines() == before


async def test_text_from_files_stays_text() -> None:
    names = ["\x1b[31mred\x1b[2J", "[bold]loud[/bold]", "猫" * 30, "\u202egnp.exe", "", "a" * 300]
    history = history_of(training(60, classes=names))
    history.feed([scalars(0, {"[red]x[/]\x1b]0;hi\x07/loss": 1.0, "train/\x1b[5mblink[x]": 2.0})])
    app = Host(history)
    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        shown = "\n".join(app.lines())
        assert not {character for character in shown if ord(character) < 32} - {"\n"}
        assert "\u202e" not in shown
        assert "[bold]loud[/bold]" in shown
        assert "[5mblink[x]" in shown
        assert all(app.framed(panel) for panel in app.grid.shown)
        await pilot.resize_terminal(80, 24)
        await pilot.press("tab", "5")
        await pilot.pause()
        assert "[bold]loud[/bold]" in "\n".join(app.lines())


async def test_damaged_counts_do_not_break_a_panel() -> None:
    counts = Array.of(np.array([[1e300, 2.0], [0.0, 3.0]]))
    app = Host(history_of([Confusion(step=1, counts=counts, classes=["a", "b"])]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.framed(app.grid.panels[0])


@pytest.mark.parametrize("damaged", [np.nan, -5.0])
async def test_counts_that_are_not_numbers_get_no_panel(damaged: float) -> None:
    counts = Array.of(np.array([[damaged, 2.0], [0.0, 3.0]]))
    app = Host(history_of([Confusion(step=1, counts=counts, classes=["a", "b"])]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert not app.grid.panels


async def test_without_colour_everything_is_still_said(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        for strip in app.screen._compositor.render_strips():
            for segment in strip:
                for colour in (segment.style.color, segment.style.bgcolor) if segment.style else ():
                    if colour is not None and colour.triplet is not None:
                        assert len(set(colour.triplet)) == 1
        shown = "\n".join(app.lines())
        assert "▲ test 0." in shown
        assert "✓" in shown


async def test_ascii_terminals(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", False)
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "\n".join(app.lines()).isascii()


def test_a_long_name_leaves_room_for_other_tabs_and_more_are_announced() -> None:
    from descend.tui.panels.tabs import LONGEST, PanelTabs

    class Tabs(PanelTabs):
        size = Size(40, 1)  # type: ignore[assignment]

    tabs = Tabs()
    tabs._panels, tabs._chosen = [(1, "loss"), (2, "x" * 200), (3, "accuracy")], 0
    line = tabs.render()
    assert line.cell_length <= 40
    assert line.plain.startswith(" 1 loss  2 xxx")
    assert line.plain.endswith("›")
    tabs._chosen = 2
    assert tabs.render().plain.startswith("‹")
    assert tabs.render().plain.endswith(" 3 accuracy ")
    assert "x" * LONGEST not in tabs.render().plain
