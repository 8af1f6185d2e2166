"""From which probability of the second of two classes on it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.decision import EVEN
from descend.engine.train.settings import THRESHOLDS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def choose_threshold(truth: NDArray[Any], said: NDArray[Any], by: str) -> float:
    """The threshold with the highest F1 or balanced accuracy, in the middle between the probabilities around it; of
    several that are equally good the one nearest to one half.

    Args:
        truth: labels 0 and 1, (n,).
        said: the probability of class 1, (n,).
        by: one of `descend.engine.train.settings.THRESHOLDS`.
    """
    import numpy as np
    from sklearn import metrics

    if by == THRESHOLDS[0] or len(set(truth.tolist())) < 2:
        return EVEN
    if by == "f1":
        precision, recall, cuts = metrics.precision_recall_curve(truth, said, drop_intermediate=False)
        sums = np.maximum(precision + recall, 1e-12)
        value = (2 * precision * recall / sums)[:-1]  # the last point has no threshold
    else:
        wrong, found, cuts = metrics.roc_curve(truth, said, drop_intermediate=False)
        value = (found + 1 - wrong) / 2
    there = np.unique(said)
    below = np.searchsorted(there, cuts) - 1
    lower = np.where(below >= 0, there[np.maximum(below, 0)], 0.0)
    middle = np.where(np.isfinite(cuts), (np.minimum(cuts, 1.0) + lower) / 2, 1.0)
    best = np.flatnonzero(value >= value.max() - 1e-12)
    return float(middle[best[np.abs(middle[best] - EVEN).argmin()]])
