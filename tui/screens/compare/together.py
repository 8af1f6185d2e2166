"""Several runs as one history, so that the panels of a single run draw their curves over each other."""

from __future__ import annotations

from descend.engine.base.errors import DescendError
from descend.engine.run.history import History, Series
from descend.engine.run.manifest import Manifest
from descend.engine.run.records import KnobChange
from descend.engine.run.runs import Run
from descend.tui.run_monitor import RunMonitor

AT_ONCE = 6
"""Runs whose curves can be distinguished in one panel."""


def list_letters(count: int, first: int = 0) -> list[str]:
    """What ``count`` runs are called in legends, from number ``first`` on: A … Z, AA, AB …"""
    return [_make_letter(number) for number in range(first, first + count)]


def _make_letter(number: int) -> str:
    return (_make_letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


class ComparedRuns:
    """Reads several runs as they grow.

    Args:
        first: number of the first run among all that are compared, from which the letters follow.

    Attributes:
        sessions: the runs.
        letters: what each is called.
        manifests: what each was asked for; None where that cannot be read.
        history: has a series ``<letter>/<name>`` for each run and each name of a series that one of them has, ``/`` in
            the name replaced by a blank: a panel shows all series that end alike. A run that lacks one has it empty,
            so that a run's colour and marker are the same in every panel.
    """

    def __init__(self, runs: list[Run], first: int = 0) -> None:
        self.letters = list_letters(len(runs), first)
        self.sessions = [RunMonitor(run) for run in runs]
        self.manifests = [manifest(run) for run in runs]
        self.history = History()
        self._names: set[str] = set()

    @property
    def behind(self) -> bool:
        """Whether more is waiting to be read at once."""
        return any(session.behind for session in self.sessions)

    def poll(self, budget: float = 0.015) -> set[str]:
        """Take in what the runs have said since, for about ``budget`` seconds, and return the names of the series of
        `history` that have changed, ``knobs`` if one was turned, and ``status`` if a run's state has changed."""
        changed: set[str] = set()
        for letter, session in zip(self.letters, self.sessions, strict=True):
            found = session.poll(budget / len(self.sessions))
            changed |= {joint(letter, name) for name in found & session.history.series.keys()}
            changed |= found & {"knobs", "status"}
        names = set().union(*(session.history.series for session in self.sessions))
        if names != self._names:
            self._names = names
            self._join()
        if "knobs" in changed:
            self.history.changes = [
                KnobChange(step=turn.step, knob=f"{letter} {turn.knob}", value=turn.value, previous=turn.previous)
                for letter, session in zip(self.letters, self.sessions, strict=True)
                for turn in session.history.changes
            ]
        return changed

    def _join(self) -> None:
        """Name all series of all runs, those of samples not trained on first."""
        names = sorted(self._names, key=lambda name: (not name.startswith(("validation/", "test/")), name))
        self.history.series = {
            joint(letter, name): session.history.series.setdefault(name, Series())
            for name in names
            for letter, session in zip(self.letters, self.sessions, strict=True)
        }


def joint(letter: str, name: str) -> str:
    """What series ``name`` of run ``letter`` is called in the joint history."""
    return f"{letter}/{name.replace('/', ' ')}"


def manifest(run: Run) -> Manifest | None:
    """What ``run`` was asked for, None if that cannot be read."""
    try:
        return run.manifest()
    except DescendError:
        return None
