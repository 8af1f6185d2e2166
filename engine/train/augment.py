"""Random changes of images, each image its own, on the device.

*flip* and *shift* are torchvision's RandomHorizontalFlip and RandomCrop with padding, computed for a whole batch at
once; the others are its transforms (`torchvision.transforms.v2`) applied image by image, which takes longer.

Randomness comes from torch's generators, which a run seeds and its checkpoints hold.

Sources: Krizhevsky et al., "ImageNet classification with deep convolutional neural networks", 2012 (flips, shifts and
colour); Zhong et al., "Random erasing data augmentation", 2020; Cubuk et al., "RandAugment", 2020.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from descend.engine.train.model_error import ModelError

SHIFT = 1 / 8
"""Of the size, at most."""
TURN = 15.0
"""Degrees, at most."""
ZOOM = 0.1
"""Of the size, smaller or larger, at most."""
COLOUR = {"brightness": 0.4, "contrast": 0.4, "saturation": 0.4, "hue": 0.05}
"""Shares by which each changes, at most."""
ERASED = 0.5
"""Probability that a rectangle is erased."""


def make_augmentation(how: str) -> Callable[[Tensor], Tensor]:
    """What changes a batch of images (n, c, h, w) in [0, 1] and returns one like it.

    Args:
        how: one of `descend.engine.train.settings.AUGMENTATIONS`.

    Raises:
        Unfit: torchvision is needed and cannot be imported.
    """
    if how in ("none", "flip", "shift", "both"):
        return partial(augment_batch, how)
    return partial(augment_each, make_transform(how))


def augment_batch(how: str, x: Tensor) -> Tensor:
    """Images (n, c, h, w), flipped and shifted as ``how`` asks for."""
    return shift(flip(x, how), how)


def augment_each(change: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Images (n, c, h, w), each after ``change``."""
    return torch.stack([change(image) for image in x])


def flip(x: Tensor, how: str) -> Tensor:
    """Images (n, c, h, w), each mirrored or not, if ``how`` asks for it."""
    if how not in ("flip", "both"):
        return x
    mirrored = torch.rand(len(x), 1, 1, 1, device=x.device) < 0.5
    return torch.where(mirrored, x.flip(3), x)


def shift(x: Tensor, how: str) -> Tensor:
    """Images (n, c, h, w), each moved by some pixels before black, if ``how`` asks for it."""
    if how not in ("shift", "both"):
        return x
    n, channels, height, width = x.shape
    down, across = max(1, round(height * SHIFT)), max(1, round(width * SHIFT))
    padded = functional.pad(x, (across, across, down, down))
    top = torch.randint(2 * down + 1, (n, 1), device=x.device) + torch.arange(height, device=x.device)
    left = torch.randint(2 * across + 1, (n, 1), device=x.device) + torch.arange(width, device=x.device)
    rows = top[:, None, :, None].expand(n, channels, height, padded.shape[3])
    columns = left[:, None, None, :].expand(n, channels, height, width)
    return padded.gather(2, rows).gather(3, columns)


def make_transform(how: str) -> Callable[[Tensor], Tensor]:
    """torchvision's transform of one image (c, h, w).

    Raises:
        Unfit: it cannot be imported.
    """
    try:
        from torchvision.transforms import InterpolationMode, v2
    except (ImportError, RuntimeError) as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        raise ModelError(
            f"augment={how} needs torchvision, which cannot be imported: {reason}.",
            "Run `descend doctor`, or set augment=flip, shift or both, which need none.",
        ) from None
    found: dict[str, Callable[[Tensor], Tensor]] = {
        "affine": v2.RandomAffine(TURN, (SHIFT, SHIFT), (1 - ZOOM, 1 + ZOOM), interpolation=InterpolationMode.BILINEAR),
        "colour": v2.ColorJitter(**COLOUR),
        "erase": v2.RandomErasing(ERASED),
        "randaugment": v2.RandAugment(),
    }
    return found[how]
