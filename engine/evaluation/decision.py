"""Which class is said, given the probability of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EVEN = 0.5
"""The threshold at which the likelier of two classes is said."""


def decide_class(said: NDArray[np.float64], threshold: float = EVEN) -> NDArray[np.int64]:
    """The class of each sample, (n,), by probabilities (n, classes): the likeliest; of two the second from the
    ``threshold`` on, if that is not one half."""
    if threshold == EVEN or said.shape[1] != 2:
        likeliest: NDArray[np.int64] = said.argmax(1)
        return likeliest
    return (said[:, 1] >= threshold).astype("int64")
