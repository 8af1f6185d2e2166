"""Training with the shell attached, six panels at 120 × 40, against the same loop that records nothing, by turns.

The lesson's own ``run`` is timed: with a lab that only counts steps (the bare loop), with a real one that nobody looks
at, and with a real one while the shell shows it in a terminal. Each takes as many steps, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.stage import SIZE, environment, home
from tests.terminal import Terminal, descend

LOOP = """
import contextlib, json, sys, time
from descend.engine.teaching import catalogue; from descend.engine.launch import devices
from descend.datasets import catalogue as datasets
import torch
steps = int(sys.argv[1])
torch.set_num_threads(devices.count_threads())
lesson = catalogue.find_lesson(sys.argv[2])
knobs = lesson.knobs.parse(dict(word.split("=") for word in sys.argv[3:]))
class Bare:
    device, seed, dataset, state = torch.device("cpu"), 0, datasets.find(lesson.data[0]).load(), {}
    def steps(self, count, **settings):
        for step in range(steps):
            if step == steps // 5:
                self.start = time.perf_counter()
            yield step
        self.taken = time.perf_counter() - self.start
    def __getattr__(self, name):
        return lambda *words, **named: contextlib.nullcontext()
torch.manual_seed(0)
lab = Bare()
lesson.run(lab, knobs)
print(json.dumps((steps - steps // 5) / lab.taken))
"""


def bare(lesson: str, steps: int, folder: Path) -> float:
    """Steps a second of the loop alone, after a fifth of them."""
    command = [sys.executable, "-P", "-c", LOOP, str(steps), lesson]
    told = subprocess.run(
        command, env={**os.environ, **environment(folder)}, capture_output=True, text=True, check=True
    )
    return float(json.loads(told.stdout))


def recorded(lesson: str, setting: str, steps: int, folder: Path, attached: bool) -> float:
    """Steps a second of a run, after a fifth of them, by its own clock; with or without a shell that shows it."""
    from descend.engine.run import runs
    from descend.engine.run.records import Progress

    os.environ["DESCEND_HOME"] = str(folder)
    before = len(runs.list_runs())

    def ended() -> bool:
        return len(found := runs.list_runs()) > before and found[0].state() == "done"

    if attached:
        with Terminal(descend("open", lesson, "--run", "--set", setting), *SIZE, environment(folder)) as shell:
            while not ended():
                look = time.monotonic() + 1
                while (left := look - time.monotonic()) > 0:
                    shell.take(left)  # only: an emulation in Python would take the core that the shell needs
            shell.press("q")
            shell.end()
    else:
        command = descend("run", lesson, "--set", setting, "--json")
        subprocess.run(command, env={**os.environ, **environment(folder)}, capture_output=True, check=True)
    follower, found = runs.list_runs()[0].follow(), []
    while records := follower.read():
        found += [(record.t, record.step) for record in records if isinstance(record, Progress)]
    first = next(place for place in found if place[1] >= steps // 5)
    last = max((place for place in found if place[1] < steps), key=lambda place: place[1])
    return (last[1] - first[1]) / (last[0] - first[0])


def main() -> None:
    """Take turns and print medians and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--lesson", default="flat-out")
    arguments.add_argument("--setting", default="steps=6000", help="the knob that makes it take --steps")
    arguments.add_argument("--steps", type=int, default=6000)
    chosen = arguments.parse_args()
    speeds: dict[str, list[float]] = {"bare loop": [], "recorded": [], "attached": []}
    with home() as folder:
        for _ in range(chosen.rounds):
            speeds["bare loop"].append(bare(chosen.lesson, chosen.steps, folder))
            for name in ("recorded", "attached"):
                speed = recorded(chosen.lesson, chosen.setting, chosen.steps, folder, name == "attached")
                speeds[name].append(speed)
    medians = {name: statistics.median(found) for name, found in speeds.items()}
    for name, found in speeds.items():
        print(f"{name:10} {medians[name]:8.0f} steps/s  (min {min(found):.0f}, max {max(found):.0f})")
    print(f"attached ÷ recorded   {medians['attached'] / medians['recorded']:.3f}")
    print(f"attached ÷ bare loop  {medians['attached'] / medians['bare loop']:.3f}  (budget: at least 0.95 on the CPU)")


if __name__ == "__main__":
    main()
