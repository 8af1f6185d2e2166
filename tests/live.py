"""Real runs of the digits lesson, for tests that kill, stop, resume and delete them."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from descend.engine.launch import launcher
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest
from descend.engine.run.runs import Run

SETTINGS = {"epochs": 12, "pace": 400}
"""540 steps in about a second and a half."""


def until(true: Callable[[], object], seconds: float = 60) -> None:
    """Wait until ``true()`` holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def launch(**settings: object) -> Run:
    """A run that has just been started."""
    run = launcher.prepare(RunRequest("digits", {**SETTINGS, **settings}, seed=5))
    process = launcher.launch(run)
    threading.Thread(target=process.wait, daemon=True).start()  # a worker's ghost is not a worker
    return run


def training(run: Run) -> Run:
    """Wait until ``run`` has taken steps."""
    until(lambda: run.state() == "running" and history_of(run).series)
    return run


def finished(run: Run, seconds: float = 60) -> Run:
    """Wait for the end of ``run``."""
    until(lambda: run.state() in ("done", "stopped", "failed", "dead"), seconds)
    return run


def pid(run: Run) -> int:
    """The process that works on ``run``, or did."""
    writer = run.writer()
    assert writer is not None
    return writer.pid


def kill(run: Run, how: signal.Signals = signal.SIGKILL) -> None:
    """End the worker of ``run`` from outside and wait until it is gone."""
    os.kill(pid(run), how)
    until(lambda: not run.alive())


def history_of(run: Run) -> History:
    """Everything ``run`` has said so far."""
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    return history
