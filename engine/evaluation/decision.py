"""Which class is said, given the probability of each, and which labels are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

EVEN = 0.5
"""The threshold at which the likelier of two classes is said, and a label that is likelier there than not."""
Threshold = float | tuple[float, ...]
"""From which probability on the second of two classes is said, or every label; or that of each label."""


def decide_class(said: NDArray[np.float64], threshold: Threshold = EVEN) -> NDArray[np.int64]:
    """The class of each sample, (n,), by probabilities (n, classes): the likeliest; of two the second from the
    ``threshold`` on, if that is not one half."""
    if threshold == EVEN or said.shape[1] != 2:
        likeliest: NDArray[np.int64] = said.argmax(1)
        return likeliest
    return (said[:, 1] >= threshold).astype("int64")


def decide_labels(said: NDArray[Any], threshold: Threshold = EVEN) -> NDArray[np.int64]:
    """1 for each label that is said of a sample and else 0, (n, k), by probabilities (n, k)."""
    return (said >= threshold).astype("int64")


def list_cuts(threshold: Threshold, count: int) -> tuple[float, ...]:
    """The ``threshold`` of each of ``count`` labels."""
    return threshold if isinstance(threshold, tuple) else (threshold,) * count
