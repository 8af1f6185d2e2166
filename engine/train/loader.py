"""Data as batches on the training device.

Samples wait as they are stored, bytes for images: on the device where they fit, else in main memory, from where other
processes fetch them through pinned memory. Which samples a batch has is the same either way, and follows from the seed
and the step alone, so that a resumed run needs no state for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from descend.datasets.dataset import Dataset
from descend.datasets.preparation import Preparation
from descend.engine.train.augment import make_augmentation
from descend.engine.train.held_back import choose_places, count_end

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHUNK = 4096
"""Samples evaluated at once, at most."""
NUMBERS = 1 << 23
"""… and about so many numbers, unless a batch has more."""
SHARE = 0.5
"""Of the free memory of a device, for data."""
WORKERS = 2


class Preprocessing:
    """How stored samples become what a model takes: images (n, c, h, w) in [0, 1], or with a mean and std if they are
    prepared so, tables with mean 0 and std 1.

    Attributes:
        target_mean, target_std: of the numbers to predict, which are learned with mean 0 and std 1; float64 in
            main memory, () or (k,).
    """

    def __init__(
        self, prepared: Preparation, device: torch.device, *, channels_last: bool = False, augment: str = "none"
    ) -> None:
        self.kind, self.task, self.device = prepared.kind, prepared.task, device
        self.channels_last = channels_last
        self.augment = make_augmentation(augment)
        self.scale = prepared.scale
        axes = (-1, 1, 1) if prepared.kind == "image" else (-1,)
        self.mean, self.std = (
            torch.tensor(part, device=device).reshape(axes) for part in (prepared.mean, prepared.std)
        )
        scales = prepared.target_mean, prepared.target_std
        form = (len(prepared.targets),) if len(prepared.targets) > 1 else ()
        self.target_mean, self.target_std = (
            torch.tensor(part, dtype=torch.float64).reshape(form) if part else torch.zeros((), dtype=torch.float64)
            for part in scales
        )

    def inputs(self, x: Tensor, training: bool = False) -> Tensor:
        """Samples as a model takes them."""
        if self.kind == "text":
            return x.long().contiguous()  # for models that say view; what stays on disk has fewer bits
        if self.kind == "table":
            return (x - self.mean) / self.std
        x = x.unsqueeze(1) if x.dim() == 3 else x.permute(0, 3, 1, 2)
        x = x.float().div_(self.scale)
        if training:
            x = self.augment(x)
        if len(self.mean):
            x = x.sub(self.mean).div_(self.std)
        return x.contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)

    def shown(self, x: Tensor) -> Tensor:
        """What `inputs` returned, of images with values from 0 to 1."""
        return x * self.std + self.mean if self.kind == "image" and len(self.mean) else x

    def targets(self, y: Tensor) -> Tensor:
        """The targets of stored ``y``: labels as they are, numbers with mean 0 and std 1, float32.

        They are centred in double precision, as differences of 1 at 1.7e9 vanish in single.
        """
        return ((y.double() - self.target_mean) / self.target_std).float() if self.task == "regression" else y

    def untargeted(self, y: Tensor) -> Tensor:
        """The numbers from which `targets` made ``y``, or a network's output, in their own units: float64 in main
        memory."""
        return y.cpu().double() * self.target_std + self.target_mean


class Split:
    """One part of the data, x (n, …) as stored and y (n, …) as `Form.targets` makes it, or a stream of tokens (n,) as
    windows of ``context``.

    Attributes:
        at_once: samples evaluated at once, at most.
        rows: which of ``x`` are its samples, (n,), where that stays on disk; None if all are.
        places: where in the training part of the dataset the samples held back were, (n,); else None.
    """

    def __init__(
        self,
        x: Tensor,
        y: Tensor,
        form: Preprocessing,
        context: int,
        resident: bool,
        places: Tensor | None = None,
        rows: Tensor | None = None,
    ) -> None:
        self.form, self.context, self.places, self.rows = form, context, places, rows
        self.resident, self.at_once = resident, CHUNK
        self.x, self.y = (x.to(form.device), y.to(form.device)) if resident else (x, y)

    def __len__(self) -> int:
        """Samples, or windows."""
        return max(0, (len(self.x) - 1) // self.context) if self.context else len(self.y)

    @property
    def numbers(self) -> int:
        """Numbers in one sample."""
        return self.context or max(1, self.x[:1].numel())

    def take(self, chosen: Tensor, offset: int = 0, training: bool = False) -> tuple[Tensor, Tensor]:
        """The samples of these indices, on the device."""
        x, y = self.raw(chosen, offset)
        return self.ready(x, y, training)

    def raw(self, chosen: Tensor, offset: int = 0) -> tuple[Tensor, Tensor]:
        """The samples of these indices where and as they are stored; windows begin ``offset`` later."""
        if not self.context:
            rows = chosen if self.rows is None else self.rows[chosen]
            return self.x.index_select(0, rows), self.y.index_select(0, chosen)
        start = chosen * self.context + offset
        window = self.x[start[:, None] + torch.arange(self.context + 1, device=start.device)]
        return window[:, :-1], window[:, 1:]

    def ready(self, x: Tensor, y: Tensor, training: bool = False) -> tuple[Tensor, Tensor]:
        """What `raw` returned as a model takes it."""
        device = self.form.device
        x, y = x.to(device, non_blocking=True), y.to(device, non_blocking=True)
        return self.form.inputs(x, training), y

    def chunk(self, batch_size: int) -> int:
        """Samples to evaluate at once: as many as is fast and safe, and at least one batch."""
        return max(batch_size, min(self.at_once, NUMBERS // self.numbers), 1)

    def chunks(self, batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All samples in order, so many at once."""
        size = self.chunk(batch_size)
        for first in range(0, len(self), size):
            chosen = torch.arange(first, min(first + size, len(self)), device=self.x.device)
            yield self.take(chosen)

    def first(self, count: int) -> tuple[Tensor, Tensor]:
        """The first samples."""
        return self.take(torch.arange(min(count, len(self)), device=self.x.device))


class Part(NamedTuple):
    """A batch of a step, or a process's share of it.

    Attributes:
        weight: by how much the mean over it counts, so that all that a step adds, over all processes, is the mean over
            its samples.
        last: whether the step's gradient is complete with it.
    """

    x: Tensor
    y: Tensor
    weight: float = 1.0
    last: bool = True


class Loader:
    """The training set, batch by batch, in a new random order each epoch.

    Args:
        min_batch: a last batch of fewer samples is left out.
        share: which of how many processes this is; each takes its share of every batch.
        accumulate: batches whose gradients a step adds; the last step of an epoch has what is left.

    Attributes:
        per_epoch: steps of an epoch.
        batches: batches of an epoch.
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        seed: int,
        min_batch: int = 1,
        share: tuple[int, int] = (0, 1),
        accumulate: int = 1,
    ) -> None:
        self.split, self.seed, self.share = split, seed, share
        self.batch_size = min(batch_size, len(split))
        full, rest = divmod(len(split), self.batch_size)
        self.batches = full + (rest >= min_batch)
        self.accumulate = min(accumulate, self.batches)
        self.per_epoch = -(-self.batches // self.accumulate)
        self._epoch = -1
        self._order, self._offset = torch.empty(0, dtype=torch.int64), 0
        self._next, self._loader = -1, iter(())  # type: int, Iterator[tuple[Tensor, Tensor]]

    def parts(self, step: int) -> Iterator[Part]:
        """The batches of a step, counted over all epochs, one after the other."""
        epoch, place = divmod(step, self.per_epoch)
        first = place * self.accumulate
        places = range(first, min(first + self.accumulate, self.batches))
        samples = sum(self._count(place) for place in places)
        for place in places:
            number = epoch * self.batches + place
            share = self._count(place) / samples
            yield Part(*self.batch(number), self.weight(number) * share, place == places[-1])

    def batch(self, number: int) -> tuple[Tensor, Tensor]:
        """A batch, counted over all epochs."""
        epoch, place = divmod(number, self.batches)
        if epoch != self._epoch:
            self._shuffle(epoch)
        if self.split.resident:
            chosen = self._shared(self._order[place * self.batch_size : (place + 1) * self.batch_size])
            return self.split.take(chosen, self._offset, training=True)
        if number != self._next:
            self._loader, self._next = self._fetching(place), number
        self._next += 1
        if (number + 1) % self.batches == 0:
            self._next = -1  # the next epoch has another order
        return self.split.ready(*next(self._loader), training=True)

    def weight(self, number: int) -> float:
        """By how much the mean over this share of a batch counts, so that the mean of shares is that of the batch."""
        rank, size = self.share
        count = self._count(number % self.batches)
        return len(range(rank, count, size)) * size / count

    def _count(self, place: int) -> int:
        """Samples of the batch at that place of an epoch."""
        return min(self.batch_size, len(self.split) - place * self.batch_size)

    def _shared(self, chosen: Tensor) -> Tensor:
        """This process's share of a batch; if nothing is left, one with weight 0."""
        rank, size = self.share
        return chosen[rank::size] if rank < len(chosen) else chosen[:1]

    def _shuffle(self, epoch: int) -> None:
        self._epoch = epoch
        chance = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        self._order = torch.randperm(len(self.split), generator=chance).to(self.split.x.device)
        if self.split.context:  # so that windows begin elsewhere in every epoch
            room = len(self.split.x) - 1 - len(self.split) * self.split.context
            self._offset = int(torch.randint(room + 1, (), generator=chance))

    def _fetching(self, place: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches from ``place`` on of this epoch, fetched by other processes."""
        parts = [self._shared(part) for part in self._order.split(self.batch_size)[place : self.batches]]
        cuda = self.split.form.device.type == "cuda"
        return iter(
            DataLoader(
                BatchDataset(self.split, self._offset),  # type: ignore[arg-type]
                batch_sampler=parts,  # type: ignore[arg-type]
                collate_fn=take_whole,
                num_workers=WORKERS if cuda else 0,
                pin_memory=cuda,
                generator=torch.Generator().manual_seed(0),  # or it would draw from the one that the model draws from
            )
        )


class BatchDataset:
    """A split as a ``DataLoader`` needs it: whole batches by their indices."""

    def __init__(self, split: Split, offset: int) -> None:
        self.split, self.offset = split, offset

    def __len__(self) -> int:
        return len(self.split)

    def __getitems__(self, chosen: Tensor) -> tuple[Tensor, Tensor]:
        return self.split.raw(torch.as_tensor(chosen), self.offset)


def take_whole(batch: Any) -> Any:
    """A batch that was fetched whole needs no collating."""
    return batch


def make_tensor(x: NDArray[Any]) -> Tensor:
    """``x`` as a tensor on the same memory, which is only read."""
    with warnings.catch_warnings(action="ignore"):  # of arrays that stay on disk and may not be written to
        return torch.as_tensor(x)


def has_room(dataset: Dataset, device: torch.device) -> bool:
    """Whether the data leaves room on the device for the model."""
    if device.type != "cuda":
        return True  # in main memory it is already
    needed = sum(part.nbytes for part in (dataset.train_x, dataset.train_y, dataset.test_x, dataset.test_y))
    return needed <= SHARE * torch.cuda.mem_get_info(device)[0]


def make_splits(
    dataset: Dataset, form: Preprocessing, *, context: int, validation: float, resident: bool, seed: int, fold: int = 0
) -> tuple[Split, Split, Split | None]:
    """Training set, test set, and what is held out of the training set, None if nothing is.

    Args:
        validation: the share to hold out, of a stream of text its end; see `held_back.choose_places`.
        fold: which of the 1 / ``validation`` parts that could be held out, from 0.
    """
    x, y = make_tensor(dataset.train_x), form.targets(make_tensor(dataset.train_y))
    test = Split(make_tensor(dataset.test_x), form.targets(make_tensor(dataset.test_y)), form, context, resident)
    if not validation:
        return Split(x, y, form, context, resident), test, None
    if context:
        held = count_end(len(x), validation)
        return Split(x[:-held], y, form, context, resident), test, Split(x[-held:], y, form, context, resident)
    kept, back = map(torch.as_tensor, choose_places(dataset, validation, seed, fold))
    if isinstance(dataset.train_x, np.memmap):  # of what stays on disk no part is copied
        x, kept, back = (part.to(form.device) if resident else part for part in (x, kept, back))
        parts = ((y[rows.cpu()], places, rows) for rows, places in ((kept, None), (back, back.cpu())))
        train, kept_back = (Split(x, part, form, 0, resident, places, rows) for part, places, rows in parts)
        return train, test, kept_back
    return Split(x[kept], y[kept], form, 0, resident), test, Split(x[back], y[back], form, 0, resident, back)
