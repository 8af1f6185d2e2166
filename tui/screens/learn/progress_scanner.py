"""What the runs folder and the logbook tell the Learn screen: how far each lesson is, and which runs are at work."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from descend.engine.run.runs import Run
    from descend.engine.teaching.learner_progress import Progress


class LiveRun(NamedTuple):
    """A run that a worker is at work on."""

    run: Run
    lesson: str
    state: str
    created: str


class Findings(NamedTuple):
    """``states``: how far each lesson is that was begun, by name. ``live``: runs at work, newest first."""

    states: dict[str, Progress]
    live: tuple[LiveRun, ...]


class ProgressScanner:
    """Looks through the runs folder, in a thread; a run that has ended is not read again."""

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._ended: set[tuple[str, int]] = set()

    def look(self) -> Findings:
        """Read what there is now; damaged runs are skipped."""
        from descend.engine.base.errors import DescendError
        from descend.engine.run import runs
        from descend.engine.run.damage import tell_damage

        live = []
        for run in runs.list_runs():
            try:
                known = run.id, run.writer_file.stat().st_mtime_ns  # a resumed run is signed again
            except OSError:
                known = run.id, 0
            if known in self._ended:
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
                self._ended.add(known)
        return Findings(self._states(), tuple(live))

    def _states(self) -> dict[str, Progress]:
        """What the logbook says; a run that came to its end counts wherever it was started."""
        from descend.engine.teaching import catalogue, learner_progress

        entries, found = learner_progress.read_entries(), {}
        for name, lesson in catalogue.list_lessons().items():
            entry = entries.get(name) or learner_progress.LessonEntry()
            entry.runs = entry.runs or int(name in self._done)
            progress = learner_progress.measure_progress(lesson, entry)
            if progress.state != "new":
                found[name] = progress
        return found
