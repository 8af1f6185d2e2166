"""``descend run MODEL --find-lr``: a range test in place of a training, and which learning rate it suggests."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from descend.engine.base.errors import UsageError
from descend.engine.cli import output

if TYPE_CHECKING:
    from descend.engine.run.records import Curve
    from descend.engine.run.run_request import RunRequest
    from descend.engine.run.runs import Run

WIDTH, HEIGHT = 80, 16
"""Cells that the curve takes at most."""


def run_finder(request: RunRequest, arguments: argparse.Namespace) -> int:
    """Let the rate of a model rise and print the loss by rate, which the run keeps for the shell, and what it suggests.
    Returns 0 if it was done, else 1.

    Raises:
        UsageError: it is a lesson, or goes with no such option.
    """
    from descend.engine.cli.run import start_run
    from descend.engine.launch import experiment, launcher

    if arguments.save is not None or arguments.folds is not None:
        raise UsageError("--find-lr trains nothing; leave --save and --folds out.")
    if not isinstance(experiment.find(request.name), experiment.Training):
        raise UsageError(f"--find-lr is for models, and '{request.name}' is a lesson.")
    run = launcher.prepare(request.override(knobs={"find_lr": True}))
    status = start_run(run, arguments)
    if not arguments.detach and not status and run.state() == "done":
        print_rates(run, arguments.json)
    return status


def print_rates(run: Run, as_json: bool) -> None:
    """The curve and the rate that is suggested."""
    from descend.engine.run.history import History
    from descend.engine.run.records import Curve
    from descend.engine.train.rate_finder import PICTURE, RULE

    history = History.of(run)
    found = history.metrics.get("suggested_lr")
    curves = [picture for picture in history.pictures.get(f"curve/{PICTURE}", []) if isinstance(picture, Curve)]
    if as_json:
        lines = {name: line.numpy().tolist() for name, line in curves[-1].lines.items()} if curves else {}
        rates = [10**exponent for exponent in curves[-1].x.numpy().tolist()] if curves else []
        said = {"status": "done", "run": run.id, "suggested_lr": found, "rule": RULE, "rates": rates, **lines}
        print(json.dumps(said, allow_nan=False))
        return
    if curves:
        print_curve(curves[-1])


def print_curve(curve: Curve) -> None:
    """The loss by rate, as the shell draws it."""
    from rich.text import Text

    from descend.tui.draw.curve import draw_curve, prepare_curve
    from descend.tui.draw.rows import text

    console = output.make_console()
    unicode = console.encoding.startswith("utf")
    rows = draw_curve(prepare_curve(curve), min(console.width, WIDTH), HEIGHT, unicode=unicode)
    console.print(Text(f"loss by {curve.axes[0]}"))
    console.print(Text(text(rows)))
