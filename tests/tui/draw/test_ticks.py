"""Numbers that people read."""

import math

import pytest

from descend.tui.draw import ticks


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.31234, "0.3123"), (12.345, "12.35"), (123456.7, "123457"), (0, "0"), (3, "3"), (-0.5, "-0.5000"),
        (1.234e-5, "1.23e-5"), (3e12, "3.00e12"), (math.nan, "NaN"), (math.inf, "inf"), (-math.inf, "-inf"),
    ],
)  # fmt: skip
def test_numbers_are_short(value: float, shown: str) -> None:
    assert ticks.number(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(950, "950"), (1500, "1.5k"), (9999, "9,999"), (20_000, "20k"), (3_250_000, "3.25M")]
)
def test_counts_are_short(value: float, shown: str) -> None:
    assert ticks.counted(value) == shown


@pytest.mark.parametrize(
    ("low", "high"),
    [(0.1, 2.3), (0.81, 0.97), (-3, 8), (5, 5), (0, 0), (1e-9, 2e-9), (-1e300, 1e300), (1e16, 1e16 + 2)],
)
@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_linear_ticks_lie_in_a_range_that_holds_the_data(low: float, high: float, count: int) -> None:
    start, end, places = ticks.linear(low, high, count)
    assert start <= low
    assert end >= high
    assert start < end
    slack = (end - start) * 1e-6
    assert all(start - slack <= place <= end + slack for place in places)
    assert 1 <= len(places) <= count + 3
    names = ticks.labels(places)
    assert len(set(names)) == len(names) or high - low < 1e-10 * abs(high)
    assert max(map(len, names)) <= 13


def test_linear_ticks_are_round() -> None:
    assert ticks.labels(ticks.linear(0.02, 2.3, 5)[2]) == ["0", "0.5", "1.0", "1.5", "2.0"]
    assert ticks.labels(ticks.linear(0.81, 0.97, 4)[2]) == ["0.85", "0.90", "0.95"]


@pytest.mark.parametrize(("low", "high"), [(0.03, 2.3), (1e-12, 1e3), (5, 5), (0.9, 1.1), (1e-300, 1e300)])
@pytest.mark.parametrize("count", [1, 2, 4, 9])
def test_logarithmic_ticks_lie_in_a_range_that_holds_the_data(low: float, high: float, count: int) -> None:
    start, end, places = ticks.logarithmic(low, high, count)
    assert start <= low * 1.000001
    assert end >= high * 0.999999
    assert 2 <= len(places) <= count + 2
    assert len(set(ticks.decade_labels(places))) == len(places)
