"""Opening a finished run of 20 series × 50,000 steps (120 × 40): ``enter`` on it in the list of runs → every panel
on the screen drawn to the end, and the most memory that the shell's process has held.

The run is written by the writers that a worker uses, in pieces as large as a worker's.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from descend.engine.run import runs
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.records import FORMAT, Array, Header, Progress, Scalars, Status
from descend.engine.run.runs import Manifest, Run
from descend.engine.teaching import catalogue
from tests.benchmarks.stage import SIZE, environment
from tests.terminal import Terminal, descend

SERIES, STEPS, PIECE, ROUNDS = 20, 50_000, 250, 5


def written() -> Run:
    """The run: losses of ten parts of a network on two splits, every step of each."""
    lesson = catalogue.find_lesson("digits")
    asked = Manifest(id="", name=lesson.name, knobs=lesson.knobs().values(), seed=0, device="cpu", data="digits")
    run = runs.create_run(asked)
    chance = np.random.default_rng(0)
    names = [f"{split}/part-{part}" for part in range(SERIES // 2) for split in ("train", "test")]
    events = JsonlWriter(run.events_file)
    events.append([Header(format=FORMAT, run=run.id), Status(state="starting"), Status(state="running", device="cpu")])
    for first in range(0, STEPS, PIECE):
        steps = np.arange(first, first + PIECE)
        values = {name: Array.of(np.exp(-steps / 1e4) + 0.1 * chance.normal(size=PIECE)) for name in names}
        at = first / 1000
        events.append([Scalars(steps=Array.of(steps), values=values, t=at), Progress(step=first, steps=STEPS, t=at)])
    events.append([Progress(step=STEPS, steps=STEPS, t=50.0), Status(state="done", device="cpu", step=STEPS)])
    events.close()
    return run


def peak(terminal: Terminal) -> float:
    """MB."""
    lines = Path(f"/proc/{terminal.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1000


def drawn(text: str) -> bool:
    """Whether the run is read to its end and no panel on the screen waits for its turn."""
    return f"{STEPS:,}/{STEPS:,}" in text and "part-" in text and "waiting for data" not in text


def main() -> int:
    """Open it again and again, each time in a shell of its own, and print the median."""
    if not sys.platform.startswith("linux"):
        print("The peak of a process's memory is only told by Linux.", file=sys.stderr)
        return 1
    times, memory = [], []
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        size = written().events_file.stat().st_size
        for _ in range(ROUNDS):
            with Terminal(descend(), *SIZE, environment(Path(home))) as shell:
                shell.wait("Digits")
                shell.press("u")
                shell.wait("50,000")
                for _ in range(20):  # what the shell imports in the background, now or later
                    shell.read(0.1)
                start = time.monotonic()
                shell.press("\r")
                shell.wait(drawn, 60)
                times.append(time.monotonic() - start)
                for _ in range(10):
                    shell.read(0.1)
                memory.append(peak(shell))
                shell.press("q")
                shell.end()
    print(
        f"{size / 1e6:.0f} MB of records open in {statistics.median(times):.2f} s  (min {min(times):.2f}; budget 0.9)"
    )
    print(f"peak memory of the shell {max(memory):.0f} MB  (budget 200)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
