"""Other values in the place of missing ones: those of a training that goes on with data that has changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from descend.datasets.column_encoder import ColumnEncoder

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset


def refill_gaps(dataset: Dataset, encoders: Sequence[ColumnEncoder]) -> Dataset:
    """``dataset``, a table in memory, with what ``encoders`` of the same columns put in the place of missing values."""
    train, test, start = dataset.train_x, dataset.test_x, 0
    if any(encoder.name in dataset.filled for encoder in encoders):
        train, test = train.copy(), test.copy()
    for encoder in encoders:
        stop = start + len(encoder.features)
        for x, gaps in zip((train, test), dataset.filled.get(encoder.name, ()), strict=False):
            x[gaps, start:stop] = encoder.stand_in
        start = stop
    return replace(dataset, train_x=train, test_x=test, encoders=tuple(encoders) if dataset.encoders else ())
