"""``descend run``: train without the shell."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from descend.engine.cli.arguments import add_following, add_run_settings, knob_values

if TYPE_CHECKING:
    from descend.engine.runs import Run


def add(commands: Any) -> None:
    """Declare ``descend run``."""
    command = commands.add_parser(
        "run",
        help="run a lesson's experiment here, without the shell",
        description="Train for real, show progress, print the final metrics. ctrl+c stops the run and keeps it.",
    )
    command.add_argument("name", metavar="NAME", help="lesson, see `descend list lessons`")
    add_run_settings(command)
    add_following(command)
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
    return set_going(asked, arguments)


def set_going(asked: Run, arguments: argparse.Namespace) -> int:
    """Start the worker of a new run; then follow it, or with ``--detach`` say only which run it is."""
    from descend.engine import supervision
    from descend.engine.cli.follow import follow

    worker = supervision.launch(asked)
    if arguments.detach:
        print(json.dumps({"status": "starting", "run": asked.id}) if arguments.json else asked.id)
        return 0
    return follow(asked, lambda: worker.poll() is None, as_json=arguments.json)
