"""``descend export``: a run's result for other programs."""

from __future__ import annotations

import argparse
from typing import Any

from descend.engine.base.sanitize import clean
from descend.engine.cli.arguments import add_run_argument


def add(commands: Any) -> None:
    """Declare ``descend export``."""
    command = commands.add_parser(
        "export",
        help="write a run's result for other programs",
        description="Write a run's result as CSV (series, step, value), JSON (everything) or for TensorBoard.",
    )
    add_run_argument(command)
    command.add_argument("--to", required=True, choices=("csv", "json", "tensorboard"), help="the format")
    command.add_argument("path", metavar="PATH", help="file to write; for tensorboard its log folder")
    command.add_argument("--force", action="store_true", help="replace what is there")
    command.set_defaults(do=export)


def export(arguments: argparse.Namespace) -> int:
    """Write, and say where."""
    from descend.engine.base.paths import parse_path
    from descend.engine.run import runs
    from descend.engine.run.export import export_run

    path = export_run(runs.find_run(arguments.run), arguments.to, parse_path(arguments.path), arguments.force)
    print(clean(str(path)))
    return 0
