"""Whether numbers can be distinguished by the digits that they are kept with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

SINGLE, DOUBLE = 24, 53
"""Binary digits of a number of 32 and of 64 bits."""
MIN_BITS = 12
"""… of which so many should distinguish a column's values."""


def is_narrow(values: NDArray[Any], digits: int = SINGLE) -> bool:
    """Whether finite ``values``, (n,), differ by so little of their size that numbers of so many ``digits`` lose what
    tells them apart; a constant does not, and whole numbers do not that are held as they are."""
    import numpy as np

    low, high = float(values.min()), float(values.max())
    if max(abs(low), abs(high)) < 2.0**digits and not np.any(values % 1):
        return False
    return 0 < high - low < 2.0 ** (MIN_BITS - digits) * max(abs(low), abs(high)) or (
        high == low and bool(np.any(values != values[0]))  # large whole numbers that a float cannot distinguish
    )
