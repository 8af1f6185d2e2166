"""``descend predict``: what a finished training says of new rows."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from descend.engine.base.errors import UsageError
from descend.engine.cli.arguments import add_run_argument

if TYPE_CHECKING:
    from collections.abc import Iterator

    from descend.datasets.preparation import Preparation


def add(commands: Any) -> None:
    """Declare ``descend predict``."""
    command = commands.add_parser(
        "predict",
        help="predict new rows with a finished training",
        description="Prepare the rows of a table as the training's were, and write them with what the model predicts: "
        "the class and the probability of each, or the number in the target's unit. Columns may come in any order; "
        "others are kept. What was missing or new is said on standard error.",
        epilog="descend predict last new.csv --to predicted.csv",
    )
    add_run_argument(command)
    command.add_argument("data", metavar="DATA", help="a table such as the training's; - reads standard input")
    command.add_argument("--to", metavar="FILE", default="-", help="file to write; default: standard output")
    command.add_argument("--force", action="store_true", help="replace a file that exists")
    command.set_defaults(do=predict)


def predict(arguments: argparse.Namespace) -> int:
    """Write the rows with their predictions."""
    from descend.datasets.new_rows import RowEncoder, read_rows
    from descend.engine.base.sanitize import clean
    from descend.engine.run import runs
    from descend.engine.train.predictor import load_predictor

    run = runs.find_run(arguments.run)
    predictor = load_predictor(run)
    prepared = predictor.prepared
    if prepared.kind != "table":
        raise UsageError(f"Run '{run.id}' learned from {prepared.kind}s; only rows of a table are predicted so far.")
    options = read_table_options(run.manifest().data)
    encoder, count = RowEncoder(prepared, options), 0
    with open_source(arguments.data) as file, open_target(arguments.to, arguments.force) as target:
        writer = csv.writer(target, lineterminator="\n")
        for table in read_rows(file, prepared, options):
            x = encoder.encode(table)
            if not count:
                writer.writerow([*table.names, *(make_unique(name, table.names) for name in name_columns(prepared))])
            said = tabulate(prepared, predictor.predict(x).tolist()) if len(x) else []
            writer.writerows((*cells, *row) for cells, row in zip(zip(*table.columns, strict=True), said, strict=True))
            count += len(x)
    for sentence in encoder.tell():
        print(clean(f"descend: {sentence}"), file=sys.stderr)
    if arguments.to != "-":
        print(f"Wrote {count:,} rows to {clean(arguments.to)}.")
    return 0


def name_columns(prepared: Preparation) -> list[str]:
    """Names of the columns to add."""
    if prepared.task == "classification":
        return ["prediction", *(f"probability {name}" for name in prepared.classes)]
    return [f"predicted {name}" for name in prepared.targets]


def tabulate(prepared: Preparation, found: Sequence[Sequence[float]]) -> list[list[str]]:
    """Cells of the columns to add."""
    if prepared.task != "classification":
        return [[repr(value) for value in row] for row in found]
    rows = []
    for row in found:
        best = max(range(len(row)), key=row.__getitem__)
        rows.append([prepared.classes[best], *(f"{share:.6g}" for share in row)])
    return rows


def make_unique(name: str, names: Sequence[str]) -> str:
    """``name``, or with a number if it is one of ``names``."""
    number, found = 2, name
    while found in names:
        number, found = number + 1, f"{name} {number}"
    return found


def read_table_options(address: str) -> dict[str, Any]:
    """The options of the table that the training learned from; none of a dataset of descend's own."""
    from dataclasses import asdict

    from descend.datasets.options import parse_options, split_address
    from descend.datasets.table import TableOptions

    _, given = split_address(address)
    return asdict(parse_options(TableOptions, given, "a table"))


@contextmanager
def open_source(data: str) -> Iterator[Path]:
    """The file that ``data`` names; standard input as a file."""
    from descend.engine.base.paths import parse_path

    if data != "-":
        yield parse_path(data)
        return
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "standard input"
        with open(kept, "wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        yield kept


@contextmanager
def open_target(to: str, force: bool) -> Iterator[IO[str]]:
    """Standard output, or the file ``to``, which appears whole or not at all."""
    import io

    from descend.engine.base.paths import parse_path
    from descend.engine.run.export import open_export

    if to == "-":
        yield sys.stdout
        return
    with open_export(parse_path(to), force) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
        yield text
        text.detach()
