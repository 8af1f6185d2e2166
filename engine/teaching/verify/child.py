"""The process that does runs one after the other: each line on standard input names a run's folder, each line on
standard output says that it has ended; the first says that it is ready.

It imports torch once and forks for every run, so that a run starts at once and yet has a process of its own, as it has
when a user starts it. Where forking is not safe it does one run and ends. When standard input closes, it ends with all
it has started.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import sys
from pathlib import Path

from descend.engine.launch import worker
from descend.engine.run.runs import Run

FORKS = sys.platform == "linux"
LARGE = ("scipy", "sklearn", "sympy", "torchvision")
"""Packages that take long to import: the time of many short runs."""


def main() -> None:
    """Do what comes in."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    commands, answers = os.dup(0), os.dup(1)  # a run takes the standard ones for itself
    from descend.engine.lab import private_names
    from descend.engine.launch import devices  # noqa: F401
    from descend.engine.teaching import catalogue

    private_names.postpone_compiler()
    catalogue.list_lessons()

    os.write(answers, b"ready\n")
    waiting = b""
    while True:
        while b"\n" not in waiting:
            text = os.read(commands, 1 << 16)
            if not text:
                return
            waiting += text
        line, _, waiting = waiting.partition(b"\n")
        run = Run(Path(os.fsdecode(line)))
        if not FORKS:
            status = worker.run_experiment(run, 0)
            os.write(answers, b"ended\n")
            os._exit(status)
        imported, told = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(commands)
            os.close(answers)
            status = worker.run_experiment(run, 0)
            os.write(told, "\n".join(list_large_modules()).encode())
            os._exit(status)
        os.close(told)
        while os.waitpid(child, os.WNOHANG) == (0, 0):
            if select.select([commands], [], [], 0.01)[0]:  # nothing is said now, so it has closed
                os.killpg(0, signal.SIGKILL)
        os.write(answers, b"ended\n")
        os.set_blocking(imported, False)  # a process that the run has left behind may hold the other end
        with os.fdopen(imported, "rb", buffering=0) as pipe:
            names = (pipe.read(1 << 16) or b"").decode()
        for name in names.split():
            importlib.import_module(name)


def list_large_modules() -> list[str]:
    """The subpackages of `LARGE` that are imported, such as ``scipy.integrate``; few enough for a pipe."""
    return [
        name for name in sys.modules if name.partition(".")[0] in LARGE and name.count(".") <= 1 and "._" not in name
    ]


if __name__ == "__main__":
    main()
