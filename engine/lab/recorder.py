"""Writes what an experiment says, from a thread of its own, so that the training loop never waits for a file or GPU.

Everything said reaches ``events.jsonl`` within `INTERVAL` seconds, also while a single step takes minutes: a worker
killed at any moment loses at most that much.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from descend.engine.run.jsonl import JsonlReader, JsonlWriter
from descend.engine.run.records import (
    Array,
    Control,
    Event,
    Note,
    Picture,
    Record,
    Scalars,
    make_control_decoder,
    make_encoder,
    make_event_decoder,
)

INTERVAL = 0.1
"""Seconds between writes."""
LISTEN = 0.03
"""Seconds between looks at ``control.jsonl``."""
POINTS = 60
"""Scalar points written in one go, over all series; more are reduced to each bucket's smallest and largest."""


class Recorder:
    """The thread between an experiment and its run folder.

    Args:
        events, control: the files.
        control_from: byte of ``control.jsonl`` from which on commands are meant for this worker.
        clock: seconds of training so far.
        heard: called in this thread with each command.
        watch: called in this thread with the points of each write: name, steps (n,), values (n,) float64.
        progress: asked before each write for a record to add.
        broken: called when the first error is met, on whichever thread.
    """

    def __init__(
        self,
        events: Path,
        control: Path,
        *,
        control_from: int,
        clock: Callable[[], float],
        heard: Callable[[Control], None],
        watch: Callable[[str, np.ndarray, np.ndarray], None],
        progress: Callable[[], Event | None],
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        self._appender = JsonlWriter(events)
        self._commands = JsonlReader(control, make_control_decoder(), control_from)
        self._clock, self._heard, self._watch, self._progress = clock, heard, watch, progress
        self._broken = broken
        self._points: deque[tuple[int, dict[str, Any]]] = deque()
        self._records: deque[Record | Callable[[], Record]] = deque()
        self._pictures: dict[str, Picture] = {}
        self._told: set[str] = set()
        self._read: set[tuple[str, str]] = set()
        self._writing = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self.error: Exception | None = None
        """Why nothing can be written: the disk is full, the folder gone, or something said is not a number."""
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    def scalars(self, step: int, values: dict[str, Any]) -> None:
        """Queue one point a series; values are numbers or one-element tensors that nobody will change."""
        self._points.append((step, values))

    def put(self, record: Record | Callable[[], Record]) -> None:
        """Queue a record, or a function that makes it in this thread (where waiting for a GPU costs no step)."""
        self._records.append(record)

    def flush(self) -> None:
        """Write everything queued, now, in the calling thread."""
        with self._writing:
            if self.error is not None:
                return
            try:
                self._write()
            except Exception as error:  # raised on the experiment's thread, where it can be explained
                self.error = error
                self._broken()

    def _make(self, make: Callable[[], Record]) -> Record:
        """A picture, which can be read again: of each name the first is tried, as a reader passes over what it cannot.

        Raises:
            ValueError: it cannot.
        """
        record = make()
        name = str(getattr(record, "name", ""))
        if (key := (type(record).__name__, name)) not in self._read:
            self._read.add(key)
            try:
                make_event_decoder().decode(make_encoder().encode(record))
            except msgspec.MsgspecError as error:
                raise ValueError(f"the {key[0].lower()} '{name}' cannot be shown: {error}") from None
        return record

    def last_words(self, records: list[Event]) -> None:
        """Try to write ``records`` despite an earlier error: on a full disk there may be room for so few."""
        for record in records:
            record.t = round(self._clock(), 3)
        with self._writing, suppress(OSError):
            self._appender.append(list(records))

    def close(self) -> None:
        """Write what is left and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        self.flush()
        self._appender.close()

    def _work(self) -> None:
        due = time.monotonic()
        while not self._closing:
            for command in self._commands.read():
                self._heard(command)
            if time.monotonic() >= due:
                self.flush()
                due = time.monotonic() + INTERVAL
            self._wake.wait(LISTEN)

    def _write(self) -> None:
        points = [self._points.popleft() for _ in range(len(self._points))]  # others are said meanwhile
        queued = [self._records.popleft() for _ in range(len(self._records))]
        now = self._clock()
        records: list[Record] = list(self._gather(points))
        records += [self._make(record) if callable(record) else record for record in queued]
        records += self._overwritten(records)
        if (progress := self._progress()) is not None:
            records.insert(0, progress)
        for record in records:
            record.t = round(now, 3)
        if records:
            self._appender.append(list(records))
        else:
            self._appender.check()

    def _overwritten(self, records: list[Record]) -> list[Note]:
        """A sentence, once a name, where a picture takes the place of another of the same step: nobody sees that one,
        since what is replayed is found by its step."""
        notes = []
        for record in records:
            if not isinstance(record, Picture) or not (name := record.key.partition("/")[2]):
                continue
            before = self._pictures.get(record.key)
            self._pictures[record.key] = record
            if before is None or before.step != record.step or record.key in self._told:
                continue
            if replace(record, t=before.t) != before:
                self._told.add(record.key)
                said = (
                    f"Two pictures called '{name}' were shown at step {record.step}, and only the second can be seen; "
                )
                notes.append(Note(step=record.step, text=f"{said}give each a name of its own."))
        return notes

    def _gather(self, points: list[tuple[int, dict[str, Any]]]) -> list[Scalars]:
        """Turn queued points into as few records as possible, reducing them where there are too many."""
        columns: dict[str, tuple[list[int], list[Any]]] = {}
        for step, values in points:
            for name, value in values.items():
                steps, column = columns.setdefault(name, ([], []))
                steps.append(step)
                column.append(value)
        shared: dict[bytes, Scalars] = {}
        for name, (steps, column) in columns.items():
            where, what = np.asarray(steps, np.int64), fetch_numbers(column)
            self._watch(name, where, what)
            kept = choose_extremes(what, max(4, POINTS // len(columns)))
            where, what = where[kept], what[kept]
            group = shared.setdefault(where.tobytes(), Scalars(steps=Array.of(where), values={}))
            group.values[name] = Array.of(what)
        return list(shared.values())


def fetch_numbers(column: list[Any]) -> np.ndarray:
    """Numbers and one-element tensors as a float64 array, fetched from the device in one go."""
    tensor = next((value for value in column if hasattr(value, "device") and hasattr(value, "detach")), None)
    if tensor is None:
        return np.asarray(column, np.float64)
    import torch

    scalars = [torch.as_tensor(value, device=tensor.device).reshape(()) for value in column]
    wide = torch.float64 if any(value.dtype == torch.float64 for value in scalars) else torch.float32
    return torch.stack([value.to(wide) for value in scalars]).cpu().double().numpy()


def choose_extremes(values: np.ndarray, room: int) -> np.ndarray:
    """Indices of at most about ``room`` of the (n,) ``values``: all if they fit, else smallest and largest of each of
    ``room / 2`` buckets, and the last; and the first NaN of each bucket that has any. A spike is never lost."""
    count = len(values)
    if count <= room:
        return np.arange(count)
    edges = np.linspace(0, count, max(1, room // 2) + 1).astype(int)
    kept = {count - 1}
    for start, end in itertools.pairwise(edges):
        bucket = values[start:end]
        missing = np.isnan(bucket)
        if missing.any():
            kept.add(start + int(missing.argmax()))
        if not missing.all():  # which an empty bucket is
            kept |= {start + int(np.nanargmin(bucket)), start + int(np.nanargmax(bucket))}
    return np.array(sorted(kept))
