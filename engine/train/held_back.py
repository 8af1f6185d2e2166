"""What of the training data is held back to judge a model while it is trained: how much, and which samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from descend.datasets.table_split import Parts, split_rows
from descend.engine.run.split_file import RunSplit
from descend.engine.train.model_error import ModelError

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.engine.lab.lab import Lab
    from descend.engine.train.loader import Split
    from descend.engine.train.trainer import Trainer

FEWEST = 10
"""Samples that are held back at least, unless the training is to stop by them."""
UNITS = {"image": "images", "table": "rows", "text": "texts"}


def choose_share(lab: Lab, k: Any, dataset: Dataset, context: int) -> float:
    """The share of the training data to hold back; why it is none is noted.

    Raises:
        Unfit: there is no such fold.
    """
    begun_before = "output" in lab.state and "share" not in lab.state and "validation" not in lab.forked
    if not k.validation or (begun_before and not k.patience):
        return 0.0  # an older run held nothing back without patience, and was trained on all
    check_fold(k, dataset)
    if (why := explain_scarcity(k.validation, dataset, context)) and not k.patience:
        lab.note(f"{why}, so none is held back, and the last weights are kept.")
        return 0.0
    return float(k.validation)


def check_fold(k: Any, dataset: Dataset) -> None:
    """Check that there is the fold that is to be held back.

    Raises:
        Unfit: there is not.
    """
    if k.fold > 1 and (why := explain_single_fold(dataset)):
        raise ModelError(f"{why}; set fold=1.")
    if (k.fold - 1) * k.validation >= 1 - 1e-9:
        raise ModelError(f"Of validation={k.validation:g} there is no fold {k.fold}; set a smaller one.")


def explain_single_fold(dataset: Dataset) -> str:
    """Why there is but one part of the training data that can be held back; empty if there are several."""
    if dataset.train_held is not None:
        return "The data says which part is for validation, so there is one fold"
    if dataset.train_times is not None or dataset.shape.task == "language":
        return "There is one fold where later samples are held back"
    return ""


def explain_scarcity(share: float, dataset: Dataset, context: int) -> str:
    """Why that ``share`` of the training data cannot well be held back; empty if it can."""
    if dataset.train_held is not None:
        return ""
    unit, count = UNITS[dataset.shape.kind], len(dataset.train_x)
    held = round(share * count)
    if (held - 1) // context < 1 if context else held < FEWEST:
        return f"The {count:,} training {unit} are too few"
    groups, times = dataset.train_groups, dataset.train_times
    if (groups and len(set(groups)) == 1) or (times is not None and times.min() == times.max()):
        return f"The training {unit} are all of one {'group' if groups else 'time'}"
    return ""


def count_end(count: int, share: float) -> int:
    """How much of a stream of ``count`` characters is held back: its end."""
    return min(max(1, round(share * count)), count - 1)


def choose_places(dataset: Dataset, share: float, seed: int, fold: int) -> Parts:
    """Places in the training part, no stream, of the samples that are trained on and of those that are held back.

    They are chosen as for the test part: by their owner, by group or by time where that was, else drawn by the
    ``seed``, from each class or label.

    Args:
        fold: which of the 1 / ``share`` parts that could be held back, from 0.
    """
    if dataset.train_held is not None:
        return np.flatnonzero(~dataset.train_held), np.flatnonzero(dataset.train_held)
    classified = dataset.task in ("classification", "labels")
    groups, times = dataset.train_groups, dataset.train_times
    return split_rows(dataset.train_y, classified, share, seed, groups, times, fold)


def list_held(dataset: Dataset, held: Split | None) -> RunSplit:
    """Which samples are not trained on, for the run's folder."""
    back = np.empty(0, np.int64) if held is None or held.places is None else held.places.numpy()
    if dataset.train_lines is not None and dataset.test_lines is not None:
        return RunSplit("line", dataset.train_lines[back].tolist(), dataset.test_lines.tolist())
    return RunSplit("place", back.tolist())


def check_sizes(session: Trainer) -> int:
    """Check that no part of the data is empty; returns the samples of a batch, which are no more than there are.

    Raises:
        Unfit: one is.
    """
    context, unit, size = session.context, session.unit, session.batch_size
    for name, split in (("training", session.train_set), ("test", session.test_set), ("held-back", session.held)):
        if split is not None and not len(split) and name == "held-back" and not context:
            raise ModelError("No sample is left to hold back, as groups are too large; use fewer folds.")
        if split is not None and not len(split):
            needs = (
                f" of {context + 1:,} {session.shape.unit}s: its {name} part has {len(split.x):,}" if context else ""
            )
            raise ModelError(f"The {name} set is too small for a single sample{needs}.", "Set a smaller context.")
    if size <= len(session.train_set):
        return size
    session.lab.note(
        f"A batch of {size:,} is more than the {len(session.train_set):,} training {unit} there are, so every step "
        "takes them all."
    )
    return len(session.train_set)
