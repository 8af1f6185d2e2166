"""The handwritten digits that scikit-learn carries with it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.dataset import Dataset
from descend.datasets.spec import Spec
from descend.engine.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SPLIT_SEED = 0
"""Fixed, and not the run's seed: everyone's test set is the same."""


class Digits(Spec):
    """Read from scikit-learn's own file without importing scikit-learn, which takes seconds."""

    def where(self) -> Path | None:
        sklearn = importlib.util.find_spec("sklearn")
        for folder in (sklearn and sklearn.submodule_search_locations) or ():
            if (file := Path(folder, "datasets", "data", "digits.csv.gz")).is_file():
                return file
        return None

    def missing_message(self) -> str:
        return (
            "Digits is not on this machine: scikit-learn, which carries it as datasets/data/digits.csv.gz, is not "
            "installed or not whole; reinstall scikit-learn."
        )

    def load(self) -> Dataset:
        x, y = read(self.require())
        train, test = split(y)
        return Dataset(self.name, self.classes, x[train], y[train], x[test], y[test], scale=16)


def read(file: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (1797, 8, 8) of values 0…16 and labels (1797,), in the file's order.

    Raises:
        DescendError: the file is damaged or cannot be read.
    """
    import zlib

    import numpy as np

    try:
        table = np.loadtxt(file, dtype=np.uint8, delimiter=",")
        images, labels = table[:, :-1].reshape(1797, 8, 8), table[:, -1].astype(np.int64)
        if images.max() > 16 or labels.max() > 9:
            raise ValueError("values out of range")
    except (OSError, EOFError, ValueError, IndexError, zlib.error) as error:
        raise DescendError(f"{file} cannot be read ({type(error).__name__}); reinstall scikit-learn.") from None
    return images, labels


def split(labels: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test samples, both ascending.

    Sorts the shuffled samples by class and takes every fifth for the test, so that each class gives a fifth of its
    samples to within one.
    """
    import numpy as np

    # RandomState, because NumPy promises that its numbers never change; default_rng's may with any release
    order = np.random.RandomState(SPLIT_SEED).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    test = np.sort(by_class[::5])
    return np.setdiff1d(order, test), test


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
    ),
)
"""Source: E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998;
scikit-learn's copy is the test part of it."""
