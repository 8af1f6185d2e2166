"""What is in a dataset, in numbers: its split, its classes, its columns, what was missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from descend.datasets.dataset import Dataset, count_values
from descend.datasets.labels import find_rarest, name_labels
from descend.datasets.tokenisers import make_tokeniser

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SAMPLES = 8
"""Shown of each dataset."""
NUMBERS = 2**22
"""Measured at once."""
EXCERPT = 400
"""Characters of text shown."""
TOKENS = 60
"""… and tokens."""


@dataclass(frozen=True)
class Statistics:
    """A column of numbers, over the training set.

    Attributes:
        name: of the column.
        min, mean, std, max: of its values.
        unique: how many unique values it has.
        missing: values that were missing in the file, in training and test set.
    """

    name: str
    min: float
    mean: float
    std: float
    max: float
    unique: int
    missing: int = 0


@dataclass(frozen=True)
class ClassCount:
    """How often a class, a character or a token is there."""

    name: str
    train: int
    test: int


@dataclass(frozen=True)
class Description:
    """A dataset in numbers.

    Attributes:
        name: the dataset's.
        shape: what goes in and what has to come out, in words.
        kind: image, table or text.
        task: what is learned.
        train, test: samples in each part; characters or tokens of text.
        unit: what a token of text is; "" of other data.
        classes: how often each is there; of labels, in how many samples.
        features: the columns of a table; of images one, all pixels together.
        targets: the numbers to predict.
        characters: how often each character or token of a text is there, the most frequent first.
        missing: values missing in each column of the file.
        notes: sentences on how the data was read.
    """

    name: str
    shape: str
    kind: str
    task: str
    train: int
    test: int
    classes: tuple[ClassCount, ...]
    features: tuple[Statistics, ...]
    targets: tuple[Statistics, ...]
    characters: tuple[ClassCount, ...]
    missing: dict[str, int]
    notes: tuple[str, ...]
    unit: str = ""


def describe(dataset: Dataset) -> Description:
    """``dataset`` in numbers."""

    classes: tuple[ClassCount, ...] = ()
    features: tuple[Statistics, ...] = ()
    targets: tuple[Statistics, ...] = ()
    characters: tuple[ClassCount, ...] = ()
    if dataset.classes:
        classes = tuple(_count_classes(dataset.classes, dataset.train_y, dataset.test_y))
    elif dataset.task == "labels":
        counted = (part.sum(0, dtype=int).tolist() for part in (dataset.train_y, dataset.test_y))
        classes = tuple(ClassCount(*one) for one in zip(dataset.targets, *counted, strict=True))
    elif dataset.targets:
        columns = dataset.train_y.reshape(len(dataset.train_y), -1)
        targets = tuple(_describe_columns(columns, dataset.targets, dataset))
    notes = dataset.notes
    if dataset.kind == "table":
        rows = choose_rows(dataset.train_x)
        features = tuple(_describe_columns(rows, dataset.features, dataset))
        if len(rows) < len(dataset.train_x):
            notes = (*notes, f"The statistics below are of {len(rows):,} rows, evenly spread.")
    elif dataset.kind == "image":
        features = (_describe_brightness(dataset.train_x),)
    else:
        names = make_tokeniser(dataset.vocabulary, dataset.merges).name_tokens()
        counts = _count_classes(names, dataset.train_x, dataset.test_x)
        there = [count for count in counts if count.train or count.test]  # not every byte is
        characters = tuple(sorted(there, key=lambda count: (-count.train, count.name)))
    return Description(
        dataset.name,
        str(dataset.shape),
        dataset.kind,
        dataset.task,
        len(dataset.train_x),
        len(dataset.test_x),
        classes,
        features,
        targets,
        characters,
        dict(dataset.missing),
        notes,
        dataset.shape.unit if dataset.kind == "text" else "",
    )


def choose_rows(x: NDArray[Any]) -> NDArray[Any]:
    """``x``, or of one that stays on disk rows of `NUMBERS` numbers, evenly spread."""
    import numpy as np

    count = max(1, NUMBERS // max(1, x.shape[1]))
    if not isinstance(x, np.memmap) or len(x) <= count:
        return x
    chosen: NDArray[Any] = x[np.arange(count) * len(x) // count]
    return chosen


def choose_samples(dataset: Dataset, count: int = SAMPLES) -> NDArray[np.intp]:
    """Indices of a few training samples to show: one of each class, or with each label; or the first."""
    import numpy as np

    if not dataset.classes and dataset.task != "labels":
        return np.arange(min(count, len(dataset.train_x)))
    of = dataset.train_y if dataset.classes else find_rarest(dataset.train_y)
    first = np.argsort(of, kind="stable")
    place_in_class = np.arange(len(first)) - np.searchsorted(of[first], of[first])
    return first[np.argsort(place_in_class, kind="stable")][:count]


def take_excerpt(dataset: Dataset, length: int = EXCERPT) -> str:
    """How the text of a dataset begins; a few texts, if each is a sample, with their targets."""
    tokeniser = make_tokeniser(dataset.vocabulary, dataset.merges)
    if dataset.task != "language":
        places = choose_samples(dataset).tolist()
        answers = [tell_answer(dataset, at) for at in places]
        texts = [" ".join(tokeniser.decode(dataset.train_x[at].tolist()).split()) for at in places]
        return "\n".join(f"{answer}: {text}" for answer, text in zip(answers, texts, strict=True))
    return tokeniser.decode(dataset.train_x[:length].tolist())[:length]


def list_first_tokens(dataset: Dataset, count: int = TOKENS) -> list[str]:
    """The first tokens of the training part, each as text."""
    names = make_tokeniser(dataset.vocabulary, dataset.merges).name_tokens()
    first = dataset.train_x if dataset.task == "language" else dataset.train_x[0]
    return [names[token] for token in first[:count].tolist()]


def tell_answer(dataset: Dataset, sample: int) -> str:
    """What is to be predicted of a training ``sample``."""
    answer = dataset.train_y[sample]
    if dataset.task == "labels":
        return name_labels(answer.tolist(), dataset.targets)
    return dataset.classes[answer] if dataset.classes else str(answer)


def _count_classes(names: Sequence[str], train: NDArray[Any], test: NDArray[Any]) -> list[ClassCount]:

    of_train, of_test = (count_values(part, len(names)).tolist() for part in (train, test))
    return [ClassCount(name, a, b) for name, a, b in zip(names, of_train, of_test, strict=True)]


def _describe_columns(columns: NDArray[Any], names: Sequence[str], dataset: Dataset) -> list[Statistics]:
    import numpy as np

    found: list[Statistics] = []
    at_once = max(1, NUMBERS // len(columns))
    for first in range(0, len(names), at_once):
        part = np.sort(columns[:, first : first + at_once], axis=0).astype(np.float64)
        measured = (part[0], part.mean(0), part.std(0), part[-1], 1 + (np.diff(part, axis=0) != 0).sum(0))
        for name, low, mean, std, high, unique in zip(
            names[first : first + at_once], *(figures.tolist() for figures in measured), strict=True
        ):
            missing = dataset.missing.get(name, dataset.missing.get(name.rpartition("=")[0], 0))
            found.append(Statistics(name, low, mean, std, high, unique, missing))
    return found


def _describe_brightness(pixels: NDArray[np.uint8]) -> Statistics:
    """Of all pixels, by counting the 256 values that they can have."""
    import numpy as np

    counts = count_values(pixels, 256)
    values = np.arange(256)
    mean = float((counts * values).sum() / counts.sum())
    std = float(np.sqrt((counts * (values - mean) ** 2).sum() / counts.sum()))
    there = np.flatnonzero(counts)
    return Statistics("brightness", float(there[0]), mean, std, float(there[-1]), len(there))
