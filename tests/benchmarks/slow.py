"""A terminal that takes little: 4 kB/s, as over a bad line, while a run trains flat out with six panels (120 × 40).

Prints how long keys wait for the screen, what the shell writes, how its memory grows, and how soon it is back to its
usual speed once the terminal takes everything again.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Mapping

import psutil

from tests.benchmarks.stage import percentile, step_shown, training, watch
from tests.terminal import Terminal


class SlowTerminal(Terminal):
    """Takes ``rate`` bytes a second, in small pieces; all there is if that is 0."""

    rate = 0.0

    def __init__(
        self, command: list[str], columns: int = 80, lines: int = 24, environment: Mapping[str, str] | None = None
    ) -> None:
        self._next = 0.0
        super().__init__(command, columns, lines, environment)

    def read(self, seconds: float = 0.0) -> bool:
        if not self.rate:
            return super().read(seconds)
        piece = 64
        now = time.monotonic()
        wait = max(0.0, self._next - now)
        time.sleep(min(wait, seconds))
        text = self.take(seconds - wait, piece) if wait <= seconds else b""
        if text:
            self._next = max(self._next, time.monotonic() - 0.1) + len(text) / self.rate
        self.feed(text)
        return bool(text)


def until(shell: Terminal, shown: Callable[[str], bool], seconds: float) -> float:
    """Seconds until the screen shows it; ``seconds`` if it does not."""
    start = time.monotonic()
    while not shown(shell.text()) and time.monotonic() < start + seconds:
        shell.read(0.01)
    return time.monotonic() - start


def main() -> None:
    """Slow the terminal down, press keys, then let it go."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rate", type=float, default=4000.0, help="bytes a second that the terminal takes")
    arguments.add_argument("--keys", type=int, default=10)
    arguments.add_argument("--seconds", type=float, default=10.0, help="to get into the way of it")
    chosen = arguments.parse_args()
    with training(SlowTerminal) as shell:
        assert isinstance(shell, SlowTerminal)
        watch(shell, 3)
        usual = traffic(shell, 4)
        process = psutil.Process(shell.process.pid)
        shell.rate = chosen.rate
        before = process.memory_info().rss
        watch(shell, chosen.seconds)
        slow = traffic(shell, 5)
        waits = []
        for _ in range(chosen.keys):
            shown = "paused" if "▶ running" in shell.text() else "▶ running"
            shell.press(" ")
            waits.append(until(shell, lambda text, shown=shown: shown in text, 20))  # type: ignore[misc]
            watch(shell, 0.4)
        if "paused" in shell.text():
            shell.press(" ")
            until(shell, lambda text: "▶ running" in text, 20)
        watch(shell, 3)
        grown = process.memory_info().rss - before
        shell.rate = 0.0
        step = step_shown(shell.text())
        back = until(shell, lambda text: step_shown(text) > step, 20)
        watch(shell, 1)
        again = traffic(shell, 4)
    print(f"key → screen     median {statistics.median(waits):.2f} s, 95 % {percentile(waits, 0.95):.2f} s  (budget 2)")
    print(f"writes           {usual:.1f} kB/s to a fast terminal, {slow:.1f} to this one, {again:.1f} when fast again")
    print(
        f"memory           {grown / 1e6:+.1f} MB meanwhile; the next step is seen {back:.2f} s after the line is free"
    )


def traffic(shell: Terminal, seconds: float) -> float:
    """kB/s written."""
    start, written = time.monotonic(), shell.bytes_written
    watch(shell, seconds)
    return (shell.bytes_written - written) / (time.monotonic() - start) / 1000


if __name__ == "__main__":
    main()
