"""The handwritten digits that scikit-learn carries with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.dataset import Dataset
from descend.datasets.sklearn_files import SklearnFile, read_numbers
from descend.datasets.split import split_stratified as split
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Digits(SklearnFile):
    """Its split is fixed, and not of the run's seed: everyone's test set is the same."""

    def load(self) -> Dataset:
        x, y = read_digits(self.require())
        train, test = split(y)
        return Dataset(self.name, self.classes, x[train], y[train], x[test], y[test], scale=16)


def read_digits(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (1797, 8, 8) of values 0…16 and labels (1797,), in the file's order.

    Raises:
        DescendError: the file is damaged or cannot be read.
    """
    table = read_numbers(file, (1797, 65))
    images, labels = table[:, :-1], table[:, -1]
    if (table % 1).any() or table.min() < 0 or images.max() > 16 or labels.max() > 9:
        raise DescendError(f"{file} cannot be read (values out of range); reinstall scikit-learn.")
    return images.reshape(1797, 8, 8).astype("uint8"), labels.astype("int64")


DATASETS = (
    Digits(
        name="digits",
        title="Digits",
        description=(
            "1,797 handwritten digits of 8 × 8 pixels and 17 grey levels, the set embedded in scikit-learn. It is not "
            "MNIST, whose images are 28 × 28 and number 70,000."
        ),
        sample_shape=(8, 8),
        classes=tuple("0123456789"),
        train_size=1437,
        test_size=360,
        file="digits.csv.gz",
    ),
)
"""Source: E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998;
scikit-learn's copy is the test part of it."""
