"""Metrics of several labels at once, by scikit-learn.

All take ``truth``, 1 for each label that a sample has and else 0, (n, k), and ``said``, the probability of each,
(n, k); or ``guessed``, 1 for each label that is said and else 0, (n, k).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.calibration import measure_bins
from descend.engine.evaluation.decision import EVEN, Threshold, list_cuts
from descend.engine.evaluation.names import NAMES

if TYPE_CHECKING:
    from numpy.typing import NDArray


def measure_labels(
    truth: NDArray[Any], said: NDArray[Any], guessed: NDArray[Any], *, areas: bool = True
) -> dict[str, float]:
    """Macro F1, balanced accuracy, ROC AUC and average precision are means over the labels that occur, of the last
    three only over those that not every sample has; micro F1 counts all answers alike. The subset accuracy is the share
    of samples with all labels right, the label accuracy that of single labels; the calibration error is the mean over
    all labels.

    Args:
        areas: whether to measure areas under curves, which takes longest, the log loss, and calibration.
    """
    import numpy as np
    from sklearn import metrics

    there = truth.any(0)
    mixed = there & ~truth.all(0)
    (out, wrong), (missed, right) = metrics.multilabel_confusion_matrix(truth, guessed).transpose(1, 2, 0)
    off = wrong + missed
    found = {
        "subset_accuracy": (guessed == truth).all(1).mean(),
        "label_accuracy": 1 - off.sum() / truth.size,
        "micro_f1": 2 * right.sum() / max(1, 2 * right.sum() + off.sum()),
    }
    if there.any():
        found["macro_f1"] = (2 * right[there] / (2 * right[there] + off[there])).mean()
    if mixed.any():
        found["balanced_accuracy"] = (
            right[mixed] / (right + missed)[mixed] + out[mixed] / (out + wrong)[mixed]
        ).mean() / 2
    if areas:
        found["log_loss"] = metrics.log_loss(truth.ravel(), said.ravel().astype(float), labels=[0, 1])
        found["calibration_error"] = np.mean([measure_bins(*pair) for pair in zip(said.T, truth.T, strict=True)])
        if mixed.any():
            curves = [measure_label_areas(truth[:, at], said[:, at]) for at in np.flatnonzero(mixed).tolist()]
            found |= {name: np.mean([one[name] for one in curves]) for name in curves[0]}
    return {name: float(found[name]) for name in NAMES if name in found}


def measure_label_areas(truth: NDArray[Any], said: NDArray[Any]) -> dict[str, float]:
    """Areas under the curves of one label, both (n,); {} where no sample has it, or every one."""
    from sklearn import metrics

    if not truth.any() or truth.all():
        return {}
    return {
        "roc_auc": float(metrics.roc_auc_score(truth, said)),
        "average_precision": float(metrics.average_precision_score(truth, said)),
    }


def measure_label_scores(truth: NDArray[Any], said: NDArray[Any]) -> dict[str, float]:
    """These areas, and the calibration error of the probability of one label, both (n,)."""
    return {**measure_label_areas(truth, said), "calibration_error": measure_bins(said, truth)}


def measure_each_label(
    names: Sequence[str],
    truth: NDArray[Any],
    said: NDArray[Any],
    guessed: NDArray[Any],
    threshold: Threshold = EVEN,
    *,
    areas: bool = True,
) -> list[dict[str, Any]]:
    """Of each label, also one that does not occur: its name as ``class``, the ``samples`` that have it, the
    ``threshold`` from which on it is said, ``accuracy``, what always giving its ``commonest`` answer would have of
    that, ``precision`` (None if it is never said), ``recall`` (None if no sample has it), ``f1``, and if asked the
    ``areas`` under its curves and the ``calibration_error`` of its probability."""
    from sklearn import metrics

    found, cuts = [], list_cuts(threshold, len(names))
    for at, (name, cut, counts) in enumerate(
        zip(names, cuts, metrics.multilabel_confusion_matrix(truth, guessed).tolist(), strict=True)
    ):
        (out, wrong), (missed, right) = counts
        there, given, count = right + missed, right + wrong, len(truth)
        found.append(
            {
                "class": name,
                "samples": there,
                "threshold": cut,
                "accuracy": (right + out) / count,
                "commonest": max(there, count - there) / count,
                "precision": right / given if given else None,
                "recall": right / there if there else None,
                "f1": 2 * right / (there + given) if there + given else 0.0,
                **(measure_label_scores(truth[:, at], said[:, at]) if areas else {}),
            }
        )
    return found
