"""Grids of images, read as text and as colours."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from textual.app import App, ComposeResult

from descend.engine.run.history import History
from descend.engine.run.records import Array, Images
from descend.tui.draw.canvas import Canvas
from descend.tui.draw.colours import RAMP, TOP
from descend.tui.draw.halfblocks import picked, resized, shades
from descend.tui.draw.image_grid import arrange
from descend.tui.draw.rows import length, text
from descend.tui.panels.images import ImagesPanel

from .odd import NAMES, fills

DIGITS = (load_digits().images * 255 / 16).astype(np.uint8)


def images(pixels: np.ndarray, captions: list[str] | None = None, step: int = 3) -> Images:
    record = Images(step=step, name="samples", pixels=Array.of(pixels), captions=captions or [])
    record.check()
    return record


def panel(record: Images, unicode: bool = True) -> ImagesPanel:
    history = History()
    history.feed([record])
    shown = ImagesPanel(history, "images/samples")
    shown.unicode = unicode
    return shown


class Host(App[None]):
    def __init__(self, shown: ImagesPanel) -> None:
        super().__init__()
        self.shown = shown

    def compose(self) -> ComposeResult:
        yield self.shown


def test_averaging_keeps_the_mean_and_what_is_not_finite() -> None:
    values = np.random.default_rng(0).random((28, 28))
    for size in ((14, 14), (21, 21), (7, 28), (28, 5), (3, 3)):
        assert resized(values, *size).shape == size
        assert resized(values, *size).mean() == pytest.approx(values.mean(), abs=0.02)
    assert resized(values, 14, 14)[0, 0] == pytest.approx(values[:2, :2].mean())
    values[10, 10] = np.nan
    for size in ((14, 14), (21, 21), (2, 2)):
        small = resized(values, *size)
        assert np.isnan(small).any()
        assert np.isnan(small).sum() <= 4
    assert resized(np.array([[1.0, np.inf]]), 1, 1)[0, 0] == np.inf


def test_enlarging_repeats() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert resized(values, 4, 6).tolist() == values.repeat(2, 0).repeat(3, 1).tolist()
    assert picked(np.arange(5)[None], 1, 5).tolist() == [[0, 1, 2, 3, 4]]


def test_half_blocks_hold_two_pixels_each() -> None:
    cells = Canvas(2, 2)
    shades(cells, 0, 0, np.array([[0, 5], [9, 5], [7, 7]]), "g")
    assert cells.rows() == [
        [("▀", "shade g0 g9"), (" ", "shade ink g5")],
        [("▀▀", "shade g7 none")],
    ]


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((8, 8), (70, 18), (16, 16)),
        ((28, 28), (70, 18), (14, 14)),
        ((28, 28), (100, 40), (21, 21)),
        ((28, 28), (200, 60), (28, 28)),
        ((32, 32), (70, 18), (16, 16)),
        ((28, 28), (44, 9), (14, 14)),
        ((300, 200), (70, 18), (24, 36)),
    ],
)
def test_small_images_are_enlarged_and_large_ones_reduced(
    shape: tuple[int, int], size: tuple[int, int], expected: tuple[int, int]
) -> None:
    plan = arrange(100, *shape, *size, captioned=True)
    assert (plan.width, plan.height) == expected
    assert plan.columns * plan.width <= size[0]


def test_a_digit_is_recognisable_without_colour() -> None:
    shown = panel(images(DIGITS[:1]), unicode=False)
    lines = text(shown.content(8, 4)).splitlines()
    dense = np.array([[RAMP.index(character) for character in line] for line in lines])
    assert (dense[1:3, 3] < dense[1:3, 2]).all()  # the ring of a zero
    assert (dense[1:3, 4] < dense[1:3, 5]).all()
    assert (dense[[0, -1]].max(1) > dense[1:3, 3:5].max()).all()


def test_captions_stand_below_and_are_cut() -> None:
    lines = text(panel(images(DIGITS[:2], ["zero", "a very long caption indeed"])).content(70, 18)).splitlines()
    line = next(line for line in lines if "zero" in line)
    assert "a very long cap" in line
    assert line.index("a very") == arrange(2, 8, 8, 70, 18, captioned=True).width + 2


def test_says_how_many_are_not_shown() -> None:
    shown = panel(images(DIGITS[:40]))
    shown.content(70, 18)
    assert text(shown.legends()) == "1–7, 40 of 40"
    assert text(shown.notes()[:1]) == "32 not shown: PgDn PgUp  step 3"
    few = panel(images(DIGITS[:4]))
    few.content(70, 18)
    assert few.legends() == []


@pytest.mark.parametrize("size", [(20, 6), (34, 9), (40, 9), (70, 18)])
def test_a_film_never_drops_its_first_or_last_frame_and_pages_through_all(size: tuple[int, int]) -> None:
    film = panel(images(DIGITS[:12], [f"t{index}." for index in range(12)]))
    first = text(film.content(*size))
    held = film._shown
    assert 1 < held < 12
    assert "t0." in first
    assert "t11." in first
    seen = first
    while film._start + held < 12:
        before = film._start
        film.first = before + held - 1
        seen += text(film.content(*size))
        assert film._start > before
    assert all(f"t{index}." in seen for index in range(12))


@pytest.mark.parametrize("width", [16, 24, 30, 40, 58])
def test_a_film_with_room_for_few_ends_with_its_last_frame_and_names_the_key(width: int) -> None:
    film = panel(images(np.repeat(np.repeat(DIGITS[:5], 4, 1), 4, 2), [f"t{index}." for index in range(5)]))
    shown = text(film.rows(width, 10))
    assert text(film.legends()).endswith("5 of 5")
    assert "5 of 5" in shown.splitlines()[0] or width < 20
    assert "PgDn" in shown.splitlines()[-1]


def test_ten_are_all_in_sight_and_mistakes_stand_out() -> None:
    captions = [f"{'✗' if index == 7 else '✓'} {index}, 93 %" for index in range(10)]
    shown = panel(images(DIGITS[:10], captions))
    rows = shown.content(76, 17)
    assert all(caption in text(rows) for caption in captions)
    assert [part.strip() for row in rows for part, pen in row if pen == "error"] == ["✗ 7, 93 %"]


async def test_pages() -> None:
    shown = panel(images(DIGITS[:20], [f"no {index}" for index in range(20)]))
    app = Host(shown)
    async with app.run_test(size=(74, 20)) as pilot:
        shown.focus()
        await pilot.pause()
        assert any(binding.binding.description == "More images" for binding in app.screen.active_bindings.values())
        await pilot.press("pagedown")
        assert "no 8" in text(shown.rows(74, 20))
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert "no 19" in text(shown.rows(74, 20))
        assert "15–20 of 20" in text(shown.rows(74, 20))
        await pilot.press("pageup", "pageup", "pageup", "pageup")
        assert "no 0" in text(shown.rows(74, 20))
        shown.history.feed([images(DIGITS[:2], step=4)])
        shown.redraw()
        await pilot.pause()
        assert not any(
            b.binding.description == "More images" and b.enabled for b in app.screen.active_bindings.values()
        )


async def test_colours_are_those_of_the_pixels() -> None:
    red, blue = (248, 0, 0), (0, 0, 248)
    shown = panel(images(np.array([[[red, red], [blue, blue]]], np.uint8)))
    app = Host(shown)
    async with app.run_test(size=(40, 10)):
        app.console = type(app.console)(color_system="truecolor", force_terminal=True)
        pens = {pen for row in shown.content(36, 8) for _, pen in row if pen.startswith("shade")}
        styles = [shown.style(pen) for pen in pens]
        found = {tuple(style.bgcolor.get_truecolor()) for style in styles if style.bgcolor}
        assert found == {(255, 0, 0), (0, 0, 255)}


async def test_characters_are_dense_where_ink_is_dark_on_a_light_theme() -> None:
    shown = panel(images(np.full((1, 8, 8), 255, np.uint8)), unicode=False)
    app = Host(shown)
    async with app.run_test(size=(12, 6)):
        assert "@" in text(shown.content(10, 4))
        app.theme = "textual-light"
        assert "@" not in text(shown.content(10, 4))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_images_fill_any_size_exactly(data: st.DataObject) -> None:
    count, tall, wide = (data.draw(st.integers(1, top)) for top in (30, 40, 40))
    shape = (count, tall, wide, 3) if data.draw(st.booleans()) else (count, tall, wide)
    pixels = np.random.default_rng(count).integers(0, 256, shape).astype(np.uint8)
    captions = data.draw(st.lists(NAMES, min_size=count, max_size=count) | st.just([]))
    shown = panel(images(pixels, captions), data.draw(st.booleans()))
    shown.first = data.draw(st.integers(0, 40))
    width, height = data.draw(st.integers(1, 110)), data.draw(st.integers(1, 45))
    fills(shown, (width, height))


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (300, 300), (7, 7)])
@pytest.mark.parametrize("size", [(16, 4), (44, 9), (70, 18), (100, 40)])
def test_every_shape_at_every_size(shape: tuple[int, int], size: tuple[int, int]) -> None:
    rows = panel(images(np.full((3, *shape), 200, np.uint8))).content(*size)
    assert [length(row) for row in rows] == [size[0]] * size[1]
    assert any(pen.startswith("shade") for row in rows for _, pen in row)


def test_no_images_is_nothing_to_show() -> None:
    assert panel(images(np.zeros((0, 8, 8), np.uint8))).content(40, 10) == []


def test_levels_are_few() -> None:
    pens = {pen for row in panel(images(DIGITS[:40])).content(100, 30) for _, pen in row}
    assert len(pens) <= (TOP + 1) ** 2
    assert len(pens) < 60


def test_drawing_is_quick() -> None:
    shown = panel(images(np.random.default_rng(0).integers(0, 256, (64, 32, 32, 3)).astype(np.uint8)))
    shown.rows(100, 30)
    start = time.thread_time()
    for _ in range(10):
        shown.rows(100, 30)
    assert (time.thread_time() - start) / 10 < 0.1


def test_the_replay_cursor_shows_the_images_of_its_step() -> None:
    history = History()
    for step in (0, 10):
        history.feed([images(DIGITS[:1], [f"at {step}"], step)])
    shown = ImagesPanel(history, "images/samples")
    shown.unicode, shown.cursor = True, 5
    assert "at 0" in text(shown.rows(60, 20))
    assert "as of step 0" in text(shown.rows(60, 20))
    assert ImagesPanel.subjects([], ["images/a", "field/b"]) == ["images/a"]
