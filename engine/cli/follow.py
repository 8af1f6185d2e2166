"""Following a run to its end without the shell: a progress bar, or a JSON object a line."""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output

if TYPE_CHECKING:
    from descend.engine.run.history import History
    from descend.engine.run.runs import Run

POLL = 0.05
PATIENCE = 2.0
"""Seconds an ended run's worker is given to be gone."""
SLOW = 30.0
"""Seconds after which a worker that has not begun is spoken of."""


class Interrupts:
    """Counts ctrl+c instead of raising wherever the program happens to be; use as a context manager."""

    def __init__(self) -> None:
        self.count = 0

    def __enter__(self) -> Interrupts:
        self._before = signal.signal(signal.SIGINT, self._pressed)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _pressed(self, *_: object) -> None:
        self.count += 1


class Detached(Exception):
    """The user stopped following; the run continues."""


def follow(
    run: Run, alive: Callable[[], bool], *, as_json: bool = False, detach: bool = False, since: float | None = None
) -> int:
    """Show ``run`` until it has ended and return the exit status: 0 if it was done or stopped on request, else 1;
    130 if it was left running.

    Args:
        alive: whether its worker is there.
        detach: whether ctrl+c only stops following; else it stops the run, and a second one stops following.
        since: `time.monotonic` when its worker was started, if that was for this.

    Raises:
        DescendError: the worker died, or the folder is gone.
    """
    from descend.engine.run.history import History

    history = History()
    try:
        with Interrupts() as interrupts:
            news = watch_changes(run, history, alive, interrupts, detach)
            return follow_json(run, history, news) if as_json else follow_with_bars(run, history, news, since)
    except Detached:
        name = clean(run.id)
        print(f"Left run '{name}' training; `descend attach {name}` follows it again.", file=sys.stderr)
        return 0 if detach else 130


def watch_changes(
    run: Run, history: History, alive: Callable[[], bool], interrupts: Interrupts, detach: bool
) -> Iterator[set[str]]:
    """Feed ``history`` from the run and yield the names of what changed, until the run has ended."""
    from descend.engine.run.records import Stop
    from descend.engine.run.runs import ENDS
    from descend.engine.run.summary import explain_state

    follower, asked_to_stop, ended = run.follow(), False, math.inf
    slow = time.monotonic() + SLOW
    while True:
        if interrupts.count > asked_to_stop:
            if detach or asked_to_stop:
                raise Detached
            asked_to_stop = True
            run.ask(Stop())
            print("Stopping after this step; ctrl+c again stops following it.", file=sys.stderr)
        living = alive()  # before reading, so that nothing a dying worker wrote is missed
        if records := follower.read():
            yield history.feed(records)
        if records or follower.behind:
            continue
        if find_state(history) in ENDS:  # leave when its worker has, so that nothing is held
            ended = min(ended, time.monotonic())
            if not living or time.monotonic() - ended > PATIENCE:
                return
        deleting = follower.offset > 0 and not os.path.exists(run.events_file)  # its worker may end before all is gone
        if deleting or not os.path.exists(run.folder):
            raise DescendError(f"The folder of run '{run.id}' is gone, so there is nothing left to follow.")
        if not living:
            why, advice = explain_state(run, "dead", history)
            raise DescendError(f"Run '{run.id}' is dead. {why} What it recorded is kept. {' '.join(advice)}")
        if time.monotonic() > slow and find_state(history) == "starting":
            slow = math.inf
            last = clean((run.log_tail(1) or ["nothing yet"])[0])
            print(f"The worker of run '{clean(run.id)}' is still starting; its log ends with: {last}", file=sys.stderr)
        time.sleep(POLL)


def find_exit_status(history: History) -> int:
    """Exit status: 0 if the run was done or stopped on request."""
    return 0 if find_state(history) in ("done", "stopped") else 1


def find_state(history: History) -> str:
    """The run's last stated state."""
    return history.status.state if history.status is not None else "starting"


def follow_json(run: Run, history: History, changes: Iterator[set[str]]) -> int:
    """Print the latest step and metrics as they come, a JSON object a line; the last has the final ones."""

    def say(**values: Any) -> None:
        print(json.dumps(values, allow_nan=False), flush=True)

    from descend.engine.cli.findings import make_findings
    from descend.engine.diagnosis.diagnose import diagnose
    from descend.engine.run.runs import ENDS

    say(status=run.state(), run=run.id)
    noted = 0
    try:
        for changed in changes:
            for note in history.notes[noted:]:
                say(status=find_state(history), run=run.id, step=note.step, note=note.text)
            noted = len(history.notes)
            if changed - {"status"} and find_state(history) not in ENDS:
                say(status=find_state(history), **describe_progress(run, history), **format_position(history))
    except DescendError as error:
        say(status="dead", message=str(error), **describe_progress(run, history))
        raise
    final: dict[str, Any] = {"status": find_state(history)}
    if history.failure is not None:
        final |= {"message": history.failure.title, "advice": history.failure.advice}
    elif history.status is not None and history.status.message:
        final["message"] = history.status.message
    say(**final, **describe_progress(run, history), findings=make_findings(diagnose(run, history)))
    return find_exit_status(history)


def describe_progress(run: Run, history: History) -> dict[str, Any]:
    """The run's id, latest step, seconds of training and metrics; null for one that is not finite."""
    step = max((int(series.steps[-1]) for series in history.series.values() if series.size), default=0)
    metrics = {
        name: value if value is None or math.isfinite(value) else None for name, value in history.metrics.items()
    }
    return {"run": run.id, "step": step, "elapsed": history.elapsed, "metrics": metrics}


def format_position(history: History) -> dict[str, Any]:
    """Steps, epoch and speed, where known."""
    progress = history.progress
    if progress is None:
        return {}
    known = {"steps": progress.steps, "epoch": progress.epoch, "epochs": progress.epochs, "rate": progress.rate}
    return {name: value for name, value in known.items() if value is not None}


def follow_with_bars(run: Run, history: History, changes: Iterator[set[str]], since: float | None = None) -> int:
    """Show what is being loaded, then a progress bar with the latest metrics, then a table of the final ones."""
    from rich import progress as rich_progress
    from rich.text import Text

    from descend.engine.run.loading_times import describe_loading

    console = output.make_console()
    console.print(Text(f"run {clean(run.id)}"))
    columns = (
        rich_progress.TextColumn("{task.description}", markup=False),
        rich_progress.BarColumn(bar_width=24),
        rich_progress.MofNCompleteColumn(),
        rich_progress.TextColumn("{task.fields[trained]}", markup=False),
        rich_progress.TimeRemainingColumn(compact=True),
    )
    with rich_progress.Progress(*columns, console=console, refresh_per_second=5) as bars:
        bar = bars.add_task(clean(describe_loading(history)), total=None, trained="")
        for _ in changes:
            if loading := describe_loading(history):
                bars.update(bar, description=clean(loading))
            elif (progress := history.progress) is not None:
                bars.update(
                    bar,
                    description=format_brief(history),
                    completed=progress.step,
                    total=progress.steps,
                    trained=f"{history.elapsed:.1f} s",
                )
    for note in history.notes:
        console.print(Text(clean(note.text)))
    print_report(console, run, history, since)
    return find_exit_status(history)


def format_brief(history: History) -> str:
    """State, epoch and the latest metrics of what is not trained on in a line."""
    progress, parts = history.progress, []
    if find_state(history) == "paused":
        parts.append("paused")
    if progress is not None and progress.epochs:
        parts.append(f"epoch {progress.epoch}/{progress.epochs}")
    for name, series in history.series.items():
        if series.size and name.startswith(("test/", "validation/")):
            parts.append(f"{clean(name)} {series.values[-1]:.3f}")
    return "  ".join(parts) or "running"


def print_report(console: Any, run: Run, history: History, since: float | None = None) -> None:
    """Print how the run ended, and how long that took from ``since`` on, by `time.monotonic`."""
    from rich.table import Table
    from rich.text import Text

    from descend.engine.cli.findings import print_brief_findings
    from descend.engine.cli.show import format_number
    from descend.engine.diagnosis.diagnose import diagnose

    if history.failure is not None:
        console.print(Text(clean(history.failure.title), style="bold"))
        for line in history.failure.advice:
            console.print(Text(f"  - {clean(line)}"))
    elif find_state(history) == "unsaved" and history.status is not None:
        console.print(Text(clean(history.status.message), style="bold"))
        console.print(Text(f"Its worker keeps the weights and tries again; `descend stop {run.id}` discards them."))
    table = Table("metric", "value", box=None)
    table.columns[1].justify = "right"
    for name, value in sorted(history.metrics.items()):
        table.add_row(Text(clean(name)), format_number(value))
    if history.metrics:
        console.print(table)
    print_brief_findings(console, diagnose(run, history), run.id)
    in_all = f", {time.monotonic() - since:.1f} s in all" if since is not None else ""
    console.print(
        Text(f"{find_state(history)} after {history.elapsed:.1f} s of training{in_all}: {clean(str(run.folder))}")
    )
