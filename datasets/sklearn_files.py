"""Data that scikit-learn carries with it, read from its files without importing it, which takes seconds."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from descend.datasets.spec import Spec
from descend.engine.base.errors import DescendError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class SklearnFile(Spec):
    """A dataset among scikit-learn's files.

    Attributes:
        file: its name in scikit-learn's folder.
    """

    file: str

    def where(self) -> Path | None:
        sklearn = importlib.util.find_spec("sklearn")
        for folder in (sklearn and sklearn.submodule_search_locations) or ():
            if (file := Path(folder, "datasets", "data", self.file)).is_file():
                return file
        return None

    def missing_message(self) -> str:
        return (
            f"{self.title} is not on this machine: scikit-learn, which carries it as datasets/data/{self.file}, is "
            "not installed or not whole; reinstall scikit-learn."
        )


def read_numbers(
    file: Path, shape: tuple[int, int], *, delimiter: str | None = ",", skip: int = 0
) -> NDArray[np.float64]:
    """The table in ``file``, which must be of ``shape`` (rows, columns) and finite, after ``skip`` lines.

    Raises:
        DescendError: the file is damaged or cannot be read.
    """
    import warnings
    import zlib

    import numpy as np

    try:
        with warnings.catch_warnings(action="ignore"):  # of an empty file
            table = np.loadtxt(file, delimiter=delimiter, skiprows=skip, ndmin=2)
        if table.shape != shape or not np.isfinite(table).all():
            raise ValueError("other values")
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise DescendError(f"{file} cannot be read ({type(error).__name__}); reinstall scikit-learn.") from None
    return table
