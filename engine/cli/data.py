"""``descend data``: list datasets, fetch them and look into them."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from descend.engine.base.errors import DescendError, UsageError
from descend.engine.base.sanitize import clean
from descend.engine.cli import output

if TYPE_CHECKING:
    from descend.datasets.table_survey import Survey


def add(commands: Any) -> None:
    """Declare ``descend data`` and its actions."""
    command = commands.add_parser(
        "data", help="list, fetch or look into datasets", description="List, fetch or look into datasets."
    )
    actions = command.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list datasets", description="List the datasets.")
    listing.add_argument("--json", action="store_true", help="print one JSON object a line")
    listing.set_defaults(do=list_datasets, what="datasets")
    fetch = actions.add_parser(
        "fetch",
        help="download a dataset",
        description="Download a dataset to $DESCEND_DATA; an interrupted download resumes where it broke off.",
    )
    fetch.add_argument("name", metavar="NAME", help="dataset, see `descend data list`")
    fetch.add_argument("--json", action="store_true", help="print one JSON object a line")
    fetch.set_defaults(do=fetch_dataset)
    cache = actions.add_parser(
        "cache",
        help="tables kept as numbers on disk",
        description="Tables of more than 10 million cells, and tables and arrays larger than memory, are made into "
        "numbers once, which are kept in $DESCEND_HOME: list them, or remove them.",
    )
    cache.add_argument("--clear", action="store_true", help="remove them all")
    cache.add_argument("--json", action="store_true", help="print one JSON object a line")
    cache.set_defaults(do=show_cache)
    look = actions.add_parser(
        "show",
        help="look into a dataset",
        description="""\
Show samples, classes, columns, missing values and the split of a dataset, or of
data of your own: a CSV file with a column to predict, a folder of images with a
folder for each class, an .npz with x and y, x.npy beside y.npy, or a text. Of a table
come the columns first, then all problems and the options that settle them. Options follow the path
after a question mark, in quotes because of the shell:

  descend data show 'data.csv?target=price&missing=drop'""",
        epilog=list_options(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    look.add_argument("name", metavar="NAME|PATH", help="dataset, see `descend data list`, or a file or folder")
    look.add_argument("--json", action="store_true", help="print one JSON object")
    look.add_argument(
        "--augment", default="", metavar="HOW", help="of images: also show what this change makes of a few samples"
    )
    look.set_defaults(do=show_dataset)


def show_cache(arguments: argparse.Namespace) -> int:
    """List the large tables that are kept as numbers, or remove them."""
    import time

    from descend.datasets import table_cache
    from descend.engine.base.units import format_size

    if arguments.clear:
        freed = table_cache.remove_old(0)
        print(f"Removed {format_size(freed)} from {clean(str(table_cache.find_root()))}.")
        return 0
    found = table_cache.list_tables()
    for folder, source, size, used in found:
        if arguments.json:
            print(json.dumps({"folder": str(folder), "source": source, "bytes": size, "used": used}))
        else:
            days = int((time.time() - used) // 86_400)
            when = "today" if not days else "yesterday" if days == 1 else f"{days} days ago"
            print(clean(f"{format_size(size):>9}  used {when}  {source or 'not finished'}"))
    if not found and not arguments.json:
        print("No large table is kept.")
    elif not arguments.json:
        print(
            clean(f"They are in {table_cache.find_root()}, and go after {table_cache.DAYS} days without use; "),
            end="",
        )
        print("`descend data cache --clear` removes them now.")
    return 0


def list_datasets(arguments: argparse.Namespace) -> int:
    """``descend data list``."""
    from descend.engine.cli.list import show

    return show(arguments)


def list_options() -> str:
    """Every option of the user's own data, a line each."""
    import dataclasses

    from descend.datasets.image_folder import FolderOptions
    from descend.datasets.image_table import ImageTableOptions
    from descend.datasets.npy_files import NpyOptions
    from descend.datasets.npz_file import ArrayOptions
    from descend.datasets.table import TableOptions
    from descend.datasets.text_file import TextOptions

    kinds = {
        "a CSV file": TableOptions,
        "a folder of images": FolderOptions,
        "a folder of images and a table that names them": ImageTableOptions,
        "an .npz": ArrayOptions,
        ".npy files": NpyOptions,
        "a text": TextOptions,
    }
    lines = []
    for kind, options in kinds.items():
        lines.append(f"options of {kind}:")
        for field in dataclasses.fields(options):
            words = " or ".join(filter(None, field.metadata["among"]))
            lines.append(f"  {field.name:12}{field.metadata['help']}{f' ({words})' if words else ''}")
    return "\n".join(lines)


def show_dataset(arguments: argparse.Namespace) -> int:
    """Print what a dataset holds, or the numbers as JSON."""
    from dataclasses import asdict

    from descend.datasets import catalogue
    from descend.datasets.describe import describe
    from descend.engine.cli.data_view import print_augmented, print_dataset
    from descend.engine.cli.survey_view import print_survey

    if arguments.augment:
        from descend.engine.train.settings import TrainKnobs

        TrainKnobs.specs["augment"].parse(arguments.augment)
        if arguments.json:
            raise UsageError("--augment shows pictures, which --json does not print; leave one of them out.")
    survey, console = find_survey(arguments.name), output.make_console()
    if survey is not None and not arguments.json and not arguments.augment:
        print_survey(survey, console)  # at once, as the rest may take long
    try:
        dataset = catalogue.find(arguments.name).load()
    except DescendError as error:
        if survey is None or not arguments.json:
            raise
        print(json.dumps({"name": arguments.name, "error": str(error), "survey": asdict(survey)}))
        return error.exit_status
    if arguments.augment:
        from descend.engine.train.augment_preview import choose_samples

        choose_samples(dataset)  # before all else is printed, that there are images
    if arguments.json:
        print(json.dumps(asdict(describe(dataset)) | ({"survey": asdict(survey)} if survey is not None else {})))
        return 0
    if survey is not None and arguments.augment:
        print_survey(survey, console)
    print_dataset(dataset, console)
    if arguments.augment:
        print_augmented(dataset, arguments.augment, console)
    return 0


def find_survey(name: str) -> Survey | None:
    """What there is to say of the columns of a table of the user's own; None of other data, and of what cannot be
    read."""
    from descend.datasets import catalogue, user_path

    if not catalogue.is_path(name):
        return None
    try:
        return user_path.survey(name)
    except DescendError:
        return None  # which is said when it is read


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
    with Progress(*columns, console=output.make_console()) as bars:
        tasks: dict[str, Any] = {}

        def progress(file: str, done: int, total: int | None) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(clean(file), total=total)
            bars.update(tasks[file], completed=done, total=total)

        spec.fetch(progress)
    print(clean(f"{spec.title} is in {spec.where()}."))
    return 0
