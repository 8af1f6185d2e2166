"""A dataset in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Dataset:
    """Labelled images, split into a training and a test set.

    Attributes:
        name: the dataset's name in the catalogue.
        classes: name of each class, indexed by label.
        train_x: images as they are stored, uint8, shape (n, h, w) or (n, h, w, c).
        train_y: labels, int64, shape (n,), each in ``range(len(classes))``.
        test_x: like ``train_x``, images never trained on.
        test_y: like ``train_y``.
        scale: the brightest value a pixel can have; ``x / scale`` lies in [0, 1].
    """

    name: str
    classes: tuple[str, ...]
    train_x: NDArray[np.uint8]
    train_y: NDArray[np.int64]
    test_x: NDArray[np.uint8]
    test_y: NDArray[np.int64]
    scale: int
