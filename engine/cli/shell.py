"""``descend`` and ``descend open``: the Textual shell."""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

from descend.engine.base import paths
from descend.engine.base.errors import UsageError

if TYPE_CHECKING:  # the shell paints sooner without it
    import argparse

    from descend.engine.run.runs import Run

FPS = "120"
"""How often a second Textual looks for something to paint: with its 60, the answer to a key waits 8 ms on average."""

NO_SCREEN = ("", "dumb", "unknown")
"""What TERM says of a terminal that only takes line after line, or of which nothing is known."""


def add(commands: Any) -> None:
    """Declare ``descend open``."""
    from descend.engine.cli.arguments import add_run_settings

    command = commands.add_parser(
        "open",
        help="open the shell at a lesson, a model or a run",
        description="Open the shell at a lesson, a model or a run.",
    )
    command.add_argument(
        "name", metavar="NAME", help="a lesson, a model, path.py:Name, or a run, by its id or a part of it"
    )
    command.add_argument("--run", action="store_true", help="start it at once")
    add_run_settings(command)
    command.set_defaults(do=open_lesson)


def open_lesson(arguments: argparse.Namespace) -> int:
    """Check what to open and its knobs before any screen appears, then open the shell there."""
    from descend.engine.cli.arguments import read_run_options
    from descend.engine.launch import experiment, launcher
    from descend.engine.run import runs
    from descend.engine.run.run_request import USUAL
    from descend.tui import shell_settings

    known = runs.list_runs()
    if (run := next((run for run in known if run.id == arguments.name), None)) is not None:
        return open_run(run)
    try:
        chosen = experiment.find(arguments.name)
    except UsageError:  # neither a lesson nor a model
        if not any(arguments.name in run.id for run in known):
            raise
        return open_run(runs.find_run(arguments.name))
    given = read_run_options(arguments)
    given["data"] = arguments.data or next(iter(chosen.data), "")
    asked = launcher.check_request(USUAL.override(**given))
    usual = shell_settings.usual_request()  # for what is not given here
    return open_shell(request=usual.override(**given | {"name": asked.name, "data": asked.data}), autorun=arguments.run)


def open_run(run: Run) -> int:
    """Open the shell at ``run``, if what it runs is here."""
    from descend.engine.launch import experiment

    experiment.find(run.manifest().name)
    return open_shell(run=run)


def open_shell(**start: Any) -> int:
    """Run the Textual app until the user quits."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The shell needs a terminal; use `descend run NAME` without one.")
    if (term := os.environ.get("TERM", "")) in NO_SCREEN:
        named = f"a terminal whose TERM is '{term}'" if term else "a terminal without TERM"
        raise UsageError(
            f"The shell cannot draw on {named}; `export TERM=xterm-256color` if yours can, or use `descend run NAME`."
        )
    for folder in (paths.home, paths.data_home):
        folder()  # where there are none, that is reported before any screen appears
    if all(os.get_terminal_size(sys.stdin.fileno())):
        for name in ("COLUMNS", "LINES"):  # what the terminal was when something exported them; its own word counts
            os.environ.pop(name, None)
    os.environ.setdefault("TEXTUAL_FPS", FPS)
    if "request" in start:  # a run is near: a worker imports torch while the shell draws its first screen
        from descend.engine.launch.launcher import WarmWorker

        start["worker"] = worker = WarmWorker()
        worker.start()
    gc.disable()  # there is no garbage yet, but each look for it delays the first screen; `DescendApp` enables it
    from descend.tui.app import run_app

    return run_app(**start)
