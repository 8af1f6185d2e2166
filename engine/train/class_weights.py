"""How much a sample of each class counts in the training loss."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from descend.engine.train.value_checks import BALANCED, NONE, parse_weights


def find_class_weights(asked: str, names: Sequence[str], labels: Tensor) -> Tensor | None:
    """The weight of each class, float32 (classes,), scaled so that the mean over ``labels`` (n,) is 1, as the learning
    rate then means the same; None if all are alike.

    Args:
        asked: ``none``; ``balanced``, where a class weighs 1 / its share of ``labels``; or weights by name, as
            ``yes:5,no:1``, where a class that is not named weighs 1.

    Raises:
        SettingError: there is no such class, or a weight is no number above 0.
    """
    if asked == NONE:
        return None
    counts = torch.bincount(labels, minlength=len(names)).double()
    if asked == BALANCED:
        weights = 1 / counts.clamp(min=1)
    else:
        given = parse_weights(asked, names)
        weights = torch.tensor([given.get(name, 1.0) for name in names], dtype=torch.float64, device=labels.device)
    return (weights * len(labels) / (weights * counts).sum()).float()
