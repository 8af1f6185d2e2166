"""Points in the plane, read as text."""

from __future__ import annotations

import statistics
import time
from typing import Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.records import Array, Points
from descend.tui.draw.aspect import keeps_aspect
from descend.tui.draw.rows import length, text
from descend.tui.draw.scatter import HEADS, draw_scatter, prepare_points
from descend.tui.panels.points import PointsPanel

from .odd import NAMES, SIZES, arrays, fills, inside, shown

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def points(
    places: np.ndarray | list[list[float]],
    labels: np.ndarray | None = None,
    classes: list[str] | None = None,
    arrows: np.ndarray | None = None,
    paths: dict[str, np.ndarray] | None = None,
    step: int = 7,
    name: str = "plane",
    axes: tuple[str, str] = ("", ""),
    aspect: Literal["", "equal", "auto"] = "",
) -> Points:
    places = np.asarray(places, float).reshape(-1, 2)
    return Points(
        step=step,
        name=name,
        x=Array.of(places[:, 0]),
        y=Array.of(places[:, 1]),
        labels=None if labels is None else Array.of(np.asarray(labels, int)),
        classes=classes or [],
        dx=None if arrows is None else Array.of(np.asarray(arrows, float)[:, 0]),
        dy=None if arrows is None else Array.of(np.asarray(arrows, float)[:, 1]),
        paths={key: Array.of(np.asarray(path, float)) for key, path in (paths or {}).items()},
        axes=axes,
        aspect=aspect,
    )


@st.composite
def scatters(draw: st.DrawFn) -> Points:
    count = draw(st.integers(0, 9))
    classes = draw(st.lists(NAMES, min_size=1, max_size=9))
    labels = np.array(draw(st.lists(st.integers(0, len(classes) - 1), min_size=count, max_size=count)), int)
    paths = {name: draw(arrays(6)).reshape(3, 2) for name in draw(st.lists(NAMES, max_size=3))}
    return points(
        draw(arrays(2 * count)),
        labels if draw(st.booleans()) else None,
        classes,
        draw(arrays(2 * count)).reshape(-1, 2) if draw(st.booleans()) else None,
        paths,
        name=draw(NAMES),
    )


@settings(max_examples=150, deadline=None)
@given(scatters(), SIZES, st.booleans())
def test_every_size_is_filled_exactly(record: Points, size: tuple[int, int], unicode: bool) -> None:
    fills(shown(PointsPanel, record, unicode=unicode), size)


def test_classes_differ_by_glyph_and_are_counted() -> None:
    rng = np.random.default_rng(0)
    places = np.concatenate([rng.normal(-3, 0.4, (30, 2)), rng.normal(3, 0.4, (20, 2))])
    panel = shown(PointsPanel, points(places, np.repeat([0, 1], [30, 20]), ["cats", "dogs"]))
    rows = panel.content(60, 16)
    pens = {character: pen for row in rows for part, pen in row for character in part if character in "●▲"}
    assert pens == {"●": "series-1", "▲": "series-2"}
    drawn = text(rows).splitlines()
    assert max(line.rfind("●") for line in drawn) < min(line.find("▲") for line in drawn if "▲" in line)
    assert text(panel.legends()[:1]) == "● cats 30  ▲ dogs 20"


def test_a_cell_shows_the_class_that_has_the_most_points_there() -> None:
    places = np.array([[0.0, 0.0]] * 7 + [[1.0, 1.0]])
    drawn = text(shown(PointsPanel, points(places, np.array([0, 0, 1, 1, 1, 0, 1, 0]), ["a", "b"])).content(40, 12))
    assert (drawn.count("▲"), drawn.count("●")) == (1, 1)


def test_a_circle_looks_round() -> None:
    angles = np.linspace(0, 2 * np.pi, 400)
    lines = inside(shown(PointsPanel, points(np.stack((np.cos(angles), np.sin(angles)), 1))), 70, 20)[:-2]
    canvas = [line[max(line.find("│"), line.find("┤")) + 1 :] for line in lines]
    drawn = [i for line in canvas for i, c in enumerate(line) if c in BRAILLE]
    wide, high = max(drawn) - min(drawn) + 1, sum(any(c in BRAILLE for c in line) for line in canvas)
    assert wide == pytest.approx(2 * high, abs=3)


SIZES_LOOKED_AT = [(76, 17), (56, 9), (56, 22), (116, 30), (196, 50), (40, 12)]


def extents_drawn(record: Points, size: tuple[int, int]) -> tuple[int, int]:
    """Cells across and lines down that points take."""
    rows = shown(PointsPanel, record).content(*size)[:-2]
    lines = [line[max(line.find("│"), line.find("┤")) + 1 :] for line in text(rows).splitlines()]
    drawn = [i for line in lines for i, c in enumerate(line) if c != " "]
    return max(drawn) - min(drawn) + 1, sum(bool(line.strip()) for line in lines)


@pytest.mark.parametrize("size", SIZES_LOOKED_AT)
def test_a_circle_looks_round_at_every_size_if_its_axes_have_one_unit(size: tuple[int, int]) -> None:
    angles = np.linspace(0, 2 * np.pi, 4000)
    places = np.stack((3 * np.cos(angles), 3 * np.sin(angles)), 1)
    for names in (("", ""), ("x (m)", "y (m)")):
        wide, high = extents_drawn(points(places, axes=names), size)
        assert wide == pytest.approx(2 * high, abs=3)
    wide, high = extents_drawn(points(places, axes=("height (m)", "weight (kg)")), size)
    assert wide > 0.7 * (size[0] - 6)  # units that differ fill what there is
    wide, high = extents_drawn(points(places, axes=("height (m)", "weight (kg)"), aspect="equal"), size)
    assert wide == pytest.approx(2 * high, abs=3)


@pytest.mark.parametrize(
    ("axes", "across", "up", "aspect", "equal"),
    [
        (("x", "y"), 3.0, 1.0, "", True),
        (("x (m)", "y (m)"), 1.0, 4.0, "", True),
        (("x (m)", "y (s)"), 1.0, 1.0, "", False),
        (("x", "y"), 100.0, 1.0, "", False),
        (("x", "y"), 100.0, 1.0, "equal", True),
        (("x", "y"), 1.0, 1.0, "auto", False),
        (("x", "y"), 1.0, 0.0, "", False),
        (("x", "y"), np.inf, np.inf, "auto", False),
    ],
)
def test_the_rule_of_proportions(axes: tuple[str, str], across: float, up: float, aspect: str, equal: bool) -> None:
    assert keeps_aspect(axes, across, up, aspect) is equal


def test_two_paths_that_end_near_each_other_keep_their_marks_apart_from_names() -> None:
    first, second = np.array([[9.0, 9.0], [0.0, 0.0]]), np.array([[9.0, 0.0], [1.2, 0.0]])
    panel = shown(PointsPanel, points(np.zeros((0, 2)), paths={"a long name": first, "b": second}))
    assert {length(row) for row in panel.content(40, 9)} == {40}


@pytest.mark.parametrize("octant", range(8))
def test_arrows_point_where_they_go(octant: int) -> None:
    angle = octant * np.pi / 4
    around = np.array([[3.0, 3], [-3, 3], [3, -3], [-3, -3]])  # keeps the units of both axes equal
    arrows = np.array([[2 * np.cos(angle), 2 * np.sin(angle)], *[[0, 0]] * 4])
    drawn = text(shown(PointsPanel, points([[0, 0], *around], arrows=arrows)).content(70, 20))
    assert [c for c in drawn if c in HEADS] == [HEADS[octant]]
    assert sum(c in BRAILLE for c in drawn) >= 2
    assert drawn.count("·") == 4


def test_arrows_too_short_to_draw_still_show_their_direction() -> None:
    places = np.array([[0.0, 0], [10, 10], [0, 10], [10, 0]])
    drawn = text(shown(PointsPanel, points(places, arrows=np.array([[1e-9, 0]] * 4))).content(60, 16))
    assert drawn.count("→") == 4


def test_enormous_arrows_are_shortened_and_that_is_told() -> None:
    places = np.random.default_rng(0).normal(size=(20, 2))
    panel = shown(PointsPanel, points(places, arrows=places * 1e12))
    lines = inside(panel, 60, 16)
    assert "e" not in lines[-1]
    assert "arrows drawn at 1e-12 of their length" in text(panel.notes()[:1])


def test_of_very_many_arrows_some_are_drawn_and_that_is_told() -> None:
    places = np.random.default_rng(0).random((5000, 2))
    panel = shown(PointsPanel, points(places, arrows=np.full((5000, 2), 0.02)))
    drawn = text(panel.content(100, 30))
    shown_ = sum(c in HEADS for c in drawn)
    assert 100 < shown_ <= 400
    assert "of 5k arrows" in text(panel.notes()[:1])


def test_paths_have_a_start_an_end_and_a_name() -> None:
    steps = 0.8 ** np.arange(30)[:, None] * np.array([[4.0, 2.0]])
    panel = shown(PointsPanel, points(np.zeros((0, 2)), paths={"SGD": steps, "Adam": -steps}))
    lines = inside(panel, 70, 18)
    drawn = "\n".join(lines)
    assert drawn.count("○") == 2
    assert drawn.count("◉") >= 1
    assert sum(c in BRAILLE for c in drawn) > 20
    assert "Adam" in drawn
    assert text(panel.legends()[:1]) == "● SGD  ▲ Adam"
    ascii_drawn = text(shown(PointsPanel, points([], paths={"SGD": steps}), unicode=False).content(70, 18))
    assert ascii_drawn.count("E") == 1
    assert ascii_drawn.count("S") == 2  # the start and the name


def test_points_that_are_classes_of_their_own_bear_their_names() -> None:
    names = ["king", "queen", "猫", "[b]bold[/b]"]
    panel = shown(PointsPanel, points([[0, 0], [1, 1], [2, 0], [3, 1]], np.arange(4), names))
    drawn = text(panel.content(70, 16))
    assert all(name in drawn for name in names)
    assert drawn.count("●") == 4
    assert text(panel.legends()[:1]) == "4 points"


def test_what_is_not_finite_is_counted() -> None:
    places = np.array([[0.0, 0], [1, 1], [np.nan, 0], [np.inf, 2]])
    panel = shown(PointsPanel, points(places))
    drawn = text(panel.content(60, 14))
    assert drawn.count("●") == 2
    assert "2 not finite" in text(panel.notes()[:1])


def test_the_cursor_chooses_the_picture() -> None:
    panel = shown(PointsPanel, points([[0, 0], [1, 1]], step=1), points([[0, 0], [1, -1]], step=9))
    newest = text(panel.content(40, 12))
    panel.cursor = 5
    assert text(panel.content(40, 12)) != newest
    assert "as of step 1, at step 5 of 9" in text(panel.notes()[:1])


def test_tiny_panels_say_how_many_and_where() -> None:
    lines = inside(shown(PointsPanel, points([[-1.5, 0], [2, 5]])), 14, 3)
    assert [line.strip() for line in lines] == ["2 points", "x -1.5…2", "y 0…5"]


def test_a_hundred_thousand_points_cost_little_more_than_a_thousand() -> None:
    def took(size: int) -> float:
        places = np.random.default_rng(0).random((size, 2))
        scatter, times = prepare_points(points(places)), []
        for _ in range(15):
            begun = time.thread_time()
            draw_scatter(scatter, 96, 28)
            times.append(time.thread_time() - begun)
        return statistics.median(times[3:])

    thousand, many = took(1000), took(100_000)
    print(f"redraw: {thousand * 1e3:.2f} ms of a thousand points, {many * 1e3:.2f} ms of a hundred thousand")
    assert many < 10 * thousand
