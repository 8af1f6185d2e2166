"""A run's records, gathered for reading: series as arrays, the pictures of each step, the latest state.

Panels, exports and headless output read a `History`; it knows nothing of the terminal.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from descend.engine.run.records import Event, Failure, Header, KnobChange, Note, Picture, Progress, Scalars, Status

if TYPE_CHECKING:
    from descend.engine.run.runs import Run


class Series:
    """Points of one curve: steps ascending, values may be NaN or infinite.

    Attributes:
        size: points so far.
        rewinds: how often points were replaced, so that a reader who keeps sums knows to start again.
    """

    def __init__(self) -> None:
        self._steps = np.empty(256, np.int64)
        self._values = np.empty(256, np.float64)
        self.size = 0
        self.rewinds = 0

    @property
    def steps(self) -> np.ndarray:
        """(n,) int64."""
        return self._steps[: self.size]

    @property
    def values(self) -> np.ndarray:
        """(n,) float64."""
        return self._values[: self.size]

    def at(self, step: int) -> float | None:
        """The newest value at or before ``step``; None before the first. Costs the same for a long curve as for a
        short one."""
        place = int(self.steps.searchsorted(step, "right"))
        return float(self._values[place - 1]) if place else None

    def extend(self, steps: np.ndarray, values: np.ndarray) -> None:
        """Append points. Points that repeat steps already here replace them: a resumed run takes steps again."""
        if not len(steps):
            return
        if self.size and steps[0] <= self._steps[self.size - 1]:
            self.size = int(np.searchsorted(self.steps, steps[0]))
            self.rewinds += 1
        needed = self.size + len(steps)
        if needed > len(self._steps):
            room = max(needed, 2 * len(self._steps))
            self._steps, self._values = np.resize(self._steps, room), np.resize(self._values, room)
        self._steps[self.size : needed] = steps
        self._values[self.size : needed] = values
        self.size = needed


def _step(picture: Picture) -> int:
    return picture.step


class History:
    """What a run has said so far.

    Attributes:
        series: points by series name (``train/loss``).
        pictures: all pictures by key (``layers``, ``confusion/test``, ``curve/fit``), oldest first.
        run: the run's id, empty until it has said so.
        said: how many records were taken in.
        rates: the speed that each `Progress` stated, in its unit a second, over its steps.
        progress, status, failure: the latest of each, None before the first; ``failure`` also in a resumed run.
        changes: turned knobs.
        notes: sentences of the experiment.
        elapsed: seconds of training so far.
        metrics: final values, once the run has ended.
    """

    def __init__(self) -> None:
        self.series: dict[str, Series] = {}
        self.pictures: dict[str, list[Picture]] = {}
        self.progress: Progress | None = None
        self.status: Status | None = None
        self.failure: Failure | None = None
        self.changes: list[KnobChange] = []
        self.notes: list[Note] = []
        self.elapsed = 0.0
        self.format = 0
        self.run = ""
        self.said = 0
        self.rates = Series()

    @property
    def metrics(self) -> dict[str, float | None]:
        """Final metrics as the run stated them; while it runs, the last value of every series."""
        if self.status and self.status.metrics:
            return self.status.metrics
        return {name: float(series.values[-1]) for name, series in self.series.items() if series.size}

    @property
    def ends(self) -> tuple[int, int] | None:
        """The first and the last step with any record, None if nothing is."""
        found = [(int(series.steps[0]), int(series.steps[-1])) for series in self.series.values() if series.size]
        found += [(pictures[0].step, pictures[-1].step) for pictures in self.pictures.values() if pictures]
        return (min(first for first, _ in found), max(last for _, last in found)) if found else None

    def picture_at(self, name: str, step: int | None = None) -> Picture | None:
        """The newest picture of ``name``, at or before ``step`` if that is given; None if there is none."""
        pictures = self.pictures.get(name, [])
        place = len(pictures) if step is None else bisect.bisect_right(pictures, step, key=_step)
        return pictures[place - 1] if place else None

    def before(self, step: int) -> int | None:
        """The newest step before ``step`` with any record."""
        places = [(series.steps, int(series.steps.searchsorted(step))) for series in self.series.values()]
        found = [int(steps[place - 1]) for steps, place in places if place]
        earlier = [self.picture_at(name, step - 1) for name in self.pictures]
        found += [picture.step for picture in earlier if picture is not None]
        return max(found, default=None)

    def after(self, step: int) -> int | None:
        """The earliest step after ``step`` with any record."""
        places = [(series.steps, int(series.steps.searchsorted(step, "right"))) for series in self.series.values()]
        found = [int(steps[place]) for steps, place in places if place < len(steps)]
        later = [(pictures, bisect.bisect_right(pictures, step, key=_step)) for pictures in self.pictures.values()]
        found += [pictures[place].step for pictures, place in later if place < len(pictures)]
        return min(found, default=None)

    @classmethod
    def of(cls, run: Run, tail: bool = False) -> History:
        """All that ``run`` has said so far, or what the last 64 KiB of it tell."""
        history = cls()
        history.feed(run.records(run.tail if tail else 0))
        return history

    def feed(self, records: Iterable[Event]) -> set[str]:
        """Take in ``records`` in order; return the names of what changed (series, pictures, ``progress``, ``status``).

        A record whose arrays do not fit together is skipped, as a malformed line is.
        """
        changed: set[str] = set()
        with np.errstate(invalid="ignore"):  # a signalling NaN of a damaged record is one NaN like another
            for record in records:
                try:
                    changed |= self._take(record)
                except (ValueError, TypeError):
                    continue
                self.said += 1
                self.elapsed = max(self.elapsed, record.t)
        return changed

    def _take(self, record: Event) -> set[str]:
        match record:
            case Scalars():
                steps, points = record.points()
                for name, values in points.items():
                    self.series.setdefault(name, Series()).extend(steps, values)
                return set(points)
            case Picture():
                record.check()
                return self._picture(record.key, record)
            case Progress():
                self.progress = record
                self.rates.extend(np.array([record.step]), np.array([record.rate]))
                return {"progress"}
            case Status():
                self.status = record
                if record.state == "starting":  # resumed: what ended it before is over
                    self.failure = None
                return {"status"}
            case Failure():
                self.failure = record
                return {"status"}
            case KnobChange():
                self.changes.append(record)
                return {"knobs"}
            case Note():
                self.notes.append(record)
                return {"notes"}
            case Header():
                self.format, self.run = record.format, record.run
        return set()

    def _picture(self, name: str, record: Picture) -> set[str]:
        pictures = self.pictures.setdefault(name, [])
        while pictures and pictures[-1].step >= record.step:  # a resumed run takes steps again
            pictures.pop()
        pictures.append(record)
        return {name}
