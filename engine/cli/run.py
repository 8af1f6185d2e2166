"""``descend run``: train without the shell: a lesson, a model of the zoo, or a model of the user's own."""

from __future__ import annotations

import argparse
import json
import textwrap
import time
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import add_follow_options, add_run_settings, parse_whole, read_run_options
from descend.engine.cli.find_lr import run_finder
from descend.engine.cli.folds import run_folds

if TYPE_CHECKING:
    from descend.engine.run.runs import Run


EXAMPLES = """examples:
  descend run digits                             a lesson
  descend run mlp --data iris --set epochs=30    a model of the zoo
  descend run net.py:Net --data houses.csv --set width=64
                   your own model and data, where width is an argument of Net
"""


def list_settings() -> str:
    """What `--set` can set for every model, a line each."""
    from descend.engine.train import settings

    lines = ["", "what --set can set for a model, besides its own knobs (`descend show NAME`):"]
    for group, specs in settings.group_settings(settings.TrainKnobs.specs).items():
        lines.append(f"  {group}")
        for name, spec in specs.items():
            default = ("yes" if spec.default else "no") if isinstance(spec.default, bool) else spec.default
            lines += wrap_text(f"    {f'{name}={default}':22}", f"{spec.help} ({spec.describe()})")
    return "\n".join([*lines, "The knobs of lessons are in `descend list lessons --json`."])


def wrap_text(start: str, text: str) -> list[str]:
    """``text`` after ``start`` in lines of 80 characters, aligned."""
    indent = " " * max(len(start), 26)
    return textwrap.wrap(text, 80, initial_indent=start.ljust(26), subsequent_indent=indent)


def add(commands: Any) -> None:
    """Declare ``descend run``."""
    command = commands.add_parser(
        "run",
        help="run a lesson's experiment or train a model here, without the shell",
        description="Train for real, show progress, print the final metrics.\nctrl+c stops the run and keeps it.",
        epilog=EXAMPLES + list_settings(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_argument(
        "name",
        metavar="NAME",
        nargs="?",
        default="",
        help="a lesson, a model of the zoo (`descend list lessons`, `descend list models`), or a model of your own: "
        "path/to/file.py:NAME, a class derived from nn.Module or a function that returns one",
    )
    add_run_settings(command)
    command.add_argument(
        "--devices",
        type=parse_whole("--devices"),
        metavar="N",
        help="of a model: train on N GPUs, or N processes on the CPU",
    )
    command.add_argument(
        "--config", "--settings", dest="recipe", metavar="FILE", help="start from a TOML configuration"
    )
    command.add_argument(
        "--folds",
        type=parse_whole("--folds"),
        metavar="K",
        help="of a model: cross-validation, a training for each of K folds of the training data, held back in turn",
    )
    command.add_argument(
        "--find-lr",
        action="store_true",
        help="of a model: let the learning rate rise over 140 steps instead of training, draw the loss by rate, and "
        "suggest one",
    )
    command.add_argument("--save", metavar="FILE", help="save this configuration in a TOML file, to share or run again")
    add_follow_options(command)
    command.set_defaults(do=run_command)


def run_command(arguments: argparse.Namespace) -> int:
    """Start the run, follow it to its end, and return 0 if it was done, else 1."""
    from descend.engine.base.paths import parse_path
    from descend.engine.launch import launcher, run_config
    from descend.engine.run.run_request import USUAL

    kept = run_config.load_config(parse_path(arguments.recipe)) if arguments.recipe is not None else USUAL
    request = kept.override(**read_run_options(arguments))
    if not request.name:
        raise UsageError("The following arguments are required: NAME; see `descend run --help`.")
    if arguments.find_lr:
        return run_finder(request, arguments)
    if arguments.folds is not None:
        if arguments.detach or arguments.save is not None:
            raise UsageError("--folds follows a training after the other; leave --detach and --save out.")
        return run_folds(request, arguments.folds, arguments)
    if arguments.save is not None:
        run_config.save_config(launcher.check_request(request), parse_path(arguments.save))
    return start_run(launcher.prepare(request), arguments)


def start_run(asked: Run, arguments: argparse.Namespace) -> int:
    """Start the worker of a new run; then follow it, or with ``--detach`` say only which run it is."""
    from descend.engine.cli.follow import follow
    from descend.engine.launch import launcher

    start = time.monotonic()
    worker = launcher.launch(asked)
    if arguments.detach:
        print(json.dumps({"status": "starting", "run": asked.id}) if arguments.json else clean(asked.id))
        return 0
    return follow(asked, lambda: worker.poll() is None, as_json=arguments.json, since=start)
