"""What metrics are called, and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from descend.engine.evaluation.decision import EVEN

NAMES = {
    "loss": "loss",
    "perplexity": "perplexity",
    "bits_per_character": "bits per character",
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "subset_accuracy": "all labels right",
    "label_accuracy": "single labels right",
    "macro_f1": "macro F1",
    "micro_f1": "micro F1",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "log_loss": "log loss",
    "calibration_error": "calibration error",
    "top_5": "top-5 accuracy",
    "mae": "mean absolute error",
    "rmse": "root mean squared error",
    "r2": "R²",
}
"""Of each metric, in words."""
LOWER = ("loss", "mae", "rmse", "log_loss", "calibration_error", "perplexity", "bits_per_character")
"""Metrics of which less is better."""
ROC, PRECISION_RECALL, CALIBRATION, RESIDUALS = "ROC curve", "precision-recall curve", "calibration", "residuals"
"""Pictures of what a training says."""
ON_DEMAND = tuple(f"points/{name}" for name in (PRECISION_RECALL, CALIBRATION, RESIDUALS))
"""Those that are not shown until they are chosen."""
LOWER = ("loss", "mae", "rmse", "log_loss", "calibration_error", "perplexity", "bits_per_character")
"""Metrics of which less is better."""
SHARES = (
    "accuracy",
    "balanced_accuracy",
    "subset_accuracy",
    "label_accuracy",
    "top_5",
    "precision",
    "recall",
    "commonest",
)
UNITS = ("mae", "rmse", "perplexity")
"""In the target's unit, or of any size."""


def name_class_columns(classes: Sequence[Mapping[str, Any]], labelled: bool) -> dict[str, str]:
    """What heads the columns that tell each of ``classes``, or labels, by the keys of what is told; of labels from
    which probability on each is said, unless it is one half for all."""
    heads = {"threshold": "said from"} if any(one.get("threshold", EVEN) != EVEN for one in classes) else {}
    heads |= {"accuracy": "right", "commonest": "commonest"} if labelled else {}
    heads |= {"precision": "precision", "recall": "recall", "f1": "F1"}
    heads |= {key: NAMES[key] for key in ("roc_auc", "average_precision")}
    return heads | ({"calibration_error": NAMES["calibration_error"]} if labelled else {})


def write_value(name: str, value: float | None) -> str:
    """A metric as it is told: shares of samples in percent, other numbers from 0 to 1 in four decimals."""
    if value is None:
        return "-"
    if name in SHARES:
        return write_share(value)
    return f"{value:.4g}" if name in UNITS else f"{value:.4f}"


def write_difference(name: str, difference: float) -> str:
    """How far two values of a metric lie apart."""
    if name in SHARES:
        return f"{100 * abs(difference):.1f} percentage points in {NAMES[name]}"
    return f"{write_value(name, abs(difference))} in {NAMES[name]}"


def write_share(share: float, digits: int = 1) -> str:
    """A share in percent."""
    return f"{100 * share:.{digits}f} %"
