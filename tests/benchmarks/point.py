"""``run`` pressed → first point of a curve on the screen, with a worker that had time to import torch."""

from __future__ import annotations

import statistics
import time

import psutil

from tests.benchmarks.stage import SIZE, environment, home, step_shown, watch
from tests.terminal import Terminal, descend

ROUNDS = 5
WARM = 60.0


def warm(shell: Terminal) -> None:
    """Wait until the shell's idle worker has nothing left to import."""
    deadline, quiet = time.monotonic() + WARM, 0
    while time.monotonic() < deadline and quiet < 4:
        idle = [p for p in psutil.Process(shell.process.pid).children() if _idles(p)]
        before = sum(sum(p.cpu_times()[:2]) for p in idle)
        watch(shell, 0.5)
        quiet = quiet + 1 if idle and before > 0.3 and sum(sum(p.cpu_times()[:2]) for p in idle) == before else 0


def _idles(process: psutil.Process) -> bool:
    try:
        return "--idle" in process.cmdline()
    except psutil.Error:  # it ended meanwhile
        return False


def main() -> None:
    """Run the lesson again and again and print the median."""
    times = []
    with home() as folder:
        for _ in range(ROUNDS):
            with Terminal(descend("open", "flat-out"), *SIZE, environment(folder)) as shell:
                shell.wait("space run")
                warm(shell)
                start = time.monotonic()
                shell.press(" ")
                shell.wait(lambda text: step_shown(text) > 0 and "━ train" in text, 30)
                times.append(time.monotonic() - start)
                shell.press("x")
                shell.wait("■ stopped", 30)
                shell.press("q")
                shell.end()
    print(
        f"run → first point  {statistics.median(times):.2f} s  (min {min(times):.2f}, max {max(times):.2f}; budget 0.5)"
    )


if __name__ == "__main__":
    main()
