"""How a training's data is prepared, with the brightness of its images scaled as its knobs say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from descend.datasets.dataset import count_values
from descend.datasets.preparation import Preparation, prepare_dataset
from descend.engine.train.model_error import ModelError
from descend.engine.train.model_form import Model

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset
    from descend.engine.train.model_source import ModelSource

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of the red, green and blue of ImageNet's images, from 0 to 1."""


def prepare_training(dataset: Dataset, k: Any, model: Model | ModelSource) -> Preparation:
    """The preparation of ``dataset`` for a training of ``model`` with the knobs ``k``: of images with the mean and
    deviation of each channel, from 0 to 1, if they are scaled by these.

    Raises:
        Unfit: ImageNet's images have other channels.
    """
    prepared, how = prepare_dataset(dataset), getattr(k, "normalise", "none")
    if how == "auto":
        begins_so = isinstance(model, Model) and model.weights and k.pretrained != "none"
        how = "imagenet" if begins_so else "none"
    if prepared.kind != "image" or how == "none":
        return prepared
    mean, std = measure_channels(dataset) if how == "dataset" else find_imagenet(prepared.shape.size[0])
    return msgspec.structs.replace(prepared, mean=mean, std=std)


def measure_channels(dataset: Dataset) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each channel of the training images, from 0 to 1; 1 for one without any."""
    import numpy as np

    x = dataset.train_x if dataset.train_x.ndim == 4 else dataset.train_x[..., None]
    levels, found = np.arange(dataset.scale + 1) / dataset.scale, []
    for channel in range(x.shape[-1]):
        counts = count_values(x[..., channel], len(levels))  # exact, without a copy in floats
        mean = float(np.average(levels, weights=counts))
        found.append((mean, float(np.average((levels - mean) ** 2, weights=counts)) ** 0.5 or 1.0))
    mean, std = zip(*found, strict=True)
    return mean, std


def find_imagenet(channels: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of ImageNet; of grey images the mean over its channels."""
    if channels == 3:
        return MEAN, STD
    if channels == 1:
        return (sum(MEAN) / 3,), (sum(STD) / 3,)
    raise ModelError(f"ImageNet's images have 3 channels and these have {channels}; set normalise=dataset.")
