"""How panels stand, what their axes are called, and what `descend verify --form --smoke` says of how they are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from descend.engine.run.history import History
from descend.engine.run.records import Array, Bars, Curve, Event, Field, Histogram, Images, Points
from descend.engine.teaching.form.shortcoming import LessonText
from descend.tui.cell_text import fit, watch_cuts
from descend.tui.draw.rows import text
from descend.tui.panels.arrangement import Arrangement, arrange_panels
from descend.tui.panels.bars import BarsPanel
from descend.tui.panels.catalogue import by_importance, shown_as, wanted
from descend.tui.panels.curve import CurvePanel
from descend.tui.panels.curves import Curves
from descend.tui.panels.fitting import STAGES, check_drawing, check_panel
from descend.tui.panels.panel import Panel
from tests.engine.teaching.test_form import write
from tests.tui.driving import SIZES, opened
from tests.tui.panels.test_grid import Host
from tests.tui.recording import finished

from .conftest import history_of, scalars

X = np.linspace(-1, 1, 20)


def curve(name: str = "fit", axes: tuple[str, str] = ("x", "output"), **lines: np.ndarray) -> Curve:
    given = {line: Array.of(values) for line, values in (lines or {"line": X}).items()}
    return Curve(step=3, name=name, x=Array.of(X), lines=given, axes=axes)


def points(axes: tuple[str, str] = ("x", "y")) -> Points:
    return Points(step=3, name="plane", x=Array.of(X), y=Array.of(X), axes=axes)


def bars(name: str = "count", labels: tuple[str, ...] = ("a", "b")) -> Bars:
    return Bars(step=3, name=name, labels=list(labels), groups={"value": Array.of(np.ones(len(labels)))}, axis="people")


def of(*records: Event) -> History:
    return history_of([scalars(0, {"train/loss": 1.0}), scalars(3, {"train/loss": 0.5}), *records])


@pytest.fixture(autouse=True)
def _unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)


def foot(panel: Panel, width: int = 60, height: int = 12) -> str:
    return text(panel.rows(width, height)).splitlines()[-1]


def test_axes_are_named_at_the_foot() -> None:
    told = of(curve())
    assert foot(CurvePanel(told, "curve/fit")).startswith("╰─ ↑ output  → x ───")
    assert foot(CurvePanel(told, "curve/fit")).endswith(" step 3 ─╯")
    assert foot(Curves(told, "loss")).startswith("╰─ → step ───")  # the title says what is upwards


def test_an_axis_called_as_the_panel_goes_without_saying() -> None:
    assert foot(CurvePanel(of(curve("output")), "curve/output")).startswith("╰─ → x ───")


def test_names_of_axes_are_ascii_where_the_terminal_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", False)
    assert foot(CurvePanel(of(curve()), "curve/fit")).startswith("+- ^ output  > x ---")


def test_the_step_that_is_looked_back_at_matters_more_than_the_axes() -> None:
    panel = CurvePanel(of(curve(axes=("a long name of this axis", "and of that"))), "curve/fit")
    assert "↑ and of that" in foot(panel, 50)
    panel.cursor = 3
    assert "and of that" not in foot(panel, 50)
    assert "at step 3 of 3" in foot(panel, 50)


@pytest.mark.parametrize(
    ("record", "short"),
    [
        (curve(), False),
        (curve(axes=("x", "")), True),
        (curve(axes=("", "")), True),
        (points(), False),
        (points(("", "")), True),
        (Field(step=3, name="map", values=Array.of(np.eye(3)), x=(0, 1), y=(0, 1), axes=("x", "y")), False),
        (Field(step=3, name="map", values=Array.of(np.eye(3)), x=(0, 1), y=(0, 1)), True),
        (Field(step=3, name="matrix", values=Array.of(np.eye(2)), rows=["a", "b"]), False),
        (Field(step=3, name="matrix", values=Array.of(np.eye(2))), True),
        (Histogram(step=3, name="h", edges=Array.of(np.arange(3.0)), counts={"a": Array.of(np.ones(2))}), False),
        (bars(), False),
    ],
)
def test_axes_without_names_are_told(record: Event, short: bool) -> None:
    told = of(record)
    [subject] = [one for one in wanted(told) if one[1] != "loss"]
    rules = [rule for rule, _ in check_panel(told, subject, 1, 80, 19)]
    assert rules == (["axes"] if short else [])


def test_what_is_cut_on_screen_is_told_and_what_is_only_tried_is_not() -> None:
    long = "a label far too long for the third of the width that it is given"
    told = of(bars(labels=(long, "b")))
    assert list(check_panel(told, (BarsPanel, "bars/count"), 1, 60, 12)) == [("cut", f"cuts '{long}'")]
    assert list(check_panel(told, (BarsPanel, "bars/count"), 1, 140, 12)) == []
    title = "a title that is much longer than the frame of its panel is wide"
    told = of(bars(title))
    assert list(check_panel(told, (BarsPanel, f"bars/{title}"), 1, 50, 12)) == [("cut", f"cuts '1 {title}'")]
    with watch_cuts() as cuts:
        fit("a longer text", 8)
        with watch_cuts() as inner:
            fit("another text", 9)
    fit("not watched any more", 8)
    assert (cuts, inner) == ([("a longer text", "a longe…")], [("another text", "another …")])


def test_a_key_without_room_is_told() -> None:
    lines = {f"name number {number}": X * number for number in range(30)}
    told = of(curve(**lines))  # type: ignore[arg-type]
    [(rule, why)] = [one for one in check_panel(told, (CurvePanel, "curve/fit"), 1, 44, 9) if "key" in one[1]]
    assert rule == "cut"
    assert why.startswith("has no room for its key (")
    few = {f"line {number}": X * number for number in range(3)}
    assert list(check_panel(of(curve(**few)), (CurvePanel, "curve/fit"), 1, 44, 9)) == []  # type: ignore[arg-type]


def test_a_panel_that_cannot_be_drawn_or_is_too_wide_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = of(bars())
    monkeypatch.setattr(BarsPanel, "content", lambda panel, width, height: [[("x" * (width + 3), "text")]] * height)
    assert [rule for rule, _ in check_panel(told, (BarsPanel, "bars/count"), 1, 60, 12)] == ["outside"]
    monkeypatch.setattr(BarsPanel, "content", lambda panel, width, height: [[("x" * width, "text")]])
    assert list(check_panel(told, (BarsPanel, "bars/count"), 1, 60, 12)) == [], "rows that are missing stay blank"
    monkeypatch.setattr(BarsPanel, "content", lambda panel, width, height: 1 / 0)
    [(rule, why)] = check_panel(told, (BarsPanel, "bars/count"), 1, 60, 12)
    assert (rule, why) == ("outside", "cannot be drawn (ZeroDivisionError: division by zero)")


def test_captions_set_images_apart_instead_of_being_cut() -> None:
    pixels = Array.of(np.zeros((3, 4, 4), np.uint8))
    told = of(Images(step=3, name="maps", pixels=pixels, captions=["horizontal edges", "b", "vertical edges"]))
    [subject] = [one for one in wanted(told) if one[1] != "loss"]
    for size in ((80, 19), (60, 9), (44, 9)):
        assert list(check_panel(told, subject, 1, *size)) == []


def test_the_panel_of_the_idea_is_first_and_largest() -> None:
    told = of(curve(), points(), bars())
    names = [shown_as(one) for one in by_importance(wanted(told), ("plane", "count"))]
    assert names == ["plane", "count", "loss", "fit"]
    for stage in STAGES.values():
        for count in range(2, 8):
            arrangement = arrange_panels(count, *stage, led=True)
            if arrangement is None:
                assert stage == (80, 20)
                continue
            sizes = arrangement.sizes(count, *stage)
            areas = [width * height for width, height in sizes]
            assert areas[0] > max(areas[1:])
            assert sum(areas) <= stage[0] * stage[1]
            assert all(width >= 44 and height >= 9 for width, height in sizes)
    assert arrange_panels(1, 80, 20, led=True) == Arrangement(1, 1)
    assert arrange_panels(3, 120, 36) == Arrangement(2, 2, across=2), "the odd one is the first"
    assert arrange_panels(4, 120, 36) == Arrangement(2, 2)


@pytest.mark.parametrize("led", [True, False])
@pytest.mark.parametrize("stage", [(100, 30), (120, 36), (128, 56), (136, 40), (200, 56), (300, 80)])
def test_no_panel_has_more_room_than_one_that_matters_more(stage: tuple[int, int], led: bool) -> None:
    for count in range(2, 10):
        arrangement = arrange_panels(count, *stage, led=led)
        if arrangement is None:
            continue
        areas = [width * height for width, height in arrangement.sizes(count, *stage)]
        assert areas == sorted(areas, reverse=True)
        taken = sum(across * down for across, down in arrangement.spans(count))
        assert taken == arrangement.columns * arrangement.lines, "nothing is left empty"


@pytest.mark.parametrize("count", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("stage", [(120, 36), (128, 56), (200, 56)])
async def test_panels_stand_in_the_order_of_their_importance_and_do_not_overlap(
    stage: tuple[int, int], count: int
) -> None:
    app = Host(history_of([bars(f"bars {number}") for number in range(count)]))
    app.grid.show = tuple(f"bars {number}" for number in reversed(range(count)))
    async with app.run_test(size=stage) as pilot:
        await pilot.pause()
        panels = app.grid.shown
        assert [panel.label for panel in panels] == list(app.grid.show)
        assert sum(panel.region.area for panel in panels) == stage[0] * stage[1]
        regions = [panel.region for panel in panels]
        assert not any(one.overlaps(other) for place, one in enumerate(regions) for other in regions[:place])
        places = [(region.y, region.x) for region in regions]
        assert places == sorted(places)


def test_too_many_panels_for_a_largest_one_are_told(folders: Path) -> None:
    lesson = LessonText(write(folders))
    records = [curve(), *(bars(f"bars {number}") for number in range(6))]
    told = of(*records)
    assert len(wanted(told)) == 8
    [short] = check_drawing(lesson, told)
    assert (short.rule, short.line) == ("largest", lesson.find_line("show="))
    assert short.why == "At 120×40 panel 'fit', which carries the idea, is not the largest of its 8 panels."
    assert list(check_drawing(lesson, of(*records[:-1]))) == []


@pytest.mark.parametrize("size", SIZES)
async def test_the_room_that_the_lesson_leaves_the_panels_is_known(size: tuple[int, int]) -> None:
    async with opened(size, run=finished()) as shell:
        await shell.until(lambda: bool(getattr(shell.app.screen, "grid", None) and shell.app.screen.grid.panels))
        assert tuple(shell.app.screen.grid.outer_size) == STAGES[size]  # type: ignore[attr-defined]


@pytest.mark.parametrize("stage", [(120, 36), (128, 56), (200, 56), (80, 20)])
async def test_the_grid_gives_the_first_panel_of_show_the_most_room(stage: tuple[int, int]) -> None:
    told = of(curve(), points(), bars())
    app = Host(told)
    app.grid.show = ("plane", "loss")
    async with app.run_test(size=stage) as pilot:
        await pilot.pause()
        assert [panel.label for panel in app.grid.panels] == ["plane", "loss", "fit", "count"]
        areas = [panel.region.area for panel in app.grid.shown]
        assert len(areas) == (1 if stage == (80, 20) else 4)
        assert all(areas[0] > area for area in areas[1:])
        assert all(app.framed(panel) for panel in app.grid.shown)
        arrangement = arrange_panels(4, *stage, led=True)
        if arrangement is not None:
            for panel, (width, height) in zip(app.grid.panels, arrangement.sizes(4, *stage), strict=True):
                assert panel.region.width >= width
                assert panel.region.height >= height
