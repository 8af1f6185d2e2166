"""``descend progress``: what you have done, lesson by lesson."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output


def add(commands: Any) -> None:
    """Declare ``descend progress`` and its actions."""
    command = commands.add_parser(
        "progress",
        help="show, forget or export what you have done",
        description="Show which lessons you have begun and finished: a lesson's parts are one run, each prediction, "
        "each question answered right and each exercise solved.",
    )
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    command.set_defaults(do=show)
    actions = command.add_subparsers(title="actions", metavar="ACTION")
    forget = actions.add_parser("reset", help="forget a lesson, or all", description="Forget what you have done.")
    forget.add_argument("name", metavar="LESSON", nargs="?", default="", help="lesson to forget")
    forget.add_argument("--all", action="store_true", help="forget all of them")
    forget.set_defaults(do=reset)
    out = actions.add_parser("export", help="write all of it to a JSON file", description="Write all of it as JSON.")
    out.add_argument("path", metavar="PATH", help="file to make")
    out.set_defaults(do=export)


def show(arguments: argparse.Namespace) -> int:
    """Print a line for each lesson, along the recommended path."""
    from descend.engine.teaching import catalogue, learner_progress
    from descend.engine.teaching.learning_path import order_lessons

    entries = learner_progress.read_entries()
    rows = []
    for lesson in order_lessons(catalogue.list_outlines().values()):
        entry = entries.get(lesson.name, learner_progress.LessonEntry())
        progress = learner_progress.measure_progress(lesson, entry)
        rows.append(
            {
                "name": lesson.name,
                "title": lesson.title,
                "state": progress.state,
                "done": progress.done,
                "parts": progress.total,
                "runs": entry.runs,
            }
        )
    if trouble := learner_progress.find_trouble():
        print(f"descend: {clean(trouble)}", file=sys.stderr)
    if arguments.json:
        for row in rows:
            print(json.dumps(row))
        return 0
    from rich.table import Table
    from rich.text import Text

    table = Table("name", "title", "state", "done", "runs", box=None)
    for row in rows:
        cells = (row["name"], clean(str(row["title"])), row["state"], f"{row['done']}/{row['parts']}", row["runs"])
        table.add_row(*(Text(str(cell)) for cell in cells))
    output.make_console().print(table)
    return 0


def reset(arguments: argparse.Namespace) -> int:
    """Forget."""
    from descend.engine.teaching import learner_progress

    if bool(arguments.name) == arguments.all:
        raise UsageError("Name one lesson to forget, or say --all.")
    count = learner_progress.reset_progress(None if arguments.all else arguments.name.lower().replace("_", "-"))
    print(f"Forgot {count} lesson{'s' if count != 1 else ''}; runs are kept.")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Write the file."""
    from descend.engine.base.paths import parse_path
    from descend.engine.teaching import learner_progress

    path = parse_path(arguments.path)
    learner_progress.export_progress(path)
    print(f"Wrote {clean(str(path))}.")
    return 0
