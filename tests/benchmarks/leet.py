"""The shell next to W&B LEET, the viewer of ``wandb``: the same finished run of 6 series × 5,000 steps, the same
pseudo-terminal (120 × 40), by turns. Start → first chart, the key that opens the help, and bytes to the terminal.

``wandb`` is no dependency; name the command of an installation with ``--wandb``. The run is written offline.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from descend.engine.run import runs
from descend.engine.run.jsonl import JsonlWriter
from descend.engine.run.records import FORMAT, Array, Header, Progress, Scalars, Status
from descend.engine.run.runs import Manifest
from descend.engine.teaching import catalogue
from tests.benchmarks.latency import answered
from tests.benchmarks.stage import SIZE, environment, watch
from tests.terminal import Terminal

SERIES, STEPS = 6, 5_000
QUIET = {"WANDB_MODE": "offline", "WANDB_SILENT": "true", "WANDB_ERROR_REPORTING": "false"}
LOG = """
import sys, json, wandb
run = wandb.init(mode="offline", dir=sys.argv[1], project="benchmark", settings=wandb.Settings(console="off"))
for point in json.load(open(sys.argv[2])):
    run.log(point)
run.finish()
"""
OPEN = """
import sys
from descend.engine.run import runs
from descend.engine.cli.shell import open_shell
sys.exit(open_shell(run=runs.find_run(sys.argv[1])))
"""
Watched = tuple[float, float, int]
"""Seconds to the first chart, milliseconds to the help, bytes written until the chart."""


def points() -> dict[str, np.ndarray]:
    """What both show."""
    chance = np.random.default_rng(0)
    falling = np.exp(-np.arange(STEPS) / 1000)
    return {f"train/part-{index}": falling + 0.05 * chance.normal(size=STEPS) for index in range(SERIES)}


def for_descend(home: Path) -> list[str]:
    """Write the run into ``home``; the command that shows it."""
    os.environ["DESCEND_HOME"] = str(home)
    lesson = catalogue.find_lesson("digits")
    run = runs.create_run(
        Manifest(id="", name=lesson.name, knobs=lesson.knobs().values(), seed=0, device="cpu", data="digits")
    )
    events = JsonlWriter(run.events_file)
    values = {name: Array.of(found) for name, found in points().items()}
    events.append([Header(format=FORMAT, run=run.id), Status(state="running", device="cpu")])
    events.append([Scalars(steps=Array.of(np.arange(STEPS)), values=values), Progress(step=STEPS, steps=STEPS)])
    events.append([Status(state="done", device="cpu", step=STEPS)])
    events.close()
    return [sys.executable, "-P", "-c", OPEN, run.id]


def for_leet(wandb: str, folder: Path) -> list[str]:
    """Let ``wandb`` write the run into ``folder``; the command that shows it."""
    import json

    columns = points()
    rows = [{name: float(found[step]) for name, found in columns.items()} for step in range(STEPS)]
    (folder / "points.json").write_text(json.dumps(rows))
    python = Path(wandb).with_name("python")
    words = [str(python if python.exists() else sys.executable), "-c", LOG, str(folder), str(folder / "points.json")]
    subprocess.run(words, env={**os.environ, **QUIET}, check=True, capture_output=True)
    return [wandb, "beta", "leet", str(next((folder / "wandb").glob("offline-run-*")))]


def watched(command: list[str], more: dict[str, str], key: str) -> Watched:
    """Start it, wait for a curve in Braille, then ask for help, which changes at least 300 cells."""
    with Terminal(command, *SIZE, more) as terminal:
        first = terminal.wait(curve)
        written = terminal.bytes_written
        watch(terminal, 2)
        before = terminal.screen.display
        delay = answered(terminal, key, lambda text: differing(before, text) > 300)
        return first, delay, written


def differing(before: list[str], text: str) -> int:
    """How many cells are not as they were."""
    lines = [line.ljust(SIZE[0]) for line in text.split("\n")]
    return sum(old != new for line, now in zip(before, lines, strict=True) for old, new in zip(line, now, strict=False))


def curve(text: str) -> bool:
    """Whether a curve is on the screen."""
    return "part-0" in text and sum(0x2800 < ord(character) < 0x2900 for character in text) > 20


def main() -> int:
    """Take turns and print medians side by side."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--wandb", default=shutil.which("wandb"), help="the wandb command of some installation")
    arguments.add_argument("--rounds", type=int, default=3)
    chosen = arguments.parse_args()
    if not chosen.wandb:
        print("wandb is not installed here, so there is nothing to compare with; name its command with --wandb.")
        return 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        contestants: dict[str, Callable[[], Watched]] = {}
        shell, leet = for_descend(home), for_leet(chosen.wandb, home)
        contestants["descend"] = lambda: watched(shell, environment(home), "?")
        contestants["LEET"] = lambda: watched(leet, QUIET, "h")
        found: dict[str, list[Watched]] = {name: [] for name in contestants}
        for _ in range(chosen.rounds):
            for name, contestant in contestants.items():
                found[name].append(contestant())
                time.sleep(0.2)
    for name, rounds in found.items():
        first, delay, written = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(
            f"{name:8} first chart {first:.2f} s, help {delay:4.0f} ms, {written / 1000:.0f} kB until the first chart"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
