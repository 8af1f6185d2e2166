"""Curves in one line of text."""

from __future__ import annotations

import numpy as np

from descend.engine.base.sparkline import ASCII, BLOCKS, compute_shares, draw_sparkline


def test_a_curve_in_a_line_keeps_its_shape_and_its_holes() -> None:
    steps = np.arange(80)
    assert draw_sparkline(compute_shares(steps, steps / 10, 8)) == "▁▂▃▄▅▆▇█"
    assert draw_sparkline(compute_shares(steps, steps / 10, 8), "ascii") == ASCII
    values = np.where(steps == 35, np.nan, 1.0)
    assert draw_sparkline(compute_shares(steps, values, 8)) == "▁▁▁!▁▁▁▁"
    assert draw_sparkline(compute_shares(np.array([0, 100]), np.array([1e308, -1e308]), 8)) == "█▁"
    assert draw_sparkline(compute_shares(np.array([0, 1, 99]), np.array([0.0, 1.0, 2.0]), 3)) == "▃▃█"
    assert draw_sparkline(compute_shares(steps, np.full(80, np.inf), 4)) == "!!!!"
    assert draw_sparkline(compute_shares(steps[:0], values[:0], 8)) == ""


def test_shares_rise_and_what_is_not_known_is_blank() -> None:
    assert draw_sparkline([0.0, None, 0.5, 1.0, 2.0, -1.0]) == "▁ ▅██▁"
    assert draw_sparkline([float("nan"), float("inf")]) == "!!"


def test_blocks_where_the_output_can_write_them() -> None:
    ends = [0.0, 1.0]
    assert draw_sparkline(ends, "utf-8") == BLOCKS[0] + BLOCKS[-1]
    assert draw_sparkline(ends, "latin-1") == draw_sparkline(ends, "no such encoding") == ASCII[0] + ASCII[-1]
