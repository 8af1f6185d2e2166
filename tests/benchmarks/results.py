"""What models of the zoo reach on real data, seed by seed, against the bound that each should hold.

``DESCEND_DATA=… uv run python -m tests.benchmarks.results [MODEL …] [--seeds N] [--device NAME]``
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from descend.engine.base.errors import DescendError
from descend.engine.launch import launcher
from descend.engine.launch.run_config import format_command
from descend.engine.run.history import History
from descend.engine.run.run_request import RunRequest


@dataclass(frozen=True)
class Entry:
    """A model, what it learns from and how, and the test accuracy that each seed should reach."""

    model: str
    data: str
    knobs: dict[str, Any]
    bound: float


ENTRIES = (
    Entry("logistic-regression", "breast-cancer", {"epochs": 50, "lr": 0.01, "weight_decay": 0.001}, 0.96),
    Entry("mlp", "fashion-mnist", {"epochs": 4, "batch_size": 100}, 0.87),
    Entry("simple-cnn", "fashion-mnist", {"epochs": 2, "lr": 0.002}, 0.88),
    Entry("full-cnn", "mnist", {"epochs": 2}, 0.985),
)


def main() -> int:
    """Train each entry with each seed and print one table; returns 1 if a bound does not hold for every seed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("models", nargs="*", choices=[*(entry.model for entry in ENTRIES), []], metavar="MODEL")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--device", default="auto")
    arguments = parser.parse_args()
    entries = [entry for entry in ENTRIES if not arguments.models or entry.model in arguments.models]
    seeds = range(max(1, arguments.seeds))
    table = Table("model", "dataset", *(f"seed {seed}" for seed in seeds), "bound", "holds", "seconds", box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    commands, all_hold = [], True
    with tempfile.TemporaryDirectory() as home:
        os.environ["DESCEND_HOME"] = home
        for entry in entries:
            try:
                results = [trained(entry, seed, arguments.device) for seed in seeds]
            except DescendError as error:
                print(f"{entry.model}: {error}", file=sys.stderr)
                return 1
            holds = sum(accuracy >= entry.bound for accuracy, _, _ in results)
            all_hold = all_hold and holds == len(seeds)
            table.add_row(
                entry.model,
                entry.data,
                *(f"{100 * accuracy:.2f} %" for accuracy, _, _ in results),
                f"≥ {100 * entry.bound:g} %",
                "yes" if holds == len(seeds) else f"{holds} of {len(seeds)}",
                f"{statistics.median(took for _, took, _ in results):.1f}",
            )
            commands.append(results[0][2])
    console = Console(soft_wrap=True, highlight=False)
    console.print(table, width=max(console.width, 64 + 10 * len(seeds)))  # so that no name is cut
    console.print("\nTest accuracy; seconds of training, the median. The first seed of each again:", markup=False)
    for command in commands:
        console.print(command, markup=False)
    return 0 if all_hold else 1


def trained(entry: Entry, seed: int, device: str) -> tuple[float, float, str]:
    """Test accuracy, seconds of training, and the command that does the same."""
    run = launcher.prepare(RunRequest(entry.model, entry.knobs, seed=seed, device=device, data=entry.data))
    worker = launcher.launch(run)
    while worker.poll() is None:
        time.sleep(0.1)
    history, follower = History(), run.follow()
    while records := follower.read():
        history.feed(records)
    accuracy = history.metrics.get("test/accuracy")
    if run.state() != "done" or accuracy is None:
        raise DescendError(history.failure.title if history.failure else f"The run is {run.state()}.")
    return accuracy, history.elapsed, format_command(run.manifest())


if __name__ == "__main__":
    sys.exit(main())
