"""Metrics of samples that count several times or not at all, as in a resample: those of `metrics.measure`, computed
without sorting anew, so that a thousand resamples take no longer than a few sets measured by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.calibration import BINS, assign_bins, choose_probability
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.metrics import TOP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Weighted = Callable[["NDArray[np.float64]"], Mapping[str, float]]
"""Gives metrics by how often each sample counts, (n,); those that are undefined are left out, or not finite."""


def weigh(judged: Judged, *, areas: bool = True) -> Weighted:
    """Every metric of ``judged``, of labels with what `label_metrics.measure_labels` calls ``areas`` or without."""
    if judged.classified:
        return weigh_classes(judged)
    return weigh_labels(judged, areas) if judged.labelled else weigh_numbers(judged)


def weigh_areas(positive: NDArray[Any], said: NDArray[Any]) -> Weighted:
    """Areas under the curves of one class or label, given whether each sample has it and its probability, both (n,)."""
    import numpy as np

    order = np.argsort(-said, kind="stable")
    there = positive[order].astype(float)
    ends = np.append(np.flatnonzero(np.diff(said[order])), len(said) - 1)  # of samples that are said alike

    def measure(counts: NDArray[np.float64]) -> Mapping[str, float]:
        given = counts[order]
        found, taken = np.cumsum(given * there)[ends], np.cumsum(given)[ends]
        wrong, total = taken - found, found[-1]
        if not total or not wrong[-1]:
            return {}
        more = np.diff(found, prepend=0.0)
        area = (np.diff(wrong, prepend=0.0) * (found - more / 2)).sum() / total / wrong[-1]
        return {"roc_auc": area, "average_precision": (more * found / np.maximum(taken, 1)).sum() / total}

    return measure


def weigh_classes(judged: Judged) -> Weighted:
    """Metrics of classes; see `metrics.measure_classes`."""
    import numpy as np

    truth, said, guessed, size = judged.truth, judged.said, judged.guessed, judged.said.shape[1]
    right = (truth == guessed).astype(float)
    loss = lose(said[np.arange(len(truth)), truth])
    sure, true = choose_probability(truth, said)
    bins, off = assign_bins(sure), sure - true
    labels = [1] if size == 2 else range(size)
    curves = [weigh_areas(truth == label, said[:, label]) for label in labels]
    top = (np.argsort(said, 1, kind="stable")[:, ::-1][:, :TOP] == truth[:, None]).any(1) if size > TOP else None

    def measure(counts: NDArray[np.float64]) -> Mapping[str, float]:
        total = counts.sum()
        there, given = (np.bincount(each, counts, size) for each in (truth, guessed))
        hit, present = np.bincount(truth, counts * right, size), there > 0
        found = {
            "accuracy": hit.sum() / total,
            "balanced_accuracy": (hit[present] / there[present]).mean(),
            "macro_f1": (2 * hit[present] / (there + given)[present]).mean(),
            "log_loss": counts @ loss / total,
            "calibration_error": np.abs(np.bincount(bins, counts * off, BINS)).sum() / total,
        }
        if top is not None:
            found["top_5"] = counts @ top / total
        return found | average([curve(counts) for curve in curves])

    return measure


def weigh_labels(judged: Judged, areas: bool) -> Weighted:
    """Metrics of labels; see `label_metrics.measure_labels`."""
    import numpy as np

    truth, said, guessed = judged.truth > 0, judged.said, judged.guessed > 0
    whole = (truth == guessed).all(1).astype(float)
    true, hit, given = (part.astype(np.float32) for part in (truth, truth & guessed, guessed))
    curves = [weigh_areas(truth[:, at], said[:, at]) for at in range(truth.shape[1])] if areas else []
    loss = lose(np.where(truth, said, 1 - said)).mean(1) if areas else None
    bins, off = assign_bins(said), said - truth

    def measure(counts: NDArray[np.float64]) -> Mapping[str, float]:
        total, weights = counts.sum(), counts.astype(np.float32)
        there, right, yes = (np.asarray(weights @ part, float) for part in (true, hit, given))
        wrong = there + yes - 2 * right
        mixed = (there > 0) & (there < total)
        found = {
            "subset_accuracy": counts @ whole / total,
            "label_accuracy": 1 - wrong.sum() / total / len(there),
            "micro_f1": 2 * right.sum() / max(1.0, (there + yes).sum()),
        }
        if (some := there > 0).any():
            found["macro_f1"] = (2 * right[some] / (there + yes)[some]).mean()
        if mixed.any():
            out = (total - there - yes + right)[mixed] / (total - there)[mixed]
            found["balanced_accuracy"] = (right[mixed] / there[mixed] + out).mean() / 2
        if loss is not None:
            found["log_loss"] = counts @ loss / total
            errors = [np.abs(np.bincount(b, counts * o, BINS)).sum() for b, o in zip(bins.T, off.T, strict=True)]
            found["calibration_error"] = np.mean(errors) / total
        return found | average([curve(counts) for curve in curves])

    return measure


def weigh_numbers(judged: Judged) -> Weighted:
    """Metrics of numbers; see `metrics.measure_numbers`."""
    import numpy as np

    error = judged.said - judged.truth
    size, square = np.abs(error).mean(1), error**2
    middle = judged.truth - judged.truth.mean(0)  # so that squares lose no digits

    def measure(counts: NDArray[np.float64]) -> Mapping[str, float]:
        total = counts.sum()
        lost = counts @ square
        spread = counts @ middle**2 - (counts @ middle) ** 2 / total
        found = {"mae": counts @ size / total, "rmse": np.sqrt(lost / total).mean()}
        if (spread > 1e-12 * (counts @ middle**2)).all():
            found["r2"] = (1 - lost / spread).mean()
        return found

    return measure


def lose(said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minus the logarithm of probabilities, of 0 and 1 as scikit-learn takes it."""
    import numpy as np

    least = np.finfo(said.dtype).eps
    return -np.log(np.clip(said, least, 1 - least))


def average(found: list[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each area over the classes or labels that have it."""
    return {
        name: sum(there) / len(there)
        for name in ("roc_auc", "average_precision")
        if (there := [one[name] for one in found if name in one])
    }
