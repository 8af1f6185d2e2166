"""How much a sample of each class counts in the training loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from descend.engine.base.errors import suggest_nearest
from descend.engine.base.sanitize import clean
from descend.engine.train.model_error import ModelError

NONE, BALANCED = "none", "balanced"


def find_class_weights(asked: str, names: Sequence[str], labels: Tensor) -> Tensor | None:
    """The weight of each class, float32 (classes,), scaled so that the mean over ``labels`` (n,) is 1, as the learning
    rate then means the same; None if all are alike.

    Args:
        asked: ``none``; ``balanced``, where a class weighs 1 / its share of ``labels``; or weights by name, as
            ``yes:5,no:1``, where a class that is not named weighs 1.

    Raises:
        Unfit: there is no such class, or a weight is no number above 0.
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


def parse_weights(asked: str, names: Sequence[str]) -> dict[str, float]:
    """``yes:5,no:1`` as numbers by the names of classes."""
    found: dict[str, float] = {}
    for entry in filter(None, (part.strip() for part in asked.split(","))):
        name, _, number = (part.strip() for part in entry.rpartition(":"))
        if not name:
            raise ModelError(f"class_weights is none, balanced, or weights such as {names[0]}:5, not '{clean(asked)}'.")
        if name not in names:
            near = suggest_nearest(name, names) or f"; there are {', '.join(map(clean, names[:8]))}."
            raise ModelError(f"class_weights names the class '{clean(name)}', and there is none{near}")
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if not 0 < weight < math.inf:
            raise ModelError(
                f"class_weights gives '{clean(name)}' the weight '{clean(number)}'; it is a number above 0."
            )
        found[name] = weight
    return found
