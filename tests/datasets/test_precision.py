"""Which digits are lost."""

from __future__ import annotations

import numpy as np
import pytest

from descend.datasets.precision import DOUBLE, SINGLE, is_narrow


@pytest.mark.parametrize(
    ("values", "digits", "lost"),
    [
        (1.7e9 + np.arange(60.0), SINGLE, True),
        (1.7e9 + np.arange(60.0), DOUBLE, False),
        (1e7 + np.arange(60.0), SINGLE, False),  # whole numbers that 24 digits hold
        (1e15 + np.arange(60.0), DOUBLE, False),
        (1e15 + np.arange(60.0) / 8, DOUBLE, True),
        (10**18 + np.arange(60), DOUBLE, True),
        (np.full(60, 1e18), DOUBLE, False),
        (np.linspace(-1, 1, 60), SINGLE, False),
    ],
)
def test_narrow_columns_are_those_whose_differences_are_lost(values: np.ndarray, digits: int, lost: bool) -> None:
    assert is_narrow(values, digits) == lost
