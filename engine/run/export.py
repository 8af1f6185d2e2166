"""Writes a run's result for other programs: CSV, JSON, or TensorBoard's event files.

What is written appears whole under its name, or not at all.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import msgspec
import numpy as np

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.files import advise, open_replacement, require_replaceable
from descend.engine.run.damage import tell_damage
from descend.engine.run.history import History
from descend.engine.run.records import Array, Scalars, Status
from descend.engine.run.runs import Run
from descend.engine.run.summary import summarize


def write_csv(run: Run, path: Path, force: bool = False) -> Path:
    """One row for each point: ``series,step,value``; values read back exactly, ``nan`` and ``inf`` included.

    Returns the file written.

    Raises:
        UsageError: ``path`` exists and ``force`` is not given, or it is a folder.
        DescendError: the run cannot be read or ``path`` cannot be written.
    """
    run.manifest()
    with open_export(path, force) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(("series", "step", "value"))
        for name, series in sorted(History.of(run).series.items()):
            rows.writerows(
                (name, step, value) for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True)
            )
        text.detach()
    return path


def write_json(run: Run, path: Path, force: bool = False) -> Path:
    """One object with everything the run has said; a number that is not finite is null, as JSON knows none.

    Returns the file written; raises as `write_csv` does.
    """
    with open_export(path, force) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", write_through=True)
        json.dump(make_object(run), text, allow_nan=False, separators=(",", ":"))
        text.write("\n")
        text.detach()
    return path


def make_object(run: Run) -> dict[str, Any]:
    """The run as plain lists and dictionaries that JSON can hold."""
    history, summary = History.of(run), summarize(run)
    return {
        "manifest": msgspec.to_builtins(summary.manifest),
        "state": summary.state,
        "why": summary.why,
        "elapsed": history.elapsed,
        "metrics": make_plain(history.metrics),
        "series": {
            name: {"steps": series.steps.tolist(), "values": make_plain(series.values.tolist())}
            for name, series in history.series.items()
        },
        "changes": [make_plain(change) for change in history.changes],
        "notes": [make_plain(note) for note in history.notes],
        "failure": make_plain(history.failure) if history.failure is not None else None,
        "pictures": {
            name: [make_plain(picture) for picture in pictures] for name, pictures in history.pictures.items()
        },
    }


def make_plain(value: Any) -> Any:
    """Records as dictionaries and arrays as nested lists, at any depth; None for every number that is not finite."""
    if isinstance(value, Array):
        return make_plain(value.numpy().tolist())
    if isinstance(value, msgspec.Struct):
        return {name: make_plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [make_plain(entry) for entry in value]
    if isinstance(value, dict):
        return {name: make_plain(entry) for name, entry in value.items()}
    return value


def write_tensorboard(run: Run, path: Path, force: bool = False) -> Path:
    """An event file that TensorBoard reads, ``<path>/<run id>/events.out.tfevents.…``: every series as scalars, live
    knobs where they were turned, and knobs and seed as hyperparameters. Several runs can share ``path``.

    Returns the file written.

    Raises:
        UsageError: the run is there already and ``force`` is not given.
        DescendError: TensorBoard is not installed, or the run cannot be read, or ``path`` cannot be written.
    """
    try:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary
        from tensorboard.plugins.hparams.summary_v2 import hparams_pb
        from tensorboard.summary.writer.record_writer import RecordWriter
    except ImportError:
        raise DescendError(
            "TensorBoard's format needs TensorBoard itself; `pip install 'descend[tensorboard]'`, or export as csv."
        ) from None

    manifest, history = run.manifest(), History.of(run)
    began, time_of = estimate_times(run)
    by_step: dict[int, dict[str, float]] = {}
    for name, series in history.series.items():
        for step, value in zip(series.steps.tolist(), series.values.tolist(), strict=True):
            by_step.setdefault(step, {})[name] = value
    for change in history.changes:
        for step, setting in ((change.step - 1, change.previous), (change.step, change.value)):
            if step >= 0 and isinstance(setting, (int, float)):
                by_step.setdefault(step, {})[f"knob/{change.knob}"] = float(setting)
    target = path / run.id / f"events.out.tfevents.{int(began):010d}.descend"
    with make_folder(target.parent), open_export(target, force) as file:
        events = RecordWriter(file)
        events.write(Event(wall_time=began, file_version="brain.Event:2").SerializeToString())
        summary = hparams_pb({**manifest.knobs, "seed": manifest.seed}, start_time_secs=began)
        events.write(Event(wall_time=began, summary=summary).SerializeToString())
        for step in sorted(by_step):
            values = [Summary.Value(tag=name, simple_value=value) for name, value in by_step[step].items()]
            event = Event(wall_time=time_of(step), step=step, summary=Summary(value=values))
            events.write(event.SerializeToString())
    return target


def estimate_times(run: Run) -> tuple[float, Callable[[int], float]]:
    """When the run began, and about when it took a step: Unix times, pauses left out."""
    began, steps, seconds = 0.0, [0], [0.0]
    for record in run.records():
        if isinstance(record, Status) and not began and record.at:
            began = record.at - record.t
        elif isinstance(record, Scalars):
            with suppress(ValueError):  # damaged, as the history has found
                taken, _ = record.points()
                if taken.size and taken[-1] > steps[-1]:
                    steps.append(int(taken[-1]))
                    seconds.append(record.t)
    return began, lambda step: began + float(np.interp(step, steps, seconds))


@contextmanager
def make_folder(folder: Path) -> Iterator[None]:
    """Make ``folder`` for what is written inside the block; take back what was made if that fails."""
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        way = advise(error, "choose another folder")
        raise DescendError(f"Cannot write to {folder} ({error.strerror}); {way}.") from None
    finally:
        for place in new:
            with suppress(OSError):  # not empty: it is needed
                place.rmdir()


@contextmanager
def open_export(path: Path, force: bool) -> Iterator[IO[bytes]]:
    """A file to write that takes the name ``path`` when the block ends well, and vanishes otherwise.

    Raises:
        UsageError: ``path`` is taken.
        DescendError: it cannot be written.
    """
    require_replaceable(path)
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; choose another name, or say --force to replace it.")
    try:
        with open_replacement(path) as file:
            yield file
    except OSError as error:
        raise DescendError(f"Cannot write {path} ({error.strerror}); {advise(error, 'choose another name')}.") from None


def export_run(run: Run, form: str, path: Path, force: bool = False) -> Path:
    """Write ``run`` in one of `FORMATS`; returns the file written.

    Raises:
        UsageError: ``path`` is taken.
        DescendError: the run is damaged, or ``path`` cannot be written.
    """
    with tell_damage(run):
        return FORMATS[form](run, path, force)


FORMATS = {"csv": write_csv, "json": write_json, "tensorboard": write_tensorboard}
