"""The user's own data: what its specs have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from descend.datasets.dataset import Dataset
from descend.datasets.options import join_address
from descend.datasets.spec import Progress, Spec
from descend.engine.base.errors import DescendError, UsageError


@dataclass(frozen=True, kw_only=True)
class UserData(Spec):
    """Data in a file or a folder that someone named by its path.

    Attributes:
        path: the file or folder, absolute.
        options: what was written after the path, as pairs of a name and a value.
        files: the file, or all of the folder that are read.
        read: reads it; called by `load`.
    """

    path: Path
    options: tuple[tuple[str, str], ...]
    files: tuple[Path, ...]
    read: Callable[[], Dataset]
    embedded: ClassVar[bool] = False

    @property
    def address(self) -> str:
        return join_address(str(self.path), dict(self.options))

    def where(self) -> Path | None:
        return self.path if self.path.exists() else None

    def missing_message(self) -> str:
        return f"{self.path} is gone; restore it, or name the data where it is now."

    def require(self) -> Path:
        """Return where it is.

        Raises:
            DescendError: it is gone; only its owner can restore it.
        """
        if not self.present():
            raise DescendError(self.missing_message())
        return self.path

    def fetch(self, progress: Progress) -> None:
        raise UsageError(f"{self.path.name} is data of your own; there is nothing to fetch.")

    def load(self) -> Dataset:
        self.require()
        return self.read()


def make_spec(
    dataset: Dataset, path: Path, options: dict[str, str], description: str, read: Callable[[], Dataset]
) -> UserData:
    """The spec of a ``dataset`` that was read from ``path``."""
    return UserData(
        name=dataset.name,
        title=path.name,
        description=description,
        kind=dataset.kind,
        task=dataset.task,
        sample_shape=tuple(dataset.train_x.shape[1:]),
        classes=dataset.classes,
        features=dataset.features,
        targets=dataset.targets,
        vocabulary=dataset.vocabulary,
        train_size=len(dataset.train_x),
        test_size=len(dataset.test_x),
        path=path,
        options=tuple(options.items()),
        files=(path,),
        read=read,
    )
