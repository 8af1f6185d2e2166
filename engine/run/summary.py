"""A run in a few words: what has become of it and why, how well it did, how old and how large it is.

Only what is known is claimed: a worker that was killed cannot say by whom.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from descend.engine.base import trees
from descend.engine.base.errors import DescendError
from descend.engine.base.files import measure_file
from descend.engine.run.damage import tell_damage
from descend.engine.run.history import History
from descend.engine.run.liveness import HEARD, Writer, count_memory_kills, read_boot_id
from descend.engine.run.manifest import Manifest
from descend.engine.run.records import State
from descend.engine.run.runs import ENDED, ENDS, Run, find_creation_time

ERROR = re.compile(r"(\w+\.)*\w*(Error|Exception|Interrupt)\b")
"""Begins a traceback's last line."""
FULL = 1 << 20
"""A disk with fewer bytes left counts as full."""
CRASH = re.compile(r"Aborted|terminate called|.*\bfatal\b", re.IGNORECASE)
"""Begins, or is, what a crash in native code leaves in the log."""


@dataclass(frozen=True)
class Summary:
    """What `summarize` finds out."""

    run: Run
    manifest: Manifest
    state: State | Literal["dead"]
    why: str
    """One sentence on how it came to that state."""
    advice: list[str]
    """What can be done now, a sentence each."""
    step: int
    steps: int | None
    """Steps in all, if known."""
    metrics: dict[str, float | None]
    elapsed: float
    """Seconds of training."""
    age: float
    """Seconds since it was asked for."""
    size: int
    """Bytes of its folder."""

    @property
    def key(self) -> str:
        """Name of the metric that says most: of the samples held back if there are any, as choosing among runs by the
        test set would spoil it, else of the test set; of these what the run was told to be judged by (``metric=``), or
        the accuracy if it is there; else a loss."""
        judge = self.manifest.knobs.get("metric", "loss")
        chosen = (f"{part}/{judge}" for part in ("validation", "test") if judge != "loss")
        if found := next((name for name in chosen if name in self.metrics), ""):
            return found

        def rank(name: str) -> tuple[bool, bool, bool, bool, str]:
            part, _, metric = name.rpartition("/")
            judged = part in ("validation", "test")
            return part != "validation", part != "test", not judged or metric != "accuracy", "loss" not in metric, name

        return min(self.metrics, key=rank, default="")


def summarize(run: Run) -> Summary:
    """Sum up ``run``; costs a read of the last 64 KiB of an ended run's records, of all of another's.

    Raises:
        DescendError: it is damaged.
    """
    with tell_damage(run):
        return _summarize(run)


def _summarize(run: Run) -> Summary:
    manifest, state = run.manifest(), run.state()
    history = History.of(run, tail=state in ENDS)
    progress = history.progress
    step = max((record.step for record in (progress, history.status) if record is not None), default=0)
    if state == "dead" and not history.said and measure_file(run.events_file):
        raise DescendError(f"The records of run '{run.id}' cannot be read; restore events.jsonl, or delete the run.")
    why, advice = explain_state(run, state, history)
    return Summary(
        run=run,
        manifest=manifest,
        state=state,
        why=why,
        advice=advice,
        step=step,
        steps=progress.steps if progress is not None else None,
        metrics=history.metrics,
        elapsed=history.elapsed,
        age=max(0.0, time.time() - find_creation_time(run)),  # whatever has become of the clock
        size=measure_size(run),
    )


def explain_state(run: Run, state: str, history: History) -> tuple[str, list[str]]:
    """Why ``run`` is in ``state``, and what can be done now."""
    status, progress, failure = history.status, history.progress, history.failure
    step = status.step if status is not None else 0
    if progress is not None:
        step = max(step, progress.step) if state in ("running", "dead") else step
        of = f"{step:,} of {progress.steps:,}"
    else:
        of = f"{step:,}"
    match state:
        case "starting":
            return ("Its worker is starting." if run.writer() else "It waits for its worker to start."), []
        case "running":
            return f"Training continues: step {of}.", [f"`descend attach {run.id}` follows it."]
        case "paused":
            return f"Paused at step {of}.", [f"`descend resume {run.id}` resumes it."]
        case "done":
            return f"Finished after {step:,} steps.", []
        case "stopped":
            message = status.message if status is not None and status.message else f"Stopped at step {of}."
            return message, [f"`descend resume {run.id}` resumes it."]
        case "unsaved":
            message = status.message if status is not None else ""
            if run.alive():
                return message, [f"Its worker tries again meanwhile; `descend stop {run.id}` discards the weights."]
            return message, [describe_resume(run)]
        case "failed":
            if failure is not None:
                return failure.title, failure.advice
            return (status.message if status is not None and status.message else "It failed without saying why."), []
    return explain_death(run, f"step {of}"), [describe_resume(run)]


def explain_death(run: Run, where: str) -> str:
    """How the worker of a dead run ended, judged by its traces."""
    last = run.log_tail(500)
    crash = next((line for line in last if CRASH.match(line)), "")
    if (coming := run.launched()) is not None:  # and has not signed
        if not coming.here:
            return explain_silence(coming)
        if why := crash or find_cause(last):
            return f"Its worker could not begin: {why.rstrip('.')}."
        return "Its worker died without a message before it could begin: it was killed, by the system or by someone."
    writer = run.writer()
    if writer is None and os.path.lexists(run.writer_file):
        return f"Its worker.json cannot be read, so it is unknown how its worker ended; it was at {where}."
    if writer is None:
        why = find_cause(last)
        return f"No worker could take it: {why}" if why else "No worker ever took it."
    if not writer.here and (writer.boot == read_boot_id() or writer.host != socket.gethostname()):
        return explain_silence(writer) + f" It was at {where}."
    if crash:
        return f"Its worker crashed at {where}: {crash.rstrip('.')}."
    if writer.boot != read_boot_id():
        return f"The machine was restarted while it trained; it was at {where}."
    if ended := next((line.removeprefix(ENDED).strip() for line in last if line.startswith(ENDED)), ""):
        return f"Its worker ended at {where}: {ended}"
    if find_free_space(run) < FULL:
        return f"Its worker died without a message at {where}, and the disk it writes to is full."
    kills = count_memory_kills()
    if kills is None or writer.memory_kills is None:
        return f"Its worker died without a message at {where}: it was killed, by the system or by someone."
    if kills > writer.memory_kills:
        return (
            f"Its worker died without a message at {where}: it was killed, likely for lack of memory, as the system "
            "has killed a process for that since it began."
        )
    return f"Its worker died without a message at {where}: it was killed, and not for lack of memory."


def explain_silence(writer: Writer) -> str:
    """What can be said of a worker that cannot be asked for here."""
    return (
        f"Its worker, on {writer.host}, has shown no sign of life for over {HEARD / 60:g} minutes; whether it lives "
        "cannot be seen from here."
    )


def find_cause(log: list[str]) -> str:
    """What the lines of a worker that could not begin say of why, empty if they say nothing."""
    said = [line.removeprefix(ENDED).strip() for line in log if line.startswith(ENDED)]
    raised = [line for line in log if ERROR.match(line) and "ChildFailedError" not in line]  # torchrun's says nothing
    return f"{(said or raised or log or [''])[-1].rstrip('.')}." if log else ""


def describe_resume(run: Run) -> str:
    """What resuming a dead run would do."""
    steps = run.checkpoint_steps()
    if not steps:
        return f"`descend resume {run.id}` starts it again."
    return f"`descend resume {run.id}` resumes from its checkpoint of step {steps[-1]:,}."


def find_free_space(run: Run) -> int:
    """Bytes free where ``run`` is kept."""
    try:
        return shutil.disk_usage(run.folder).free
    except OSError:
        return FULL


def measure_size(run: Run) -> int:
    """Bytes of all files of ``run``."""
    total = 0
    for _, files in trees.walk(run.folder):
        for file in files:
            with suppress(OSError):  # gone meanwhile
                total += file.stat(follow_symlinks=False).st_size
    return total
