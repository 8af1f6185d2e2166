"""Random changes of images, each image its own, on the device."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

SHIFT = 1 / 8
"""Of the size, at most."""


def augmented(x: Tensor, how: str) -> Tensor:
    """Images (n, c, h, w), mirrored left to right by chance (*flip*), moved by up to an eighth (*shift*), or *both*."""
    if how in ("flip", "both"):
        mirrored = torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5
        x = torch.where(mirrored, x.flip(3), x)
    if how in ("shift", "both"):
        n, channels, height, width = x.shape
        down, across = max(1, round(height * SHIFT)), max(1, round(width * SHIFT))
        padded = functional.pad(x, (across, across, down, down))
        top = torch.randint(2 * down + 1, (n, 1), device=x.device) + torch.arange(height, device=x.device)
        left = torch.randint(2 * across + 1, (n, 1), device=x.device) + torch.arange(width, device=x.device)
        rows = top[:, None, :, None].expand(n, channels, height, padded.shape[3])
        columns = left[:, None, None, :].expand(n, channels, height, width)
        x = padded.gather(2, rows).gather(3, columns)
    return x
