"""Pictures of how good probabilities and numbers are that a model says: the curves that they are judged by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from descend.engine.evaluation.calibration import (
    choose_probability,
    find_reliability,
    measure_calibration_error,
    name_probability,
)
from descend.engine.evaluation.curves import thin, trace_precision_recall, trace_roc
from descend.engine.evaluation.decision import Threshold, decide_class, decide_labels, list_cuts
from descend.engine.evaluation.names import CALIBRATION, PRECISION_RECALL, RESIDUALS, ROC

if TYPE_CHECKING:
    from descend.engine.lab.lab import Lab

MOST = 400
"""Places of a line; points of a picture."""
CURVES = 4
"""Labels whose curves are shown."""


def show_curves(
    lab: Lab, truth: NDArray[np.int64], said: NDArray[np.float64], names: tuple[str, ...], at: float
) -> None:
    """Show how probabilities ``said`` (n, classes) go with labels (n,): calibration; of two classes also the ROC and
    the precision-recall curve of the second, with the place of the threshold ``at`` marked."""
    show_calibration(lab, truth, said, names)
    if len(names) != 2 or len(np.unique(truth)) < 2:
        return
    from sklearn import metrics

    guessed = decide_class(said, at)
    right, positives, chosen = int((guessed * truth).sum()), int(truth.sum()), int(guessed.sum())
    area, average = metrics.roc_auc_score(truth, said[:, 1]), metrics.average_precision_score(truth, said[:, 1])
    lab.points(
        ROC,
        [[(chosen - right) / (len(truth) - positives), right / positives]],
        [0],
        [f"at threshold {at:.3g}"],
        paths={
            f"area {area:.3f}": trace_roc(truth, said[:, 1], MOST),
            "chance": [[0.0, 0.0], [1.0, 1.0]],
        },
        axes=("false alarms, share", f"'{names[1]}' found, share"),
        aspect="auto",
    )
    share = positives / len(truth)
    lab.points(
        PRECISION_RECALL,
        [[right / positives, right / chosen]] if chosen else np.empty((0, 2)),
        [0] if chosen else [],
        [f"at threshold {at:.3g}"],
        paths={
            f"average precision {average:.3f}": trace_precision_recall(truth, said[:, 1], MOST),
            "chance": [[0.0, share], [1.0, share]],
        },
        axes=(f"recall of '{names[1]}'", "precision"),
        aspect="auto",
    )


def show_label_curves(lab: Lab, truth: NDArray[Any], said: NDArray[Any], names: Sequence[str], at: Threshold) -> None:
    """Show how probabilities ``said`` (n, k) go with labels, 0 or 1, (n, k): the ROC and the precision-recall curves of
    a few, those whose area is smallest, with the places of their thresholds ``at`` marked, and the mean ROC curve of
    all. Labels that no sample has, or every one, have no curves."""
    from sklearn import metrics

    mixed = np.flatnonzero(truth.any(0) & ~truth.all(0)).tolist()
    if not mixed:
        return
    lines = {label: trace_roc(truth[:, label], said[:, label], len(truth) + 1) for label in mixed}
    areas = {label: metrics.auc(*line.T) for label, line in lines.items()}
    shown = sorted(sorted(mixed, key=areas.__getitem__)[:CURVES])
    guessed, cuts = decide_labels(said, at), list_cuts(at, len(names))
    right, given, there = ((guessed * truth).sum(0), guessed.sum(0), truth.sum(0, dtype=int))
    paths = {f"area {areas[label]:.3f} '{names[label]}'": thin(lines[label], MOST) for label in shown}
    if len(mixed) > 1:
        x = np.linspace(0, 1, MOST)
        mean = np.mean([np.interp(x, *line.T) for line in lines.values()], 0)
        name = f"area {np.mean([*areas.values()]):.3f} mean of {len(mixed):,}"
        paths[name] = np.concatenate([np.zeros((1, 2)), np.stack([x, mean], 1)])
    lab.points(
        ROC,
        [[(given - right)[label] / (len(truth) - there[label]), right[label] / there[label]] for label in shown],
        list(range(len(shown))),
        [f"from {cuts[label]:.3g}" for label in shown],
        paths={**paths, "chance": [[0.0, 0.0], [1.0, 1.0]]},
        axes=("false alarms, share", "found, share"),
        aspect="auto",
    )
    ever = [label for label in shown if given[label]]
    averages = {label: metrics.average_precision_score(truth[:, label], said[:, label]) for label in shown}
    lab.points(
        PRECISION_RECALL,
        np.reshape([[right[label] / there[label], right[label] / given[label]] for label in ever], (-1, 2)),
        list(range(len(ever))),
        [f"from {cuts[label]:.3g}" for label in ever],
        paths={
            f"average {averages[label]:.3f} '{names[label]}'": trace_precision_recall(
                truth[:, label], said[:, label], MOST
            )
            for label in shown
        },
        axes=("recall", "precision"),
        aspect="auto",
    )


def show_calibration(lab: Lab, truth: NDArray[np.int64], said: NDArray[np.float64], names: Sequence[str]) -> None:
    """Show how often the second of two classes is there, or the likeliest of more is right, by the probability that it
    is given (a reliability diagram)."""
    counts, mean, share = find_reliability(*choose_probability(truth, said))
    there, least = counts > 0, 0.0 if len(names) == 2 else 1 / len(names)
    lab.points(
        CALIBRATION,
        np.stack([mean[there], share[there]], 1),
        paths={
            f"error {measure_calibration_error(truth, said):.3f}": np.stack([mean[there], share[there]], 1),
            "calibrated": [[least, least], [1.0, 1.0]],
        },
        axes=name_probability(names),
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
