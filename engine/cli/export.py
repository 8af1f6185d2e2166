"""``descend export``: a run's result, or its model, for other programs."""

from __future__ import annotations

import argparse
import json
import signal
from typing import TYPE_CHECKING, Any

from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import add_run_argument
from descend.engine.cli.progress_bar import show_progress
from descend.engine.train.export_forms import HOLDS

if TYPE_CHECKING:
    from pathlib import Path

    from descend.engine.run.runs import Run

RESULTS = ("csv", "json", "tensorboard")
TOLD = ("holds", "input", "output", "classes", "metrics", "command")
"""What of a card is told."""


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
    command.add_argument("--to", required=True, choices=(*RESULTS, *HOLDS), help="the format")
    command.add_argument("path", metavar="PATH", help="file to write; for tensorboard its log folder")
    command.add_argument("--force", action="store_true", help="replace what is there")
    command.add_argument(
        "--json",
        action="store_true",
        help="print JSON lines: of a model its progress, and last where it is",
    )
    command.set_defaults(do=export)


def export(arguments: argparse.Namespace) -> int:
    """Write, and say where."""
    from descend.engine.base.paths import parse_path
    from descend.engine.run import runs
    from descend.engine.run.export import export_run

    run, path = runs.find_run(arguments.run), parse_path(arguments.path)
    if arguments.to in HOLDS:
        said = write_model(run, arguments.to, path, arguments.force, arguments.json)
    else:
        path = export_run(run, arguments.to, path, arguments.force)
        said = {"file": str(path)}
    print(json.dumps(said, allow_nan=False) if arguments.json else clean(str(path)))
    return 0


def write_model(run: Run, form: str, path: Path, force: bool, as_json: bool) -> dict[str, Any]:
    """Write the model of ``run`` and its card; returns where they are, and of the card what is told in a few lines."""
    from descend.engine.run.damage import tell_damage
    from descend.engine.train.export_forms import find_card, require_exportable

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that nothing half written is left
    try:
        with tell_damage(run), show_progress(as_json, "starting PyTorch") as tell:
            require_exportable(run, form)  # which says quicker than torch comes why not
            from descend.engine.train.model_export import export_model

            card = export_model(run, form, path, force, tell)
    finally:
        signal.signal(signal.SIGTERM, before)
    told = {name: card[name] for name in TOLD}
    return {"file": str(path), "card": str(find_card(path)), "bytes": path.stat().st_size, "told": told}
