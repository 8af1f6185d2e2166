"""Run folders for the shell to read, written record by record as a worker writes them, but without torch."""

from __future__ import annotations

import os
from typing import Any

import msgspec
import numpy as np

from descend.engine.run import runs
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.records import (
    FORMAT,
    Array,
    Confusion,
    Event,
    Failure,
    Header,
    Layers,
    Progress,
    Scalars,
    State,
    Status,
)
from descend.engine.run.runs import Manifest, Run, Writer
from descend.engine.teaching import catalogue

STEPS = 60


def asked(lesson: str = "digits", **changes: Any) -> Run:
    """A run that was asked for and that no worker has taken yet."""
    found = catalogue.find_lesson(lesson)
    given = {
        "name": found.name,
        "knobs": found.knobs().values(),
        "seed": 0,
        "device": "cpu",
        "data": next(iter(found.data), ""),
    }
    return runs.create_run(Manifest(id="", **{**given, **changes}))


def say(run: Run, *records: Event) -> None:
    """Append ``records``."""
    events = JsonlWriter(run.events_file)
    events.append(list(records))
    events.close()


def begin(run: Run) -> None:
    """What every worker writes first."""
    say(run, Header(format=FORMAT, run=run.id), Status(state="starting"), Status(state="running", device="cpu"))


def steps(run: Run, first: int, last: int, total: int = STEPS) -> None:
    """Steps ``first`` … ``last`` - 1 of logistic regression on two generated classes, really computed."""
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(total, 32, 3)), np.zeros(3)
    truth = x @ np.array([2.0, -1.0, 0.5]) > 0
    for step in range(last):
        share = 1 / (1 + np.exp(-x[step] @ weights))
        right = np.where(truth[step], share, 1 - share)
        gradient = x[step].T @ (share - truth[step]) / 32
        weights -= gradient
        if step < first:
            continue
        t = 0.01 * (step + 1)
        values = {"train/loss": -np.log(right).mean(), "train/accuracy": (right > 0.5).mean()}
        points = {name: Array.of(np.array([value])) for name, value in values.items()}
        norms = [Array.of(np.array([np.linalg.norm(v)])) for v in (gradient, weights, gradient)]
        counts = [[((share > 0.5) == p)[truth[step] == q].sum() for p in (0, 1)] for q in (0, 1)]
        say(
            run,
            Scalars(steps=Array.of(np.array([step])), values=points, t=t),
            Layers(step=step, names=["1 Linear"], gradient=norms[0], weight=norms[1], update=norms[2], t=t),
            Confusion(step=step, counts=Array.of(np.array(counts)), classes=["no", "yes"], t=t),
            Progress(
                step=step + 1,
                steps=total,
                rate=3200.0,
                unit="images",
                epoch=1 + step * 2 // total,
                epochs=2,
                remaining=0.01 * (total - step - 1),
                t=t,
            ),
        )


def end(run: Run, state: State, failure: Failure | None = None) -> None:
    """The last words of a run."""
    if failure is not None:
        say(run, failure)
    say(run, Status(state=state, device="cpu"))


def finished(lesson: str = "digits", state: State = "done", **changes: Any) -> Run:
    """A whole run."""
    run = asked(lesson, **changes)
    begin(run)
    steps(run, 0, STEPS)
    end(run, state)
    sign(run)
    return run


def sign(run: Run) -> None:
    """Leave the signature of a worker that is gone: its pid is now another's."""
    gone = msgspec.structs.replace(Writer.this_process(), birth=1.0)
    run.writer_file.write_bytes(msgspec.json.encode(gone))


class Worker:
    """Holds a run as a worker at work does, until `die`.

    Attributes:
        pid: as the signature says.
    """

    pid = os.getpid()

    def __init__(self, run: Run) -> None:
        self.run, self._gone = run, False
        run.writer_file.write_bytes(msgspec.json.encode(Writer.this_process()))

    def poll(self) -> int | None:
        """As a process's."""
        return 1 if self._gone else None

    def die(self) -> None:
        """Let go, without a word; idempotent."""
        if not self._gone and self.run.folder.exists():
            sign(self.run)
        self._gone = True


class Workers:
    """Stands where the shell's warm worker stands: takes runs, and works on them as the test says.

    Attributes:
        launched: every run it was given.
    """

    def __init__(self) -> None:
        self.launched: list[Run] = []
        self.working: list[Worker] = []
        self.error: Exception | None = None

    def start(self) -> None:
        """Nothing to warm up."""

    def launch(self, run: Run) -> Worker:
        """Take the run and say that it is running."""
        if self.error is not None:
            raise self.error
        self.launched.append(run)
        self.working.append(Worker(run))
        begin(run)
        return self.working[-1]

    def close(self) -> None:
        """Let every run go."""
        for worker in self.working:
            worker.die()


def commands(run: Run) -> list[str]:
    """The kinds of what the user has said to the run, in order."""
    try:
        return [msgspec.json.decode(line)["kind"] for line in run.control_file.read_bytes().splitlines()]
    except FileNotFoundError:
        return []
