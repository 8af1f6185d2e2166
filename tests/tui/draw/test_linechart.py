"""Line charts, read as text."""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
import pytest

from descend.engine.run.history import Series
from descend.tui.draw.downsampling import Envelope
from descend.tui.draw.linechart import LINE, Mark, Trace, draw_line_chart, find_smoothing
from descend.tui.draw.rows import length, text
from descend.tui.draw.smoothing import LIGHT, is_noisy, smoothed

BRAILLE = {chr(code) for code in range(0x2801, 0x2900)}


def trace(values: np.ndarray | list[float], steps: np.ndarray | list[int] | None = None, style: int = 0) -> Trace:
    series = Series()
    series.extend(np.arange(len(values)) if steps is None else np.asarray(steps), np.asarray(values, float))
    return Trace("train", series, Envelope(), style)


def canvas(drawn: str) -> list[str]:
    """The rows of a chart right of its axis, without the lower axis."""
    return [line[max(line.find("│"), line.find("┤")) + 1 :] for line in drawn.splitlines()[:-2]]


def test_a_falling_line_falls() -> None:
    drawn = text(draw_line_chart([trace(np.linspace(2.4, 0, 60))], 40, 12))
    assert drawn.splitlines()[-1].split() == ["0", "20", "40"]
    assert [line.split("┤")[0].strip() for line in drawn.splitlines() if "┤" in line] == ["2", "1", "0"]
    places = [min((i for i, c in enumerate(line) if c in BRAILLE), default=None) for line in canvas(drawn)]
    assert None not in places
    assert places == sorted(places), drawn  # type: ignore[type-var]


def test_every_row_has_the_asked_width() -> None:
    rows = draw_line_chart(
        [trace([1, 2, 3]), trace([3, 2, 1], style=1)], 50, 12, marks=[Mark(1, "lr 1→2")], smoothing=0.5
    )
    assert len(rows) == 12
    assert {length(row) for row in rows} == {50}


def test_a_single_spike_is_drawn_whatever_the_length() -> None:
    for size in (100, 10_000, 300_000):
        values = np.zeros(size)
        values[size // 3] = 100
        drawn = canvas(text(draw_line_chart([trace(values)], 60, 12)))
        top = drawn[0]
        assert any(c in BRAILLE for c in top), size
        spike = next(i for i, c in enumerate(top) if c in BRAILLE)
        assert abs(spike - len(top) / 3) <= 1
        assert all(line[spike] in BRAILLE for line in drawn)


def test_sparse_points_are_marked_over_a_dense_curve() -> None:
    rng = np.random.default_rng(0)
    dense = trace(1 + 0.1 * rng.normal(size=5000))
    sparse = trace([1.0, 1.1, 0.9, 1.0, 1.05], [900, 1800, 2700, 3600, 4500], style=1)
    rows = draw_line_chart([dense, sparse], 60, 12)
    glyphs = [(character, pen) for row in rows for part, pen in row for character in part if character == "▲"]
    assert glyphs == [("▲", "series-2")] * 5
    assert {pen for row in rows for part, pen in row if set(part) & BRAILLE} == {"series-1", "series-2"}


def test_dense_curves_differ_by_marker() -> None:
    curves = [trace(np.sin(np.arange(500) / 50) + style, style=style) for style in range(3)]
    drawn = text(draw_line_chart(curves, 60, 14))
    assert "●" not in drawn
    assert drawn.count("▲") >= 3
    assert drawn.count("■") >= 3


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
def test_nan_is_marked_and_not_joined(smoothing: float) -> None:
    values = np.ones(60)
    values[20:40] = np.nan
    values[30] = np.inf
    rows = draw_line_chart([trace(values)], 66, 10, smoothing=smoothing)
    drawn = canvas(text(rows))
    assert drawn[-1].count("×") in range(18, 24)
    line = max(drawn, key=lambda row: sum(c in BRAILLE for c in row))
    gap = [i for i, c in enumerate(line) if c not in BRAILLE]
    assert 17 <= len([i for i in gap if 20 < i < 45]) <= 22
    assert any(pen == "error" for row in rows for part, pen in row if "×" in part)


def test_nothing_finite_still_says_so() -> None:
    drawn = text(draw_line_chart([trace([np.nan] * 30)], 40, 8))
    assert drawn.count("×") >= 20
    assert not set(drawn) & BRAILLE


def test_log_axis() -> None:
    drawn = text(draw_line_chart([trace(10.0 ** np.linspace(0, -4, 60))], 40, 12, log=True))
    heights = [next((i for i, c in enumerate(line) if c in BRAILLE), -1) for line in canvas(drawn)]
    gaps = np.diff([h for h in heights if h >= 0])
    assert max(gaps) - min(gaps) <= 1  # an exponential is a straight line
    assert "1e-4" in drawn
    assert "0.01" in drawn


def test_log_axis_marks_zero_and_below() -> None:
    drawn = canvas(text(draw_line_chart([trace([1, 0.1, 0, -5, 0.1, 1])], 40, 10, log=True)))
    assert drawn[-1].count("↓") == 2


def test_marks_hide_nothing() -> None:
    values = np.full(200, 2.0)
    plain = text(draw_line_chart([trace(values)], 60, 12))
    marked = text(
        draw_line_chart([trace(values)], 60, 12, marks=[Mark(50, "lr 0.1→0.01"), Mark(195, "momentum 0.9→0")])
    )
    assert "┊lr 0.1→0.01" in marked
    assert "momentum 0.9→0" in marked
    assert sum(c in BRAILLE for c in plain) == sum(c in BRAILLE for c in marked)


def test_smoothing_keeps_the_range_below_it() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=4000)
    values[2000] = 30
    rows = draw_line_chart([trace(values)], 60, 14, smoothing=0.9)
    pens = {pen for row in rows for part, pen in row if set(part) & BRAILLE}
    assert pens == {"series-1", "faint-series-1"}
    assert any(c in BRAILLE for line in canvas(text(rows))[:2] for c in line)


def pens(traces: list[Trace], **more: Any) -> set[str]:
    rows = draw_line_chart(traces, 60, 14, **more)
    return {pen for row in rows for part, pen in row if set(part) & BRAILLE}


def test_noisy_curves_are_smoothed_lightly_and_others_stay_as_they_are() -> None:
    rng = np.random.default_rng(3)
    x = np.linspace(0, 1, 400)
    noisy = {
        "noise": rng.normal(size=400),
        "a noisy fall": np.exp(-4 * x) + 0.05 * rng.normal(size=400),
        "a random walk": np.cumsum(rng.normal(size=300)),
        "a long fall": np.exp(-4 * np.linspace(0, 1, 100_000)) + 0.05 * rng.normal(size=100_000),
    }
    smooth = {
        "a fall": np.exp(-4 * x),
        "waves": np.sin(50 * x),
        "short waves": np.sin(np.arange(400) * 2 * np.pi / 8),
        "a zigzag": np.exp(-x) * (-1.0) ** np.arange(400),
        "a long fall": np.exp(-4 * np.linspace(0, 1, 100_000)),
        "a step": (x > 0.5).astype(float),
        "rare spikes": (np.arange(400) % 20 == 0).astype(float),
        "little noise": x + 0.003 * rng.normal(size=400),
        "a constant": np.full(400, 2.0),
        "nothing finite": np.full(400, np.nan),
    }
    for name, values in noisy.items():
        assert find_smoothing([trace(values)], 60, 14, (0, len(values) - 1)) == [LIGHT], name
        assert pens([trace(values)], smoothing=None) == {"series-1", "faint-series-1"}, name
        assert pens([trace(values)], smoothing=0.0) == {"series-1"}, name
    for name, values in smooth.items():
        assert find_smoothing([trace(values)], 60, 14, (0, len(values) - 1)) == [0.0], name
        assert pens([trace(values)], smoothing=None) <= {"series-1"}, name
    assert not is_noisy(np.arange(20), rng.random(20)), "of few points"
    uneven = np.sort(np.concatenate((np.arange(0, 280, 10), np.arange(45, 270, 45)[::2])))
    assert not is_noisy(uneven, np.exp(-uneven / 60)), "of a smooth curve, at uneven steps"


def test_on_a_log_axis_the_noise_is_that_which_is_seen() -> None:
    fall, noise = -12 * np.linspace(0, 1, 400), np.random.default_rng(4).normal(size=400)
    span = 0.0, 399.0
    little, much = trace(np.exp(fall + 0.1 * noise)), trace(np.exp(fall + noise))
    assert find_smoothing([little], 60, 14, span, log=True) == [0.0]
    assert find_smoothing([much], 60, 14, span, log=True) == [LIGHT]
    assert find_smoothing([much], 60, 14, span) == [0.0], "there, only its beginning is seen"


def test_moving_average_has_no_bias_to_its_start_and_no_lag() -> None:
    np.testing.assert_allclose(smoothed(np.full(50, 3.0), 0.95), 3.0)
    line = np.linspace(5, 1, 50)
    np.testing.assert_allclose(smoothed(line, 0.6)[:30], line[:30], atol=3e-3)
    spike = smoothed(np.eye(1, 41, 20)[0], 0.6)
    np.testing.assert_allclose(spike, spike[::-1], atol=1e-4)
    assert spike[20] == pytest.approx((1 - 0.6) / (1 + 0.6), abs=1e-4)


def test_ascii_terminals_get_ascii() -> None:
    curves = [trace(np.sin(np.arange(300) / 50)), trace([0, 1, 0, 1], [10, 100, 200, 290], style=1)]
    rows = draw_line_chart(curves, 60, 12, marks=[Mark(100, "lr → 2")], unicode=False)
    assert text(rows).isascii()
    assert "o" in text(rows)
    assert "^" in text(rows)
    assert LINE not in text(rows)
    noisy = trace(np.random.default_rng(0).normal(size=400))
    drawn = [part for row in draw_line_chart([noisy], 60, 12, smoothing=0.9, unicode=False) for part in row]
    assert {pen: set(part.strip()) for part, pen in drawn if "series" in pen} == {
        "faint-series-1": {"."},
        "series-1": {"o"},
    }


def test_unusual_values_and_sizes_are_drawn_without_a_word() -> None:
    rng = np.random.default_rng(1)
    pool = [np.nan, np.inf, -np.inf, 0, -0.0, 1e308, -1e308, 5e-324, 1e-300, 1, 2, -3, 1e16, 1e16 + 2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(400):
            curves = []
            for style in range(rng.integers(0, 5)):
                size = int(rng.choice([1, 2, 10, 2000]))
                steps = np.cumsum(rng.integers(1, int(rng.choice([2, 10**6])), size))
                values = rng.choice(pool, size)
                if rng.random() < 0.5:
                    values = rng.normal(size=size) * 10.0 ** rng.integers(-310, 300)
                curves.append(trace(values, steps, style))
            width, height = int(rng.integers(0, 90)), int(rng.integers(0, 24))
            rows = draw_line_chart(
                curves, width, height, log=bool(rng.integers(2)), smoothing=float(rng.choice([0, 0.9])),
                marks=[Mark(int(rng.integers(0, 2000)), "lr")], unicode=bool(rng.integers(2)),
                cursor=float(rng.integers(9999)),
            )  # fmt: skip
            assert [length(row) for row in rows] == [width] * height


def test_a_million_points_cost_little_more_than_a_thousand() -> None:
    def curve(size: int) -> Trace:
        return trace(2 * np.exp(-4 * np.arange(size) / size) + 0.2 * np.random.default_rng(0).random(size))

    curves = {size: curve(size) for size in (1000, 1_000_000)}
    took: dict[int, list[float]] = {size: [] for size in curves}
    for _ in range(40):  # by turns, and the quickest of each: other processes slow some down, never speed one up
        for size, drawn in curves.items():
            begun = time.thread_time()
            draw_line_chart([drawn], 60, 16)
            took[size].append(time.thread_time() - begun)
    thousand, million = (min(times) for times in took.values())
    print(f"redraw: {thousand * 1e3:.2f} ms of a thousand points, {million * 1e3:.2f} ms of a million")
    assert million < 2 * thousand
