"""What a model said of samples, beside what is true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from descend.engine.evaluation.decision import EVEN, decide_class

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Judged:
    """What a model said of n samples, beside what is true.

    Attributes:
        classes: their names; () where numbers are predicted.
        targets: names of the numbers; () of classes.
        truth: labels, int64, (n,), or numbers, float64, (n, k).
        said: the probability of each class, (n, classes), or numbers in the target's unit, (n, k); float64.
        describe: what sample i is, in a line.
        groups: words of each sample, (n,), by the name of the column of categories that holds them.
        notes: sentences on what was left out or stood in.
        threshold: of two classes, the probability of the second from which on it is said.
        x: the samples as a `Dataset` stores them, (n, …); None where they are not kept.
    """

    classes: tuple[str, ...]
    targets: tuple[str, ...]
    truth: NDArray[Any]
    said: NDArray[np.float64]
    describe: Callable[[int], str] = "sample {}".format
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    x: NDArray[Any] | None = None
    threshold: float = EVEN

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def classified(self) -> bool:
        """Whether classes are predicted, not numbers."""
        return bool(self.classes)

    @property
    def guessed(self) -> NDArray[np.int64]:
        """The class that is said of each sample, (n,)."""
        return decide_class(self.said, self.threshold)

    def select(self, chosen: NDArray[Any]) -> Judged:
        """The samples ``chosen``, without what describes them."""
        return Judged(self.classes, self.targets, self.truth[chosen], self.said[chosen], threshold=self.threshold)
