"""Rows of cells: joining, covering, comparing."""

from __future__ import annotations

import pytest

from descend.tui.draw.rows import Row, changed, joined, length, overlay, sized, text, wrapped


def test_joined_keeps_the_text_and_needs_few_runs() -> None:
    row: Row = [("a", "x"), ("", "y"), ("b", "x"), ("  ", "y"), ("c", "x"), (" ", "hit-1"), ("d", "y")]
    assert joined(row) == [("ab  c", "x"), (" ", "hit-1"), ("d", "y")]


def test_sized_cuts_and_pads_wide_characters() -> None:
    for width in range(10):
        assert length(sized([("a猫b", "x"), ("猫", "y")], width)) == width


def test_overlay_replaces_cells() -> None:
    row: Row = [("abc", "x"), ("defg", "y")]
    assert overlay(row, 2, "ZZ", "z") == [("ab", "x"), ("ZZ", "z"), ("efg", "y")]


@pytest.mark.parametrize(
    ("old", "new", "span"),
    [
        ([("abc", "x")], [("abc", "x")], None),
        ([("abcd", "x")], [("abXd", "x")], (2, 3)),
        ([("ab", "x"), ("cd", "y")], [("ab", "x"), ("cd", "z")], (2, 4)),
        ([("猫a", "x")], [("猫b", "x")], (2, 3)),
        ([("a", "x"), ("b", "y"), ("c", "x")], [("a", "x"), ("B", "y"), ("c", "x")], (1, 2)),
        ([("aaaa", "x")], [("aa", "x"), ("aa", "y")], (2, 4)),
    ],
)
def test_changed_cells(old: Row, new: Row, span: tuple[int, int] | None) -> None:
    assert changed(old, new) == span


def test_changed_cells_are_enough_to_repaint() -> None:
    old: Row = [("aab", "x"), ("ba", "y"), ("aa", "x")]
    new: Row = [("aa", "x"), ("bba", "y"), ("aa", "x")]
    span = changed(old, new)
    assert span is not None
    before, after = ([(c, pen) for part, pen in row for c in part] for row in (old, new))
    assert before[: span[0]] + after[span[0] : span[1]] + before[span[1] :] == after


@pytest.mark.parametrize(("width", "height"), [(0, 3), (1, 1), (8, 4), (30, 3), (30, 0)])
def test_wrapped_fills_its_cells(width: int, height: int) -> None:
    rows = wrapped("waiting for 猫 data", width, height)
    assert [length(row) for row in rows] == [width] * height
    assert width < 30 or height < 1 or "waiting for 猫 data" in text(rows)
