"""Histograms, read as text."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from descend.engine.run.records import Array, Histogram
from descend.tui.draw.histogram import EIGHTHS, SHADES
from descend.tui.draw.rows import text
from descend.tui.panels.histogram import HistogramPanel

from .odd import NAMES, SIZES, arrays, fills, inside, shown


def counted(edges: np.ndarray, step: int = 7, **counts: np.ndarray) -> Histogram:
    return Histogram(
        step=step,
        name="weights",
        edges=Array.of(np.asarray(edges, float)),
        counts={name: Array.of(np.asarray(values)) for name, values in counts.items()},
    )


def of(step: int, bins: int = 40, **samples: np.ndarray) -> Histogram:
    edges = np.histogram_bin_edges(np.concatenate(list(samples.values())), bins)
    return counted(edges, step, **{name: np.histogram(values, edges)[0] for name, values in samples.items()})


def heights(lines: list[str], left: int) -> list[float]:
    """How high the column in each cell is."""
    return [sum(EIGHTHS.find(line[i]) / 8 for line in lines) for i in range(left, len(lines[0]))]


@st.composite
def records(draw: st.DrawFn) -> list[Histogram]:
    names = draw(st.lists(NAMES, max_size=4))
    found = []
    for step in range(draw(st.integers(1, 7))):
        bins = draw(st.integers(0, 12))
        edges = draw(arrays(bins + 1))
        if draw(st.booleans()):
            edges = np.sort(edges[np.isfinite(edges)])
        counts = {name: draw(arrays(max(0, len(edges) - 1))) for name in names}
        if len(edges):
            found.append(
                Histogram(
                    step=step,
                    name="h",
                    edges=Array.of(edges),
                    counts={name: Array.of(values) for name, values in counts.items()},
                )
            )
    return found or [counted(np.arange(3), x=np.ones(2, int))]


@settings(max_examples=150, deadline=None)
@given(records(), SIZES, st.booleans())
def test_every_size_is_filled_exactly(pictures: list[Histogram], size: tuple[int, int], unicode: bool) -> None:
    panel = shown(HistogramPanel, *pictures, unicode=unicode)
    if pictures[-1].counts:
        fills(panel, size)
    else:
        assert panel.content(*size) == []


def test_columns_are_as_high_as_the_counts_to_an_eighth() -> None:
    counts = np.array([1, 4, 8, 2])
    lines = inside(shown(HistogramPanel, counted(np.arange(5), x=counts)), 50, 12)
    left = lines[0].index("8") + 2
    found = heights(lines[:10], left)
    width = len(found) // 4
    for index, count in enumerate(counts):
        assert found[index * width + width // 2] == pytest.approx(count / 8 * 10, abs=0.13)
    assert lines[-1].split() == ["0", "1", "2", "3", "4"]
    assert lines[-3].split()[0].startswith("0")


def test_bins_narrower_than_columns_are_counted_together() -> None:
    lines = inside(shown(HistogramPanel, counted(np.arange(121), x=np.full(120, 5))), 50, 12)
    assert lines[0].split()[0] == "15"  # three bins a column
    assert set(lines[4][-40:]) == {"█"}


def test_a_rare_value_is_seen() -> None:
    counts = np.array([100_000, 0, 1])
    found = heights(inside(shown(HistogramPanel, counted(np.arange(4), x=counts)), 60, 12)[:10], 8)
    assert found[-1] == pytest.approx(1 / 8)
    assert found[len(found) // 2] == 0


def test_samples_differ_by_sign_and_share_an_axis() -> None:
    rng = np.random.default_rng(0)
    panel = shown(HistogramPanel, of(3, real=rng.normal(-5, 1, 500), fake=rng.normal(5, 1, 400)))
    lines = inside(panel, 70, 16)
    assert text(panel.legends()[:1]) == "● real 500  ▲ fake 400"
    second = next(index for index, line in enumerate(lines) if line.startswith("▲"))
    assert lines[0].startswith("●")
    upper, lower = heights(lines[:second], 8), heights(lines[second:-2], 8)
    assert np.argmax(upper) < len(upper) / 2 < np.argmax(lower)
    assert "n 900" in text(panel.notes()[:1])


def test_earlier_steps_are_strips_with_their_steps() -> None:
    rng = np.random.default_rng(0)
    pictures = [of(100 * step, x=rng.normal(step, 0.5, 1000)) for step in range(9)]
    panel = shown(HistogramPanel, *pictures)
    lines = inside(panel, 70, 20)
    labels = [line[:9].strip() for line in lines[:-2]]
    assert labels[-8:] == ["step 700", "600", "500", "400", "300", "200", "100", "0"]
    middles = [np.mean([i for i, c in enumerate(line) if c in SHADES[3:]]) for line in lines[-10:-2]]
    assert middles == sorted(middles, reverse=True)
    panel.cursor = 350
    assert [line[:9].strip() for line in inside(panel, 70, 20)[-5:-2]] == ["step 200", "100", "0"]
    assert "as of step 300, at step 350 of 800" in text(panel.notes()[:1])


def test_strips_stay_where_they_are_while_a_run_grows() -> None:
    rng = np.random.default_rng(0)
    pictures = [of(step, x=rng.normal(size=500)) for step in range(40)]
    for count in range(20, 40):
        lines = inside(shown(HistogramPanel, *pictures[:count]), 70, 24)
        steps = [int(line[:8].replace("step", "")) for line in lines[:-2] if line[:8].strip(" step").isdigit()][2:]
        assert steps[-1] == 0
        assert len(set(np.diff(steps))) == 1


def test_strips_can_be_read_in_ascii() -> None:
    rng = np.random.default_rng(0)
    pictures = [of(step, x=rng.normal(size=2000)) for step in range(9)]
    lines = inside(shown(HistogramPanel, *pictures, unicode=False), 70, 20)
    strip = lines[-3]
    assert strip.isascii()
    assert {".", "-", "+", "#"} <= set(strip)
    assert strip.index(".") < strip.index("+") < strip.index("#") < strip.rindex("+") < strip.rindex(".")


def test_nothing_to_count_and_edges_that_are_invalid() -> None:
    panel = shown(HistogramPanel, counted(np.array([1.0]), x=np.zeros(0, int)))
    assert "no values" in text(panel.content(40, 8))
    panel = shown(HistogramPanel, counted(np.array([0, np.nan, 1]), x=np.ones(2, int)))
    assert "the edges are no range of numbers" in text(panel.content(40, 8))
    panel = shown(HistogramPanel, counted(np.linspace(0, 1, 11), x=np.zeros(10, int)))
    assert not set(text(panel.content(40, 8))) & set(EIGHTHS[1:])
    assert "n 0" in text(panel.notes()[:1])


def test_more_samples_than_rows_are_counted() -> None:
    samples = {f"layer {index}": np.arange(10.0) for index in range(5)}
    lines = inside(shown(HistogramPanel, of(3, 5, **samples)), 14, 2)
    assert lines[1].strip() == "… 4 more"
