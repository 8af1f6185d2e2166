"""``descend data``: list datasets and fetch them."""

from __future__ import annotations

import argparse
import json
from typing import Any

from descend.engine.errors import DescendError
from descend.engine.text import clean


def add(commands: Any) -> None:
    """Declare ``descend data list`` and ``descend data fetch``."""
    command = commands.add_parser("data", help="list or fetch datasets", description="List or fetch datasets.")
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list datasets", description="List the datasets.")
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    listing.set_defaults(do=show, what="datasets")
    fetch = actions.add_parser(
        "fetch",
        help="download a dataset",
        description="Download a dataset to $DESCEND_DATA; an interrupted download goes on where it broke off.",
    )
    fetch.add_argument("name", metavar="NAME", help="dataset, see `descend data list`")
    fetch.add_argument("--json", action="store_true", help="print one JSON object a line")
    fetch.set_defaults(do=fetch_dataset)


def show(arguments: argparse.Namespace) -> int:
    """``descend data list``."""
    from descend.engine.cli.listing import show

    return show(arguments)


def fetch_dataset(arguments: argparse.Namespace) -> int:
    """Download with a progress bar, or with JSON lines that another program can follow."""
    from descend.datasets import catalogue

    spec = catalogue.find(arguments.name)
    if arguments.json:
        try:
            spec.fetch(
                lambda file, done, total: print(json.dumps({"file": file, "done": done, "total": total}), flush=True)
            )
        except DescendError as error:
            print(json.dumps({"status": "failed", "message": str(error)}), flush=True)
            return error.exit_status
        print(json.dumps({"status": "done"}), flush=True)
        return 0
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as bars:
        tasks: dict[str, Any] = {}

        def progress(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(clean(file), total=total)
            bars.update(tasks[file], completed=done, total=total)

        spec.fetch(progress)
    print(f"{spec.title} is in {spec.where()}.")
    return 0
