"""A run's ``preparation.json``: how a training's data became what the model sees, kept apart from the data itself."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from descend.datasets.options import join_address, split_address
from descend.datasets.preparation import Preparation
from descend.engine.base import files
from descend.engine.base.errors import DescendError
from descend.engine.run.damage import describe_unreadable
from descend.engine.run.manifest import replace_json
from descend.engine.run.runs import Run

MAX_BYTES = 1 << 28
"""Of the file; 100,000 columns take about 20 MB."""


def write_preparation(run: Run, preparation: Preparation) -> None:
    """Write ``preparation.json``, all of it or nothing; nothing if it says so already.

    Raises:
        OSError: it cannot be written.
    """
    with suppress(DescendError):
        if read_preparation(run) == preparation:
            return
    replace_json(run.preparation_file, msgspec.json.encode(preparation))


def find_address(run: Run) -> str:
    """The address of the data that ``run`` learns from, read as it was: several numbers that it learned to predict stay
    numbers, though columns of 0 and 1 are labels to a new run that is not told."""
    address = run.manifest().data
    try:
        prepared = read_preparation(run)
    except DescendError:
        return address
    path, options = split_address(address)
    if prepared.task != "regression" or len(prepared.targets) < 2 or "task" in options:
        return address
    return join_address(path, {**options, "task": "regression"})


def read_preparation(run: Run) -> Preparation:
    """What `write_preparation` wrote.

    Raises:
        DescendError: there is none, as of a lesson or of a run before there were any, or it is damaged.
    """
    try:
        text = files.read_file(run.preparation_file, MAX_BYTES)
        return msgspec.json.decode(text, type=Preparation)
    except FileNotFoundError:
        raise DescendError(
            f"Run '{run.id}' does not say how its data was prepared: it is a lesson's, or older than that; train anew "
            "with `descend run`."
        ) from None
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise describe_unreadable(run, "preparation.json", error) from None
