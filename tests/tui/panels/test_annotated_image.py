"""Images with boxes and masks, read as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.records import AnnotatedImage, Array
from descend.tui.draw.rows import text
from descend.tui.panels import Panel
from descend.tui.panels.annotated_image import AnnotatedImagePanel

from .conftest import history_of
from .odd import NAMES, SIZES, fills, inside, shown, time_drawing
from .test_grid import Host


def record(
    boxes: list[tuple[float, float, float, float]],
    labels: list[str],
    size: tuple[int, int] = (20, 40),
    scores: list[float] | None = None,
    step: int = 3,
    **masks: Any,
) -> AnnotatedImage:
    made = AnnotatedImage(
        step=step,
        name="scene",
        pixels=Array.of(np.zeros(size, np.uint8)),
        boxes=Array.of(np.array(boxes, float).reshape(-1, 4)),
        labels=labels,
        scores=None if scores is None else Array.of(np.array(scores)),
        masks={name: Array.of(np.asarray(mask).astype(np.uint8)) for name, mask in masks.items()},
    )
    made.check()
    return made


@st.composite
def records(draw: st.DrawFn) -> AnnotatedImage:
    tall, wide = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    channels = draw(st.sampled_from([(), (3,)]))
    pixels = np.random.default_rng(draw(st.integers(0, 9))).integers(0, 256, (tall, wide, *channels), np.uint8)
    ends = st.floats(-1e9, 1e9) | st.floats(0, 30)
    boxes = [
        (min(a, c), min(b, d), max(a, c), max(b, d))
        for a, b, c, d in draw(st.lists(st.tuples(ends, ends, ends, ends), max_size=6))
    ]
    masks = {name: Array.of(np.ones((tall, wide), np.uint8)) for name in draw(st.lists(NAMES, max_size=3))}
    return AnnotatedImage(
        step=3,
        name=draw(NAMES),
        pixels=Array.of(pixels),
        boxes=Array.of(np.array(boxes, float).reshape(-1, 4)),
        labels=[draw(NAMES) for _ in boxes],
        scores=Array.of(np.linspace(0, 1, len(boxes))) if draw(st.booleans()) else None,
        masks=masks,
    )


@settings(max_examples=120, deadline=None)
@given(records(), SIZES, st.booleans(), st.integers(0, 8))
def test_every_size_is_filled_exactly(found: AnnotatedImage, size: tuple[int, int], unicode: bool, only: int) -> None:
    panel = shown(AnnotatedImagePanel, found, unicode=unicode)
    assert isinstance(panel, AnnotatedImagePanel)
    panel.only = only or None
    fills(panel, size)


def test_boxes_are_where_they_are_in_the_image() -> None:
    panel = shown(AnnotatedImagePanel, record([(10, 4, 30, 16)], ["cat"], scores=[0.875]))
    assert inside(panel, 40, 10) == [
        " " * 40,
        " " * 40,
        " " * 10 + "┌A cat 0.88────────┐" + " " * 10,
        *[" " * 10 + "│" + " " * 18 + "│" + " " * 10] * 4,
        " " * 10 + "└──────────────────┘" + " " * 10,
        " " * 40,
        " " * 40,
    ]


@pytest.mark.parametrize("unicode", [True, False])
def test_boxes_and_masks_differ_without_colour(unicode: bool) -> None:
    boxes = [(0, 0, 20, 10), (22, 0, 40, 10), (0, 10, 20, 20), (22, 10, 40, 20)]
    mask = np.zeros((20, 40))
    mask[12:, 24:] = 1
    panel = shown(AnnotatedImagePanel, record(boxes, ["p", "q", "r", "s"], road=mask), unicode=unicode)
    lines = inside(panel, 40, 12)
    corners = {lines[y][x] for y, x in ((0, 0), (0, 22), (5, 0), (5, 22))}
    assert len(corners) == 4
    assert [sum(line.count(letter) for line in lines) for letter in "ABCD"] == [1, 1, 1, 1]
    drawn = text(panel.content(40, 12))
    assert drawn.count("e") > 20  # the mask's letter
    assert drawn.splitlines()[4].count("e") == 0
    assert "e road" in text(panel.legends()[:1])


def test_two_masks_that_overlap_are_both_seen() -> None:
    whole, half = np.ones((20, 40)), np.ones((20, 40)) * (np.arange(40) < 20)
    drawn = text(shown(AnnotatedImagePanel, record([], [], whole=whole, half=half)).content(40, 10)).splitlines()
    left = "".join(line[2:18] for line in drawn)
    right = "".join(line[22:38] for line in drawn)
    assert min(left.count("a"), left.count("b")) > 30
    assert (right.count("b"), right.count("a") > 30) == (0, True)


def test_names_do_not_cover_each_other() -> None:
    same = [(4, 4, 36, 16)] * 2
    drawn = text(shown(AnnotatedImagePanel, record(same, ["first", "second"], scores=[0.9, 0.8])).content(40, 10))
    assert "A first 0.90" in drawn
    assert "B second 0.80" in drawn


def test_a_box_beyond_the_image_is_cut() -> None:
    lines = inside(shown(AnnotatedImagePanel, record([(-50, -50, 500, 500)], ["all"])), 40, 10)
    assert lines[0].startswith("┌A all")
    assert lines[-1] == "└" + "─" * 38 + "┘"


def test_the_table_has_boxes_and_masks() -> None:
    table = AnnotatedImagePanel.tabulate(record([(1, 2, 3, 4)], ["cat"], scores=[0.5], road=np.eye(20, 40)))
    assert [list(row) for row in table.rows] == [
        ["box", "cat", 0.5, 1.0, 2.0, 3.0, 4.0, None],
        ["mask", "road", None, None, None, None, None, 20],
    ]


def test_drawing_takes_a_few_milliseconds() -> None:
    boxes = [(float(x), 10.0, x + 60.0, 200.0) for x in range(0, 200, 10)]
    panel = shown(AnnotatedImagePanel, record(boxes, ["b"] * 20, size=(240, 320), m=np.ones((240, 320))))
    assert time_drawing(panel) < 0.2


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
@pytest.mark.parametrize("colour", [True, False])
async def test_one_box_alone(size: tuple[int, int], colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)
    if not colour:
        monkeypatch.setenv("NO_COLOR", "1")
    app = Host(history_of([record([(2, 2, 16, 16), (20, 4, 39, 18)], ["cat", "dog"], hill=np.tri(20, 40))]))
    async with app.run_test(size=size) as pilot:
        (panel,) = app.grid.panels
        panel.focus()
        await pilot.press("pagedown")
        drawn = text(panel.content(70, 18))
        assert ("A cat" in drawn, "B dog" in drawn, "1 of 3" in text(panel.notes()[:1])) == (True, False, True)
        await pilot.press("pagedown", "pagedown")
        assert "A cat" not in text(panel.content(70, 18))
        await pilot.press("pagedown")
        drawn = text(panel.content(70, 18))
        assert ("A cat" in drawn, "B dog" in drawn) == (True, True)
        await pilot.press("pageup")
        assert "3 of 3" in text(panel.notes()[:1])
