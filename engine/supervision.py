"""Asks for runs and starts the workers that do them; imports no torch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping

from descend.engine import catalogue, devices, runs
from descend.engine.errors import DescendError, UsageError, nearest
from descend.engine.runs import Manifest, Run

SEEDS = 2**31
COMMAND = [sys.executable, "-P", "-m", "descend.engine.worker"]
"""A fresh interpreter that does not import from the working folder."""


def environment() -> dict[str, str]:
    """A worker's environment: its OpenMP threads spin only briefly while they wait, lest they take the cores from
    each other and from the shell."""
    return {"GOMP_SPINCOUNT": "1000", **os.environ}



def prepare(
    lesson: str, knobs: Mapping[str, object] | None = None, *, seed: int = 0, device: str = "auto", data: str = ""
) -> Run:
    """Check everything that was asked for and make the run's folder; nothing is written if anything is wrong.

    Raises:
        UsageError: unknown lesson, knob, device or dataset, or a value out of range.
        MissingData: the dataset is not on this machine.
        DescendError: the home folder cannot be written.
    """
    chosen = catalogue.find(lesson)
    values = chosen.knobs.parse(knobs or {}).values()
    if not 0 <= seed < SEEDS:
        raise UsageError(f"A seed is a whole number from 0 to {SEEDS - 1}, not {seed}.")
    device = devices.check(device)
    data = data or next(iter(chosen.data), "")
    if data:
        if data not in chosen.data:
            raise UsageError(f"Lesson '{chosen.name}' does not learn from '{data}'{nearest(data, chosen.data) or '.'}")
        from descend.datasets import catalogue as datasets

        datasets.find(data).require()
    return runs.create(
        Manifest(
            id="",
            name=chosen.name,
            knobs=values,
            seed=seed,
            device=device,
            data=data,
            threads=devices.cpu_threads(),
        )
    )


def launch(run: Run) -> subprocess.Popen[bytes]:
    """Start a worker for ``run`` in a session of its own.

    Raises:
        DescendError: the process could not be started.
    """
    try:
        with open(run.log_file, "ab") as log:
            return subprocess.Popen(
                [*COMMAND, str(run.folder), str(heard(run))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=environment(),
            )
    except OSError as error:
        raise DescendError(f"The worker could not be started: {error.strerror or error}.") from None


def heard(run: Run) -> int:
    """Bytes of ``control.jsonl`` that were meant for earlier workers."""
    try:
        return run.control_file.stat().st_size
    except OSError:
        return 0


class WarmWorker:
    """One idle worker that has imported torch, so that the next run begins at once."""

    def __init__(self) -> None:
        self._idle: subprocess.Popen[bytes] | None = None
        self._working: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the idle worker if there is none; returns at once. If it cannot start, `launch` starts a cold one."""
        if self._idle is not None and self._idle.poll() is None:
            return
        try:
            self._idle = subprocess.Popen(
                [*COMMAND, "--idle"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                env=environment(),
            )
        except OSError:
            self._idle = None

    def launch(self, run: Run) -> None:
        """Hand ``run`` to the idle worker; start a cold one if that is gone.

        Raises:
            DescendError: no worker could be started.
        """
        worker, self._idle = self._idle, None
        self._working = [process for process in self._working if process.poll() is None]  # reap the finished
        if worker is not None and worker.poll() is None and worker.stdin is not None:
            try:
                worker.stdin.write(json.dumps([str(run.folder), heard(run)]).encode() + b"\n")
                worker.stdin.close()
                self._working.append(worker)
                return
            except OSError:
                pass
        self._working.append(launch(run))

    def close(self) -> None:
        """End the idle worker; one that has a run is left alone."""
        if self._idle is not None and self._idle.stdin is not None:
            self._idle.stdin.close()
            self._idle.terminate()
            self._idle.wait()
            self._idle = None
