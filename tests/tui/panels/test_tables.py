"""A person who reads tables, texts and the progress of a run."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot

from descend.engine.run.history import History
from descend.engine.run.records import Progress, Status, Table, Text
from descend.tui.draw.rows import length, text
from descend.tui.panels import Panel
from descend.tui.panels.progress import ProgressPanel
from descend.tui.panels.table import TablePanel
from descend.tui.panels.text import TextPanel, wrap

from .conftest import history_of
from .test_grid import Host, settle

ROWS: list[list[str | int | float | bool | None]] = [
    [index, 1 / (index + 1), f"step {'on' * (index % 3)}", index % 2 == 0, None if index % 5 else 1e9]
    for index in range(40)
]
ITERATIONS = Table(step=3, name="iterations", columns=["k", "error", "what", "even", "bound"], rows=ROWS)


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def foot(app: Host, panel: Panel) -> str:
    """The lower edge of the frame."""
    area = panel.region
    return app.lines()[area.bottom - 1][area.x : area.right]


async def press(app: Host, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await settle(app)


def test_numbers_stand_to_the_right_of_their_column_and_words_to_the_left() -> None:
    panel = TablePanel(history_of([ITERATIONS]), "table/iterations")
    lines = text(panel.content(60, 8)).splitlines()
    assert lines[0].split() == ["k", "error", "what", "even", "bound"]
    assert [line[: lines[0].index("k") + 1].strip() for line in lines[1:4]] == ["0", "1", "2"]
    end = lines[0].index("error") + len("error")
    assert [line[:end].split()[1] for line in lines[1:4]] == ["1", "0.5000", "0.3333"]
    assert all(line[end - 1] != " " for line in lines[1:4])
    start = lines[0].index("what")
    assert [line[start : start + 4] for line in lines[1:4]] == ["step"] * 3
    assert lines[1].split()[-2:] == ["yes", "1.00e9"]
    assert lines[2].split()[-2:] == ["no", "·"]


async def test_a_long_table_is_scrolled_and_says_where_it_is() -> None:
    app = Host(history_of([ITERATIONS]))
    async with app.run_test(size=(80, 15)) as pilot:
        await settle(app)
        (panel,) = app.grid.panels
        panel.focus()
        assert "rows 1–12 of 40" in foot(app, panel)
        assert "40 × 5" in app.lines()[0]
        await press(app, pilot, "down", "down", "up")
        assert "rows 2–13 of 40" in foot(app, panel)
        await press(app, pilot, "pagedown", "pagedown", "pagedown", "pagedown")
        assert "rows 29–40 of 40" in foot(app, panel)
        assert app.lines()[panel.region.bottom - 2].split()[1] == "39"
        await press(app, pilot, "pageup")
        assert "rows 17–28 of 40" in foot(app, panel)
        await pilot.resize_terminal(80, 60)
        await settle(app)
        assert "rows" not in foot(app, panel)


async def test_columns_that_have_no_room_are_said_and_reached() -> None:
    wide = Table(step=1, name="wide", columns=[f"column {i}" for i in range(20)], rows=[[i * 10**6 for i in range(20)]])
    app = Host(history_of([wide]))
    async with app.run_test(size=(60, 12)) as pilot:
        await settle(app)
        (panel,) = app.grid.panels
        panel.focus()
        assert "columns 1–5 of 20" in foot(app, panel)
        await press(app, pilot, "right_parenthesis", "shift+right")
        assert "columns 3–7 of 20" in foot(app, panel)
        await press(app, pilot, *["right_parenthesis"] * 30)
        assert "of 20" in foot(app, panel)
        assert "column 19" in app.lines()[1]
        await press(app, pilot, *["left_parenthesis"] * 30)
        assert "columns 1–5 of 20" in foot(app, panel)


@pytest.mark.parametrize("kind", ["table", "text", "progress"])
def test_every_size_is_filled_exactly(kind: str) -> None:
    rows: list[list[str | int | float | bool | None]] = [
        ["猫" * 9, None, float("nan"), "\x1b[31mred"],
        ["b", 1, float("-inf"), "a" * 300],
    ]
    history = history_of(
        [
            Table(step=1, name="t", columns=["猫", "n", "x", "[b]words"], rows=rows),
            Text(step=1, name="t", text="one  two\n\n\tthree " + "猫" * 90 + " " * 90 + "end"),
            *(Progress(step=i, steps=10, rate=float(i), unit="猫", epoch=1, epochs=2, t=i) for i in range(10)),
        ]
    )
    panels = {
        "table": TablePanel(history, "table/t"),
        "text": TextPanel(history, "text/t"),
        "progress": ProgressPanel(history, "progress"),
    }
    for width in range(1, 130, 5):
        for height in range(1, 40, 3):
            rows_drawn = panels[kind].content(width, height)
            assert [length(row) for row in rows_drawn] == [width] * height
            assert not {c for c in text(rows_drawn) if ord(c) < 32} - {"\n"}


def test_words_are_not_broken_where_there_are_blanks() -> None:
    assert wrap("the quick brown fox", 10) == ["the quick", "brown fox"]
    assert wrap("a\n\n  indented", 20) == ["a", "", "  indented"]
    assert wrap("abcdefghij", 4) == ["abcd", "efgh", "ij"]
    words = random.Random(0)
    for _ in range(200):
        source = "".join(words.choice("ab 猫\n") for _ in range(words.randrange(60)))
        width = words.randrange(2, 12)
        lines = wrap(source, width)
        assert all(cell_len(line) <= width for line in lines)
        assert "".join(lines).replace(" ", "") == source.replace("\n", "").replace(" ", "")


async def test_a_new_text_is_read_from_its_start_and_one_that_grows_at_its_end() -> None:
    def sample(step: int, count: int, word: str = "line") -> Text:
        return Text(step=step, name="sample", text="\n".join(f"{word} {index}" for index in range(count)))

    history = History()
    app = Host(history)
    async with app.run_test(size=(60, 12)) as pilot:

        async def told(record: Text) -> str:
            app.grid.changed(history.feed([record]))
            await settle(app)
            return "\n".join(app.lines())

        shown = await told(sample(1, 30))
        (panel,) = app.grid.panels
        panel.focus()
        assert "line 0" in shown
        assert "lines 1–10 of 30" in shown
        shown = await told(sample(2, 40))
        assert "line 0" in shown, "who reads the start is left there"
        await press(app, pilot, *["pagedown"] * 4)
        shown = await told(sample(3, 50))
        assert "line 49" in shown
        assert "lines 41–50 of 50" in shown
        shown = await told(sample(4, 50, "other"))
        assert "other 0" in shown
        app.grid.look(3)
        await settle(app)
        assert "line 0" in "\n".join(app.lines())
        assert "at step 3 of 4" in foot(app, panel)


async def test_progress_is_there_for_those_who_ask() -> None:
    history = history_of(
        [
            Status(state="running"),
            *(
                Progress(step=s, steps=200, rate=1000.0 + s, unit="images", epoch=1, epochs=4, remaining=30.0, t=s / 10)
                for s in range(1, 51)
            ),
        ]
    )
    app = Host(history)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert app.grid.panels == []
        app.grid.choose([("ProgressPanel progress", True)])
        await pilot.pause()
        await settle(app)
        shown = "\n".join(app.lines())
        for told in ("25%", "50 of 200", "1 of 4", "1,050 images/s", "10 steps/s", "0:05", "about 0:30"):
            assert told in shown, told
        assert "images a second, over the steps" in shown
        app.grid.changed(history.feed([Status(state="done")]))
        await settle(app)
        assert "about" not in "\n".join(app.lines())


def test_what_differs_stands_out_by_sign_and_style() -> None:
    rows: list[list[str | int | float | bool | None]] = [["w", "agrees"], ["b", "differs"], ["all that differs", "no"]]
    table = Table(step=3, name="check", columns=["weight", "verdict"], rows=rows)
    for unicode, signs in ((True, "✓✗"), (False, "+x")):
        panel = TablePanel(history_of([table]), "table/check")
        panel.unicode = unicode
        drawn = panel.content(60, 6)
        lines = text(drawn).splitlines()
        assert lines[1].split() == ["w", signs[0], "agrees"]
        assert lines[2].split() == ["b", signs[1], "differs"]
        assert lines[3].split() == ["all", "that", "differs", "no"]  # no verdict: more than the word, and a fact
        found = {pen: part.strip() for row in drawn[1:] for part, pen in row if pen in ("good", "error")}
        assert found == {"good": f"{signs[0]} agrees", "error": f"{signs[1]} differs"}


def test_what_is_not_computed_yet_is_a_dot_and_a_true_nan_is_said() -> None:
    rows: list[list[str | int | float | bool | None]] = [["a", 1.5], ["b", None], ["c", "NaN"]]
    panel = TablePanel(history_of([Table(step=3, name="race", columns=["x", "root"], rows=rows)]), "table/race")
    drawn = panel.content(30, 5)
    assert [line.split()[-1] for line in text(drawn).splitlines()[1:4]] == ["1.500", "·", "NaN"]
    assert [pen for row in drawn for part, pen in row if part.strip() in ("·", "NaN")] == ["muted", "error"]
    end = text(drawn).splitlines()[1].index("1.500") + 5
    assert all(line[:end].rstrip()[-1:] in "0·N" for line in text(drawn).splitlines()[1:4])  # numbers, to the right
