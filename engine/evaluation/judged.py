"""What a model said of samples, beside what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.decision import EVEN, Threshold, decide_class, decide_labels

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model said of n samples, beside what is true.

    Attributes:
        classes: their names; () where labels or numbers are predicted.
        targets: names of the labels or of the numbers; () of classes.
        truth: the class of each, int64, (n,); 1 for each label that it has and else 0, uint8, (n, k); or numbers,
            float64, (n, k).
        said: the probability of each class, (n, classes), of each label, (n, k), or numbers in the target's unit,
            (n, k); float64.
        describe: what sample i is, in a line.
        groups: words of each sample, (n,), by the name of the column of categories that holds them.
        notes: sentences on what was left out or stood in.
        trained_on: whether the model learned from these samples, or from most of them; the first note says so.
        threshold: of two classes, the probability of the second from which on it is said; of labels that of each, or
            one for all.
        x: the samples as a `Dataset` stores them, (n, …); None where they are not kept.
        labelled: whether ``targets`` are labels, each of which a sample has or not.
    """

    classes: tuple[str, ...]
    targets: tuple[str, ...]
    truth: NDArray[Any]
    said: NDArray[np.float64]
    describe: Callable[[int], str] = "sample {}".format
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    x: NDArray[Any] | None = None
    threshold: Threshold = EVEN
    labelled: bool = False
    trained_on: bool = False

    unit = "sample"

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def classified(self) -> bool:
        """Whether classes are predicted, of which each sample has one."""
        return bool(self.classes)

    @property
    def main(self) -> str:
        """The metric that needs no explanation."""
        return "accuracy" if self.classified else "label_accuracy" if self.labelled else "mae"

    @property
    def guessed(self) -> NDArray[np.int64]:
        """The class that is said of each sample, (n,); of labels 1 for each that is said and else 0, (n, k)."""
        return (decide_labels if self.labelled else decide_class)(self.said, self.threshold)

    def select(self, chosen: NDArray[Any]) -> Judged:
        """The samples ``chosen``, without what describes them."""
        return replace(self.rejudge(self.said[chosen]), truth=self.truth[chosen], threshold=self.threshold)

    def rejudge(self, said: NDArray[np.float64]) -> Judged:
        """The same samples, without what describes them, of which another model ``said`` something."""
        return Judged(self.classes, self.targets, self.truth, said, labelled=self.labelled)
