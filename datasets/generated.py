"""Data that descend makes: always the same, however often and wherever it is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from descend.datasets.dataset import Dataset
from descend.datasets.spec import Spec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Samples = tuple["NDArray[Any]", "NDArray[Any]"]
"""Samples and what is to be learned of them."""

TRAIN_SEED, TEST_SEED = 1, 2


@dataclass(frozen=True, kw_only=True)
class Generated(Spec):
    """Training and test set are drawn from one distribution, each from a seed of its own.

    Attributes:
        make: draws that many samples, x of shape (n, *sample_shape) and y of shape (n,).
    """

    make: Callable[[np.random.RandomState, int], Samples]

    def where(self) -> Path | None:
        return Path(__file__)

    def missing_message(self) -> str:
        return f"{self.title} is made by descend itself; reinstall descend."

    def load(self) -> Dataset:
        import numpy as np

        # RandomState, because NumPy promises that its numbers never change; default_rng's may with any release
        train_x, train_y = self.make(np.random.RandomState(TRAIN_SEED), self.train_size)
        test_x, test_y = self.make(np.random.RandomState(TEST_SEED), self.test_size)
        return Dataset(
            self.name,
            self.classes,
            train_x,
            train_y,
            test_x,
            test_y,
            scale=255 if self.kind == "image" else 1,
            kind=self.kind,
            task=self.task,
            features=self.features,
            targets=self.targets,
        )


def draw_balanced_labels(random: np.random.RandomState, count: int, classes: int) -> NDArray[np.int64]:
    """Labels (count,) in random order, each class as often as any other to within one."""
    import numpy as np

    return random.permutation(np.arange(count, dtype=np.int64) % classes)
