"""Metrics of what a model said, by scikit-learn.

All take a `Judged`, or the arrays of one. A metric that is undefined, as the area under a curve of a class that never
occurs, is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.calibration import measure_calibration_error
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.label_metrics import measure_labels
from descend.engine.evaluation.names import NAMES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

TOP = 5


def measure(judged: Judged, *, areas: bool = True) -> dict[str, float]:
    """Every metric of the task, by a key of `names.NAMES`; of several numbers to predict, their means; of labels those
    of `measure_labels`, with ``areas`` under curves or without."""
    if judged.classified:
        return measure_classes(judged.truth, judged.said, judged.guessed)
    if judged.labelled:
        return measure_labels(judged.truth, judged.said, judged.guessed, areas=areas)
    return measure_numbers(judged.truth, judged.said)


def measure_classes(
    truth: NDArray[np.int64], said: NDArray[np.float64], guessed: NDArray[np.int64]
) -> dict[str, float]:
    """Metrics of labels (n,), probabilities (n, classes) and the classes said for them (n,).

    ROC AUC and average precision are means over the classes, each against the rest; of two classes they are those of
    the second. Balanced accuracy and macro F1 are means over the classes that occur. What the calibration error is of,
    `descend.engine.evaluation.calibration` says.
    """
    from sklearn import metrics

    count = said.shape[1]
    present = sorted(set(truth.tolist()))
    _, recall, f1, _ = metrics.precision_recall_fscore_support(truth, guessed, labels=present, zero_division=0)
    found = {
        "accuracy": metrics.accuracy_score(truth, guessed),
        "balanced_accuracy": recall.mean(),
        "macro_f1": f1.mean(),
        "log_loss": metrics.log_loss(truth, said, labels=range(count)),
        "calibration_error": measure_calibration_error(truth, said),
    }
    areas = [measure_areas(truth, said, label) for label in ([1] if count == 2 else range(count))]
    for name in ("roc_auc", "average_precision"):
        if defined := [area[name] for area in areas if name in area]:
            found[name] = sum(defined) / len(defined)
    if count > TOP:
        found["top_5"] = metrics.top_k_accuracy_score(truth, said, k=TOP, labels=range(count))
    return {name: float(found[name]) for name in NAMES if name in found}


def measure_areas(truth: NDArray[np.int64], said: NDArray[np.float64], label: int) -> dict[str, float]:
    """Areas under the curves of class ``label`` against the rest; {} where it, or the rest, does not occur."""
    from sklearn import metrics

    positive = truth == label
    if not positive.any() or positive.all():
        return {}
    return {
        "roc_auc": float(metrics.roc_auc_score(positive, said[:, label])),
        "average_precision": float(metrics.average_precision_score(positive, said[:, label])),
    }


def measure_numbers(truth: NDArray[np.float64], said: NDArray[np.float64]) -> dict[str, float]:
    """Metrics of numbers, both (n, k)."""
    from sklearn import metrics

    found = {
        "mae": float(metrics.mean_absolute_error(truth, said)),
        "rmse": float(metrics.root_mean_squared_error(truth, said)),
    }
    if len(truth) > 1 and bool((truth.std(0) > 0).all()):
        found["r2"] = float(metrics.r2_score(truth, said))
    return found


def count_confusion(judged: Judged) -> NDArray[np.int64]:
    """How often each pair (true, predicted) of classes occurs, (classes, classes)."""
    from sklearn import metrics

    counts: NDArray[np.int64] = metrics.confusion_matrix(
        judged.truth, judged.guessed, labels=range(len(judged.classes))
    )
    return counts


def measure_each_class(judged: Judged) -> list[dict[str, Any]]:
    """Of each class that occurs: ``class``, ``samples``, ``precision`` (None if it is never predicted), ``recall``,
    ``f1`` and the areas under its curves."""
    counts = count_confusion(judged)
    found: list[dict[str, Any]] = []
    for label, name in enumerate(judged.classes):
        right, there, given = (int(n) for n in (counts[label, label], counts[label].sum(), counts[:, label].sum()))
        if not there:
            continue
        found.append(
            {
                "class": name,
                "samples": there,
                "precision": right / given if given else None,
                "recall": right / there,
                "f1": 2 * right / (there + given),
                **measure_areas(judged.truth, judged.said, label),
            }
        )
    return found


def find_worst(judged: Judged, count: int) -> NDArray[np.intp]:
    """Indices of the worst mistakes: where a wrong class, or answer on a label, was surest, or numbers are farthest
    off, in units of each target's deviation, worst first."""
    import numpy as np

    if judged.classified or judged.labelled:
        if judged.labelled:
            sure = np.abs(judged.said - judged.truth)  # of a wrong answer, its probability
        else:
            sure = np.take_along_axis(judged.said, judged.guessed[:, None], 1)[:, 0]
        cost = np.where(judged.guessed == judged.truth, -1.0, sure)
        cost = cost.max(1) if judged.labelled else cost
        wrong = int((cost >= 0).sum())
        return np.argsort(-cost, kind="stable")[: min(count, wrong)]
    scale = judged.truth.std(0)
    off = (np.abs(judged.said - judged.truth) / np.where(scale > 0, scale, 1)).max(1)
    return np.argsort(-off, kind="stable")[:count]
