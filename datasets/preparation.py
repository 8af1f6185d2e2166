"""What was done with a dataset before a model saw it: enough to prepare new samples the same way, without the data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from descend.datasets.column_encoder import ColumnEncoder
from descend.datasets.data_shape import DataShape, Kind, Task
from descend.datasets.dataset import Dataset
from descend.datasets.date_parts import DateColumn
from descend.datasets.spec import Spec
from descend.datasets.tokenisers import Merges, Tokeniser, make_tokeniser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Preparation(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A dataset's form and scales, as its training samples gave them.

    Attributes:
        kind, task, classes, targets, label, mark, text, features, vocabulary, merges, scale, spread, values, encoders,
        dates: of the `Dataset`; ``encoders`` are there for every table.
        sample_shape: shape of one sample, () of a stream of text.
        inputs: names of the columns that each of a model's inputs is given; {} if it has one.
        mean, std: of each feature of a table over the training samples; what a model sees has mean 0 and std 1.
        target_mean, target_std: of each number to predict, for which the same holds.
        counts: how often each token of the vocabulary occurs in the training part of a stream of text.
        train, test: numbers of samples.
    """

    kind: Kind
    task: Task
    sample_shape: tuple[int, ...]
    train: int
    test: int
    classes: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    label: str = ""
    mark: str = ""
    text: str = ""
    features: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    merges: Merges = ()
    scale: int = 1
    spread: tuple[float, float] | None = None
    values: tuple[float, float] | None = None
    encoders: tuple[ColumnEncoder, ...] = ()
    dates: tuple[DateColumn, ...] = ()
    inputs: dict[str, tuple[str, ...]] = {}
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    counts: tuple[int, ...] = ()

    @property
    def shape(self) -> DataShape:
        """What a model must know of it."""
        return DataShape.of(self.kind, self.sample_shape, self.task, self.classes, self.targets, self.vocabulary)

    @property
    def tokeniser(self) -> Tokeniser:
        """What cuts text as the training's was cut."""
        return make_tokeniser(self.vocabulary, self.merges)


def prepare_dataset(dataset: Dataset) -> Preparation:
    """The preparation of ``dataset``."""
    import numpy as np

    tabular = dataset.kind == "table"
    mean, std = (dataset.mean, dataset.std) if tabular else (np.zeros(0), np.zeros(0))
    encoders = dataset.encoders
    if tabular and not encoders:
        encoders = tuple(
            ColumnEncoder(name, fill=float(middle)) for name, middle in zip(dataset.features, mean, strict=True)
        )
    target_mean, target_std = measure_targets(dataset.train_y) if dataset.task == "regression" else ((), ())
    stream = dataset.task == "language"
    return Preparation(
        kind=dataset.kind,
        task=dataset.task,
        sample_shape=tuple(dataset.train_x.shape[1:]),
        train=len(dataset.train_x),
        test=len(dataset.test_x),
        classes=dataset.classes,
        targets=dataset.targets,
        label=dataset.label,
        mark=dataset.mark,
        text=dataset.text,
        features=dataset.features,
        vocabulary=dataset.vocabulary,
        merges=dataset.merges,
        scale=dataset.scale,
        spread=dataset.spread,
        values=dataset.values,
        encoders=encoders,
        dates=dataset.dates,
        inputs=dict(dataset.inputs),
        mean=tuple(mean.tolist()),
        std=tuple(std.tolist()),
        target_mean=target_mean,
        target_std=target_std,
        counts=tuple(np.bincount(dataset.train_x, minlength=len(dataset.vocabulary)).tolist()) if stream else (),
    )


def outline_dataset(spec: Spec) -> Preparation:
    """The preparation of the data of ``spec``; only that of a table, whose columns a model may take apart, is read."""
    if spec.kind == "table":
        return prepare_dataset(spec.load())
    return Preparation(
        kind=spec.kind,
        task=spec.task,
        sample_shape=spec.sample_shape,
        train=spec.train_size,
        test=spec.test_size,
        classes=spec.classes,
        targets=spec.targets,
        vocabulary=spec.vocabulary,
    )


def measure_targets(y: NDArray[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each number to predict, ``y`` (n,) or (n, k); 1 in place of a deviation that is
    only rounding."""
    import numpy as np

    exact: NDArray[np.float64] = y.astype(np.float64).reshape(len(y), -1)
    mean, std = exact.mean(0), exact.std(0)
    std = np.where(std > 1e-13 * np.abs(mean), std, 1.0)
    return tuple(mean.tolist()), tuple(std.tolist())
