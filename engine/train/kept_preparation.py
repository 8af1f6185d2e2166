"""The preparation of a training that goes on: the one it was begun with, so that its input means the same."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from descend.datasets.misfit import describe_misfit, quote
from descend.datasets.options import split_address
from descend.datasets.refill import refill_gaps
from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.launch import changes
from descend.engine.run.preparation_file import read_preparation
from descend.engine.train.image_scales import prepare_training

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.datasets.preparation import Preparation
    from descend.engine.run.runs import Run
    from descend.engine.train.model_form import Model
    from descend.engine.train.model_source import ModelSource

SCALING = frozenset({"normalise", "pretrained"})
"""Knobs by which images are scaled otherwise."""


def settle_preparation(
    run: Run, dataset: Dataset, k: Any, model: Model | ModelSource, begun: bool, forked: Collection[str]
) -> tuple[Dataset, Preparation]:
    """How the data of ``run`` is prepared, and the data with that run's own values in place of missing ones.

    Args:
        begun: whether there are weights to go on with, of this run or of the one it was forked from.
        forked: the knobs that a fork has changed.

    Raises:
        DescendError: what is there now is no longer such data; the sentence says in what it differs.
    """
    fresh = prepare_training(dataset, k, model)
    if not begun or not run.preparation_file.exists():
        return dataset, fresh
    try:
        kept = read_preparation(run)
    except DescendError:
        if changes.check_data(run.manifest()):
            raise
        return dataset, fresh  # the same data is prepared in the same way
    misfit = describe_misfit(kept, fresh)
    filled = [
        then
        for then, now in zip(kept.encoders, fresh.encoders, strict=False)
        if then.fill != now.fill and dataset.missing.get(then.name)
    ]
    on_disk = isinstance(dataset.train_x, np.memmap)
    if not misfit and on_disk and filled and split_address(run.manifest().data)[1].get("missing") == "mean":
        misfit = f"what stands in for missing values of {quote(filled[0].name)} is another mean or word"
    if misfit:
        name = split_address(dataset.name)[0].rpartition(os.sep)[2]
        raise DescendError(
            f"{clean(name)} no longer fits the run: {clean(misfit)}; restore it to go on with these weights, or begin "
            "a new run on what is there now."
        )
    if filled and not on_disk:
        dataset = refill_gaps(dataset, kept.encoders)
    prepared = msgspec.structs.replace(kept, inputs=kept.inputs or fresh.inputs)
    if kept.kind == "image" and SCALING & set(forked):
        prepared = msgspec.structs.replace(prepared, mean=fresh.mean, std=fresh.std)
    return dataset, prepared
