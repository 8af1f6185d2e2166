"""A person who chooses which panels show, a panel that fails, and a terminal that changes its size all the time."""

from __future__ import annotations

import random

import pytest

from descend.engine.run.history import History
from descend.engine.run.records import Table, Text
from descend.tui import shell_settings
from descend.tui.draw.rows import Row
from descend.tui.panels import Panel, PanelGrid
from descend.tui.panels.confusion import ConfusionPanel

from .conftest import history_of, scalars, training
from .test_grid import Host, settle


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def labels(grid: PanelGrid) -> list[str]:
    return [panel.label for panel in grid.panels]


def host(history: History, lesson: str = "digits") -> Host:
    app = Host(history)
    app.grid = PanelGrid(history, lesson=lesson)
    return app


async def test_panels_are_chosen_and_put_in_order_for_good(history: History) -> None:
    app = host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app)
        focused = app.focused
        await pilot.press("v")
        await pilot.pause()
        shown = "\n".join(app.lines())
        for line in ("[x] loss", "[x] accuracy", "[x] gradients by layer", "[x] confusion test", "[ ] progress"):
            assert line in shown
        await pilot.press("space", "down", "down", "down", "shift+up", "K", "end", "space", "enter")
        await pilot.pause()
        await settle(app)
        assert labels(app.grid) == ["confusion test", "accuracy", "gradients by layer", "progress"]
        assert all(app.framed(panel) for panel in app.grid.shown)
        assert [panel.number for panel in app.grid.panels] == [1, 2, 3, 4]
        assert [panel.label for panel in app.grid.query(Panel)] == labels(app.grid)
        assert app.focused in app.grid.panels
        assert focused not in app.grid.panels
    again = host(history_of(training(60)))
    async with again.run_test(size=(80, 24)) as pilot:
        await settle(again)
        assert labels(again.grid) == ["confusion test", "accuracy", "gradients by layer", "progress"]
        await pilot.press("v", "space", "escape")
        assert labels(again.grid)[0] == "confusion test"
        await pilot.press("v", "a", "a", "enter")
        await pilot.pause()
        assert "Tick at least one" in "\n".join(again.lines())
    other = host(history, "other")
    async with other.run_test(size=(80, 24)):
        await settle(other)
        assert labels(other.grid)[0] == "loss"


async def test_panels_that_the_choice_does_not_know_come_where_they_belong(history: History) -> None:
    shell_settings.put(
        "panels/digits", [["ConfusionPanel confusion/test", True], ["Curves loss", False], ["gone", True]]
    )
    app = host(history)
    async with app.run_test(size=(120, 40)):
        await settle(app)
        assert labels(app.grid) == ["confusion test", "accuracy", "gradients by layer"]
        app.grid.changed(history.feed([scalars(300, {"lr": 0.1}), Text(step=300, name="words", text="x")]))
        await settle(app)
        assert labels(app.grid) == ["confusion test", "words", "accuracy", "lr", "gradients by layer"]


@pytest.mark.parametrize("damaged", [[1, None, ["x"]], [["Curves loss", "no"]], [[["a"], True]]])
async def test_a_damaged_choice_is_no_choice(history: History, damaged: list[object]) -> None:
    shell_settings.put("panels/digits", damaged)
    app = host(history)
    async with app.run_test(size=(120, 40)):
        await settle(app)
        assert len(app.grid.panels) == 4


@pytest.mark.parametrize("part", ["content", "legends", "notes", "label"])
async def test_a_panel_that_fails_says_so_and_the_others_continue(
    history: History, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def broken(*_: object) -> list[Row]:
        raise ZeroDivisionError("[b]no\x1b[2J")

    monkeypatch.setattr(ConfusionPanel, part, property(broken) if part == "label" else broken)
    if part == "label":
        monkeypatch.setattr(PanelGrid, "_arrange", lambda self: None)  # tabs need names; tested where panels are drawn
        panel = ConfusionPanel(history, "confusion/test")
        assert "cannot show its data (ZeroDivisionError)" in "".join(
            part for row in panel.rows(100, 9) for part, _ in row
        )
        return
    app = Host(history)
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(app)
        shown = "\n".join(app.lines())
        assert "This panel cannot show its data (ZeroDivisionError)" in shown
        assert all(app.framed(panel) for panel in app.grid.shown)
        app.grid.changed(history.feed(training(20)[-3:]))
        app.grid.panels[3].focus()
        await pilot.press("comma", "4", "4", "enter")
        await settle(app)
        assert app.is_running
        monkeypatch.undo()
        monkeypatch.setattr(Panel, "unicode", True)
        app.grid.look(None)
        await settle(app)
        assert "cannot show" not in "\n".join(app.lines())


async def test_a_terminal_that_never_keeps_its_size(history: History) -> None:
    history.feed([Table(step=9, name="t", columns=["a"], rows=[[i] for i in range(50)])])
    history.feed([Text(step=9, name="w", text="words " * 200)])
    sizes = random.Random(0)
    app = Host(history)
    async with app.run_test(size=(100, 30)) as pilot:
        app.grid.choose([("ProgressPanel progress", True)])
        keys = ["z", "Z", "0", "down", "pagedown", "enter", "m", "comma", "1", "2", "5", "6", "l", "escape", "tab"]
        for _ in range(25):
            await pilot.resize_terminal(sizes.randrange(1, 220), sizes.randrange(1, 70))
            await pilot.press(sizes.choice(keys))
        for size in ((80, 24), (200, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            await settle(app)
            assert all(app.framed(panel) for panel in app.grid.shown)
            assert {len(line) for line in app.lines()} == {size[0]}


async def test_confusion_is_seen_as_a_matrix_as_scores_and_as_pairs(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(80, 15)) as pilot:
        await settle(app)
        await pilot.press("4")
        panel = app.grid.panels[3]

        async def shown() -> str:
            await settle(app)
            assert app.framed(panel)
            return "\n".join(app.lines())

        assert "T-sh" in await shown()
        await pilot.press("enter")
        assert "recall" in await shown()
        await pilot.press("enter")
        scores = await shown()
        assert all(word in scores for word in ("class", "prec.", "recall", "F1", "cases"))
        await pilot.press("pagedown")
        assert "Ankle boot" in await shown()
        await pilot.press("enter")
        assert "most often confused" in await shown()
        await pilot.press("enter")
        assert panel.view == "all"  # type: ignore[attr-defined]


def test_the_keys_of_panels_do_not_hide_each_other() -> None:
    from descend.tui.panels.catalogue import kinds
    from descend.tui.panels.replay import Replay

    shared = {key for kind in (PanelGrid, Replay) for one in kind.BINDINGS for key in one.key.split(",")}  # type: ignore[union-attr]
    for kind in kinds():
        own = [key for base in kind.__mro__ for one in base.__dict__.get("BINDINGS", []) for key in one.key.split(",")]
        assert len(own) == len(set(own)), kind
        assert not set(own) & shared, kind


async def test_a_long_name_in_the_list_of_panels_takes_one_line() -> None:
    long = "distance to the nearest of the points that were held out, in units of the data"
    app = host(history_of([scalars(step, {f"train/{long}": 1.0, "train/loss": 1.0}) for step in range(3)]))
    async with app.run_test(size=(60, 24)) as pilot:
        await settle(app)
        await pilot.press("v")
        await pilot.pause()
        lines = app.lines()
        place = next(index for index, line in enumerate(lines) if "[x] distance" in line)
        assert "…" in lines[place]
        assert "[" in lines[place + 1] or "[" in lines[place - 1]
        assert not any("held out" in line for line in lines)
