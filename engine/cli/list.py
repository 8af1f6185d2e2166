"""``descend list``: what there is."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output

if TYPE_CHECKING:
    from rich.console import Console

    from descend.engine.teaching.coverage import CoverageEntry


def add(commands: Any) -> None:
    """Declare ``descend list``."""
    command = commands.add_parser(
        "list", help="list lessons, models, datasets or runs", description="List what there is."
    )
    command.add_argument("what", nargs="?", default="lessons", choices=list(LISTS), help="default: lessons")
    command.add_argument("--json", action="store_true", help="print one JSON object a line")
    command.add_argument(
        "--coverage", action="store_true", help="which items of the curriculum have a lesson or are open"
    )
    command.set_defaults(do=print_list)


def print_list(arguments: argparse.Namespace) -> int:
    """``descend list``."""
    if not arguments.coverage:
        return show(arguments)
    if arguments.what != "lessons":
        raise UsageError("--coverage works only with `descend list lessons`.")
    return show_coverage(arguments.json)


def list_lessons() -> list[dict[str, Any]]:
    """Every lesson along the recommended path."""
    from descend.engine.teaching import catalogue
    from descend.engine.teaching.learning_path import order_lessons
    from descend.engine.teaching.lesson import TRACKS

    return [
        {
            "name": lesson.name,
            "title": lesson.title,
            "track": TRACKS[lesson.track],
            "covers": list(lesson.covers),
            "data": list(lesson.data),
            "minutes": lesson.minutes,
            "knobs": {name: spec.default for name, spec in lesson.knobs.specs.items()},
        }
        for lesson in order_lessons(catalogue.list_lessons().values())
    ] + [{"name": name, "broken": reason} for name, reason in catalogue.list_broken().items()]


def list_models() -> list[dict[str, Any]]:
    """Every model of the zoo, and its parameters at the default knobs."""
    from descend.engine.train.model_form import GIVEN, list_models

    return [
        {
            "name": model.name,
            "title": model.title,
            "family": model.family,
            "parameters": model.parameters,
            "takes": ", ".join(GIVEN[kind] for kind in model.kinds),
            "kinds": list(model.kinds),
            "tasks": list(model.tasks),
            "for": str(model.reference),
            "made for": " × ".join(map(str, model.reference.size)) or "text",
            "knobs": {name: spec.default for name, spec in model.knobs.specs.items()},
        }
        for model in list_models().values()
    ]


def list_datasets() -> list[dict[str, Any]]:
    """Every dataset, and whether it is on this machine."""
    from descend.datasets import catalogue

    return [
        {
            "name": name,
            "title": spec.title,
            "kind": spec.kind,
            "task": spec.task,
            "sample": list(spec.sample_shape),
            "outputs": spec.shape.outputs,
            "train": spec.train_size,
            "test": spec.test_size,
            "found": spec.present(),
            "embedded": spec.embedded,
        }
        for name in catalogue.list_names()
        for spec in [catalogue.find(name)]
    ]


def list_runs() -> list[dict[str, Any]]:
    """Every run, newest first."""
    from descend.engine.base.errors import DescendError
    from descend.engine.cli.show import make_row
    from descend.engine.run import runs
    from descend.engine.run.summary import summarize

    rows = []
    for run in runs.list_runs():
        try:
            summary = summarize(run)
        except DescendError as error:
            rows.append({"run": run.id, "state": "damaged", "why": str(error)})
            continue
        rows.append({**make_row(summary), "key": summary.key})
    return rows


def shorten_metric(name: str) -> str:
    """The name of a metric where room is short."""
    return name.removeprefix("test/").replace("validation/", "val ")


def format_run_cells(row: dict[str, Any]) -> dict[str, Any]:
    """A run's row with what a table shows of it."""
    from descend.engine.base.units import format_size
    from descend.engine.cli.show import format_duration, format_number

    if "metrics" not in row:
        return row
    return {
        **row,
        "lesson": row["lesson"].rpartition("/")[2],  # of a model of one's own the file and its name
        "result": f"{shorten_metric(row['key'])} {format_number(row['metrics'][row['key']])}" if row["key"] else "",
        "age": format_duration(row["age"]),
        "size": format_size(row["size"]),
    }


LISTS = {"lessons": list_lessons, "models": list_models, "datasets": list_datasets, "runs": list_runs}
COLUMNS = {
    "lessons": ("name", "title", "track", "broken"),
    "models": ("name", "title", "takes", "parameters", "made for"),
    "datasets": ("name", "kind", "task", "train", "test", "found", "title"),
}

MODELS = """
Parameters are those for samples of the size in the last column, and 10 classes or 38 characters.
descend show NAME --data DATA         its layers, parameters and settings, for your data
descend run NAME --data DATA          train it; own models too, as path.py:NAME"""


def show(arguments: argparse.Namespace) -> int:
    """Print the list as a table, or as JSON lines."""
    rows = LISTS[arguments.what]()
    if arguments.json:
        for row in rows:
            print(json.dumps(row))
        return 0
    from rich.table import Table
    from rich.text import Text

    console = output.make_console()
    if not rows:
        console.print(f"There are no {arguments.what} yet.")
        return 0
    if arguments.what == "runs":
        print_runs(console, [format_run_cells(row) for row in rows])
        return 0
    columns = [column for column in COLUMNS[arguments.what] if any(row.get(column, "") != "" for row in rows)]
    table = Table(box=None)
    for heading in columns:
        table.add_column(heading, justify="right" if heading == "parameters" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(format_cell(row.get(column, ""))) for column in columns))
    console.print(table)
    if arguments.what == "models":
        console.print(MODELS)
    return 0


def print_runs(console: Console, rows: list[dict[str, Any]]) -> None:
    """A line for each run: its state, result and age stay in every terminal, its name is shortened."""
    from rich.text import Text

    from descend.engine.cli.fitted_table import Column, cut_middle, cut_name, print_table

    chosen = [
        Column("run", 18, cut_middle, droppable=False),
        Column("state", 8, droppable=False),
        Column("lesson", 8),
        Column("result", 18, cut_name, droppable=False),
        Column("age", 8, droppable=False),
        Column("size", 6),
        Column("title", 8),
    ]
    columns = [column for column in chosen if any(row.get(column.name, "") != "" for row in rows)]
    names = {column.name for column in columns}
    cells = [[format_cell(row.get(column.name, "")) for column in columns] for row in rows]
    give_way = ("title", "size", "lesson", "result", "run", "state", "age")
    print_table(console, columns, cells, [name for name in give_way if name in names])
    for row in rows:
        if row["state"] == "damaged":
            console.print(Text(clean(row["why"])), soft_wrap=True)


def show_coverage(as_json: bool) -> int:
    """Print the curriculum: systems with the lessons that cover them, track by track, and what else is still open.

    Returns 1 if a lesson names what the curriculum does not have.
    """
    from descend.engine.teaching import catalogue
    from descend.engine.teaching.coverage import KINDS, count_coverage, find_unknown
    from descend.engine.teaching.lesson import TRACKS

    lessons = list(catalogue.list_lessons().values())
    entries = count_coverage(lessons)
    unknown = [one for lesson in lessons for one in find_unknown(lesson)]
    if as_json:
        for entry in entries:
            track = {"track": TRACKS[entry.id[0]]} if entry.kind == "system" else {}
            print(json.dumps({**vars(entry), **track}))
        for one in unknown:
            print(json.dumps({"kind": "unknown", **vars(one)}))
        return 1 if unknown else 0
    from rich.table import Table
    from rich.text import Text

    console = output.make_console()

    def tell(title: str, shown: list[CoverageEntry]) -> None:
        console.print(Text(title, style="bold"))
        table = Table(box=None, show_header=False, pad_edge=False)
        for entry in shown:
            names = Text(clean(", ".join(entry.lessons)))
            table.add_row(Text("+" if entry.lessons else "-"), entry.id, Text(entry.name), names)
        console.print(table)

    for letter, title in TRACKS.items():
        mine = [entry for entry in entries if entry.kind == "system" and entry.id[0] == letter]
        tell(f"{letter}  {title}: {sum(bool(entry.lessons) for entry in mine)} of {len(mine)}", mine)
    for kind in KINDS[1:]:
        open_ones = [entry for entry in entries if entry.kind == kind and not entry.lessons]
        if open_ones:
            tell(f"Open {kind}s", open_ones)
    for kind in KINDS:
        mine = [entry for entry in entries if entry.kind == kind]
        done = sum(bool(entry.lessons) for entry in mine)
        console.print(f"{done} of {len(mine)} {kind}s have a lesson.")
    for one in unknown:
        console.print(Text(clean(str(one))))
    return 1 if unknown else 0


def format_cell(value: object) -> str:
    """A cell's text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return clean(str(value))
