"""Samples with which a model is tried before it is trained."""

from __future__ import annotations

import torch
from torch import Tensor

from descend.engine.train.loader import Split

MORE = 64
"""Samples enough to reach every part of a model, such as its experts."""


def choose_two(split: Split) -> tuple[Tensor, Tensor]:
    """Two samples that differ, if there are any among the first; the only one twice, if there is one."""
    x, y = split.first(256)
    different = next((place for place in range(1, len(x)) if not torch.equal(x[0], x[place])), len(x) - 1)
    chosen = torch.tensor([0, different], device=x.device)
    return x[chosen], y[chosen]


def choose_some(split: Split, batch_size: int, number: int) -> tuple[Tensor, Tensor]:
    """A batch of at most `MORE`, from all over the ``split``; others for each ``number``."""
    spread = torch.arange(min(batch_size, MORE), device=split.x.device)
    return split.take((spread * len(split) // len(spread) + number) % len(split))
