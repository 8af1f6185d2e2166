"""Everything that is measured of a model on one set of samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from descend.datasets.labels import name_labels
from descend.engine.evaluation import baselines
from descend.engine.evaluation.calibration import tell_calibration, tell_shift
from descend.engine.evaluation.comparison import Comparison, compare, compare_by
from descend.engine.evaluation.intervals import Interval, find_intervals, resample
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.judged_text import JudgedText
from descend.engine.evaluation.label_metrics import measure_each_label
from descend.engine.evaluation.metrics import count_confusion, find_worst, measure, measure_each_class
from descend.engine.evaluation.names import LOWER, NAMES
from descend.engine.evaluation.noise import measure_under_noise

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.engine.train.predictor import Predictor

WORST = 20
"""Mistakes that are kept."""
MODEL = "the model"


@dataclass(frozen=True)
class Mistake:
    """A sample that was judged wrongly; ``sure``: the probability of the class said, of labels that of the surest wrong
    answer, which is what is ``said``; None of numbers."""

    sample: str
    true: str
    said: str
    sure: float | None


@dataclass(frozen=True)
class Slice:
    """The samples with one word in a column, and metrics over them; those that are defined there."""

    column: str
    word: str
    samples: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        judged: of which samples, or of which text.
        told: the metrics that slices and noise are told in, first the one by which models are compared.
        metrics, intervals: by a key of `names.NAMES`.
        baselines: metrics of others on the same samples, by what they do.
        comparisons: the model against each of these, by that metric.
        besides: likewise by accuracy, or what stands for it, if that is another.
        imbalance: a sentence if classes are of very different size; else empty.
        calibration: sentences on what the calibration error is of, and why probabilities may be no shares; or empty.
        classes: of each class (`measure_each_class`) or label (`measure_each_label`).
        confusion: counts of (true, predicted), None of labels and numbers.
        worst: the worst mistakes.
        slices: by each column of categories.
        noise: (deviation of noise, metrics), of ``disturbed`` samples.
        unmeasured: the metric by which the training chose its epoch, if it is not defined here; else empty.
    """

    judged: Judged | JudgedText
    told: Sequence[str]
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    baselines: Mapping[str, Mapping[str, float]]
    comparisons: Mapping[str, Comparison]
    besides: Mapping[str, Comparison]
    imbalance: str
    calibration: str
    classes: Sequence[Mapping[str, Any]]
    confusion: NDArray[np.int64] | None
    worst: Sequence[Mistake]
    slices: Sequence[Slice]
    noise: Sequence[tuple[float, Mapping[str, float]]]
    disturbed: int = 0
    unmeasured: str = ""

    @property
    def sentences(self) -> list[str]:
        """What came out, in words."""
        told = []
        if self.unmeasured:
            told.append(f"{NAMES[self.unmeasured]}, by which the run chose its epoch, is not defined on these samples.")
        for name, one in self.comparisons.items():
            told.append(one.words)
            if name in self.besides:
                told.append(f"by {NAMES[self.besides[name].metric]}: {self.besides[name].words}")
        told += [self.imbalance, self.calibration]
        return [f"{sentence[:1].upper()}{sentence[1:]}" for sentence in told if sentence]


def evaluate(
    judged: Judged,
    predictor: Predictor,
    others: Mapping[str, Judged] | None = None,
    knobs: Mapping[str, Any] | None = None,
    tell: Callable[[float], None] = lambda share: None,
) -> Evaluation:
    """Measure what a model said.

    Args:
        others: what else said something of the same samples, by its name, to compare with.
        knobs: of the training.
        tell: takes the share that is done, in (0, 1].
    """
    blind, guesses = baselines.guess_blindly(judged, predictor.prepared)
    others = {blind: guesses, **(others or {})}
    metrics, asked = measure(judged), str((knobs or {}).get("metric", "loss"))
    theirs = {name: measure(other) for name, other in others.items()}
    metric = baselines.choose_metric(judged, metrics, asked)
    plain = metric == judged.main
    parts = 1 if plain else 1 + len(others)
    drawn = resample(judged, tell=partial(tell_part, tell, 0, parts))
    comparisons = {name: compare(judged, other, MODEL, name) for name, other in others.items()}
    besides: dict[str, Comparison] = {}
    for name, other in others.items() if not plain else ():
        pair = drawn, resample(other, tell=partial(tell_part, tell, 1 + len(besides), parts))
        if found := compare_by(metric, judged, other, MODEL, name, pair, (metrics, theirs[name])):
            besides[name], comparisons[name] = comparisons[name], found
    told = (metric,) if plain else (metric, judged.main)
    noise, disturbed = measure_under_noise(predictor, judged, told)
    return Evaluation(
        judged,
        told,
        metrics,
        find_intervals(judged, drawn=drawn),
        theirs,
        comparisons,
        besides,
        baselines.tell_imbalance(judged),
        " ".join(filter(None, [tell_calibration(judged.classes, judged.labelled), tell_shift(knobs or {})])),
        list_classes(judged),
        count_confusion(judged) if judged.classified else None,
        list_mistakes(judged, WORST),
        slice_samples(judged, told),
        noise,
        disturbed,
        asked if asked in NAMES and asked not in (*metrics, "loss") else "",
    )


def tell_part(tell: Callable[[float], None], done: int, parts: int, share: float) -> None:
    """Tell the ``share`` that is done of one of so many ``parts``."""
    tell((done + share) / parts)


def list_classes(judged: Judged) -> list[dict[str, Any]]:
    """What is measured of each class or label; [] of numbers."""
    if judged.labelled:
        return measure_each_label(judged.targets, judged.truth, judged.said, judged.guessed, judged.threshold)
    return measure_each_class(judged) if judged.classified else []


def list_mistakes(judged: Judged, count: int) -> list[Mistake]:
    """The ``count`` worst mistakes."""
    import numpy as np

    found = []
    for sample in find_worst(judged, count).tolist():
        if judged.classified:
            guess = int(judged.guessed[sample])
            true, said = judged.classes[int(judged.truth[sample])], judged.classes[guess]
            sure: float | None = float(judged.said[sample, guess])
        elif judged.labelled:
            off = np.abs(judged.said[sample] - judged.truth[sample])
            wrong = judged.guessed[sample] != judged.truth[sample]
            guess = int(np.where(wrong, off, -1).argmax())
            said = f"{'not ' if judged.truth[sample, guess] else ''}{judged.targets[guess]}"
            true, sure = name_labels(judged.truth[sample].tolist(), judged.targets), float(off[guess])
        else:
            true, said = (", ".join(f"{value:.6g}" for value in row[sample]) for row in (judged.truth, judged.said))
            sure = None
        found.append(Mistake(judged.describe(sample), true, said, sure))
    return found


def slice_samples(judged: Judged, names: Sequence[str]) -> list[Slice]:
    """The metrics ``names`` over the samples of each word of each column of categories, those that are worst by the
    first of a column first; at the end those where it is not defined, as where all samples are of one class."""
    import numpy as np

    found = []
    for column, words in judged.groups.items():
        given = np.array(words)
        part = []
        for word in sorted(set(words)):
            chosen = given == word
            some = judged.select(chosen)
            metrics = measure(some)
            part.append(Slice(column, word, len(some), {name: metrics[name] for name in names if name in metrics}))
        sign = -1 if names[0] in LOWER else 1
        found += sorted(part, key=lambda one: sign * one.values.get(names[0], sign * math.inf))
    return found
