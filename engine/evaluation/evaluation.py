"""Everything that is measured of a model on one set of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.datasets.labels import name_labels
from descend.engine.evaluation import baselines
from descend.engine.evaluation.calibration import tell_calibration, tell_shift
from descend.engine.evaluation.comparison import Comparison, compare
from descend.engine.evaluation.intervals import Interval, find_intervals
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.judged_text import JudgedText
from descend.engine.evaluation.label_metrics import measure_each_label
from descend.engine.evaluation.metrics import count_confusion, find_worst, measure, measure_each_class
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
    """The samples with one word in a column, and the main metric over them."""

    column: str
    word: str
    samples: int
    value: float


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Attributes:
        judged: of which samples, or of which text.
        main: the metric that slices and noise are told in.
        metrics, intervals: by a key of `names.NAMES`.
        baselines: metrics of others on the same samples, by what they do.
        comparisons: the model against each of these.
        imbalance: a sentence if classes are of very different size; else empty.
        calibration: sentences on what the calibration error is of, and why probabilities may be no shares; or empty.
        classes: of each class (`measure_each_class`) or label (`measure_each_label`).
        confusion: counts of (true, predicted), None of labels and numbers.
        worst: the worst mistakes.
        slices: by each column of categories.
        noise: (deviation of noise, main metric).
    """

    judged: Judged | JudgedText
    main: str
    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    baselines: Mapping[str, Mapping[str, float]]
    comparisons: Mapping[str, Comparison]
    imbalance: str
    calibration: str
    classes: Sequence[Mapping[str, Any]]
    confusion: NDArray[np.int64] | None
    worst: Sequence[Mistake]
    slices: Sequence[Slice]
    noise: Sequence[tuple[float, float]]

    @property
    def sentences(self) -> list[str]:
        """What came out, in words."""
        told = [*(one.words for one in self.comparisons.values()), self.imbalance, self.calibration]
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
    return Evaluation(
        judged,
        judged.main,
        measure(judged),
        find_intervals(judged, tell=tell),
        {name: measure(other) for name, other in others.items()},
        {name: compare(judged, other, MODEL, name) for name, other in others.items()},
        baselines.tell_imbalance(judged),
        " ".join(filter(None, [tell_calibration(judged.classes, judged.labelled), tell_shift(knobs or {})])),
        list_classes(judged),
        count_confusion(judged) if judged.classified else None,
        list_mistakes(judged, WORST),
        slice_samples(judged, judged.main),
        measure_under_noise(predictor, judged, judged.main),
    )


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


def slice_samples(judged: Judged, metric: str) -> list[Slice]:
    """The metric over the samples of each word of each column of categories, the worst of a column first."""
    import numpy as np

    found = []
    for column, words in judged.groups.items():
        given = np.array(words)
        part = []
        for word in sorted(set(words)):
            chosen = given == word
            some = judged.select(chosen)
            part.append(Slice(column, word, len(some), measure(some)[metric]))
        found += sorted(part, key=lambda one: one.value, reverse=metric == "mae")
    return found
