"""What a metric is worth: what those get that look at nothing, or only add up."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from descend.datasets.labels import list_names
from descend.engine.evaluation.judged import Judged
from descend.engine.evaluation.names import write_share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.dataset import Dataset
    from descend.datasets.preparation import Preparation

FIT = 10_000_000
"""Numbers a linear model is fitted to, at most: more rows are left out."""
IMBALANCED = 3.0
"""Times as many samples as an even share that the commonest class has, or as few as a third that the rarest has."""


def guess_blindly(judged: Judged, prepared: Preparation) -> tuple[str, Judged]:
    """What guessing without looking gives, and its name: each class as often as it is among the samples, the commonest
    always; each label as often as it is, the commonest answer always; or the mean of the training's numbers."""
    import numpy as np

    if judged.labelled:
        said, name = np.tile(judged.truth.mean(0), (len(judged), 1)), "always the commonest answers"
    elif judged.classified:
        shares = np.bincount(judged.truth, minlength=len(judged.classes)) / len(judged)
        said = np.tile(shares, (len(judged), 1))
        name = f"always '{judged.classes[int(shares.argmax())]}'"
    else:
        said = np.tile(np.array(prepared.target_mean, np.float64), (len(judged), 1))
        name = "always the mean"
    return name, judged.rejudge(said)


def fit_linear(dataset: Dataset, prepared: Preparation, judged: Judged) -> tuple[str, Judged] | None:
    """What a linear model fitted to the training part of ``dataset`` says of the samples, and its name: logistic
    regression, one for each of several labels, or ridge regression; None of texts, whose characters are no numbers.

    Scikit-learn's, with its usual strength of regularisation, on inputs as a network gets them.
    """
    import numpy as np
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    if prepared.kind == "text" or judged.x is None:
        return None
    rows = max(1, FIT // max(1, dataset.train_x[:1].size))
    chosen = np.random.default_rng(0).permutation(len(dataset.train_x))[:rows]
    some = f" of {len(chosen):,} of its rows" if len(chosen) < len(dataset.train_x) else ""
    x, new = (flatten(part, prepared) for part in (dataset.train_x[chosen], judged.x))
    y = dataset.train_y[chosen]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        if prepared.task == "labels":
            from sklearn.multiclass import OneVsRestClassifier

            warnings.simplefilter("ignore", UserWarning)  # a label may be on no sample, or on every one
            many = OneVsRestClassifier(LogisticRegression(max_iter=200)).fit(x, y)
            return f"logistic regression by label{some}", judged.rejudge(many.predict_proba(new))
        if not prepared.classes:
            scale = np.array(prepared.target_std)
            target = (y.reshape(len(y), -1) - np.array(prepared.target_mean)) / scale
            said = Ridge().fit(x, target).predict(new).reshape(len(new), -1)
            said = said * scale + np.array(prepared.target_mean)
            return f"ridge regression{some}", judged.rejudge(said)
        model = LogisticRegression(max_iter=200).fit(x, y)
    said = np.zeros((len(new), len(prepared.classes)))
    said[:, model.classes_] = model.predict_proba(new)
    said /= said.sum(1, keepdims=True)  # as exactly as 64 bits have it
    return f"logistic regression{some}", judged.rejudge(said)


def flatten(x: NDArray[Any], prepared: Preparation) -> NDArray[np.float32]:
    """Samples as rows of numbers, scaled as for a network."""
    import numpy as np

    if prepared.kind == "table":
        scaled = (x - np.array(prepared.mean)) / np.array(prepared.std)
    else:
        scaled = x.reshape(len(x), -1) / prepared.scale
    return np.asarray(scaled, np.float32)


def are_imbalanced(judged: Judged) -> bool:
    """Whether classes are of very different size, or a label is on few samples, or on most."""
    import numpy as np

    if judged.labelled:
        share = judged.truth.mean(0)
        rare = np.minimum(share, 1 - share)
        return bool(((rare > 0) & (rare <= 0.5 / IMBALANCED)).any())
    if not judged.classified:
        return False
    counts = np.bincount(judged.truth, minlength=len(judged.classes))
    present = counts[counts > 0]
    even = len(judged) / len(present)
    return len(present) > 1 and bool(present.max() >= IMBALANCED * even or present.min() <= even / IMBALANCED)


def choose_metric(judged: Judged, metrics: Mapping[str, float], asked: str) -> str:
    """The metric by which the model is compared: the one by which the training chose its epoch, if one was ``asked``
    for and is defined here. Else accuracy, single labels or the mean absolute error; where classes are of very
    different size, of which accuracy tells little, average precision, of more than two classes balanced accuracy."""
    if asked in metrics:
        return asked
    if asked == "loss" and are_imbalanced(judged):
        wanted = "balanced_accuracy" if len(judged.classes) > 2 else "average_precision"
        return wanted if wanted in metrics else judged.main
    return judged.main


def tell_imbalance(judged: Judged) -> str:
    """A sentence if the classes are of very different size, or there are labels of which nothing can be told; else
    empty."""
    import numpy as np

    if judged.labelled:
        constant = (judged.truth == judged.truth[0]).all(0).tolist()
        names = [name for name, alike in zip(judged.targets, constant, strict=True) if alike]
        return (
            f"All samples are alike in {list_names(names)}: that has no curve to take the area under." if names else ""
        )
    if not are_imbalanced(judged):
        return ""
    counts = np.bincount(judged.truth, minlength=len(judged.classes))
    most, least = int(counts.argmax()), int(np.where(counts > 0, counts, counts.max() + 1).argmin())
    return (
        f"The classes are imbalanced: {write_share(counts[most] / len(judged))} are '{judged.classes[most]}', "
        f"{write_share(counts[least] / len(judged))} '{judged.classes[least]}'; look at balanced accuracy and average "
        "precision rather than at accuracy."
    )
