"""What the runs folder and the logbook tell Home: how far each lesson is, what to do next, which runs are at work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from descend.engine.run.runs import Run
    from descend.engine.teaching.learner_progress import LessonEntry, Progress
    from descend.engine.teaching.next_step import PartCount
    from descend.engine.teaching.outline import Outline


class LiveRun(NamedTuple):
    """A run that a worker is at work on."""

    run: Run
    lesson: str
    state: str
    created: str


class NextStep(NamedTuple):
    """Where to go on: the lesson called ``name``, the ``words`` that say why, and the part of it to open."""

    name: str
    title: str
    words: str
    part: str


class LastRun(NamedTuple):
    """The newest run of a lesson that has ended, and the metric that says most of it."""

    state: str
    metric: str
    value: float | None
    created: str


class Findings(NamedTuple):
    """``states``: how far each lesson is that was begun, by name. ``live``: runs at work, newest first. ``parts``: what
    of each lesson with an entry is done. ``last``: the newest ended run of each lesson. ``step``: where to go on."""

    states: dict[str, Progress]
    live: tuple[LiveRun, ...]
    parts: dict[str, tuple[PartCount, ...]]
    last: dict[str, LastRun]
    step: NextStep | None


TURN = 0.2
"""Seconds that one look spends on results of runs: where to go on is told first."""
NOTHING = Findings({}, (), {}, {}, None)


class ProgressScanner:
    """Looks through the runs folder, in a thread; a run that has ended is not read again."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._ended: dict[tuple[str, int], str] = {}  # the name of its lesson
        self._last: dict[tuple[str, int], LastRun | None] = {}

    def look(self) -> Findings:
        """Read what there is now; damaged runs are skipped."""
        from descend.engine.base.errors import DescendError
        from descend.engine.run import runs
        from descend.engine.run.damage import tell_damage

        live = []
        newest: dict[str, tuple[Run, tuple[str, int]]] = {}
        for run in runs.list_runs():
            try:
                known = run.id, run.writer_file.stat().st_mtime_ns  # a resumed run is signed again
            except OSError:
                known = run.id, 0
            if known in self._ended:
                newest.setdefault(self._ended[known], (run, known))
                continue
            try:
                with tell_damage(run):
                    manifest, alive = run.manifest(), run.alive()
                    state = run.state() if alive or manifest.name not in self._done else "stopped"
            except DescendError:
                continue
            if alive and state in ("starting", "running", "paused"):
                live.append(LiveRun(run, manifest.name, state, manifest.created))
                continue
            if state == "done":
                self._done.add(manifest.name)
            if not alive:
                self._ended[known] = manifest.name
                newest.setdefault(manifest.name, (run, known))
        states, parts, step = self._read_progress()
        until = time.monotonic() + TURN
        last = {name: told for name, found in newest.items() if (told := self._read_result(*found, until)) is not None}
        return Findings(states, tuple(live), parts, last, step)

    def _read_progress(self) -> tuple[dict[str, Progress], dict[str, tuple[PartCount, ...]], NextStep | None]:
        """What the logbook says; a run that came to its end counts wherever it was started."""
        from descend.engine.teaching import catalogue, learner_progress
        from descend.engine.teaching.next_step import count_parts

        entries, states, parts = learner_progress.read_entries(), {}, {}
        lessons = catalogue.list_outlines()
        for name, lesson in lessons.items():
            entry = entries.get(name) or learner_progress.LessonEntry()
            entry.runs = entry.runs or int(name in self._done)
            progress = learner_progress.measure_progress(lesson, entry)
            if progress.state != "new":
                states[name] = progress
            if progress.state != "new" or entry.opened:
                parts[name] = count_parts(lesson, entry)
                entries[name] = entry
        return states, parts, find_step(lessons, entries, states)

    def _read_result(self, run: Run, known: tuple[str, int], until: float) -> LastRun | None:
        """How an ended run came out; None if that cannot be read, or is left to the next look."""
        from descend.engine.base.errors import DescendError
        from descend.engine.run import summary

        if known not in self._last:
            if time.monotonic() > until:
                return None
            try:
                found = summary.summarize(run)
            except DescendError:
                self._last[known] = None
            else:
                value, created = found.metrics.get(found.key), found.manifest.created
                self._last[known] = LastRun(found.state, found.key, value, created)
        return self._last[known]


def find_step(
    lessons: dict[str, Outline], entries: dict[str, LessonEntry], states: dict[str, Progress]
) -> NextStep | None:
    """Where to go on: the begun lesson opened last, else the next one on the path; None for who has begun nothing."""
    from descend.engine.teaching.learning_path import find_next_lesson
    from descend.engine.teaching.next_step import count_parts, list_open_parts

    recent = sorted(states, key=lambda name: entries[name].opened_at)
    begun = [name for name in recent if states[name].state == "begun"]
    if begun:
        lesson = lessons[begun[-1]]
        following = list_open_parts(count_parts(lesson, entries[lesson.name]))[0]
        return NextStep(lesson.name, lesson.title, following.words, following.tab)
    fresh = find_next_lesson(lessons.values(), recent, recent[-1]) if recent else None
    return NextStep(fresh.name, fresh.title, "new", "") if fresh is not None else None
