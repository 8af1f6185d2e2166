"""``descend export``: a run's result, or its model, for other programs."""

from __future__ import annotations

import argparse
from typing import Any

from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import add_run_argument

RESULTS = ("csv", "json", "tensorboard")
MODELS = ("safetensors", "onnx", "pt2", "state-dict")


def add(commands: Any) -> None:
    """Declare ``descend export``."""
    command = commands.add_parser(
        "export",
        help="write a run's result, or its model, for other programs",
        description="Write a run's result as CSV (series, step, value), JSON (everything) or for TensorBoard; or the "
        "model of a training: its weights (safetensors, state-dict), for which a model of your own needs its file, or "
        "a graph that stands alone (onnx, pt2). Beside it comes a card, PATH.json: inputs, classes, preparation, "
        "metrics, and the command that trains it again.",
    )
    add_run_argument(command)
    command.add_argument("--to", required=True, choices=(*RESULTS, *MODELS), help="the format")
    command.add_argument("path", metavar="PATH", help="file to write; for tensorboard its log folder")
    command.add_argument("--force", action="store_true", help="replace what is there")
    command.set_defaults(do=export)


def export(arguments: argparse.Namespace) -> int:
    """Write, and say where."""
    from descend.engine.base.paths import parse_path
    from descend.engine.run import runs
    from descend.engine.run.damage import tell_damage
    from descend.engine.run.export import export_run

    run, path = runs.find_run(arguments.run), parse_path(arguments.path)
    if arguments.to in MODELS:
        from descend.engine.train.model_export import export_model

        with tell_damage(run):
            export_model(run, arguments.to, path, arguments.force)
    else:
        path = export_run(run, arguments.to, path, arguments.force)
    print(clean(str(path)))
    return 0
