"""Whether numbers can be distinguished by the digits that they are kept with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SINGLE, DOUBLE = 24, 53
"""Binary digits of a number of 32 and of 64 bits."""
MIN_BITS = 12
"""… of which so many should distinguish a column's values."""


MIN_SINGLE = 2.0 ** (MIN_BITS - 126)
"""32-bit numbers nearer to zero have fewer digits than `MIN_BITS`."""
FAR = (
    "values so far from the others that these become equal in 32 bits: {}; leave out such rows, if they "
    "mark missing values."
)
"""The sentence on values for which `is_merged` holds."""


def is_narrow(values: NDArray[Any], digits: int = SINGLE) -> bool:
    """Whether finite ``values``, (n,), differ by so little of their size, or are so near to zero, that numbers of so
    many ``digits`` do not distinguish them; not a constant, nor whole numbers that are held exactly."""
    import numpy as np

    low, high = float(values.min()), float(values.max())
    if max(abs(low), abs(high)) < 2.0**digits and not np.any(values % 1):
        return False
    if digits == SINGLE and 0 < max(abs(low), abs(high)) < MIN_SINGLE:
        return True
    return 0 < high - low < 2.0 ** (MIN_BITS - digits) * max(abs(low), abs(high)) or (
        high == low and bool(np.any(values != values[0]))  # large whole numbers that a float cannot distinguish
    )


def standardise(values: NDArray[Any]) -> NDArray[np.float32]:
    """Numbers to predict, (n,), as they are learned: with mean 0 and std 1, in 32 bits."""
    import numpy as np

    exact: NDArray[np.float64] = values.astype(np.float64)
    scaled: NDArray[np.float64] = (exact - exact.mean()) / (exact.std() or 1)
    return scaled.astype(np.float32)


def is_merged(values: NDArray[Any], kept: NDArray[Any]) -> bool:
    """Whether ``values``, (n,), have at least twice as many unique whole parts as the values ``kept`` of them, (n,),
    as times with an outlier do."""
    import numpy as np

    if np.abs(values).max() < 2.0**SINGLE:
        return False
    return 2 * len(np.unique(kept)) <= len(np.unique(np.trunc(values)))
