"""What the catalogue knows of a dataset without loading it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from descend.datasets.data_shape import DataShape, Kind, Task
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    from descend.datasets.dataset import Dataset

Progress = Callable[[str, int, int | None], None]
"""Told the file's name, the bytes of it that are here, and how many it has (None: unknown)."""


class MissingData(DescendError):
    """A dataset is not on this machine, and `Spec.fetch` can bring it."""


@dataclass(frozen=True, kw_only=True)
class Spec(ABC):
    """A dataset: what it is, whether it is here, and how to get and load it.

    Attributes:
        name: lower case with dashes, as typed on the command line; the user's own data is named by its path.
        title: its name as its authors write it.
        description: one or two sentences.
        sample_shape: shape of one image, (h, w) or (h, w, c), of one row of a table, (d,), or of one text, (t,); () for
            text that is a stream.
        train_size: number of training samples; of characters, for text.
        test_size: number of test samples, or characters.
        kind: what a sample is.
        task: what is learned from it.
        classes: name of each class, indexed by label; () unless the task is classification.
        features: name of each column of a table.
        targets: name of each number to predict if the task is regression, of each label if it is labels.
        vocabulary: the characters of text, or its tokens, in order of their indices.
        embedded: whether it comes with descend, so that it is always here.
    """

    name: str
    title: str
    description: str
    sample_shape: tuple[int, ...]
    train_size: int
    test_size: int
    kind: Kind = "image"
    task: Task = "classification"
    classes: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    vocabulary: tuple[str, ...] = ()
    embedded: ClassVar[bool] = True

    @property
    def shape(self) -> DataShape:
        """What a model must know of it."""
        return DataShape.of(self.kind, self.sample_shape, self.task, self.classes, self.targets, self.vocabulary)

    @property
    def address(self) -> str:
        """What `catalogue.find` understands from any folder: the name, or the user's own data by its whole path."""
        return self.name

    @abstractmethod
    def where(self) -> Path | None:
        """The file or folder that holds it; None if it is not, or not whole, on this machine."""

    @abstractmethod
    def missing_message(self) -> str:
        """One sentence: what is missing, where it was looked for, and what to do."""

    @abstractmethod
    def load(self) -> Dataset:
        """Read it into memory.

        Raises:
            MissingData: it is not on this machine; nothing else is ever loaded in its place.
            DescendError: a file is damaged or cannot be read.
        """

    def present(self) -> bool:
        """Whether all its files are on this machine, as long as they should be; `load` finds out whether they are
        sound."""
        return self.where() is not None

    def require(self) -> Path:
        """Return `where` it is.

        Raises:
            MissingData: it is not on this machine.
            DescendError: it should have come with descend and has not.
        """
        if (place := self.where()) is None:
            raise (DescendError if self.embedded else MissingData)(self.missing_message())
        return place

    def fetch(self, progress: Progress) -> None:
        """Download what is not here yet. An embedded dataset has nothing to download.

        Raises:
            DescendError: it could not be downloaded or stored.
        """
        self.require()
