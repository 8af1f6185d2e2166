"""From which probability on the second of two classes is said, or a label."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from descend.datasets.labels import list_names
from descend.engine.evaluation.decision import EVEN
from descend.engine.train.settings import THRESHOLDS

if TYPE_CHECKING:
    from numpy.typing import NDArray


SHOWN = 8
"""Labels whose thresholds are told."""


def choose_label_thresholds(truth: NDArray[Any], said: NDArray[Any], by: str) -> tuple[float, ...]:
    """Of each label what `choose_threshold` does, by ``truth``, 0 or 1, and the probability ``said``, both (n, k)."""
    return tuple(choose_threshold(truth[:, at], said[:, at], by) for at in range(truth.shape[1]))


def describe_label_thresholds(
    names: Sequence[str], cuts: Sequence[float], truth: NDArray[Any], by: str, unit: str
) -> str:
    """What was chosen for the labels ``names`` by the samples held back, called ``unit``, and for which of them there
    was nothing to choose by."""
    constant = (truth == truth[:1]).all(0).tolist()
    chosen = [f"'{name}' {cut:.3g}" for name, cut, alike in zip(names, cuts, constant, strict=True) if not alike]
    more = f" and {len(chosen) - SHOWN:,} more" if len(chosen) > SHOWN else ""
    listed = ", ".join(chosen[:SHOWN]) + more
    said = f"By {by} on the {unit} held back labels are said from these probabilities on: {listed}."
    if alike := [name for name, same in zip(names, constant, strict=True) if same]:
        said += f" Of {list_names(alike)} all of these {unit} say the same, so it stays at one half."
    return said if chosen else f"All {unit} held back have the same labels, which are said from one half on."


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
