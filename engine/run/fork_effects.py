"""Whether what was changed in a fork has changed anything: its numbers compared with those of the run it comes from."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np

from descend.engine.base.files import measure_file
from descend.engine.base.knobs import Value, format_knobs
from descend.engine.run.history import History
from descend.engine.run.records import Picture
from descend.engine.run.runs import Parent, Run

READ = 100_000_000
"""Bytes of records beyond which two runs are not compared."""


def find_without_effect(
    run: Run, parent: Parent, knobs: Mapping[str, Value], metrics: Mapping[str, float | None]
) -> str:
    """A sentence if a fork that comes to its end has, with its changed ``knobs``, the final ``metrics`` and all numbers
    that the run it comes from had, which came to its end as well; else nothing."""
    former = Run(run.folder.with_name(parent.run))
    if any(measure_file(each.events_file) > READ for each in (run, former)):
        return ""
    theirs = History.of(former)
    if theirs.status is None or theirs.status.state != "done" or theirs.status.metrics != dict(metrics):
        return ""
    if have_differences(History.of(run), theirs, parent.step):
        return ""
    return (
        f"From step {parent.step:,} on every number is that of run {parent.run}: {format_knobs(knobs)} changed nothing."
    )


def have_differences(one: History, other: History, since: int) -> bool:
    """Whether two runs have different numbers at a step from ``since`` on that both recorded, or different series."""
    if {name for name, series in one.series.items() if series.size} - other.series.keys():
        return True
    for name, series in one.series.items():
        theirs = other.series[name]
        steps, mine, own = np.intersect1d(series.steps, theirs.steps, return_indices=True)
        if not np.array_equal(series.values[mine][steps >= since], theirs.values[own][steps >= since], equal_nan=True):
            return True
    for key in one.pictures.keys() & other.pictures.keys():
        known = {picture.step: read_picture(picture) for picture in other.pictures[key] if picture.step >= since}
        if any(known.get(picture.step, now) != now for picture in one.pictures[key] if (now := read_picture(picture))):
            return True
    return bool({key for key, found in one.pictures.items() if found} - other.pictures.keys())


def read_picture(picture: Picture) -> bytes:
    """What a picture shows, whenever that was."""
    return msgspec.json.encode(msgspec.structs.replace(picture, t=0.0))
