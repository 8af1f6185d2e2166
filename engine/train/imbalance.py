"""What accuracy is worth where one class is much more common than others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from descend.datasets.dataset import WARNING

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset

IMBALANCED = 1.6
"""Times an even share of the training samples from which on one class is called too common."""


def describe_imbalance(dataset: Dataset) -> str:
    """What accuracy is worth where one class is too common: that of always guessing it; else nothing."""
    import numpy as np

    counts = np.bincount(dataset.train_y, minlength=len(dataset.classes))
    often = int(counts.argmax())
    if counts[often] < IMBALANCED * counts.sum() / len(counts) or not len(dataset.test_y):
        return ""
    share = 100 * float((dataset.test_y == often).mean())
    name = dataset.classes[often]
    return (
        f"{WARNING}the classes are imbalanced: always guessing '{name}' is right for {share:.1f} % of the test part; "
        "balanced accuracy, macro F1, ROC AUC and average precision in the final result tell more than accuracy."
    )
