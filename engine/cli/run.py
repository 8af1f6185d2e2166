"""``descend run``: train without the shell."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from descend.engine.cli.arguments import add_run_settings, knob_values
from descend.engine.errors import DescendError
from descend.engine.text import clean

if TYPE_CHECKING:
    from descend.engine.history import History
    from descend.engine.runs import Run

POLL = 0.05


def add(commands: Any) -> None:
    """Declare ``descend run``."""
    command = commands.add_parser(
        "run",
        help="run a lesson's experiment here, without the shell",
        description="Train for real, show progress, print the final metrics. ctrl+c stops the run and keeps it.",
    )
    command.add_argument("name", metavar="NAME", help="lesson, see `descend list lessons`")
    add_run_settings(command)
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    command.set_defaults(do=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the run, follow it to its end, and return 0 if it was done, else 1."""
    from descend.engine import supervision

    asked = supervision.prepare(
        arguments.name,
        knob_values(arguments.settings),
        seed=arguments.seed,
        device=arguments.device,
        data=arguments.data,
    )
    worker = supervision.launch(asked)
    follow = follow_json if arguments.json else follow_with_bars
    return follow(asked, lambda: worker.poll() is None)


def events(run: Run, history: History, alive: Callable[[], bool]) -> Any:
    """Feed ``history`` from the run and yield the names of what changed, until the run has ended.

    ctrl+c asks the worker to stop and goes on until it has; a second one raises.
    """
    from descend.engine.records import Stop

    follower, asked_to_stop = run.follow(), False
    while True:
        try:
            living = alive()  # before reading, so that nothing a dying worker wrote is missed
            if records := follower.read():
                yield history.feed(records)
                continue
            if history.status and history.status.state in ("done", "stopped", "failed"):
                return
            if not living:
                raise DescendError(
                    f"The worker of run '{run.id}' died without a word; see {run.log_file}. What it recorded is kept."
                )
            time.sleep(POLL)
        except KeyboardInterrupt:
            if asked_to_stop:
                raise
            asked_to_stop = True
            run.ask(Stop())
            print("Stopping after this step; ctrl+c again leaves it behind.", file=sys.stderr)


def outcome(history: History) -> int:
    """Exit status: 0 if the run was done or stopped on request."""
    return 1 if history.status is None or history.status.state == "failed" else 0


def follow_json(run: Run, alive: Callable[[], bool]) -> int:
    """Print the latest step and metrics as they come, a JSON object a line; the last has the final ones."""
    from descend.engine.history import History
    from descend.engine.records import Status

    history = History()

    def say(**values: Any) -> None:
        print(json.dumps(values, allow_nan=False), flush=True)

    def common() -> dict[str, Any]:
        step = max((s.steps[-1] for s in history.series.values()), default=0)
        metrics = {
            name: value if value is None or abs(value) < float("inf") else None
            for name, value in history.metrics.items()
        }
        return {"run": run.id, "step": int(step), "elapsed": history.elapsed, "metrics": metrics}

    say(status="starting", run=run.id)
    for changed in events(run, history, alive):
        if changed - {"status"} and not ended(history.status):
            say(status="running", **common(), **where(history))
    final: dict[str, Any] = {"status": history.status.state if isinstance(history.status, Status) else "dead"}
    if history.failure is not None:
        final |= {"message": history.failure.title, "advice": history.failure.advice}
    say(**final, **common())
    return outcome(history)


def ended(status: Any) -> bool:
    """Whether ``status`` is an end."""
    return status is not None and status.state in ("done", "stopped", "failed")


def where(history: History) -> dict[str, Any]:
    """Steps, epoch and speed, as far as known."""
    progress = history.progress
    if progress is None:
        return {}
    known = {"steps": progress.steps, "epoch": progress.epoch, "epochs": progress.epochs, "rate": progress.rate}
    return {name: value for name, value in known.items() if value is not None}


def follow_with_bars(run: Run, alive: Callable[[], bool]) -> int:
    """Show a progress bar with the latest metrics, then a table of the final ones."""
    from rich import progress as rich_progress
    from rich.console import Console
    from rich.text import Text

    from descend.engine.history import History

    history, console = History(), Console(highlight=False)
    console.print(Text(f"run {run.id}"))
    columns = (
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(bar_width=24),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TimeElapsedColumn(),
        rich_progress.TimeRemainingColumn(compact=True),
    )
    with rich_progress.Progress(*columns, console=console, refresh_per_second=5) as bars:
        bar = bars.add_task("starting", total=None)
        for _ in events(run, history, alive):
            if (progress := history.progress) is not None:
                bars.update(bar, description=summary(history), completed=progress.step, total=progress.steps)
        bars.update(bar, description=summary(history))
    for note in history.notes:
        console.print(Text(clean(note.text)))
    report(console, run, history)
    return outcome(history)


def summary(history: History) -> str:
    """Epoch and the latest losses and accuracies in a line."""
    progress, parts = history.progress, []
    if progress is not None and progress.epochs:
        parts.append(f"epoch {progress.epoch}/{progress.epochs}")
    for name, series in history.series.items():
        if series.size and name.startswith("test/"):
            parts.append(f"{clean(name)} {series.values[-1]:.3f}")
    return "  ".join(parts) or "running"


def report(console: Any, run: Run, history: History) -> None:
    """Print how the run ended."""
    from rich.table import Table
    from rich.text import Text

    if history.failure is not None:
        console.print(Text(clean(history.failure.title), style="bold"))
        for line in history.failure.advice:
            console.print(Text(f"  - {clean(line)}"))
    table = Table("metric", "value", box=None)
    table.columns[1].justify = "right"
    for name, value in sorted(history.metrics.items()):
        table.add_row(Text(clean(name)), "not finite" if value is None else f"{value:.4f}")
    if history.metrics:
        console.print(table)
    state = history.status.state if history.status else "dead"
    console.print(Text(f"{state} after {history.elapsed:.1f} s: {run.folder}"))
