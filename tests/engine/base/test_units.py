"""Numbers of bytes in words."""

from __future__ import annotations

import pytest

from descend.engine.base.units import format_gib, format_size
from descend.engine.cli.list import format_run_cells


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"), (999, "999 B"), (999.6, "1.0 kB"), (1234, "1.2 kB"), (9949, "9.9 kB"), (12_345, "12 kB"),
        (999_499, "999 kB"), (1.94e9, "1.9 GB"), (120e6, "120 MB"), (3.2e12, "3.2 TB"),
    ],
)  # fmt: skip
def test_sizes_are_told_in_the_unit_that_fits(count: float, words: str) -> None:
    assert format_size(count) == words


def test_a_small_run_is_listed_in_kilobytes() -> None:
    row = {"run": "a", "lesson": "digits", "metrics": {"loss": 0.5}, "key": "loss", "age": 90.0, "size": 12_345}
    assert format_run_cells(row)["size"] == "12 kB"


def test_memory_is_told_in_gib() -> None:
    assert format_gib(1.5 * 2**30) == "1.5"
