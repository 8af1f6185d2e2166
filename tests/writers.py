"""Processes that write records until they are killed: ``python -m tests.writers FOLDER…`` forks one for each folder.

Each says a point every few milliseconds and now and then a long note, and before each point writes down, in a file that
survives its end, when it said which step: ``said``, lines of ``<monotonic seconds> <step>``.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy  # noqa: F401  # before forking, so that every writer begins at once

from descend.engine.lab.recorder import Recorder
from descend.engine.run.records import Note, Progress


def write(folder: Path) -> None:
    """Say one point after the other until killed."""
    fast = os.write

    def slow(file: int, text: bytes) -> int:
        """A disk that takes little at a time, as any may, so that kills come in the middle of a record."""
        time.sleep(0.0003)
        return fast(file, text[:8192])

    os.write = slow  # type: ignore[assignment]
    said = os.open(folder / "said", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    step, began = 0, time.monotonic()
    recorder = Recorder(
        folder / "events.jsonl",
        folder / "control.jsonl",
        control_from=0,
        clock=lambda: time.monotonic() - began,
        heard=lambda command: None,
        watch=lambda name, steps, values: None,
        progress=lambda: Progress(step=step, steps=1_000_000),
    )
    while True:
        recorder.scalars(step, {"train/loss": step * 0.5})
        if step % 16 == 0:
            recorder.put(Note(step=step, text=f"{step} " + "long " * 40_000))
        fast(said, f"{time.monotonic()} {step}\n".encode())
        step += 1
        time.sleep(0.004)


if __name__ == "__main__":
    for folder in sys.argv[1:]:
        if (child := os.fork()) == 0:
            write(Path(folder))
        print(child, flush=True)
    for _ in sys.argv[1:]:
        os.wait()
