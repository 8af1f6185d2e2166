"""The pyramid gives the same columns as looking at every point."""

from __future__ import annotations

import time

import numpy as np
import pytest

from descend.engine.run.history import Series
from descend.tui.draw.downsampling import Columns, Envelope


def slow(steps: np.ndarray, values: np.ndarray, start: float, end: float, count: int) -> Columns:
    """Every column from its own points. Sizes are chosen so that columns begin where blocks do."""
    low, high, mean = (np.full(count, np.nan) for _ in range(3))
    bad = np.zeros(count, int)
    place = np.minimum(((steps - start) / (end - start) * count).astype(int), count - 1)
    for column in range(count):
        here = values[place == column]
        finite = here[np.isfinite(here)]
        bad[column] = len(here) - len(finite)
        if len(finite):
            low[column], high[column], mean[column] = finite.min(), finite.max(), finite.mean()
    return Columns(low, high, mean, bad)


def noise(size: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=size)
    values[rng.random(size) < 0.01] = rng.choice([np.nan, np.inf, -np.inf])
    return values


@pytest.mark.parametrize("size", [1, 15, 16, 17, 255, 256, 257, 700, 2560, 25_600])
def test_columns_of_a_curve_that_grows(size: int) -> None:
    values, series, envelope = noise(size), Series(), Envelope()
    rng, done = np.random.default_rng(size), 0
    while done < size:
        more = min(size - done, int(rng.integers(1, 40 + size // 10)))
        series.extend(np.arange(done, done + more), values[done : done + more])
        done += more
        envelope.columns(series, 0, max(done - 1, 1), 10)
    expected = slow(np.arange(size), values, 0, max(size - 1, 1), 10)
    for got, wanted in zip(envelope.columns(series, 0, max(size - 1, 1), 10), expected, strict=True):
        np.testing.assert_allclose(got, wanted)
    finite = values[np.isfinite(values)]
    assert envelope.range(series) == (finite.min(), finite.max())
    assert envelope.bad(series) == size - len(finite)


def test_spikes_survive_any_reduction() -> None:
    size = 300_000
    values = np.zeros(size)
    spikes = np.random.default_rng(0).choice(size, 40, replace=False)
    values[spikes[:20]], values[spikes[20:]] = 9.0, -9.0
    series, envelope = Series(), Envelope()
    series.extend(np.arange(size), values)
    columns = envelope.columns(series, 0, size - 1, 100)
    near = {int(spike / size * 100 + offset) for spike in spikes[:20] for offset in (-0.13, 0, 0.13)}
    assert set(np.flatnonzero(columns.high == 9.0)) <= near
    for spike in spikes:
        around = range(max(0, int(spike / size * 100 - 0.13)), min(99, int(spike / size * 100 + 0.13)) + 1)
        assert any(max(columns.high[c], -columns.low[c]) == 9.0 for c in around)


def test_replaced_points_are_forgotten() -> None:
    series, envelope = Series(), Envelope()
    series.extend(np.arange(5000), np.ones(5000))
    series.extend(np.array([5000]), np.array([70.0]))
    assert envelope.range(series) == (1.0, 70.0)
    series.extend(np.arange(3000, 6000), np.full(3000, 2.0))
    assert envelope.range(series) == (1.0, 2.0)


def test_growing_costs_the_new_points_only() -> None:
    series, envelope = Series(), Envelope()
    series.extend(np.arange(2_000_000), np.random.default_rng(0).normal(size=2_000_000))

    def took() -> float:
        begun = time.thread_time()
        envelope.columns(series, 0, series.size - 1, 200)
        return time.thread_time() - begun

    first, later = took(), []
    for _ in range(20):
        last = series.size
        series.extend(np.arange(last, last + 100), np.zeros(100))
        later.append(took())
    print(f"first {first * 1e3:.1f} ms, then {np.median(later) * 1e3:.2f} ms")
    assert np.median(later) < first / 5
