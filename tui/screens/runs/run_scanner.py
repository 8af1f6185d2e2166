"""Looks through the runs folder and keeps what it found until a run's files change."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from descend.engine.base.errors import DescendError
from descend.tui.cell_text import plain
from descend.tui.run_monitor import LIVE, RunMonitor
from descend.tui.screens.runs.run_row import RunRow, Signature
from descend.tui.screens.runs.sparkline import Sparklines, drawn, read

if TYPE_CHECKING:
    from descend.engine.run.runs import Run

FIRST = 10, 50
"""Runs after which they are told of at once: some to look at, then about a screen of them."""
TURN = 0.2
"""Seconds of reading between two tellings after that."""


class RunScanner:
    """All runs that have been read so far: by threads that `look` and `trace`, for any thread to see.

    Attributes:
        entries: what is known, by run id.
        curves: the series of each run's metric as sparklines, with what they were read for.
    """

    def __init__(self) -> None:
        self.entries: dict[str, RunRow] = {}
        self.curves: dict[str, tuple[tuple[Signature, str], Sparklines]] = {}
        self._sessions: dict[str, RunMonitor] = {}
        self._reading = threading.Lock()

    def look(self) -> Iterator[int]:
        """Bring `entries` up to date, newest first and those at work before all others; yield how many runs are still
        to be read, now and then, if anything has changed.

        Costs four looks at the folder of a run that has ended and that was read before, all of it else.
        """
        with self._reading:
            yield from self._look()

    def _look(self) -> Iterator[int]:
        from descend.engine.run import runs

        found = runs.list_runs()
        found.sort(key=lambda run: run.id in self.entries or not run.alive())
        changed, told = self._forget({run.id for run in found}), time.monotonic()
        for place, run in enumerate(found, 1):
            if self._read(run):
                changed = True
                if place in FIRST or time.monotonic() - told > TURN:
                    yield len(found) - place
                    changed, told = False, time.monotonic()
        if changed:
            yield 0

    def trace(self, wanted: Iterable[RunRow]) -> Iterator[None]:
        """Read the curves of those ``wanted`` that were not read yet; yield after each."""
        for entry in wanted:
            if entry.metric and not self._traced(entry):
                self.curves[entry.id] = _purpose(entry), _curve(entry)
                yield

    def untraced(self, entries: Iterable[RunRow]) -> list[RunRow]:
        """Those of ``entries`` whose curves are not known, or no longer."""
        return [entry for entry in entries if entry.metric and not self._traced(entry)]

    def sparkline(self, entry: RunRow, width: int) -> str:
        """The series of its metric as last read, in ``width`` cells; empty if it was not read yet."""
        (_, metric), curves = self.curves.get(entry.id, (((), ""), {}))
        return curves.get(width, "") if metric == entry.metric else ""

    def _traced(self, entry: RunRow) -> bool:
        return entry.id in self.curves and self.curves[entry.id][0] == _purpose(entry)

    def _forget(self, there: set[str]) -> bool:
        """Drop what is gone."""
        gone = self.entries.keys() - there
        for run_id in gone:
            for known in (self.entries, self.curves, self._sessions):
                known.pop(run_id, None)
        return bool(gone)

    def _read(self, run: Run) -> bool:
        """Bring one run up to date; return whether it has changed."""
        from descend.engine.run.damage import tell_damage

        before = self.entries.get(run.id)
        now = signature(run)
        if before is not None and before.signature == now and not before.live:
            return False
        entry: RunRow | None
        try:
            with tell_damage(run):
                entry = self._live(run, now) or ended(run, now)
        except DescendError as error:
            entry = damaged(run, now, error)
        if entry is not None:
            self.entries[run.id] = entry
        return entry is not None and entry != before

    def _live(self, run: Run, now: Signature) -> RunRow | None:
        """The entry of a run that a worker is at work on; None for all others."""
        from descend.engine.run import runs, summary

        session = self._sessions.get(run.id)
        if session is None and run.alive():
            session = self._sessions[run.id] = RunMonitor(run)
        if session is None:
            return None
        session.poll()
        while session.behind:
            session.poll()
        phase, history = session.phase, session.history
        if phase not in LIVE:
            del self._sessions[run.id]
            return None
        manifest, created = run.manifest(), runs.find_creation_time(run)
        why, advice = summary.explain_state(run, phase, history)
        progress = history.progress
        entry = RunRow.of(
            summary.Summary(
                run=run,
                manifest=manifest,
                state=phase,
                why=why,
                advice=advice,
                step=progress.step if progress else 0,
                steps=progress.steps if progress else None,
                metrics=dict(history.metrics),
                elapsed=history.elapsed,
                age=max(0.0, time.time() - created),
                size=summary.measure_size(run),
            ),
            now,
            created,
        )
        if series := history.series.get(entry.metric):
            self.curves[run.id] = _purpose(entry), drawn(series)
        return entry


def ended(run: Run, now: Signature) -> RunRow:
    """The entry of a run that nobody works on.

    Raises:
        DescendError: it is damaged.
    """
    from descend.engine.run import summary

    found = summary.summarize(run)
    return RunRow.of(found, now, time.time() - found.age)


def damaged(run: Run, now: Signature, error: DescendError) -> RunRow | None:
    """The entry of a run that cannot be read; None if it is gone."""
    from descend.engine.run import summary

    lesson = ""
    with suppress(DescendError):
        lesson = plain(run.manifest().name)
    try:
        created = run.folder.stat().st_mtime
    except OSError:
        return None
    size = summary.measure_size(run)
    return RunRow(run, "damaged", now, lesson=lesson, created=created, size=size, why=plain(str(error)))


def signature(run: Run) -> Signature:
    """What tells that a run's files have changed."""
    files = (run.folder, run.folder / "run.json", run.events_file, run.writer_file)
    return tuple(_stat(file) for file in files)


def _stat(file: os.PathLike[str]) -> tuple[int, int] | None:
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _curve(entry: RunRow) -> Sparklines:
    """The sparklines of a run's metric; none if they can no longer be read."""
    from descend.engine.run.damage import tell_damage

    with suppress(DescendError), tell_damage(entry.run):
        return read(entry.run, entry.metric)
    return {}


def _purpose(entry: RunRow) -> tuple[Signature, str]:
    return entry.signature, entry.metric
