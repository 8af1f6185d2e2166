"""Curves that probabilities are judged by, as lines to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def trace_roc(truth: NDArray[Any], said: NDArray[Any], most: int) -> NDArray[np.float64]:
    """The ROC curve of answers ``truth``, 0 or 1, (n,), given the probability ``said`` of 1, (n,): the share of false
    alarms and the share that is found, (m, 2), of at most so many places."""
    import numpy as np
    from sklearn import metrics

    wrong, found, _ = metrics.roc_curve(truth, said)
    return thin(np.stack([wrong, found], 1), most)


def trace_precision_recall(truth: NDArray[Any], said: NDArray[Any], most: int) -> NDArray[np.float64]:
    """The recall and the precision, (m, 2), likewise."""
    import numpy as np
    from sklearn import metrics

    precision, recall, _ = metrics.precision_recall_curve(truth, said, drop_intermediate=True)
    return thin(np.stack([recall, precision], 1), most)


def thin(line: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """At most so many places of a ``line`` (m, 2), evenly, both ends among them."""
    import numpy as np

    places = np.linspace(0, len(line) - 1, min(len(line), most)).round().astype(int)
    return np.take(line, places, 0)
