"""A run's ``split.json``: which samples a training held back, and which are its test part."""

from __future__ import annotations

from typing import Literal

import msgspec

from descend.engine.base import files
from descend.engine.base.errors import DescendError
from descend.engine.run.manifest import replace_json
from descend.engine.run.runs import Run

MAX_BYTES = 1 << 30
"""Of the file; a million samples that are not trained on take about 8 MB."""


class RunSplit(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which samples are not trained on.

    Attributes:
        counted: what the numbers are: lines in which rows of a table begin, or places in the training part and in the
            test part of the dataset, from 0.
        validation: those held back, ascending.
        test: those of the test part, ascending; of a dataset that comes with one, all of it, left out here.
    """

    counted: Literal["line", "place"]
    validation: list[int]
    test: list[int] = []


def differs_from_kept(run: Run, split: RunSplit) -> bool:
    """Whether ``split.json`` says other than ``split``; not where there is none, or none that can be read."""
    try:
        return msgspec.json.decode(files.read_file(run.split_file, MAX_BYTES), type=RunSplit) != split
    except (OSError, msgspec.MsgspecError, ValueError):
        return False


def write_split(run: Run, split: RunSplit) -> None:
    """Write ``split.json``, all of it or nothing.

    Raises:
        DescendError: it cannot be written.
    """
    try:
        replace_json(run.split_file, msgspec.json.encode(split))
    except OSError as error:
        raise DescendError(
            f"split.json cannot be written ({error.strerror}); {files.advise(error, f'look at {run.folder}')}."
        ) from None
