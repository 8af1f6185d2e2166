"""Key → screen while a run trains flat out with six panels (120 × 40), next to a bare Textual app in the same minutes.

A key counts as answered when the terminal shows what it does: ``space`` that the run is going to pause or to go on,
``,`` the step looked back at, ``1`` one panel alone and all again, ``t`` the lesson beside the panels and away.
In the bare app ``space`` changes a line of text.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Callable, Iterator

from tests.benchmarks.stage import bare, percentile, step_shown, training, watch
from tests.terminal import Terminal

Answer = tuple[str, Callable[[str], bool]]
"""A key and what the screen shows once it is answered."""


def keys() -> Iterator[tuple[str, list[Answer]]]:
    """Each kind of key, with what undoes it."""
    pausing, going = re.compile("pausing|paused"), re.compile("resuming|▶ running")
    yield "space", [(" ", lambda text: bool(pausing.search(text))), (" ", lambda text: bool(going.search(text)))]
    yield ",", [(",", lambda text: "replay" in text), ("\x1b", lambda text: "replay" not in text)]
    yield "1", [("1", lambda text: "╭─ 2 " not in text), ("1", lambda text: "╭─ 2 " in text)]
    yield "t", [("t", lambda text: "Six panels show it" in text), ("t", lambda text: "Six panels show" not in text)]


def answered(terminal: Terminal, key: str, shown: Callable[[str], bool]) -> float:
    """Milliseconds from ``key`` to the arrival of the bytes that show its answer; what the emulation, written in
    Python, then needs is not counted."""
    start = time.perf_counter()
    terminal.press(key)
    while time.perf_counter() - start < 10:
        arrived = []
        until = time.perf_counter() + 0.1
        while (left := until - time.perf_counter()) > 0:
            if text := terminal.take(left):
                arrived.append((time.perf_counter(), text))
        for when, text in arrived:
            terminal.feed(text)
            if shown(terminal.text()):
                for _, rest in arrived[arrived.index((when, text)) + 1 :]:
                    terminal.feed(rest)
                return (when - start) * 1000
    raise TimeoutError(f"no answer to {key!r}\n{terminal.text()}")


def told(name: str, found: list[float], more: str = "") -> None:
    """Print what was measured."""
    print(f"{name:14} p50 {statistics.median(found):5.1f} ms   p95 {percentile(found, 0.95):5.1f} ms{more}")


def main() -> None:
    """Take turns between the kinds of keys and the bare app, so that the machine's moods hit all."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=12)
    chosen = arguments.parse_args()
    waits: dict[str, list[float]] = {}
    beside: list[float] = []
    with training() as shell, bare() as plain:
        watch(shell, 3)
        for number in range(chosen.rounds):
            for name, answers in keys():
                for key, shown in answers:
                    if key == "\x1b":
                        answered(shell, key, shown)  # a lone escape may begin a sequence, so Textual waits first
                    else:
                        waits.setdefault(name, []).append(answered(shell, key, shown))
                    watch(shell, 0.15 + 0.013 * (number % 7))
                again = step_shown(shell.text())
                shell.wait(lambda text, again=again: step_shown(text) > again, 20)  # type: ignore[misc]
            for _ in range(3):
                presses = len(beside) + 1
                beside.append(answered(plain, " ", lambda text, n=presses: f"pressed {n} times" in text))  # type: ignore[misc]
                watch(shell, 0.1)
    told("bare app", beside)
    for name, found in waits.items():
        told(f"key {name}", found)
    told("all keys", [wait for found in waits.values() for wait in found], "   (budget 25 and 50)")


if __name__ == "__main__":
    main()
