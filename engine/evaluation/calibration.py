"""Whether probabilities are the shares that they say.

Of two classes this is asked of the probability of the second, whatever is said of a sample: the larger of the two would
hide that one class is given too much wherever it stays below one half. Of more classes it is asked of the likeliest's
(confidence calibration: Guo, Pleiss, Sun & Weinberger, On Calibration of Modern Neural Networks, ICML 2017); each class
against the rest, as Kull et al. (Beyond temperature scaling, NeurIPS 2019) have it, would of many rare classes measure
little but empty bins (Nixon et al., Measuring Calibration in Deep Learning, 2019). Labels are asked one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import join_names

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BINS = 10
"""Equal parts of [0, 1] of a reliability diagram."""
SHIFTING: Mapping[str, tuple[object, ...]] = {
    "class_weights": ("none",),
    "focal": (0.0,),
    "label_smoothing": (0.0,),
}
"""Knobs by which the training's loss is least elsewhere than at the shares, with the values at which they do not."""


def choose_probability(
    truth: NDArray[np.int64], said: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """The probability of each sample that calibration is measured of, by labels (n,) and probabilities (n, classes),
    and whether it came true: of two classes the second's, of others the likeliest's; both (n,)."""
    if said.shape[1] == 2:
        return said[:, 1], truth == 1
    return said.max(1), said.argmax(1) == truth


def name_probability(classes: Sequence[str]) -> tuple[str, str]:
    """What `choose_probability` gives, in words: the probability, and the share that should be as large."""
    if len(classes) == 2:
        return f"probability of '{classes[1]}'", f"share that is '{classes[1]}'"
    return "probability of the likeliest class", "share that is right"


def assign_bins(sure: NDArray[Any]) -> NDArray[np.intp]:
    """The bin of each probability ``sure``, of any shape."""
    import numpy as np

    return np.minimum((sure * BINS).astype(np.intp), BINS - 1)


def find_reliability(
    sure: NDArray[np.float64], right: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Samples by a probability, ``sure`` (n,), in `BINS` equal parts of [0, 1]: how many there are, the mean of that
    probability, and the share in which it came true, as ``right`` (n,) tells; all (BINS,), NaN where there are none."""
    import numpy as np

    places = assign_bins(sure)
    counts = np.bincount(places, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(places, sure, BINS) / counts
        share = np.bincount(places, right, BINS) / counts
    return counts, mean, share


def measure_bins(sure: NDArray[Any], right: NDArray[Any]) -> float:
    """Expected calibration error: the mean distance of probability and share in `find_reliability`, weighted by
    samples (Naeini, Cooper & Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning, 2015)."""
    import numpy as np

    counts, mean, share = find_reliability(sure, right)
    return float(np.nansum(counts * np.abs(mean - share)) / max(1, counts.sum()))


def measure_calibration_error(truth: NDArray[np.int64], said: NDArray[np.float64]) -> float:
    """The error of the probabilities of `choose_probability`, of labels (n,) and probabilities (n, classes)."""
    return measure_bins(*choose_probability(truth, said))


def tell_calibration(classes: Sequence[str], labelled: bool) -> str:
    """A sentence on what the calibration error is of; empty of what has none."""
    if labelled:
        return f"The calibration error is of the probability of each label, in {BINS} equal bins, the mean over labels."
    if not classes:
        return ""
    beside = ", whatever is said of the sample" if len(classes) == 2 else ""
    return f"The calibration error is of the {name_probability(classes)[0]}, in {BINS} equal bins{beside}."


def tell_shift(knobs: Mapping[str, Any]) -> str:
    """A sentence if one of the ``knobs`` of a training keeps its probabilities from being shares; else empty.

    Elkan, The Foundations of Cost-Sensitive Learning, 2001; Mukhoti et al., Calibrating Deep Neural Networks using
    Focal Loss, 2020; Müller, Kornblith & Hinton, When Does Label Smoothing Help?, 2019.
    """
    found = [f"{name}={knobs[name]}" for name, still in SHIFTING.items() if knobs.get(name, still[0]) not in still]
    if not found:
        return ""
    how = "raised for what is rare" if found[0] == "class_weights=balanced" and len(found) == 1 else "shifted"
    return f"Probabilities are {how} by {join_names(found)}: they rank samples, they are not shares."
