"""A first run in a fresh process against ``import torch`` alone, in turns: digits for two epochs from the command line,
and the shell from its start, with space pressed at once, to the first point of a curve on the screen.

Files are in the page cache for all, as each is read once before it counts. Processor time is that of all processes that
were started, where they have ended.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.stage import SIZE, environment, step_shown
from tests.terminal import Terminal, descend

BARE = [sys.executable, "-P", "-c", "import torch"]
SHORT = [sys.executable, "-P", "-m", "descend.engine.cli", "run", "digits", "--set", "epochs=2"]

Cost = tuple[float, float]
"""Seconds by the clock and of the processor."""


def time_command(command: list[str], home: Path) -> Cost:
    """What ``command`` takes, with all it starts.

    Raises:
        CalledProcessError: it failed.
    """
    around = {**os.environ, "DESCEND_HOME": str(home)}
    before, start = _used(), time.perf_counter()
    subprocess.run(command, check=True, env=around, capture_output=True, stdin=subprocess.DEVNULL)
    return time.perf_counter() - start, _used() - before


def time_first_point(home: Path) -> float:
    """Seconds from the start of the shell to the first point, where space is pressed as soon as that is offered."""
    start = time.perf_counter()
    with Terminal(descend("open", "digits"), *SIZE, environment(home)) as shell:
        shell.wait("space run", 60)
        shell.press(" ")
        shell.wait("space runs without one", 30)
        shell.press(" ")
        shell.wait(lambda text: step_shown(text) > 0 and "━ train" in text, 120)
        found = time.perf_counter() - start
        shell.press("x")
        shell.wait(lambda text: "■ stopped" in text or "✓ done" in text, 60)
        shell.press("q")
        shell.end()
    return found


def _used() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Take turns, so that the machine's moods hit all, and print medians and ratios."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    chosen = arguments.parse_args()
    bare: list[Cost] = []
    short: list[Cost] = []
    shell: list[float] = []
    for _ in range(chosen.rounds + 1):
        with tempfile.TemporaryDirectory() as folder:
            bare.append(time_command(BARE, Path(folder)))
            short.append(time_command(SHORT, Path(folder)))
            shell.append(time_first_point(Path(folder)))
    bare, short, shell = bare[1:], short[1:], shell[1:]
    clock, used = (statistics.median(each) for each in zip(*bare, strict=True))
    short_clock, short_used = (statistics.median(each) for each in zip(*short, strict=True))
    first = statistics.median(shell)
    print(f"import torch        {clock:5.2f} s, {used:5.2f} s of the processor")
    print(f"descend run digits  {short_clock:5.2f} s, {short_used:5.2f} s of the processor")
    print(f"shell → first point {first:5.2f} s")
    print(f"ratio of a run      {short_clock / clock:5.2f}   (budget 1.4), {short_used / used:.2f} of the processor")
    print(f"ratio of the shell  {first / clock:5.2f}   (budget 1.5)")


if __name__ == "__main__":
    main()
