"""Which samples are trained on and which are kept for the test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SHARE = 0.2
"""Of the samples, for the test."""
PARTS = {
    "train": ("train", "training"),
    "validation": ("val", "valid", "validation", "dev"),
    "test": ("test", "testing"),
}
"""What the parts of data are called, the usual names first."""
UNTRAINED = (*PARTS["test"], *PARTS["validation"], "eval")
"""What a part is called that is the test where there are two."""


def split_stratified(
    labels: NDArray[np.int64], share: float = SHARE, seed: int = 0, fold: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test samples, both ascending.

    Sorts the shuffled samples by class and takes them at even distances for the test, so that each class gives its
    ``share`` to within one. A class of a single sample is trained on.

    Args:
        fold: which of the 1 / ``share`` test parts it is, from 0; they have no sample in common.
    """
    import numpy as np

    # RandomState, because NumPy promises that its numbers never change; default_rng's may with any release
    order = np.random.RandomState(seed).permutation(len(labels))
    by_class = order[np.argsort(labels[order], kind="stable")]
    places = np.rint(np.arange(np.ceil(len(labels) * share)) / share).astype(np.intp) + fold
    test = np.sort(by_class[places[places < len(labels)]])
    test = test[np.bincount(labels)[labels[test]] > 1]
    return np.setdiff1d(order, test), test


def split_shuffled(
    count: int, share: float = SHARE, seed: int = 0, fold: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test samples among ``count``, both ascending; the test's are drawn at random."""
    import numpy as np

    return split_stratified(np.zeros(count, np.int64), share, seed, fold)


def split_groups(
    groups: Sequence[str], share: float = SHARE, seed: int = 0, fold: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test samples, both ascending, so that no group is in both: groups in random order
    are taken for the test until they have its ``share``, one at least. For a later ``fold`` the next ones are, or none
    where groups are too large."""
    import numpy as np

    names = sorted(set(groups))
    places = {name: place for place, name in enumerate(names)}
    of = np.fromiter((places[group] for group in groups), np.intp, len(groups))
    order = np.random.RandomState(seed).permutation(len(names))
    sizes = np.cumsum(np.bincount(of)[order])
    cuts = [int(np.searchsorted(sizes, share * len(of) * at * (1 + 1e-9), side="right")) for at in (fold, fold + 1)]
    chosen = order[max(cuts[0], min(fold, 1)) : max(cuts[1], 1)]
    tested = np.isin(of, chosen)
    return np.flatnonzero(~tested), np.flatnonzero(tested)


def split_by_time(times: NDArray[np.float64], share: float = SHARE) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices of the training and the test samples, both ascending: the test has the latest, about its ``share``. Those
    of one time stay together; there are two times at least."""
    import numpy as np

    ordered = np.sort(times)
    first = ordered[min(len(times) - 1, round((1 - share) * len(times)))]
    tested = times >= first if first > ordered[0] else times > first
    return np.flatnonzero(~tested), np.flatnonzero(tested)
