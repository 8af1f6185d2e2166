"""What the augmentations make of a few samples of a dataset, computed as for a training.

As a program, for those who do not import torch: ``python -m descend.engine.train.augment_preview DATA SEED``
writes an ``.npz`` to its output with the samples as ``none`` and an array for every other augmentation.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.train.settings import AUGMENTATIONS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from descend.datasets.dataset import Dataset

SAMPLES, DRAWS = 6, 5
"""Images, and how often each is changed."""


def choose_samples(dataset: Dataset) -> NDArray[np.intp]:
    """Indices of the training images that are shown.

    Raises:
        UsageError: they are not images.
    """
    from descend.datasets.describe import choose_samples

    if dataset.kind != "image":
        raise UsageError(f"augment is for images; {dataset.name} is {dataset.shape}.")
    return choose_samples(dataset, SAMPLES)


def augment_samples(dataset: Dataset, how: str, seed: int = 0) -> NDArray[np.uint8]:
    """The `choose_samples` of ``dataset`` as stored, changed `DRAWS` times, (draws, n, h, w) or (draws, n, h, w, 3).

    Random numbers are seeded with ``seed``, the generators left as they were.

    Raises:
        UsageError: they are not images.
        Unfit: torchvision is needed and cannot be imported.
    """
    import numpy as np
    import torch

    from descend.datasets.preparation import prepare_dataset
    from descend.engine.train.loader import Preprocessing

    x = torch.as_tensor(dataset.train_x[choose_samples(dataset)])
    form = Preprocessing(prepare_dataset(dataset), torch.device("cpu"), augment=how)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        drawn = [form.inputs(x, training=True) for _ in range(DRAWS)]
    bytes_ = (torch.stack(drawn) * dataset.scale).round().clamp(0, dataset.scale).byte()
    return np.asarray(bytes_[:, :, 0] if x.dim() == 3 else bytes_.permute(0, 1, 3, 4, 2))


def main(address: str, seed: str) -> int:
    """Write the arrays to the standard output; what is wrong in one sentence to standard error."""
    import numpy as np

    from descend.datasets import catalogue

    try:
        dataset = catalogue.find(address).load()
        found = {"none": dataset.train_x[choose_samples(dataset)]}
        found |= {how: augment_samples(dataset, how, int(seed)) for how in AUGMENTATIONS if how != "none"}
    except DescendError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    whole = io.BytesIO()
    np.savez(whole, allow_pickle=False, **found)
    sys.stdout.buffer.write(whole.getvalue())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
