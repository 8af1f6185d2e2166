"""Pictures of how good probabilities and numbers are that a model says: the curves that they are judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from descend.engine.evaluation.decision import decide_class
from descend.engine.evaluation.names import CALIBRATION, PRECISION_RECALL, RESIDUALS, ROC

if TYPE_CHECKING:
    from descend.engine.lab.lab import Lab

MOST = 400
"""Places of a line; points of a picture."""


def show_curves(
    lab: Lab, truth: NDArray[np.int64], said: NDArray[np.float64], names: tuple[str, ...], at: float
) -> None:
    """Show how probabilities ``said`` (n, classes) go with labels (n,): calibration; of two classes also the ROC and
    the precision-recall curve of the second, with the place of the threshold ``at`` marked."""
    show_calibration(lab, truth, said)
    if len(names) != 2 or len(np.unique(truth)) < 2:
        return
    from sklearn import metrics

    guessed = decide_class(said, at)
    right, positives, chosen = int((guessed * truth).sum()), int(truth.sum()), int(guessed.sum())
    wrong, found, _ = metrics.roc_curve(truth, said[:, 1])
    lab.points(
        ROC,
        [[(chosen - right) / (len(truth) - positives), right / positives]],
        [0],
        [f"at threshold {at:.3g}"],
        paths={
            f"area {metrics.auc(wrong, found):.3f}": thin(np.stack([wrong, found], 1)),
            "chance": [[0.0, 0.0], [1.0, 1.0]],
        },
        axes=("false alarms, share", f"'{names[1]}' found, share"),
        aspect="auto",
    )
    precision, recall, _ = metrics.precision_recall_curve(truth, said[:, 1], drop_intermediate=True)
    average, share = metrics.average_precision_score(truth, said[:, 1]), positives / len(truth)
    lab.points(
        PRECISION_RECALL,
        [[right / positives, right / chosen]] if chosen else np.empty((0, 2)),
        [0] if chosen else [],
        [f"at threshold {at:.3g}"],
        paths={
            f"average precision {average:.3f}": thin(np.stack([recall, precision], 1)),
            "chance": [[0.0, share], [1.0, share]],
        },
        axes=(f"recall of '{names[1]}'", "precision"),
        aspect="auto",
    )


def show_calibration(lab: Lab, truth: NDArray[np.int64], said: NDArray[np.float64]) -> None:
    """Show how often the likeliest class is right, by the probability that it is given (a reliability diagram)."""
    from descend.engine.evaluation.metrics import find_reliability, measure_calibration_error

    counts, mean, share = find_reliability(said.max(1), said.argmax(1) == truth)
    there = counts > 0
    lab.points(
        CALIBRATION,
        np.stack([mean[there], share[there]], 1),
        paths={
            f"error {measure_calibration_error(truth, said):.3f}": np.stack([mean[there], share[there]], 1),
            "calibrated": [[1 / said.shape[1], 1 / said.shape[1]], [1.0, 1.0]],
        },
        axes=("probability said", "share right"),
        aspect="auto",
    )


def show_residuals(lab: Lab, truth: NDArray[Any], said: NDArray[Any], names: tuple[str, ...]) -> None:
    """Show errors of the first of numbers to predict, (n, k), over what was predicted: where their spread or mean
    changes along the axis, something is left to learn."""
    chosen = np.linspace(0, len(truth) - 1, min(len(truth), MOST)).astype(int)
    x, error = said[chosen, 0], (said - truth)[chosen, 0]
    lab.points(
        RESIDUALS if len(names) == 1 else f"{RESIDUALS} of {names[0]}",
        np.stack([x, error], 1),
        paths={"no error": [[float(x.min()), 0.0], [float(x.max()), 0.0]]},
        axes=(f"predicted {names[0]}", "predicted less true"),
        aspect="auto",
    )


def thin(line: NDArray[np.float64]) -> NDArray[np.float64]:
    """At most `MOST` places of a line, both ends among them."""
    places = np.linspace(0, len(line) - 1, min(len(line), MOST)).round().astype(int)
    return np.take(line, places, 0)
