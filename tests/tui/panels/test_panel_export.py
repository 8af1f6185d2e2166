"""A person who takes what a panel shows out of the shell: to the clipboard, or into a file."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from descend.engine.run import records
from descend.engine.run.history import History
from descend.engine.run.records import Array, Header, Picture, Scalars
from descend.tui.panels import Panel, panel_data, panel_export
from descend.tui.panels.catalogue import kinds
from descend.tui.panels.dialogs.save import SaveScreen
from descend.tui.panels.panel_export import MAX_BYTES, suggest_stem
from descend.tui.panels.picture_panel import PicturePanel

from .conftest import history_of, scalars
from .test_grid import Host, settle


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def table(picture: Picture) -> list[list[str]]:
    """The picture's data as a spreadsheet reads it."""
    (panel,) = (kind for kind in kinds() if issubclass(kind, PicturePanel) and kind.kind is type(picture))
    found = panel.tabulate(picture)
    text, rows = panel_data.write_table(found)
    read = list(csv.reader(io.StringIO(text)))
    assert rows == found.total == len(read) - 1
    assert {len(row) for row in read} == {len(read[0])}
    return read


def array(*values: float) -> Array:
    return Array.of(np.array(values))


def test_every_kind_of_picture_is_a_table() -> None:
    spots = Array.of(np.array([[1.5, 2.0]]))
    assert table(records.Layers(step=0, names=["a"], gradient=array(1), weight=array(2), update=array(0.5))) == [
        ["layer", "gradient", "weight", "update"],
        ["a", "1", "2", "0.5"],
    ]
    counts = Array.of(np.array([[5, 1], [0, 7]]))
    assert table(records.Confusion(step=0, counts=counts, classes=["cat", "dog"])) == [
        ["true class", "cat", "dog"],
        ["cat", "5", "1"],
        ["dog", "0", "7"],
    ]
    curve = records.Curve(step=0, name="f", x=array(0, 1), lines={"f": array(0.1, float("nan"))}, marks={"end": spots})
    assert table(curve) == [["x", "f", "mark end"], ["0", "0.1", ""], ["1", "nan", ""], ["1.5", "", "2.0"]]
    points = records.Points(
        step=0, name="p", x=array(0), y=array(1), labels=Array.of(np.array([1])), classes=["a", "b"],
        paths={"way": spots},
    )  # fmt: skip
    assert table(points) == [["x", "y", "class", "path"], ["0", "1", "b", ""], ["1.5", "2.0", "", "way"]]
    field = records.Field(step=0, name="m", values=Array.of(np.eye(2)), x=(0.0, 1.0), y=(-1.0, 1.0))
    assert table(field) == [["y, then x", "0.0", "1.0"], ["-1.0", "1.0", "0.0"], ["1.0", "0.0", "1.0"]]
    regions = records.Field(
        step=0, name="m", values=Array.of(np.array([[0, 1]])), classes=["in", "out"], columns=["p", "q"]
    )
    assert table(regions) == [["row", "p", "q"], ["0", "in", "out"]]
    bars = records.Bars(step=0, name="b", labels=["x", "y"], groups={"g": array(1, 2)})
    assert table(bars) == [["label", "g"], ["x", "1"], ["y", "2"]]
    histogram = records.Histogram(step=0, name="h", edges=array(0, 0.5, 1), counts={"c": array(3, 4)})
    assert table(histogram) == [["from", "to", "c"], ["0.0", "0.5", "3"], ["0.5", "1.0", "4"]]
    pixels = Array.of(np.arange(4, dtype=np.uint8).reshape(1, 2, 2))
    assert table(records.Images(step=0, name="i", pixels=pixels, captions=["one"]))[1] == ["one", "0", "1", "2", "3"]
    cells: list[list[str | int | float | bool | None]] = [["a,b", None], ['"', 2.5]]
    assert table(records.Table(step=0, name="t", columns=["w", "v"], rows=cells))[1:] == [["a,b", ""], ['"', "2.5"]]
    assert table(records.Text(step=0, name="t", text="one\n\x1b[2Jtwo")) == [["text"], ["one"], ["[2Jtwo"]]
    graph = records.Graph(
        step=0, name="g", labels=["in", "out"], x=array(0, 1), y=array(0, 0), values={"v": array(3, 4)},
        sources=Array.of(np.array([0])), targets=Array.of(np.array([1])), weights={"w": array(0.5)},
    )  # fmt: skip
    assert table(graph) == [
        ["node", "x", "y", "v", "to", "w"],
        ["in", "0", "0", "3", "", ""],
        ["out", "1", "0", "4", "", ""],
        ["in", "", "", "", "out", "0.5"],
    ]
    grid = records.Grid(name="a", values=array(1, 2.5), axes=["x"], marks={"m": Array.of(np.array([0, 1], np.uint8))})
    assert table(records.ArrayView(step=0, name="a", grids=[grid])) == [
        ["array", "slice", "row", "column", "value", "marks"],
        ["a", "", "", "0", "1.0", ""],
        ["a", "", "", "1", "2.5", "m"],
    ]
    tree = records.Tree(step=0, name="t", labels=["+", "x"], parents=Array.of(np.array([-1, 0])), edges=["", "left"])
    assert table(tree)[1:] == [["0", "+", "", "", "False"], ["1", "x", "0", "left", "False"]]
    image = records.AnnotatedImage(
        step=0, name="i", pixels=Array.of(np.zeros((4, 4), np.uint8)), labels=["cat"],
        boxes=Array.of(np.array([[0, 1, 2, 3]])), scores=array(0.5),
    )  # fmt: skip
    assert table(image)[1:] == [["box", "cat", "0.5", "0", "1", "2", "3", ""]]


def test_every_kind_of_picture_has_one_panel() -> None:
    shown = [kind.kind for kind in kinds() if issubclass(kind, PicturePanel)]
    assert sorted(shown, key=repr) == sorted(filter(_is_picture, records.Event.__args__), key=repr)


def _is_picture(record: type) -> bool:
    return issubclass(record, Picture)


def said(app: Host) -> list[str]:
    """The notices that are on the screen."""
    return [notice.message for notice in app._notifications]


async def test_what_a_panel_shows_is_copied(history: History) -> None:
    app = Host(history)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(app)
        await pilot.press("y")
        lines = app.clipboard.splitlines()
        assert lines[0] == "step\ttrain/loss\ttest/loss"
        assert len(lines) == 301
        step, loss, missing = lines[1].split("\t")
        assert (step, missing) == ("0", "")
        assert float(loss) == history.series["train/loss"].values[0]
        await pilot.press("z", "i", "space", "enter", "y")
        await pilot.pause()
        lines = app.clipboard.splitlines()
        assert lines[0].split("\t") == ["step", "test/loss"]
        assert int(lines[1].split("\t")[0]) >= 150
        await pilot.press("4", "y")
        assert app.clipboard.splitlines()[0].split("\t")[:2] == ["true class", "T-shirt/top"]
        await pilot.pause()
        assert "Copied confusion test: 10 rows of 11 columns." in said(app)


async def test_much_is_cut_and_that_is_said() -> None:
    values = Array.of(np.random.default_rng(0).normal(size=50_000))
    app = Host(history_of([Scalars(steps=Array.of(np.arange(50_000)), values={"train/loss": values})]))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(app)
        await pilot.press("y")
        await pilot.pause()
        assert MAX_BYTES - 60 < len(app.clipboard.encode()) <= MAX_BYTES
        assert app.clipboard.endswith("\n")
        rows = len(app.clipboard.splitlines()) - 1
        assert f"Copied the first {rows:,} of 50,000 rows of loss; S saves them all." in said(app)


async def test_nothing_to_copy_or_save_is_said() -> None:
    app = Host(History(), expected=("train/loss",))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.pause()
        await pilot.press("y", "S")
        await pilot.pause()
        assert app.clipboard == ""
        assert said(app) == ["There is nothing to copy yet.", "There is nothing to save yet."]


async def told(app: Host, pilot: Pilot[None]) -> str:
    await pilot.pause()
    return "\n".join(app.lines())


async def test_data_and_picture_are_saved_where_the_user_says(folders: Path, tmp_path: Path) -> None:
    app = Host(
        history_of([Header(format=1, run="some-run"), *(scalars(i, {"train/my loss": 1 / (i + 1)}) for i in range(9))])
    )
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settle(app)
        await pilot.press("S", "enter")
        await pilot.pause()
        saved = folders / "exports" / "some-run-my-loss.csv"
        assert saved.read_text().splitlines()[:2] == ["step,train/my loss", "0,1.0"]
        assert said(app) == [f"Saved my loss to {saved}."]
        await pilot.press("ctrl+s", "right", "enter")
        await pilot.pause()
        picture = saved.with_suffix(".svg").read_text()
        assert picture.startswith("<svg")
        assert "http" not in picture.replace("http://www.w3.org", "").replace("https://www.textualize.io", "")
        assert "my&#160;loss" in picture

        saved.write_text("mine")
        await pilot.press("S", "enter")
        assert "This file exists already: enter again replaces it" in await told(app, pilot)
        await pilot.press("escape")
        assert saved.read_text() == "mine"
        await pilot.press("S", "enter", "enter")
        await pilot.pause()
        assert saved.read_text() != "mine"

        for name, wrong in (
            (str(tmp_path), "This is a folder; name a file in it."),
            ("", "Name a file."),
            (str(saved / "below"), "is a file, so there"),
            ("a\0b", "contains a zero byte"),
        ):
            await pilot.press("S")
            app.screen.query_one(Input).value = name
            await pilot.pause()
            await pilot.press("enter")
            assert wrong in await told(app, pilot), name
            assert isinstance(app.screen, SaveScreen)
            await pilot.press("escape")
        assert sorted(path.name for path in saved.parent.iterdir()) == ["some-run-my-loss.csv", "some-run-my-loss.svg"]


def test_names_of_files_are_harmless(history: History) -> None:
    panel = Panel(history, "../[b]x\x1b/ü ?")
    assert suggest_stem(panel) == "runs-b-x-ü"
    assert panel_export.export_csv(panel) == ""
