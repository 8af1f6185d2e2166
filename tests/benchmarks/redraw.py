"""Redrawing a chart of a million points against one of a thousand, as new points come in (60 × 16 cells)."""

from __future__ import annotations

import statistics
import time

import numpy as np

from descend.engine.run.history import History
from descend.engine.run.records import Array, Scalars
from descend.tui.panels.curves import Curves

ROUNDS, SIZE = 60, (60, 16)


def grown(points: int) -> tuple[History, Curves]:
    """A run of ``points`` steps of a falling, noisy loss, and its panel."""
    history = History()
    steps = np.arange(points)
    noise = np.random.default_rng(0).normal(size=points)
    history.feed(
        [Scalars(steps=Array.of(steps), values={"train/loss": Array.of(np.exp(-3 * steps / points + 0.1 * noise))})]
    )
    return history, Curves(history, "loss")


def main() -> None:
    """Take turns, adding a point before each redraw, and print medians and ratio."""
    runs = {count: grown(count) for count in (1_000, 1_000_000)}
    times: dict[int, list[float]] = {count: [] for count in runs}
    for number in range(ROUNDS):
        for count, (history, panel) in runs.items():
            step = Array.of(np.array([count + number]))
            history.feed([Scalars(steps=step, values={"train/loss": Array.of(np.array([0.05]))})])
            start = time.process_time()
            panel.rows(*SIZE)
            if number:  # the first one makes the pyramid
                times[count].append(time.process_time() - start)
    short, long = (statistics.median(found) * 1000 for found in times.values())
    print(f"redraw  {short:.2f} ms at 1,000 points, {long:.2f} ms at 1,000,000: ratio {long / short:.2f}  (budget 1.2)")


if __name__ == "__main__":
    main()
