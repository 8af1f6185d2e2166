"""Networks of boxes and arrows, read as text."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.history import History
from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, Graph
from descend.tui.draw.canvas import Canvas, Dots
from descend.tui.draw.network import draw_network, layout
from descend.tui.draw.rows import Row, length, text
from descend.tui.panels.graph import GraphPanel

from .odd import NAMES, NUMBERS, fills


def graph(nodes: dict[str, tuple[float, float]], edges: list[tuple[str, str]], step: int = 3, **more: Any) -> Graph:
    names = list(nodes)
    ends = np.array([[names.index(name) for name in edge] for edge in edges], np.int32).reshape(-1, 2)
    where = np.array(list(nodes.values()), float).reshape(-1, 2)
    for kind in ("values", "weights"):
        more[kind] = {name: Array.of(np.array(v, float)) for name, v in more.get(kind, {}).items()}
    record = Graph(
        step=step,
        name="net",
        labels=names,
        x=Array.of(where[:, 0]),
        y=Array.of(where[:, 1]),
        sources=Array.of(ends[:, 0]),
        targets=Array.of(ends[:, 1]),
        **more,
    )
    record.check()
    return record


def perceptron(sizes: tuple[int, ...] = (3, 4, 1), seed: int = 1) -> Graph:
    """A layered net with its activations for one input."""
    rng = np.random.default_rng(seed)
    letters = [*"xhuv"[: len(sizes) - 1], "y"]
    layers = [[f"{letter}{unit + 1}" for unit in range(size)] for letter, size in zip(letters, sizes, strict=True)]
    nodes = {
        name: (depth / (len(sizes) - 1), 1 - (unit + 0.5) / len(layer))
        for depth, layer in enumerate(layers)
        for unit, name in enumerate(layer)
    }
    active = [rng.normal(size=sizes[0])]
    edges, weights = [], []
    for before, after in itertools.pairwise(layers):
        matrix = rng.normal(size=(len(before), len(after)))
        active.append(np.tanh(active[-1] @ matrix))
        edges += list(itertools.product(before, after))
        weights += matrix.ravel().tolist()
    return graph(nodes, edges, values={"activation": np.concatenate(active)}, weights={"weight": weights})


def computation() -> Graph:
    """L = (a·b + c)·f and its gradients."""
    a, b, c, f = 2.0, -3.0, 10.0, -2.0
    nodes = {"a": (0.0, 1.0), "b": (0.0, 0.5), "e": (0.35, 0.75), "c": (0.35, 0.15), "d": (0.7, 0.5), "f": (0.7, 0.0)}
    nodes["L"] = (1.0, 0.3)
    values = [a, b, a * b, c, a * b + c, f, (a * b + c) * f]
    gradients = [b * f, a * f, f, f, f, a * b + c, 1.0]
    edges = [("a", "e"), ("b", "e"), ("e", "d"), ("c", "d"), ("d", "L"), ("f", "L")]
    from_ = [list(nodes).index(source) for source, _ in edges]
    numbers = {"value": values, "gradient": gradients}
    return graph(
        nodes, edges, values=numbers, weights={name: [found[i] for i in from_] for name, found in numbers.items()}
    )


def panel(record: Graph, unicode: bool = True) -> GraphPanel:
    history = History()
    history.feed([record])
    shown = GraphPanel(history, "graph/net")
    shown.unicode = unicode
    return shown


def pens(rows: list[Row]) -> set[str]:
    return {pen for row in rows for _, pen in row}


def test_nodes_stand_at_their_places_with_their_numbers() -> None:
    lines = text(panel(computation()).content(70, 18)).splitlines()
    assert lines[0].split()[:3] == ["a", "2", "∂6"]
    assert lines[-1].strip().startswith("f  -2 ∂4")
    place = {name: next((x, y) for y, line in enumerate(lines) if (x := line.find(text)) >= 0) for name, text in (
        ("b", "b  -3 ∂-4"), ("e", "e  -6 ∂-2"), ("d", "d  4 ∂-2"), ("L", "L  -8 ∂1"))}  # fmt: skip
    assert place["b"][0] < place["e"][0] < place["d"][0] < place["L"][0]
    assert place["e"][1] < place["d"][1] < place["L"][1]


def test_numbers_of_edges_stand_on_their_lines() -> None:
    lines = text(panel(computation()).content(70, 18)).splitlines()
    drawn = "\n".join(lines)
    for numbers in ("2 ∂6", "-3 ∂-4", "-6 ∂-2", "10 ∂-2", "4 ∂-2", "-2 ∂4"):
        assert drawn.count(numbers) == 2  # in the node it comes from, and on the line
    assert "no room" not in text(panel(computation()).rows(74, 20))


def test_direction_is_visible() -> None:
    record = graph({"a": (0, 0.5), "b": (1, 0.5)}, [("a", "b")])
    assert text(panel(record).content(40, 3)).splitlines()[1].rstrip().endswith("▸[b]")
    back = graph({"a": (0, 0.5), "b": (1, 0.5)}, [("b", "a")])
    assert text(panel(back).content(40, 3)).splitlines()[1].startswith("[a]◂")
    down = graph({"a": (0.5, 1), "b": (0.5, 0)}, [("a", "b")])
    assert "▾" in text(panel(down).content(9, 9)).splitlines()[7]
    up = graph({"a": (0.5, 1), "b": (0.5, 0)}, [("b", "a")])
    assert "▴" in text(panel(up).content(9, 9)).splitlines()[1]
    assert "↻" in text(panel(graph({"a": (0.5, 0.5)}, [("a", "a")])).content(20, 3))


def test_sign_and_size_of_a_weight_are_told_without_colour() -> None:
    ends = {"a": (0.0, 1.0), "b": (1.0, 1.0), "c": (0.0, 0.5), "d": (1.0, 0.5), "e": (0.0, 0.0), "f": (1.0, 0.0)}
    record = graph(ends, [("a", "b"), ("c", "d"), ("e", "f")], weights={"w": [0.5, -0.5, 1.0]})
    for unicode in (True, False):
        lines = text(panel(record, unicode).content(60, 9)).splitlines()
        lines = [next(line for line in lines if name in line) for name in ("[a]", "[c]", "[e]")]
        if unicode:
            dots = [sum((ord(c) - 0x2800).bit_count() for c in line if 0x2800 < ord(c) < 0x2900) for line in lines]
            assert dots[1] < dots[0] < dots[2]
        else:
            assert "--" in lines[0]
            assert ".." in lines[1]
    found = pens(panel(record).content(60, 9))
    assert {"series-1", "series-2"} <= found


def test_weak_edges_are_faint_and_bad_ones_stand_out() -> None:
    ends = {"a": (0.0, 1.0), "b": (1.0, 1.0), "c": (0.0, 0.5), "d": (1.0, 0.5), "e": (0.0, 0.0), "f": (1.0, 0.0)}
    record = graph(ends, [("a", "b"), ("c", "d"), ("e", "f")], weights={"w": [0.1, 1.0, np.nan]})
    rows = panel(record).content(60, 9)
    assert {"faint-series-1", "series-1", "error"} <= pens(rows)
    assert "NaN" in text(rows)


def test_a_perceptron_is_legible() -> None:
    for size in ((70, 18), (100, 40)):
        drawn = text(panel(perceptron()).content(*size))
        for name in ("x1", "x2", "x3", "h1", "h2", "h3", "h4", "y1"):
            assert f"{name}  " in drawn
        assert drawn.count("▸") == 5
        assert "0.60" in drawn
    small = text(panel(perceptron()).content(44, 9))
    assert "h4 -0.31" in small


def test_says_how_many_numbers_have_no_room() -> None:
    shown = panel(perceptron())
    drawn = text(shown.rows(48, 11))
    missing = int(drawn.split("no room for ")[1].split()[0])
    _, lacking = draw_network(perceptron(), 44, 9, None, colour=False, unicode=True)
    assert missing == lacking > 0
    assert draw_network(perceptron(), 200, 80, None, colour=False, unicode=True)[1] == 0


def test_numbers_hide_neither_boxes_nor_other_lines() -> None:
    record = perceptron((4, 5, 2))
    numbered, _ = draw_network(record, 100, 40, None, colour=False, unicode=True)
    rows = text(numbered).splitlines()
    for box in layout(record, 100, 40, True):
        for line, words in enumerate(box.lines):
            assert words in rows[box.y + line][box.x : box.x + box.width]
    heads = sum(line.count("▸") for line in rows)
    assert heads == 7  # one before each node that is a target


def test_boxes_never_overlap_where_there_is_room() -> None:
    for sizes in ((3, 4, 1), (8, 8, 8, 8), (5, 16, 16, 3)):
        boxes = layout(perceptron(sizes), 100, 40, True)
        for a, b in itertools.combinations(boxes, 2):
            apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
            assert apart


def test_shades_follow_the_first_value() -> None:
    shown = panel(graph({"a": (0, 0), "b": (1, 1)}, [], values={"v": [0.0, 10.0]}))
    found = [pen for row in shown.content(40, 5) for _, pen in row if pen.startswith("shade")]
    assert found == ["shade ink v32", "shade ink v0"]
    assert text(shown.legends()[:1]).split()[0] == "v"


def test_cells_keep_their_width_whatever_is_written_over_what() -> None:
    cells = Canvas(6, 1)
    for x, words in ((0, "猫の手"), (1, "a"), (4, "猫"), (-1, "猫b"), (5, "の"), (3, "e\u0301"), (9, "x"), (-9, "x")):
        cells.put(x, 0, words, "value")
        assert length(cells.rows()[0]) == 6
    assert text(cells.rows()) == " b e\u0301  "


def test_dots_fill_the_cells_of_their_line() -> None:
    dots = Dots(4, 2)
    track = dots.line((0, 3.99), (0.5, 0.5), 7)
    assert track == {(0, 0), (1, 0), (2, 0), (3, 0)}
    assert [dots.character(x, 0) for x in range(4)] == ["⠤"] * 4
    assert dots.owners[0].tolist() == [7] * 4
    plain = Dots(4, 2, unicode=False)
    plain.line((0, 3.99), (0.5, 0.5), 0)
    assert "".join(plain.character(x, 0) for x in range(4)) == "----"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_graph_fills_any_size_exactly(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    names = data.draw(st.lists(NAMES, min_size=count, max_size=count))
    places = st.lists(st.floats(0, 1) | NUMBERS, min_size=count, max_size=count)
    edges = data.draw(st.lists(st.tuples(*[st.integers(0, count - 1)] * 2), max_size=20))
    numbers = {}
    for key, size in (("values", count), ("weights", len(edges))):
        lists = st.lists(NUMBERS, min_size=size, max_size=size)
        found = data.draw(st.dictionaries(NAMES, lists, max_size=2))
        numbers[key] = {name: Array.of(np.array(values, float)) for name, values in found.items()}
    ends = np.array(edges, np.int32).reshape(-1, 2)
    record = Graph(
        step=0,
        name="net",
        labels=names,
        x=Array.of(np.array(data.draw(places))),
        y=Array.of(np.array(data.draw(places))),
        sources=Array.of(ends[:, 0]),
        targets=Array.of(ends[:, 1]),
        **numbers,
    )
    record.check()
    shown = panel(record, data.draw(st.booleans()))
    width, height = data.draw(st.integers(1, 110)), data.draw(st.integers(1, 45))
    fills(shown, (width, height))


@pytest.mark.parametrize("size", [(16, 4), (44, 9), (70, 18), (100, 40)])
@pytest.mark.parametrize("sizes", [(1, 1), (3, 4, 1), (10, 10, 10, 10), (40, 1)])
def test_every_network_at_every_size(sizes: tuple[int, ...], size: tuple[int, int]) -> None:
    rows = panel(perceptron(sizes)).content(*size)
    assert [length(row) for row in rows] == [size[0]] * size[1]
    assert "y" in text(rows) or len(sizes) < 3 or size[1] < 18


def test_drawing_is_quick() -> None:
    shown = panel(perceptron((3, 8, 8, 3)))
    shown.rows(100, 30)
    start = time.thread_time()
    for _ in range(10):
        shown.rows(100, 30)
    assert (time.thread_time() - start) / 10 < 0.15


def test_the_replay_cursor_shows_the_graph_of_its_step() -> None:
    history = History()
    for step in (0, 10):
        history.feed([graph({"a": (0.5, 0.5)}, [], step, values={"v": [step]})])
    shown = GraphPanel(history, "graph/net")
    shown.unicode, shown.cursor = True, 5
    assert "a  0" in text(shown.rows(60, 9))
    assert "as of step 0" in text(shown.rows(60, 9))
    assert shown.label == "net"


def test_what_is_not_computed_yet_is_a_dot_and_a_true_nan_is_said() -> None:
    nodes = {"a": (0.0, 0.5), "b": (0.5, 0.5), "c": (1.0, 0.5)}
    record = graph(
        nodes,
        [("a", "b"), ("b", "c")],
        values={"value": [1.5, NOT_YET, np.nan], "gradient": [NOT_YET, NOT_YET, 1.0]},
        weights={"slope": [NOT_YET, np.nan]},
    )
    line = text(panel(record).content(76, 3)).splitlines()[1]
    assert re.search(r" a +1\.50 ∂· .*·.* b +· ∂· .*NaN.* c +NaN ∂1 ", line)
    assert "error" in pens(panel(record).content(76, 3))
    known = graph(nodes, [("a", "b"), ("b", "c")], values={"value": [1.5, 2.0, NOT_YET]})
    drawn = panel(known).content(76, 3)
    assert "NaN" not in text(drawn)
    assert "error" not in pens(drawn)
    rows = list(panel(record).tabulate(record).rows)
    assert rows[1][rows[0].index("a") :][:1] == ["b"]
    assert rows[1].count(None) >= 2  # an empty cell in what is exported


@pytest.mark.parametrize("size", [(76, 17), (56, 22), (116, 30)])
def test_all_numbers_of_nodes_are_kept_before_lines_are_long(size: tuple[int, int]) -> None:
    drawn = text(panel(computation()).content(*size))
    for number in ("∂6", "∂-4", "∂-2", "∂4", "∂1", "-8", "10"):
        assert number in drawn
