"""Trees, from the root down and as outlines, read as text."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.lab.diagrams import flatten_tree
from descend.engine.run.packed_array import NOT_YET
from descend.engine.run.records import Array, Tree
from descend.tui.draw.rows import text
from descend.tui.panels import Panel
from descend.tui.panels.tree import TreePanel

from .conftest import history_of
from .odd import NAMES, NUMBERS, SIZES, fills, inside, shown, time_drawing
from .test_grid import Host


def tree(root: Any, step: int = 3, **more: Any) -> Tree:
    labels, parents = flatten_tree(root)
    values = {name: Array.of(np.array(found, float)) for name, found in more.pop("values", {}).items()}
    record = Tree(step=step, name="t", labels=labels, parents=Array.of(np.array(parents)), values=values, **more)
    record.check()
    return record


EXPRESSION = ("+", ("×", "x", "y"), 2)


@st.composite
def records(draw: st.DrawFn) -> Tree:
    count = draw(st.integers(1, 40))
    labels = [draw(NAMES) for _ in range(count)]
    parents = [-1, *(draw(st.integers(0, index)) for index in range(count - 1))]
    numbers = st.lists(NUMBERS, min_size=count, max_size=count).map(lambda found: Array.of(np.array(found, float)))
    return Tree(
        step=3,
        name=draw(NAMES),
        labels=labels,
        parents=Array.of(np.array(parents)),
        values={name: draw(numbers) for name in draw(st.lists(NAMES, max_size=2))},
        edges=[draw(NAMES) for _ in labels] if draw(st.booleans()) else [],
        marked=draw(st.lists(st.integers(0, count - 1), max_size=3)),
    )


@settings(max_examples=150, deadline=None)
@given(records(), SIZES, st.booleans())
def test_every_size_is_filled_exactly(record: Tree, size: tuple[int, int], unicode: bool) -> None:
    fills(shown(TreePanel, record, unicode=unicode), size)


def test_a_tree_stands_from_its_root_down() -> None:
    record = tree(EXPRESSION, values={"value": [8, 6, 2, 3, 2]}, marked=[1])
    assert [line.rstrip() for line in inside(shown(TreePanel, record), 20, 8)] == [
        "         +",
        "         8",
        "       ┌─┴──┐",
        "      [×]   2",
        "       6    2",
        "      ┌┴─┐",
        "      x  y",
        "      2  3",
    ]


def test_edges_are_named_above_the_nodes() -> None:
    record = tree(("x < 3?", ("y > 0?", "red", "blue"), "green"), edges=["", "yes", "yes", "no", "no"])
    lines = [line.rstrip() for line in inside(shown(TreePanel, record), 30, 7)]
    assert lines[2].split() == ["yes", "no"]
    assert lines[3].split() == ["y", ">", "0?", "green"]
    assert lines[5].split() == ["yes", "no"]
    assert lines[2].index("no") == lines[3].index("green") + 1


@given(
    st.recursive(
        st.sampled_from(["a", "long name", "+"]),
        lambda inner: st.lists(inner, min_size=1, max_size=4).map(lambda found: ("node", *found)),
        max_leaves=12,
    )
)
@settings(max_examples=60, deadline=None)
def test_no_two_nodes_overlap(root: Any) -> None:
    labels, _ = flatten_tree(root)
    drawn = text(shown(TreePanel, tree(root)).content(200, 60))
    for label in set(labels):
        assert drawn.count(label) >= labels.count(label)


def test_without_room_it_is_an_outline_that_scrolls() -> None:
    record = tree(("root", *[(f"branch {index}", "left", "right") for index in range(12)]))
    panel = shown(TreePanel, record)
    lines = [line.rstrip() for line in inside(panel, 40, 10)]
    assert lines[:5] == ["root", "├─ branch 0", "│  ├─ left", "│  └─ right", "├─ branch 1"]
    assert "nodes 1–10 of 37" in text(panel.notes()[:1])
    assert isinstance(panel, TreePanel)
    panel.top = 99
    assert [line.rstrip() for line in inside(panel, 40, 10)][-3:] == ["└─ branch 11", "   ├─ left", "   └─ right"]


def test_the_end_of_a_deep_indentation_is_seen() -> None:
    root: Any = "leaf"
    for index in range(60):
        root = (f"n{59 - index}", root)
    panel = shown(TreePanel, tree(root))
    assert isinstance(panel, TreePanel)
    panel.top = 55
    lines = inside(panel, 30, 6)
    assert lines[-1].rstrip().endswith("└─ leaf")
    assert lines[-1].startswith("…")


def test_the_table_has_a_row_for_each_node() -> None:
    table = TreePanel.tabulate(tree(EXPRESSION, values={"v": [8, 6, 2, 3, 2]}, marked=[0]))
    assert table.header == ["node", "label", "parent", "edge", "v", "marked"]
    assert [list(row) for row in table.rows][:2] == [[0, "+", None, None, 8, True], [1, "×", 0, None, 6, False]]


def test_names_of_values_and_the_count_are_told() -> None:
    panel = shown(TreePanel, tree(EXPRESSION, values={"value": [1] * 5, "gradient": [2] * 5}))
    panel.content(40, 10)
    assert text(panel.legends()[:1]) == "value ∂gradient  5 nodes"


def test_drawing_takes_a_few_milliseconds() -> None:
    parents = [-1, *((index - 1) // 2 for index in range(1, 4000))]
    record = Tree(step=0, name="t", labels=[f"n{index}" for index in range(4000)], parents=Array.of(np.array(parents)))
    panel = shown(TreePanel, record)
    assert time_drawing(panel) < 0.05


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_it_is_read_at_every_size(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Panel, "unicode", True)
    root = ("root", *[(f"branch {index}", *map(str, range(6))) for index in range(30)])
    app = Host(history_of([tree(EXPRESSION, step=1), tree(root, step=2)]))
    async with app.run_test(size=size) as pilot:
        (panel,) = app.grid.panels
        assert isinstance(panel, TreePanel)
        panel.focus()
        await pilot.press("down", "down")
        assert panel.top == 2
        await pilot.press("pagedown")
        assert panel.top > 10
        panel.look(1)
        assert "┴" in text(panel.content(60, 12))


def test_what_is_not_computed_yet_is_a_dot_and_a_true_nan_is_said() -> None:
    record = tree(("+", "x", "y"), values={"value": [NOT_YET, 2.0, np.nan]})
    drawn = text(shown(TreePanel, record).content(40, 9))
    assert drawn.split().count("·") == 1
    assert drawn.split().count("NaN") == 1
    assert [row[4] for row in TreePanel.tabulate(record).rows][:2] == [None, 2.0]
